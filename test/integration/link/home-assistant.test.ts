/** Goal: Home Assistant's templates get out of our messages what they should. Method: Jinja itself, which Home Assistant uses, on messages as they are written. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { homeAssistantDiscovery } from "../../../src/link/home-assistant.ts";
import { writeState } from "../../../src/link/messages.ts";
import { writeHealth, writeSale } from "../../../src/link/report-messages.ts";
import { machine, msn } from "../../unit/link/link-contract-facts.ts";
import { aHealth, aSale } from "../../unit/link/reports.ts";

const python = `
import json, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment
jobs = json.load(sys.stdin)
environment = ImmutableSandboxedEnvironment()
environment.filters["tojson"] = lambda value: json.dumps(value)
print(json.dumps([environment.from_string(t).render(value_json=json.loads(m)) for t, m in jobs]))
`;

/** Where it must be (CI) and is not, the test fails instead of being skipped. */
function hasJinja(): boolean {
  const isThere = spawnSync("python3", ["-c", "import jinja2"]).status === 0;
  if (!isThere && process.env["CI"] === "true")
    throw new Error("jinja2 is not installed: apt-get install python3-jinja2");
  return isThere;
}

const sensorSchema = z.looseObject({
  value_template: z.string(),
  json_attributes_template: z.string().default(""),
  availability_template: z.string().default(""),
});
const odd = 'the "left" one\\å';
const { components } = z.object({ components: z.record(z.string(), sensorSchema) }).parse(
  JSON.parse(
    homeAssistantDiscovery({
      msn,
      merchantQrId: machine,
      prefix: "homeassistant",
      name: "Lobby",
      version: "1",
      lines: ["A1", odd],
    }).payload,
  ),
);

function templateOf(id: string, key: "value_template" | "json_attributes_template" | "availability_template"): string {
  const found = Object.entries(components).find(([name]) => name.startsWith(id));
  if (found === undefined) throw new Error(`there is no sensor ${id}`);
  return found[1][key];
}

const state = {
  state: "ready",
  reason: undefined,
  session: 1,
  version: "1",
  since: "2026-11-23T10:00:00.000Z",
} as const;
const lost = { ...state, state: "lost", reason: "connection-lost" } as const;
const jam = { line: "A1", product: undefined, state: "jammed", since: undefined, action: "look" } as const;
const warm = { check: "temperature", verdict: "good", found: "48 °C", celsius: 48 } as const;
const journal = { state: "out-of-service", reason: "journal", detail: "line 1", version: "1" } as const;

describe.skipIf(!hasJinja())("a template", () => {
  it("says what the message means", () => {
    const cases: readonly (readonly [string, string, string])[] = [
      [templateOf("state", "value_template"), writeState(state), "ready"],
      [templateOf("reason", "value_template"), writeState(state), "none"],
      [templateOf("reason", "value_template"), writeState(lost), "connection-lost"],
      [templateOf("temperature", "availability_template"), writeState(lost), "offline"],
      [templateOf("temperature", "availability_template"), writeState(state), "online"],
      [templateOf("last-sale", "value_template"), writeSale("x.0", aSale), aSale.endedAt],
      [templateOf("temperature", "value_template"), writeHealth({ ...aHealth, findings: [warm] }), "48"],
      [templateOf("temperature", "value_template"), writeHealth({ ...aHealth, findings: [] }), "None"],
      [templateOf("temperature", "value_template"), writeHealth(aHealth), "None"],
      [templateOf("line-A1", "value_template"), writeHealth(aHealth), "for-sale"],
      [templateOf("line-A1", "value_template"), writeHealth({ ...aHealth, lines: [jam] }), "jammed"],
      [
        templateOf("line-A1", "value_template"),
        writeHealth({ ...aHealth, lines: [{ ...jam, line: "A2" }] }),
        "for-sale",
      ],
      [templateOf("line-A1", "value_template"), writeHealth(journal), "None"],
      [templateOf("line-the", "value_template"), writeHealth({ ...aHealth, lines: [{ ...jam, line: odd }] }), "jammed"],
    ];
    const attributes = [aSale, { ...aSale, product: null, plate: "AB12345" }].map(
      (sale) => [templateOf("last-sale", "json_attributes_template"), writeSale("x.0", sale)] as const,
    );
    const input = JSON.stringify([...cases.map(([template, message]) => [template, message]), ...attributes]);
    const { stdout, stderr } = spawnSync("python3", ["-c", python], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    const rendered = z.array(z.string()).parse(JSON.parse(stdout));
    expect(rendered.slice(0, cases.length)).toEqual(cases.map(([, , wanted]) => wanted));
    const common = { entry: "sale", outcome: "sold", reason: "delivered", price: 25, currency: "NOK" };
    expect(rendered.slice(cases.length).map((text): unknown => JSON.parse(text))).toEqual([
      { ...common, product: "Cola" },
      { ...common, product: "none" },
    ]);
  });
});
