/**
 * An HTTP server that strangers may reach: bounded in the size, time and number of its requests, and it ends without cutting off those under way. What a
 * request means is for whoever answers it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorText } from "../kit/error-text.ts";
import { type ListenAddress, listenOnPort } from "../service/listen.ts";
import type { Clock, Log } from "../service/port.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface BoundedServerParts {
  /** Of its timers: "relay", "gateway". */
  readonly name: string;
  readonly limits: {
    readonly connectionsMax: number;
    /** How long a connection may wait for its next request. */
    readonly keepAliveMs: number;
    /** On one connection, so that a load balancer's are spread anew now and then. Undefined: any number. */
    readonly requestsPerSocketMax: number | undefined;
  };
  readonly answer: (request: IncomingMessage) => Promise<HttpAnswer>;
  /** What is said, and logged, when `answer` throws. */
  readonly fault: { readonly logged: string; readonly answer: HttpAnswer };
  readonly clock: Clock;
  readonly log: Log;
}

export interface BoundedServer {
  /** Resolves to the port that is listened on. @throws ListenError */
  listen(address: ListenAddress): Promise<number>;
  /** Accepts no more connections, lets the requests under way finish, then closes what is left. */
  close(): Promise<void>;
}

/** The provider's events are below 2 kB; the largest request of a machine, a payment with a receipt of forty lines, is below 20 kB. */
export const bodyBytesMax = 64 * 1024;
const requestTimeoutMs = 10_000;
const drainMs = 5_000;
/** How often Node looks for requests that are late. Its default of 30 s would let them hang three times as long. */
const lateCheckMs = 1_000;

export function createBoundedServer(parts: BoundedServerParts): BoundedServer {
  const { name, limits, clock } = parts;
  const server: Server = createServer(
    { connectionsCheckingInterval: lateCheckMs },
    (request, response) => void serve({ request, response, server }, parts),
  );
  server.headersTimeout = requestTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveMs;
  server.maxConnections = limits.connectionsMax;
  if (limits.requestsPerSocketMax !== undefined) server.maxRequestsPerSocket = limits.requestsPerSocketMax;
  return {
    listen: (address) => listenOnPort(server, address),
    close: () =>
      new Promise((resolve) => {
        const timer = clock.startTimer(`${name} drain`, drainMs, () => server.closeAllConnections());
        server.close(() => {
          timer.cancel();
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** The bytes as they came; undefined when there are too many. Rejects when the sender breaks off. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
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

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

async function serve(exchange: Exchange, { answer, fault, log }: BoundedServerParts): Promise<void> {
  const { request, response } = exchange;
  // Whoever asked may go away while we read or write.
  request.on("error", () => undefined);
  response.on("error", () => undefined);
  try {
    send(exchange, await answer(request));
  } catch (error) {
    if (request.errored !== null) return;
    log.error({ reason: errorText(error) }, fault.logged);
    send(exchange, fault.answer);
  }
}

/** Node leaves out the body of an answer to HEAD. */
function send({ response, server }: Exchange, { status, headers, body }: HttpAnswer): void {
  if (response.headersSent || response.destroyed) return;
  // A connection that is kept after its answer would keep a server from ending.
  if (!server.listening) response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
