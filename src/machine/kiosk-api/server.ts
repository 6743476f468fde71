/**
 * The local API's HTTP side: a Unix socket, whose file mode says who may use it, and where wanted a loopback port, which asks for a token and
 * for the right Host. Nothing is parsed before both are right; bodies, connections, waits and streams have bounds.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock, Listening, Log, SocketFile } from "../../service/port.ts";
import type { Api, ApiAnswer, ApiEvent } from "./api.ts";
import { boundConnections } from "./connections.ts";
import { KioskApiError } from "./kiosk-api-error.ts";
import openApiDocument from "../../../docs/kiosk-api.openapi.json" with { type: "json" };
import { problem, type Problem, problemBody } from "./problem.ts";
import { parseRequest } from "./request.ts";

export interface ApiServerSettings {
  readonly socketPath: string;
  /** Loopback HTTP; undefined: none. 0: any free port. */
  readonly port: number | undefined;
  /** What callers on the loopback port have to show. */
  readonly token: string | undefined;
  readonly api: Api;
  readonly listening: Listening;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ApiServer {
  readonly port: number | undefined;
  close(): Promise<void>;
}

const bodyBytesMax = 64 * 1024;
const requestTimeoutMs = 10_000;
const connectionsMax = 64;
const streamsMax = 8;
const streamSignMs = 15_000;
/** A reader of events that does not keep up with this is cut off; it asks again and hears what is true. */
const streamBytesMax = 256 * 1024;
const drainMs = 2_000;
/** As long as a random 128-bit number in hexadecimal digits. */
const tokenLengthMin = 32;
const loopback = "127.0.0.1";

