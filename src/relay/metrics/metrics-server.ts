/** `GET /metrics` on an address of its own: how many machines sell, and of whom, is nobody's business on the public one. */
import { createServer, type Server } from "node:http";
import { type ListenAddress, listenOnPort } from "../../service/listen.ts";
import { exposition, expositionType, type Family } from "./exposition.ts";

export class MetricsServer {
  readonly #server: Server;

  constructor(families: () => readonly Family[]) {
    this.#server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
      const isMetrics = (request.method === "GET" || request.method === "HEAD") && request.url === "/metrics";
      response.writeHead(isMetrics ? 200 : 404, { "content-type": isMetrics ? expositionType : "text/plain" });
      response.end(isMetrics ? exposition(families()) : "only GET /metrics\n");
    });
    this.#server.maxConnections = 32;
  }

  /** Resolves to the port. @throws ListenError */
  listen(address: ListenAddress): Promise<number> {
    return listenOnPort(this.#server, address);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
