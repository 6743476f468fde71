/** Reads a configuration and reports all faults at once, each with its key, its value, what is allowed and a line to write instead. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { errorText } from "../kit/error-text.ts";
import { checkConfig, type Checked, checkRelayFile, type ConfigFacts, noFacts } from "./check.ts";
import type { Fault } from "./fields.ts";
import { keyOf, knownKeys, nearestWord, schemaAt, valueIn } from "./known-keys.ts";
import { fieldWords, placeWords } from "./messages.ts";
import { type RelayFile, relayFileSchema } from "./relay.ts";
import { type Config, configSchema } from "./schema.ts";
import { readToml } from "./toml.ts";

// A configuration is read once: compiling a parser for each of its objects takes longer than reading them. Messages are few, too.
z.config({ jitless: true });

export interface ConfigFault {
  /** `sale.choose_s`, `product[2].price`. */
  readonly key: string;
  readonly value: string | undefined;
  readonly allowed: string;
  /** A line to write instead, if there is an obvious one. */
  readonly example: string | undefined;
}

interface Refused {
  readonly ok: false;
  readonly faults: readonly ConfigFault[];
}
export type Loaded<T = Config> =
  | { readonly ok: true; readonly config: T; readonly warnings: readonly ConfigFault[] }
  | Refused;

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(valueIn, root);
}

/** Longest excerpt of a value in a fault, in characters. */
const shownMax = 80;
const secretKeys = /secret|password|subscription_key|client_id/;

function shown(key: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "object") return undefined;
  const mayBeSecret = secretKeys.test(key) || (typeof value === "string" && /:\/\/[^/]*@/.test(value));
  if (mayBeSecret) return "[not shown]";
  const text = JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** Example lines by key. */
const examples: Readonly<Record<string, string>> = {
  "machine.id": 'id = "kiosk-7"',
  "machine.location": 'location = "Platform 2"',
  "machine.time_zone": 'time_zone = "Europe/Oslo"',
  "vipps.msn": 'msn = "123456"',
  "vipps.currency": 'currency = "NOK"',
  "vipps.environment": 'environment = "test"',
  "vipps.return_url": 'return_url = "https://example.com/look-at-the-machine"',
  "mqtt.urls": 'urls = ["mqtts://broker-1.example.com:8883", "mqtts://broker-2.example.com:8883"]',
  "relay.instance": 'instance = "relay-1"',
  "mqtt.url": 'url = "mqtts://broker.example.com:8883"',
  "panel.model": 'model = "waveshare-7.5-v2"',
  "panel.languages": 'languages = ["nb", "en"]',
  "panel.image_file": 'image_file = "/run/kvitt/panel.png"',
  "panel.output": 'output = "framebuffer"',
  "panel.accent": 'accent = "#0f4c81"',
  "panel.one_wallet_name_from": 'one_wallet_name_from = "2027-01-12"',
  "panel.night_from": 'night_from = "22:00"',
  "panel.night_to": 'night_to = "06:00"',
  "sale.partial_capture": "partial_capture = true",
  "delivery.driver": 'driver = "gpio"',
  line: 'line = "A1"',
};

function exampleFor(whole: string): string | undefined {
  const key = whole.replaceAll(/\[\d+\]/g, "");
  return examples[key] ?? examples[key.slice(key.lastIndexOf(".") + 1)];
}

/** More unknown keys than this are not typing errors: the file belongs to another program. */
const unknownKeysToldMax = 20;

