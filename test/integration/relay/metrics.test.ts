/**
 * Goal: what the relay tells Prometheus is what happened, and the alert rules that ship fire when they should. Method: a whole relay after a refused and a
 * forged webhook; promtool reads its text, the rules, and the rules' own tests. Every metric that a rule, the dashboard or docs/metrics.md names is one that the relay has.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GatewayService } from "../../../src/relay/gateway/service.ts";
import { exposition } from "../../../src/relay/metrics/exposition.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { realClock, until } from "../link/real-parts.ts";
import { labelsIn, namesIn, plainQuery, readDashboard } from "./dashboard.ts";
import { deliver, FakeRegistry, msn, post, type RunningRelay, startRelay } from "./relay-parts.ts";

const rules = fileURLToPath(new URL("../../../scripts/package/fleet/", import.meta.url));
const docs = new URL("../../../docs/metrics.md", import.meta.url);

const dashboard = readDashboard(`${rules}kvitt-dashboard.json`);

/** Where it must be (CI) and is not, the test fails instead of being skipped. */
function hasPromtool(): boolean {
  const isThere = spawnSync("promtool", ["--version"]).status === 0;
  if (!isThere && process.env["CI"] === "true")
    throw new Error("promtool is not installed: apt-get install prometheus");
  return isThere;
}

const gatewayFamilies = new GatewayService({
  policy: { refund: "off", oneTimeQr: false, exchange: false, redirectQrIds: [], mobilePayQrIds: new Map() },
  listen: { host: "127.0.0.1", port: 0 },
  identitiesFile: "/nowhere",
  operator: undefined,
  clock: realClock,
  log: recordingLog(),
}).families();

describe("the relay's numbers", () => {
  let broker: Broker;
  let running: RunningRelay;
  let text = "";

  beforeAll(async () => {
    broker = await startAedes();
    const registry = new FakeRegistry();
    running = await startRelay(broker.url, registry, recordingLog());
    await until("registered", () => registry.registrations.length === 2);
    const [hook] = registry.registrations;
    if (hook === undefined) throw new Error("nothing is registered");
    await until("the secret is kept", () => readFileSync(running.registrationFile, "utf8").includes(hook.id));
    const initiatedAt = new Date().toISOString();
    const body = JSON.stringify({ customerToken: "t", merchantQrId: "vend-9", msn, initiatedAt });
    expect((await deliver(running.port, hook, body)).status).toBe(503);
    expect((await post(running.port, "/webhooks/check-in", {}, "{}")).status).toBe(401);
    await until("told", () =>
      exposition(running.relay.families()).includes(`kvitt_relay_unit_registered{msn="${msn}"} 1`),
    );
    text = exposition([...running.relay.families(), ...gatewayFamilies]);
  });
  afterAll(async () => {
    await running.relay.stop();
    await broker.close();
  });

  it("say what became of each request, and why", () => {
    for (const line of [
      'kvitt_relay_broker_connected{relay="relay-1"} 1',
      `kvitt_relay_webhooks_total{msn="${msn}",outcome="refused"} 1`,
      `kvitt_relay_webhooks_total{msn="${msn}",outcome="forged"} 1`,
      `kvitt_relay_check_ins_refused_total{msn="${msn}",reason="machine unknown"} 1`,
      `kvitt_relay_machines{msn="${msn}",state="ready"} 0`,
      "kvitt_relay_webhook_answer_seconds_count 2",
    ])
      expect(text).toContain(`\n${line}\n`);
  });

  it.skipIf(!hasPromtool())("can be read, and the alert rules do what their tests say", () => {
    execFileSync("promtool", ["check", "metrics"], { input: text });
    execFileSync("promtool", ["check", "rules", "kvitt-alerts.yml"], { cwd: rules });
    execFileSync("promtool", ["test", "rules", "kvitt-alerts.test.yml"], { cwd: rules });
  });

  it("are what the dashboard asks for, by labels that they have, and all of them are on it", () => {
    const labels = labelsIn(text);
    const asked = new Set<string>();
    for (const { title, targets } of dashboard.panels)
      for (const { expr, legendFormat } of targets) {
        const names = namesIn(expr, legendFormat);
        expect(names.metrics, title).not.toEqual([]);
        for (const metric of names.metrics) {
          asked.add(metric);
          expect([...labels.keys()], `${title}: ${expr}`).toContain(metric);
        }
        const known = new Set(names.metrics.flatMap((metric) => [...(labels.get(metric) ?? [])]));
        // The gateway of this relay has had no requests, so those families have no labels to be seen.
        if (known.size > 0) for (const label of names.labels) expect([...known], `${title}: ${expr}`).toContain(label);
      }
    expect([...asked].toSorted()).toEqual([...labels.keys()].toSorted());
    const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(variables.flatMap((definition) => namesIn(definition).metrics)).toEqual(["kvitt_relay_unit_registered"]);
  });

  it.skipIf(!hasPromtool())("are asked for in PromQL", () => {
    const exprs = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => plainQuery(expr)));
    const folder = mkdtempSync(join(tmpdir(), "kvitt-dashboard-"));
    try {
      // A file of rules is YAML, and JSON is YAML.
      const asRules = exprs.map((expr, index) => ({ record: `dashboard:${index}`, expr }));
      writeFileSync(join(folder, "rules.yml"), JSON.stringify({ groups: [{ name: "dashboard", rules: asRules }] }));
      const said = execFileSync("promtool", ["check", "rules", "rules.yml"], { cwd: folder, encoding: "utf8" });
      expect(said).toContain(`${exprs.length} rules found`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("have places on the dashboard that do not overlap", () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x} ${y}`), title).toBeUndefined();
          expect(x, title).toBeLessThan(24);
          taken.set(`${x} ${y}`, title);
        }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it("are the ones that the rules and docs/metrics.md name, and all of them", () => {
    const told = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    const named = (from: string): readonly string[] =>
      [...from.matchAll(/\bkvitt_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ""));
    for (const name of named(readFileSync(`${rules}kvitt-alerts.yml`, "utf8"))) expect(told).toContain(name);
    const page = readFileSync(docs, "utf8");
    expect(new Set(named(page))).toEqual(told);
    const alerts = [...readFileSync(`${rules}kvitt-alerts.yml`, "utf8").matchAll(/alert: (\w+)/g)].map(
      ([, name = ""]) => name,
    );
    for (const alert of alerts) expect(page).toContain(alert);
  });
});
