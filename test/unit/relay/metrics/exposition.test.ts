/** Prometheus' text format: names, escapes, cumulative buckets; and the address that tells it. */
import { afterEach, describe, expect, it } from "vitest";
import type { BoundedServer } from "../../../../src/relay/bounded-server.ts";
import { exposition, type Family, Histogram } from "../../../../src/relay/metrics/exposition.ts";
import { createMetricsServer } from "../../../../src/relay/metrics/metrics-server.ts";
import { recordingLog, VirtualClock } from "../../link/virtual-clock.ts";

describe("the text", () => {
  it("has help, type and samples of each family, and escapes what a label may hold", () => {
    const text = exposition([
      {
        name: "a_total",
        help: "Two\nlines.",
        type: "counter",
        samples: [{ labels: { reason: 'a "b"\\\n', msn: "1" }, value: 3 }, { value: 0.5 }],
      },
    ]);
    expect(text).toBe(
      '# HELP a_total Two lines.\n# TYPE a_total counter\na_total{reason="a \\"b\\"\\\\\\n",msn="1"} 3\na_total 0.5\n',
    );
  });

  it("has cumulative buckets; the last takes all", () => {
    const histogram = new Histogram([0.1, 1]);
    for (const seconds of [0.05, 0.1, 0.5, 3]) histogram.observe(seconds);
    const lines = exposition([{ name: "h", help: "H.", type: "histogram", samples: histogram.samples() }]).split("\n");
    expect(lines.slice(2, -1)).toEqual([
      'h_bucket{le="0.1"} 2',
      'h_bucket{le="1"} 3',
      'h_bucket{le="+Inf"} 4',
      "h_sum 3.65",
      "h_count 4",
    ]);
  });
});

describe("the address", () => {
  let server: BoundedServer | undefined;
  afterEach(async () => server?.close());

  function begin(families: () => readonly Family[], log = recordingLog()): Promise<number> {
    server = createMetricsServer({ families, clock: new VirtualClock(), log });
    return server.listen({ host: "127.0.0.1", port: 0 });
  }

  it("answers GET /metrics, and nothing else", async () => {
    const port = await begin(() => [{ name: "x", help: "X.", type: "gauge", samples: [{ value: 1 }] }]);
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    expect(await answer.text()).toContain("\nx 1\n");
    const head = await fetch(`http://127.0.0.1:${port}/metrics`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST" })).status).toBe(404);
  });

  it("says that it cannot, where the numbers cannot be had; the relay lives on", async () => {
    const log = recordingLog();
    const port = await begin(() => {
      throw new Error("no numbers");
    }, log);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(500);
    expect(JSON.stringify(log.lines)).toContain("no numbers");
  });
});
