/**
 * The HTTP side of the webhooks: raw bytes in, one status out. It parses nothing before the signature has been verified, keeps no body,
 * and answers within the provider's ten seconds whatever happens behind it.
 */
import type { IncomingMessage } from "node:http";
import type { Clock, Log } from "../service/port.ts";
import { bodyBytesMax, type BoundedServer, createBoundedServer, type HttpAnswer, readBody } from "./bounded-server.ts";

export interface WebhookRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Lower-case names; the first value of each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WebhookAnswer {
  readonly status: number;
  /** For people reading the provider's list of webhook errors; the app ignores it. */
  readonly text: string;
}

export interface WebhookServerParts {
  readonly answer: (request: WebhookRequest) => Promise<WebhookAnswer>;
  /** 200 when this instance can do its work, 503 when a load balancer should take another. */
  readonly health: (query: URLSearchParams) => { readonly status: 200 | 404 | 503; readonly body: object };
  readonly clock: Clock;
  readonly log: Log;
}

/** Webhooks API, delivery: "no answer within 10 seconds" counts as a failure. */
const answerTimeoutMs = 8_000;

export function createWebhookServer(parts: WebhookServerParts): BoundedServer {
  const { clock, log } = parts;
  return createBoundedServer({
    name: "relay",
    limits: { connectionsMax: 1_000, keepAliveMs: 30_000, requestsPerSocketMax: 1_000 },
    answer: (request) => route(request, parts),
    fault: { logged: "a webhook could not be answered", answer: plain({ status: 500, text: "internal error" }) },
    clock,
    log,
  });
}

async function route(request: IncomingMessage, { answer, health, clock }: WebhookServerParts): Promise<HttpAnswer> {
  const target = request.url ?? "/";
  const [path, query] = target.split("?", 2);
  if ((request.method === "GET" || request.method === "HEAD") && path === "/health") {
    const { status, body } = health(new URLSearchParams(query));
    return { status, headers: { "content-type": "application/json" }, body: `${JSON.stringify(body)}\n` };
  }
  if (request.method !== "POST") return plain({ status: 405, text: "webhooks are POSTed here" }, { allow: "POST" });
  if (request.headers["content-encoding"] !== undefined)
    return plain({ status: 415, text: "no content encoding is taken" });
  const body = await readBody(request);
  if (body === undefined) return plain({ status: 413, text: `at most ${bodyBytesMax} bytes` }, { connection: "close" });
  return plain(await inTime(answer({ method: "POST", target, headers: firstValues(request), body }), clock));
}

async function inTime(work: Promise<WebhookAnswer>, clock: Clock): Promise<WebhookAnswer> {
  let late: (() => void) | undefined;
  const timeout = new Promise<WebhookAnswer>((resolve) => {
    late = () => resolve({ status: 503, text: "not in time" });
  });
  const timer = clock.startTimer("webhook answer", answerTimeoutMs, () => late?.());
  try {
    return await Promise.race([work, timeout]);
  } finally {
    timer.cancel();
  }
}

function plain({ status, text }: WebhookAnswer, headers: HttpAnswer["headers"] = {}): HttpAnswer {
  return { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" }, body: `${text}\n` };
}

function firstValues(request: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.[0] ?? ""] as const);
  return Object.fromEntries(entries);
}
