/**
 * A few pages for this computer alone, over HTTP on loopback: nothing can be ordered there. A page of somebody else's that makes a browser on this computer ask
 * (DNS rebinding) is refused by the name that it asks for.
 */
import { createServer, type ServerResponse } from "node:http";
import { errorText } from "../kit/error-text.ts";
import { listenOnPort } from "./listen.ts";

export interface StatusAnswer {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** By path: "/", "/metrics". */
export type StatusPages = ReadonlyMap<string, () => StatusAnswer | Promise<StatusAnswer>>;

export interface StatusServer {
  readonly port: number;
  /** Ends the requests that are on. Idempotent. */
  close(): Promise<void>;
}

const connectionsMax = 8;
const requestTimeoutMs = 5_000;
const ownNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

const safetyHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

/** Listens on 127.0.0.1; port 0 takes any free one. @throws ListenError */
export async function openStatusServer(port: number, pages: StatusPages): Promise<StatusServer> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      request.resume();
      const { method = "GET", url = "/", headers } = request;
      const name = (headers.host ?? "").replace(/:\d+$/, "");
      const page = pages.get(url.split("?", 1)[0] ?? "/");
      if (!ownNames.has(name)) say(response, 403, "ask for 127.0.0.1 or localhost");
      else if (page === undefined) say(response, 404, `there are ${[...pages.keys()].join(", ")}`);
      else if (method !== "GET" && method !== "HEAD") say(response, 405, "only GET");
      else void show(response, page);
    },
  );
  server.maxConnections = connectionsMax;
  const listensOn = await listenOnPort(server, { host: "127.0.0.1", port });
  return {
    port: listensOn,
    async close() {
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function show(response: ServerResponse, page: () => StatusAnswer | Promise<StatusAnswer>): Promise<void> {
  try {
    const { contentType, body } = await page();
    response.writeHead(200, {
      ...safetyHeaders,
      "content-type": contentType,
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  } catch (error) {
    say(response, 503, errorText(error));
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...safetyHeaders, "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}
