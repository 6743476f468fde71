/** `GET /metrics` on an address of its own: how many machines sell, and of whom, is nobody's business on the public one. */
import type { Clock, Log } from "../../service/port.ts";
import { type BoundedServer, createBoundedServer, type HttpAnswer } from "../bounded-server.ts";
import { exposition, expositionType, type Family } from "./exposition.ts";

export interface MetricsServerParts {
  readonly families: () => readonly Family[];
  readonly clock: Clock;
  readonly log: Log;
}

export function createMetricsServer({ families, clock, log }: MetricsServerParts): BoundedServer {
  return createBoundedServer({
    name: "metrics",
    // Prometheus asks every 15 s or so, over the connection that it has.
    limits: { connectionsMax: 32, keepAliveMs: 65_000, requestsPerSocketMax: undefined },
    async answer({ method, url }) {
      const isMetrics = (method === "GET" || method === "HEAD") && url === "/metrics";
      return isMetrics ? said(200, exposition(families()), expositionType) : said(404, "only GET /metrics\n");
    },
    fault: { logged: "the metrics could not be told", answer: said(500, "internal error\n") },
    clock,
    log,
  });
}

function said(status: number, body: string, type = "text/plain; charset=utf-8"): HttpAnswer {
  return { status, headers: { "content-type": type }, body };
}
