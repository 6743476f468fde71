/** A Unix socket that takes orders and answers in JSON, over HTTP: for people and programs on this computer. Who may use it, the file's mode says. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { errorText } from "../kit/error-text.ts";
import { listenOnSocket } from "./socket-file.ts";

export interface LocalRequest {
  readonly method: string;
  /** Of the URL, without a query: "/", "/serviced". */
  readonly path: string;
  /** The body's JSON; undefined without one. */
  readonly body: unknown;
}

export interface LocalAnswer {
  /** Of HTTP. */
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
}

export interface LocalSocket {
  /** Ends the requests that are on, and removes the file. Idempotent. */
  close(): Promise<void>;
}

const bodyBytesMax = 65_536;
const requestTimeoutMs = 5_000;
const connectionsMax = 16;

/** Listens on `path`, mode 0660. What `answer` throws is answered with 500 and its text. @throws ListenError */
export async function openLocalSocket(
  path: string,
  answer: (request: LocalRequest) => LocalAnswer | Promise<LocalAnswer>,
): Promise<LocalSocket> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      respond(request, response, answer).catch(() => response.destroy());
    },
  );
  server.maxConnections = connectionsMax;
  const file = await listenOnSocket(server, path);
  return {
    async close() {
      await file.remove();
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: LocalRequest) => LocalAnswer | Promise<LocalAnswer>,
): Promise<void> {
  const { status, body } = await answerTo(request, answer);
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

async function answerTo(
  request: IncomingMessage,
  answer: (request: LocalRequest) => LocalAnswer | Promise<LocalAnswer>,
): Promise<LocalAnswer> {
  const { method = "GET", url = "/" } = request;
  const body = await readJson(request);
  if (body === "too-large") return { status: 413, body: { error: `at most ${bodyBytesMax} bytes` } };
  if (body === "not-json") return { status: 400, body: { error: "the body is no JSON" } };
  try {
    return await answer({ method, path: url.split("?", 1)[0] ?? "/", body: body.value });
  } catch (error) {
    return { status: 500, body: { error: errorText(error) } };
  }
}

async function readJson(request: IncomingMessage): Promise<{ readonly value: unknown } | "too-large" | "not-json"> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the socket: the caller still has to hear why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) return "too-large";
    chunks.push(chunk);
  }
  if (bytes === 0) return { value: undefined };
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return { value };
  } catch {
    return "not-json";
  }
}
