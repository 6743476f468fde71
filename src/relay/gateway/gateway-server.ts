/**
 * The HTTP side of the gateway: bytes in, bytes out. Every request is judged anew, so a connection that was kept alive opens
 * nothing to a machine that has been revoked.
 */
import type { IncomingMessage } from "node:http";
import type { Clock, Log } from "../../service/port.ts";
import { bodyBytesMax, type BoundedServer, createBoundedServer, type HttpAnswer, readBody } from "../bounded-server.ts";
import type { GatewayAnswer, GatewayRequest } from "./port.ts";
import { problem } from "./problem.ts";

export interface GatewayServerParts {
  readonly answer: (request: GatewayRequest) => Promise<GatewayAnswer>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createGatewayServer({ answer, clock, log }: GatewayServerParts): BoundedServer {
  return createBoundedServer({
    name: "gateway",
    // Longer than the machine's probe: it asks over the same connection again.
    limits: { connectionsMax: 20_000, keepAliveMs: 65_000, requestsPerSocketMax: undefined },
    answer: (request) => pass(request, answer),
    fault: {
      logged: "a machine's request could not be answered",
      // It may have been passed on before this went wrong.
      answer: problem("no-answer", "internal error of the gateway"),
    },
    clock,
    log,
  });
}

async function pass(request: IncomingMessage, answer: GatewayServerParts["answer"]): Promise<HttpAnswer> {
  const body = await readBody(request);
  if (body === undefined) {
    const refusal = problem("not-allowed", `a request has at most ${bodyBytesMax} bytes`);
    return { ...refusal, headers: { ...refusal.headers, connection: "close" } };
  }
  const { method = "", url: target = "/" } = request;
  return answer({ method, target, headers: onlyValues(request), body });
}

/** A header that comes twice is left out: the signature covers one Idempotency-Key, and the provider must not see another. */
function onlyValues(request: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    const [value, ...more] = values ?? [];
    if (value !== undefined && more.length === 0) headers[name] = value;
  }
  return headers;
}
