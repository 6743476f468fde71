/**
 * Goal: whatever configuration we show can be run. Method: every fixture as it is, and every TOML block of README, docs and hardware, completed with
 * the sections that it leaves out, through the whole check with the panels that this build knows.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "smol-toml";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type ConfigFacts, noFacts } from "../../../src/config/check.ts";
import { faultText, isRelayFile, parseConfig, parseRelayFile } from "../../../src/config/load.ts";
import { readPanelFile } from "../../../src/panel/panel-file.ts";

const top = fileURLToPath(new URL("../../../", import.meta.url));
const panelFolder = join(top, "hardware/panels");
const panels = await Promise.all(
  (await readdir(panelFolder))
    .filter((name) => name.endsWith(".json"))
    .map(async (name) => readPanelFile(await readFile(join(panelFolder, name), "utf8"), name)),
);
const facts: ConfigFacts = { ...noFacts, panels };

async function filesUnder(folder: string, ending: string): Promise<readonly string[]> {
  const names = await readdir(join(top, folder), { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

function faultsOf(text: string): readonly string[] {
  const loaded = isRelayFile(text) ? parseRelayFile(text, facts) : parseConfig(text, facts);
  return loaded.ok ? [] : loaded.faults.map(faultText);
}

const fixtures = await filesUnder("test/fixtures/config", ".toml");
describe("a configuration to begin with", () => {
  it("there are some", () => {
    expect(fixtures.length).toBeGreaterThan(1);
  });

  it.each(fixtures)("%s is right", async (path) => {
    expect(faultsOf(await readFile(join(top, path), "utf8"))).toEqual([]);
  });
});

/** What a page leaves out: a machine with the e-paper HAT, which is the narrowest for pins. */
const around = z.record(z.string(), z.unknown()).parse(
  parse(`
[machine]
id = "kiosk-7"
location = "Platform 2"
[vipps]
environment = "test"
msn = "123456"
currency = "NOK"
return_url = "https://example.com/look-at-the-machine"
[mqtt]
url = "mqtts://broker.example.com:8883"
[panel]
model = "waveshare-7.5-v2"
[delivery]
driver = "gpio"
lines = [{ line = "A1", button = 22, relay = 16 }, { line = "wash", form = "pulse", relay = 26, credit_value = 1000 }]
`),
);
const keypad = { kind: "keypad", vendor_id: "1a2c" };

const tablesOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  z.array(z.record(z.string(), z.unknown())).catch([]).parse(value);

/** The block with what it leaves out: other sections, a product on each of its lines, something to choose with. */
function completed(block: Readonly<Record<string, unknown>>): string {
  const whole: Record<string, unknown> = { ...around, ...block };
  const delivery = z.record(z.string(), z.unknown()).parse(whole["delivery"]);
  const lines = tablesOf(delivery["lines"]);
  const isGpio = delivery["driver"] === "gpio";
  if (block["product"] === undefined && isGpio && block["tariff"] === undefined)
    whole["product"] = lines.map(({ line }, index) => ({
      id: `p${index}`,
      name: "Vann",
      price: 3_000,
      vat_rate: 1_500,
      line,
    }));
  // A keypad serves lines without a button, and a tariff.
  if (block["input"] === undefined && isGpio) whole["input"] = [keypad];
  return stringify(whole);
}

const pages = ["README.md", ...(await filesUnder("docs", ".md")), ...(await filesUnder("hardware", ".md"))];
const blocks = (
  await Promise.all(
    pages.map(async (path) => {
      const page = await readFile(join(top, path), "utf8");
      const found = [...page.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
      return found.map((text, index) => ({ name: `${path}, block ${index + 1}`, text }));
    }),
  )
).flat();

describe("a block of configuration on a page", () => {
  it("there are some", () => {
    expect(blocks.length).toBeGreaterThan(7);
  });

  it.each(blocks)("is right in $name", ({ text }) => {
    expect(faultsOf(isRelayFile(text) ? text : completed(parse(text)))).toEqual([]);
  });
});
