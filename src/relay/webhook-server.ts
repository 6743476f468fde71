/**
 * The HTTP side of the webhooks: raw bytes in, one status out. It parses nothing before the signature has been verified, keeps no body,
 * and answers within the provider's ten seconds whatever happens behind it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorText } from "../kit/error-text.ts";
import { type ListenAddress, listenOnPort } from "../service/listen.ts";
import type { Clock, Log } from "../service/port.ts";

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

export interface ServerParts {
  readonly answer: (request: WebhookRequest) => Promise<WebhookAnswer>;
  /** 200 when this instance can do its work, 503 when a load balancer should take another. */
  readonly health: (query: URLSearchParams) => { readonly status: 200 | 404 | 503; readonly body: object };
  readonly clock: Clock;
  readonly log: Log;
}

/** The provider's events are below 2 kB. */
const bodyBytesMax = 64 * 1024;
/** Webhooks API, delivery: "no answer within 10 seconds" counts as a failure. */
const answerTimeoutMs = 8_000;
const requestTimeoutMs = 10_000;
const connectionsMax = 1_000;
const drainMs = 5_000;

export class WebhookServer {
  readonly #parts: ServerParts;
  readonly #server: Server;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    // How often Node looks for requests that are late. Its default of 30 s would let them hang three times as long.
    const options = { connectionsCheckingInterval: 1_000 };
    this.#server = createServer(options, (request, response) => void this.#serve(request, response));
    this.#server.headersTimeout = requestTimeoutMs;
    this.#server.requestTimeout = requestTimeoutMs;
    this.#server.keepAliveTimeout = 30_000;
    this.#server.maxConnections = connectionsMax;
    this.#server.maxRequestsPerSocket = 1_000;
  }

  /** Resolves to the port that is listened on. @throws ListenError */
  listen(address: ListenAddress): Promise<number> {
    return listenOnPort(this.#server, address);
  }

  /** Accepts no more connections, lets the requests under way finish, then closes what is left. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.startTimer("relay drain", drainMs, () => this.#server.closeAllConnections());
      this.#server.close(() => {
        timer.cancel();
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client may go away while we read or write.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    try {
      const answer = await this.#route(request, response);
      if (answer !== undefined) send(response, answer.status, "text/plain; charset=utf-8", `${answer.text}\n`);
    } catch (error) {
      if (request.errored !== null) return;
      const reason = errorText(error);
      this.#parts.log.error({ reason }, "a webhook could not be answered");
      send(response, 500, "text/plain; charset=utf-8", "internal error\n");
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<WebhookAnswer | undefined> {
    const target = request.url ?? "/";
    const [path, query] = target.split("?", 2);
    if ((request.method === "GET" || request.method === "HEAD") && path === "/health") {
      const { status, body } = this.#parts.health(new URLSearchParams(query));
      send(response, status, "application/json", `${JSON.stringify(body)}\n`);
      return undefined;
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return { status: 405, text: "webhooks are POSTed here" };
    }
    if (request.headers["content-encoding"] !== undefined) return { status: 415, text: "no content encoding is taken" };
    const body = await readBody(request);
    if (body === undefined) {
      response.setHeader("connection", "close");
      return { status: 413, text: `at most ${bodyBytesMax} bytes` };
    }
    return this.#inTime(this.#parts.answer({ method: "POST", target, headers: firstValues(request), body }));
  }

  async #inTime(work: Promise<WebhookAnswer>): Promise<WebhookAnswer> {
    let late: (() => void) | undefined;
    const timeout = new Promise<WebhookAnswer>((resolve) => {
      late = () => resolve({ status: 503, text: "not in time" });
    });
    const timer = this.#parts.clock.startTimer("webhook answer", answerTimeoutMs, () => late?.());
    try {
      return await Promise.race([work, timeout]);
    } finally {
      timer.cancel();
    }
  }
}

/** The bytes as they came; undefined when there are too many. Rejects when the sender breaks off. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the socket: the sender has yet to be told why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function firstValues(request: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.[0] ?? ""] as const);
  return Object.fromEntries(entries);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(response.req.method === "HEAD" ? undefined : text);
}
