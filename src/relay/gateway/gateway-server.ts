/**
 * The HTTP side of the gateway: bytes in, bytes out, bounded in size, time and number. Every request is judged anew, so a connection that was kept alive opens
 * nothing to a machine that has been revoked.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorText } from "../../kit/error-text.ts";
import { type ListenAddress, listenOnPort } from "../../service/listen.ts";
import type { Clock, Log } from "../../service/port.ts";
import type { GatewayAnswer, GatewayRequest } from "./port.ts";
import { problem } from "./problem.ts";

export interface GatewayServerParts {
  readonly answer: (request: GatewayRequest) => Promise<GatewayAnswer>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The largest request of a machine, a payment with a receipt of forty lines, is below 20 kB. */
const bodyBytesMax = 64 * 1024;
const requestTimeoutMs = 10_000;
/** Longer than the machine's probe: it asks over the same connection again. */
const keepAliveMs = 65_000;
const connectionsMax = 20_000;
const drainMs = 5_000;

export class GatewayServer {
  readonly #parts: GatewayServerParts;
  readonly #server: Server;

  constructor(parts: GatewayServerParts) {
    this.#parts = parts;
    this.#server = createServer(
      { connectionsCheckingInterval: 1_000 },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.headersTimeout = requestTimeoutMs;
    this.#server.requestTimeout = requestTimeoutMs;
    this.#server.keepAliveTimeout = keepAliveMs;
    this.#server.maxConnections = connectionsMax;
  }

  /** Resolves to the port that is listened on. @throws ListenError */
  listen(address: ListenAddress): Promise<number> {
    return listenOnPort(this.#server, address);
  }

  /** Accepts no more connections, lets the requests under way finish, then closes what is left. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.startTimer("gateway drain", drainMs, () => this.#server.closeAllConnections());
      this.#server.close(() => {
        timer.cancel();
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A machine may go away while we read or write.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    try {
      send(response, await this.#answer(request, response));
    } catch (error) {
      if (request.errored !== null) return;
      this.#parts.log.error({ reason: errorText(error) }, "a machine's request could not be answered");
      // It may have been passed on before this went wrong.
      send(response, problem("no-answer", "internal error of the gateway"));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<GatewayAnswer> {
    const body = await readBody(request);
    if (body === undefined) {
      response.setHeader("connection", "close");
      return problem("not-allowed", `a request has at most ${bodyBytesMax} bytes`);
    }
    const { method = "", url: target = "/" } = request;
    return this.#parts.answer({ method, target, headers: onlyValues(request), body });
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

/** A header that comes twice is left out: the signature covers one Idempotency-Key, and the provider must not see another. */
function onlyValues(request: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    const [value, ...more] = values ?? [];
    if (value !== undefined && more.length === 0) headers[name] = value;
  }
  return headers;
}

function send(response: ServerResponse, { status, headers, body }: GatewayAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": body.byteLength });
  response.end(body);
}