function unknownKeyFaults(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  schema: z.ZodType,
  raw: unknown,
): readonly ConfigFault[] {
  const known = knownKeys(schema, issue.path, raw);
  const faults = issue.keys.slice(0, unknownKeysToldMax).map((name) => {
    const near = nearestWord(name, known);
    return {
      key: keyOf([...issue.path, name]),
      // The value is not shown: a misspelt key may hold a secret.
      value: undefined,
      allowed: near === undefined ? "there is no such key" : `there is no such key; do you mean ${near}?`,
      example: undefined,
    };
  });
  const more = issue.keys.length - faults.length;
  if (more === 0) return faults;
  const table = issue.path.length === 0 ? "the file" : keyOf(issue.path);
  return [...faults, { key: table, value: undefined, allowed: `has ${more} more unknown keys`, example: undefined }];
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType, raw: unknown): readonly ConfigFault[] {
  if (issue.code === "unrecognized_keys") return unknownKeyFaults(issue, schema, raw);
  const { path } = issue;
  const value = valueAt(raw, path);
  const words = placeWords({ schema, path, raw, value });
  const allowed = words?.allowed ?? issue.message;
  const key = keyOf(path);
  return [
    {
      key,
      value: shown(key, value),
      allowed: value === undefined ? `is missing: ${allowed}` : allowed,
      example: exampleFor(key) ?? words?.instead,
    },
  ];
}

/** Integers written with a decimal point: 25.00 was not meant as 25 øre, although JavaScript cannot tell the two apart. */
function floatFaults(
  floats: readonly (readonly PropertyKey[])[],
  schema: z.ZodType,
  raw: unknown,
): readonly ConfigFault[] {
  return floats.flatMap((path) => {
    const leaf = schemaAt(schema, path, raw);
    const value = valueAt(raw, path);
    if (!(leaf instanceof z.ZodNumber) || !leaf.isInt || !Number.isInteger(value)) return [];
    const words = placeWords({ schema, path, raw, value });
    const allowed = `${words?.allowed ?? "a whole number"}; written without a point`;
    return [{ key: keyOf(path), value: `${String(value)}.0`, allowed, example: words?.instead }];
  });
}

function configFault({ path, message, instead }: Fault, raw: unknown): ConfigFault {
  const key = keyOf(path);
  return { key, value: shown(key, valueAt(raw, path)), allowed: message, example: instead ?? exampleFor(key) };
}

/** A section, or one entry of a list of sections: "panel", "product[2]". */
function sectionOf(path: readonly PropertyKey[]): string {
  return keyOf(path.slice(0, typeof path[1] === "number" ? 2 : 1));
}

/**
 * What the checks across keys say about sections whose single values are right: a file with one wrong value is still checked as far as possible.
 * Wrong values are replaced by the examples of their faults; what is then found in their own sections would be about the examples.
 */
function faultsBeside<S extends z.ZodType>(
  issues: readonly z.core.$ZodIssue[],
  {
    schema,
    raw,
    check,
  }: { readonly schema: S; readonly raw: unknown; readonly check: (parsed: z.infer<S>) => Checked },
): readonly ConfigFault[] {
  if (issues.length > unknownKeysToldMax) return [];
  const mended = issues.reduce((whole, issue) => {
    if (issue.code === "unrecognized_keys") return withoutKeys(whole, issue.path, new Set(issue.keys));
    const [fault] = faultsOf(issue, schema, raw);
    return withValue(whole, issue.path, exampleValue(fault?.example, issue.path));
  }, raw);
  const parsed = schema.safeParse(mended);
  if (!parsed.success) return [];
  const wrong = new Set(issues.map(({ path }) => sectionOf(path)));
  return check(parsed.data)
    .faults.filter(({ path }) => !wrong.has(sectionOf(path)))
    .map((fault) => configFault(fault, raw));
}

function exampleValue(example: string | undefined, path: readonly PropertyKey[]): unknown {
  const read = example === undefined ? undefined : readToml(example);
  return read?.ok === true ? valueIn(read.raw, path.at(-1) ?? "") : undefined;
}

/** The tables with one value exchanged; undefined takes the key out. */
function withValue(whole: unknown, [key, ...rest]: readonly PropertyKey[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(whole))
    return whole.map((one: unknown, index) => (index === key ? withValue(one, rest, value) : one));
  const table = typeof whole === "object" && whole !== null ? Object.entries(whole) : [];
  const others = table.filter(([name]) => name !== key);
  const inner = withValue(valueIn(whole, key), rest, value);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}