/** @throws KioskApiError, or what `listening` throws */
export async function startApiServer(settings: ApiServerSettings): Promise<ApiServer> {
  const server = new LocalServer(settings);
  await server.listen();
  return server;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

type Guard = (request: IncomingMessage) => Problem | undefined;

/**
 * Two ways for a web page elsewhere to reach this machine, both closed: by a name that it lets point here (DNS rebinding), so only our own
 * names count in Host; and from a browser on this machine, so an Origin, where there is one, has to be our own.
 */
function guardOf(token: string, port: () => number | undefined): Guard {
  const wanted = digest(`Bearer ${token}`);
  return ({ headers }) => {
    const names = ["localhost", loopback].map((name) => `${name}:${port() ?? ""}`);
    if (!names.includes(headers.host ?? "")) return problem("wrong-host", `ask for ${names.join(" or ")}`);
    if (headers.origin !== undefined && !names.some((name) => headers.origin === `http://${name}`))
      return problem("wrong-origin", "pages of other origins are not served");
    const isKnown = timingSafeEqual(digest(headers.authorization ?? ""), wanted);
    return isKnown
      ? undefined
      : problem("unauthorized", "this port wants Authorization: Bearer and the token of token_file");
  };
}

class LocalServer implements ApiServer {
  readonly #settings: ApiServerSettings;
  readonly #unix: Server;
  readonly #tcp: Server | undefined;
  readonly #streams = new Set<() => void>();
  #file: SocketFile | undefined;

  constructor(settings: ApiServerSettings) {
    const { port, token = "" } = settings;
    this.#settings = settings;
    if (port !== undefined && token.length < tokenLengthMin)
      throw new KioskApiError(
        "no-token",
        `the loopback port wants a token of at least ${tokenLengthMin} characters in token_file (mode 600): openssl rand -hex 32`,
      );
    this.#unix = this.#server(() => undefined);
    this.#tcp = port === undefined ? undefined : this.#server(guardOf(token, () => this.port));
  }

  get port(): number | undefined {
    const address = this.#tcp?.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  }

  #server(guard: Guard): Server {
    // Node looks for late requests only this often.
    const server = createServer({ connectionsCheckingInterval: 1_000 }, (request, response) => {
      void this.#serve(request, response, guard);
    });
    server.headersTimeout = requestTimeoutMs;
    server.requestTimeout = requestTimeoutMs;
    boundConnections(server, connectionsMax);
    return server;
  }

  async listen(): Promise<void> {
    const { socketPath, port, listening, log } = this.#settings;
    this.#file = await listening.onSocket(this.#unix, socketPath);
    const tcp = this.#tcp;
    if (tcp !== undefined && port !== undefined) {
      try {
        await listening.onPort(tcp, { host: loopback, port });
      } catch (error) {
        await this.close();
        throw error;
      }
    }
    log.info({ socket: socketPath, port: this.port }, "the local API takes orders");
  }

  async close(): Promise<void> {
    for (const end of this.#streams) end();
    await this.#file?.remove();
    this.#file = undefined;
    await Promise.all([this.#unix, this.#tcp].map((server) => this.#closeOne(server)));
  }

  #closeOne(server: Server | undefined): Promise<void> {
    if (server === undefined || !server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#settings.clock.startTimer("kiosk API drain", drainMs, () => server.closeAllConnections());
      server.close(() => {
        timer.cancel();
        resolve();
      });
      server.closeIdleConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse, guard: Guard): Promise<void> {
    // A caller that goes away while we read or write is its own affair.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const gone = new AbortController();
    response.once("close", () => gone.abort(new Error("the caller is gone")));
    try {
      const fault = guard(request);
      if (fault === undefined) await this.#answer(request, response, gone.signal);
      else refuse(response, fault);
    } catch (error) {
      if (request.errored !== null) return;
      this.#settings.log.error({ error }, "the local API could not answer");
      refuse(response, problem("fault", "a fault in kvitt: its log says more"));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const body = await readBody(request);
    if ("problem" in body) return refuse(response, body.problem);
    const parsed = parseRequest({ method: request.method ?? "", target: request.url ?? "", body: body.value });
    if (!parsed.ok) return refuse(response, parsed.problem);
    const { call } = parsed;
    if (call.kind === "events") return this.#stream(response);
    if (call.kind === "document") return send(response, 200, "application/json", openApiDocument);
    return answerWith(response, await this.#settings.api.handle(call, signal));
  }

  /** Server-sent events (HTML standard, 9.2): the content as data, its version as id. */
  #stream(response: ServerResponse): void {
    if (this.#streams.size >= streamsMax)
      return refuse(response, problem("too-many", `at most ${streamsMax} programs can listen`));
    const { api, clock } = this.#settings;
    response.writeHead(200, { ...commonHeaders, "content-type": "text/event-stream" });
    const write = (text: string): void => {
      if (response.writableLength > streamBytesMax) response.destroy();
      else response.write(text);
    };
    const end = (): void => {
      if (!this.#streams.delete(end)) return;
      stop();
      sign.cancel();
      response.end();
    };
    const signOfLife = () =>
      clock.startTimer("kiosk API stream", streamSignMs, () => {
        write(": here\n\n");
        sign = signOfLife();
      });
    this.#streams.add(end);
    let sign = signOfLife();
    const stop = api.watch(({ event, resource }: ApiEvent) =>
      write(`event: ${event}\nid: ${resource.version}\ndata: ${JSON.stringify(resource)}\n\n`),
    );
    response.once("close", end);
  }
}

type Body = { readonly value: unknown } | { readonly problem: Problem };

async function readBody(request: IncomingMessage): Promise<Body> {
  const tooLarge = { problem: problem("too-large", `at most ${bodyBytesMax} bytes`) };
  if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax) return tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the socket: the caller still has to hear why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) return tooLarge;
    chunks.push(chunk);
  }
  return bytes === 0 ? { value: undefined } : parseBody(request, Buffer.concat(chunks));
}

function parseBody({ headers }: IncomingMessage, bytes: Buffer): Body {
  const isJson = /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "");
  if (!isJson || headers["content-encoding"] !== undefined)
    return { problem: problem("media-type", "Content-Type: application/json, without an encoding") };
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return { value };
  } catch {
    return { problem: problem("not-json", "the body is no JSON in UTF-8") };
  }
}

const commonHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

function answerWith(response: ServerResponse, answer: ApiAnswer): void {
  if (answer.kind === "problem") return refuse(response, answer.problem);
  const { status, location, resource } = answer;
  if (location !== undefined) response.setHeader("location", location);
  send(response, status, "application/json", resource);
}

function refuse(response: ServerResponse, fault: Problem): void {
  if (response.headersSent || response.destroyed) return;
  if (fault.allow !== undefined) response.setHeader("allow", fault.allow);
  if (fault.code === "unauthorized") response.setHeader("www-authenticate", "Bearer");
  // What was not read of a body that is too large would be taken for the next request.
  if (fault.code === "too-large") response.setHeader("connection", "close");
  send(response, fault.status, "application/problem+json", problemBody(fault));
}

function send(response: ServerResponse, status: number, type: string, body: object): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { ...commonHeaders, "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}
