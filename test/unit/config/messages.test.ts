/**
 * Goal: whatever is wrong with a value is said in the field's words, for every rule that the schema has. Method: every key of the schema, found by
 * walking it, gets every kind of wrong value, and no fault may be in the validator's own English.
 */
import { readFile } from "node:fs/promises";
import { parse, stringify } from "smol-toml";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { schemaAt } from "../../../src/config/known-keys.ts";
import { type ConfigFault, parseConfig } from "../../../src/config/load.ts";
import { configSchema } from "../../../src/config/schema.ts";

const fixture = (name: string): Promise<string> =>
  readFile(new URL(`../../fixtures/config/${name}.toml`, import.meta.url), "utf8");

/** Every form of a table and every list has one entry somewhere in these. */
const everything = `
[relay]
public_url = "https://relay.example.com"
registration_file = "/var/lib/kvitt-relay/webhooks.json"
[shop]
redirect_qr_id = "shop-1"
[quiet_hours]
from = "22:00"
to = "06:00"
[journal]
directory = "/var/lib/kvitt"
[sale]
choose_s = 40
[[product]]
id = "more"
name = "More"
price = 2500
vat_rate = 1500
line = "C1"
`;
const parking = await fixture("parking");
const amounts = 'layout = "no"\namounts = { line = "barrier", min = 1000, max = 2000, step = 500 }';
const bases: readonly (readonly [string, string])[] = [
  ["gpio", `${parking.replace('layout = "no"', amounts)}${everything}`],
  ...["simulated", "kiosk", "mdb"].map((driver): readonly [string, string] => [
    driver,
    `${parking.replace(/driver = "gpio"\n.*\n/, `driver = "${driver}"\n`)}${everything}`,
  ]),
];

type Path = readonly (string | number)[];

/** Every place of the schema that the file has, or could have. */
function placesOf(raw: unknown): readonly Path[] {
  const places: Path[] = [];
  const walk = (path: Path, value: unknown): void => {
    const schema = schemaAt(configSchema, path, raw);
    if (path.length > 0) places.push(path);
    if (schema instanceof z.ZodObject)
      for (const key of Object.keys(schema.shape)) walk([...path, key], fieldOf(value, key));
    if (schema instanceof z.ZodArray) walk([...path, 0], fieldOf(value, 0));
  };
  walk([], raw);
  return places;
}

function fieldOf(table: unknown, key: string | number): unknown {
  return typeof table === "object" && table !== null
    ? Object.entries(table).find(([name]) => name === String(key))?.[1]
    : undefined;
}

/** The file with one value exchanged; undefined where it has no such table. */
function withValue(raw: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(raw)) return raw.map((one: unknown, index) => (index === key ? withValue(one, rest, value) : one));
  const table: Readonly<Record<string, unknown>> = z.record(z.string(), z.unknown()).catch({}).parse(raw);
  return { ...table, [key]: withValue(table[key], rest, value) };
}

const wrong: readonly unknown[] = [
  true,
  "",
  "zzz zzz",
  "\u0000",
  "25,00",
  "x".repeat(5_000),
  -1,
  9e15,
  0.5,
  Number.NaN,
  ["zzz"],
  Array.from({ length: 600 }, () => "mon"),
  { zzz: 1 },
  [{}],
  new Date("2026-01-01"),
];
/** What zod says where nobody told it better (its English locale). */
const validatorsEnglish =
  /\bInvalid\b|\bexpected\b|\breceived\b|Too (big|small)|Unrecognized|must (be|match)|\[object/i;

function faultsOf(raw: unknown): readonly ConfigFault[] {
  const loaded = parseConfig(stringify(raw));
  return loaded.ok ? [] : loaded.faults;
}

it("the walk sees the whole schema", () => {
  expect(placesOf(parse(bases[0]?.[1] ?? "")).length).toBeGreaterThan(150);
});

describe.each(bases)("with driver %s", (driver, text) => {
  const raw: unknown = parse(text);
  // What does not depend on the driver is walked once.
  const places = placesOf(raw).filter(([section]) => driver === "gpio" || section === "delivery");

  const sections = [...new Set(places.map(([section]) => section))];

  it.each(sections)("every wrong value in %s is told in the field's words, with its key", (section) => {
    const bad: string[] = [];
    let told = 0;
    for (const path of places.filter(([first]) => first === section))
      for (const value of wrong)
        for (const fault of faultsOf(withValue(raw, path, value))) {
          told += 1;
          if (validatorsEnglish.test(fault.allowed) || fault.allowed === "" || fault.key === "")
            bad.push(`${fault.key}: ${fault.allowed}`);
        }
    expect([...new Set(bad)]).toEqual([]);
    expect(told).toBeGreaterThan(0);
  });

  it("every key that is needed is told when it is missing", () => {
    const without = (path: Path): unknown => withValue(raw, path, undefined);
    for (const path of places.filter((one) => typeof one.at(-1) === "string")) {
      const found = faultsOf(without(path)).filter(({ allowed }) => allowed.startsWith("is missing"));
      for (const { allowed } of found) expect(allowed).not.toMatch(validatorsEnglish);
    }
    expect(faultsOf(without(["machine", "id"]))[0]).toMatchObject({ key: "machine.id", example: 'id = "kiosk-7"' });
  });
});

describe("a fault", () => {
  const vending = (from: string, to: string): Promise<readonly ConfigFault[]> =>
    fixture("vending").then((text) => {
      const loaded = parseConfig(text.replace(from, to));
      return loaded.ok ? [] : loaded.faults;
    });

  it.each([
    ["relay = 16", "relay = 99", "a whole number from 0 to 27", "relay = 27"],
    ['currency = "NOK"', 'currency = "nok"', '"NOK" or "DKK" or "EUR"; do you mean "NOK"?', 'currency = "NOK"'],
    ['driver = "gpio"', 'driver = "gpoi"', 'do you mean "gpio"?', 'driver = "gpio"'],
    ['languages = ["nb", "en"]', 'languages = ["nb", "english"]', '"nb" or "sv" or "da" or "fi" or "en"', "languages"],
    ["[mqtt]", '[sale]\nchoose_s = "40"\n[mqtt]', "without quotes", undefined],
    ["[mqtt]", "[sale]\nselect_first = 1\n[mqtt]", "true or false, without quotes", undefined],
    ["price = 2500\n", "", "is missing: a whole number from 1 to 65000000 of minor units", "price = 2500"],
  ])("for %s → %s says what is allowed and what to write", async (from, to, allowed, example) => {
    const found = await vending(from, to);
    expect(found[0]?.allowed).toContain(allowed);
    if (example !== undefined) expect(found[0]?.example).toContain(example);
  });

  it("shows the beginning of a long value, and nothing of one that may be a secret", async () => {
    const [long] = await vending('"Vann"', `"${"x".repeat(5_000)}"`);
    expect(long?.value?.length).toBeLessThan(100);
    const [secret] = await vending("[mqtt]", "[mqtt]\npassword_file = 12345");
    expect(secret?.value).toBe("[not shown]");
  });
});