/** The tables without the named keys of the one at the path; in one pass, because a file of another program has thousands of them. */
function withoutKeys(whole: unknown, path: readonly PropertyKey[], keys: ReadonlySet<string>): unknown {
  const table = valueAt(whole, path);
  const entries = typeof table === "object" && table !== null ? Object.entries(table) : [];
  return withValue(whole, path, Object.fromEntries(entries.filter(([name]) => !keys.has(name))));
}

function parseWith<S extends z.ZodType>(
  schema: S,
  text: string,
  check: (parsed: z.infer<S>) => Checked,
): Loaded<z.infer<S>> {
  const read = readToml(text);
  if (!read.ok)
    return { ok: false, faults: [{ key: read.where, value: undefined, allowed: read.why, example: undefined }] };
  const { raw, floats } = read;
  const parsed = schema.safeParse(raw, { error: fieldWords });
  const points = floatFaults(floats, schema, raw);
  const known = new Set(points.map(({ key }) => key));
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, schema, raw));
    const rest = faultsBeside(parsed.error.issues, { schema, raw, check }).filter(({ key }) => !known.has(key));
    return { ok: false, faults: [...faults, ...points, ...rest] };
  }
  const checked = check(parsed.data);
  const faults = checked.faults.map((fault) => configFault(fault, raw)).filter(({ key }) => !known.has(key));
  if (faults.length + points.length > 0) return { ok: false, faults: [...points, ...faults] };
  return { ok: true, config: parsed.data, warnings: checked.warnings.map((fault) => configFault(fault, raw)) };
}

/** Parses and fully checks the text of a machine's configuration. Pure. */
export function parseConfig(text: string, facts: ConfigFacts = noFacts): Loaded {
  return parseWith(configSchema, text, (config) => checkConfig(config, facts));
}

/** Parses and fully checks the text of a relay's configuration: `[vipps]`, `[mqtt]`, `[relay]`. Pure. */
export function parseRelayFile(text: string, facts: ConfigFacts = noFacts): Loaded<RelayFile> {
  return parseWith(relayFileSchema, text, (file) => checkRelayFile(file, facts));
}

/** Whether the text is a relay's configuration rather than a machine's. */
export function isRelayFile(text: string): boolean {
  const read = readToml(text);
  if (!read.ok) return false;
  return valueIn(read.raw, "relay") !== undefined && valueIn(read.raw, "machine") === undefined;
}

/** Reads the file's text; a file that cannot be read is reported as a fault. */
export async function readConfigText(path: string): Promise<{ readonly ok: true; readonly text: string } | Refused> {
  try {
    return { ok: true, text: await readFile(path, "utf8") };
  } catch (error) {
    const allowed = `the file cannot be read: ${errorText(error)}`;
    return { ok: false, faults: [{ key: path, value: undefined, allowed, example: undefined }] };
  }
}

/** Reads and fully checks a machine's configuration. */
export async function loadConfig(path: string, facts: ConfigFacts = noFacts): Promise<Loaded> {
  const read = await readConfigText(path);
  return read.ok ? parseConfig(read.text, facts) : read;
}

/**
 * Reads a machine's configuration and checks single values only: for commands that must work even when the daemon refuses to start, such as
 * switching the outputs off or reading the books.
 */
export async function loadUnchecked(path: string): Promise<Loaded> {
  const read = await readConfigText(path);
  return read.ok ? parseWith(configSchema, read.text, () => ({ faults: [], warnings: [] })) : read;
}

/** Reads and fully checks a relay's configuration. */
export async function loadRelayFile(path: string, facts: ConfigFacts = noFacts): Promise<Loaded<RelayFile>> {
  const read = await readConfigText(path);
  return read.ok ? parseRelayFile(read.text, facts) : read;
}

export function faultText(fault: ConfigFault): string {
  const value = fault.value === undefined ? "" : ` = ${fault.value}`;
  const example = fault.example === undefined ? "" : `\n    write, for example: ${fault.example}`;
  return `${fault.key}${value}\n    ${fault.allowed}${example}`;
}
