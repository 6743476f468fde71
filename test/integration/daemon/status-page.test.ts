/** Goal: whoever looks after the machine sees how it is, on this computer alone, and Prometheus can read it. Method: the pages over HTTP, from a whole kiosk's parts. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { statusPages } from "../../../src/daemon/status-page.ts";
import type { Finding } from "../../../src/daemon/doctor/finding.ts";
import { createServiceLog } from "../../../src/service/service-log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { openStatusServer } from "../../../src/service/status-server.ts";
import { KioskRig } from "../../unit/kiosk/rig.ts";

async function rig() {
  const kiosk = await new KioskRig().start();
  const { log, recent } = createServiceLog({ level: "info", format: "json", clock: new SimulatedClock(), write() {} });
  log.warn({ customerToken: "secret-token" }, "the <broker> is away");
  const findings = (): readonly Finding[] => [
    { check: "clock", verdict: "bad", found: "it is 1970", todo: "let it synchronise" },
    { check: "panel", verdict: "good", found: "it is there" },
  ];
  const figures = { residentBytes: () => 100_000_000, uptimeS: () => 12.4 };
  const parts = { version: '1.0"\n', recentLog: recent, findings, ...figures };
  const { kiosk: asked, journal, panel, link } = kiosk;
  const server = await openStatusServer(0, statusPages({ ...parts, kiosk: asked, journal, panel, link }));
  onTestFinished(() => server.close());
  return { kiosk, get: (path: string, host?: string, method?: string) => ask(server.port, path, host, method) };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** fetch() sets Host itself; a page that is rebound does not. */
function ask(port: number, path: string, host = `127.0.0.1:${port}`, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, headers: { host } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          body: Buffer.concat(parts),
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}

it("the page has the state, the last sales and the warnings, and nothing secret or unescaped", async () => {
  const { kiosk, get } = await rig();
  const reference = await kiosk.sell();
  await kiosk.clock.advance(20_000);
  const { status, type, body } = await get("/");
  const text = body.toString("utf8");
  expect([status, type]).toEqual([200, "text/html; charset=utf-8"]);
  expect(text).toContain(reference);
  expect(text).toContain("sold");
  expect(text).toContain("the &lt;broker> is away");
  expect(text).toContain("let it synchronise");
  expect(text).not.toContain("secret-token");
});

it("the glass is a picture", async () => {
  const { get } = await rig();
  expect(await get("/glass.png")).toMatchObject({ status: 200, type: "image/png", body: Buffer.of(1, 2, 3) });
});

it("the state is JSON", async () => {
  const { get } = await rig();
  expect(JSON.parse((await get("/state")).body.toString("utf8"))).toMatchObject({ state: "ready", scene: "idle" });
});

const promtool = "/usr/bin/promtool";

it("the metrics are what Prometheus reads", async () => {
  const { get } = await rig();
  const { type, body } = await get("/metrics");
  const text = body.toString("utf8");
  expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain('kvitt_info{version="1.0\\"\\n"} 1\n');
  expect(text).toContain('kvitt_state{state="ready"} 1\n');
  expect(text).toContain('kvitt_state{state="out-of-service"} 0\n');
  expect(text).toContain('kvitt_doctor_findings{verdict="bad"} 1\n');
  expect(text).toContain("# TYPE kvitt_decisions_total counter\n");
  for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? \d+)$/);
});

it.skipIf(!existsSync(promtool))("promtool finds nothing to say against them", async () => {
  const { get } = await rig();
  const { body } = await get("/metrics");
  const said = await new Promise<string>((resolve) => {
    const child = execFile(promtool, ["check", "metrics"], (error, stdout, stderr) =>
      resolve(`${error === null ? "" : error.message}${stdout}${stderr}`),
    );
    child.stdin?.end(body);
  });
  expect(said).toBe("");
});

it.each([
  ["another name", "/", "evil.example", "GET", 403],
  ["no such page", "/credentials", undefined, "GET", 404],
  ["an order", "/", undefined, "POST", 405],
])("%s is refused", async (_, path, host, method, status) => {
  const { get } = await rig();
  expect((await get(path, host, method)).status).toBe(status);
});

it.each(["localhost:9460", "[::1]:8080", "127.0.0.1"])("%s is this computer, also through a tunnel", async (host) => {
  const { get } = await rig();
  expect((await get("/state", host)).status).toBe(200);
});

it("a page that fails says why, and the next one is there again", async () => {
  const { kiosk, get } = await rig();
  kiosk.panel.screenshot = () => Promise.reject(new Error("nothing has been shown yet"));
  const failed = await get("/glass.png");
  expect([failed.status, failed.body.toString("utf8")]).toEqual([503, "nothing has been shown yet\n"]);
  expect((await get("/state")).status).toBe(200);
});
