/** Reads the configuration: all faults at once, each with the key, the value, what is allowed, and a line to write instead. */
import { readFile } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { errorText } from "../kit/error-text.ts";
import { knownKeys, nearestWord, valueIn } from "./known-keys.ts";
import { type Config, configSchema } from "./schema.ts";

export interface ConfigFault {
  /** `sale.choose_s`, `product[2].price`. */
  readonly key: string;
  readonly value: string | undefined;
  readonly allowed: string;
  /** A line to write instead, where one can be made up. */
  readonly example: string | undefined;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

function keyOf(path: readonly PropertyKey[]): string {
  let key = "";
  for (const part of path) key += typeof part === "number" ? `[${part}]` : `${key === "" ? "" : "."}${String(part)}`;
  return key;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(valueIn, root);
}

const secretKeys = /secret|password|subscription_key|client_id/;

function shown(key: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "object") return undefined;
  const mayBeSecret = secretKeys.test(key) || (typeof value === "string" && /:\/\/[^/]*@/.test(value));
  return mayBeSecret ? "[not shown]" : JSON.stringify(value);
}

/** Lines that are right, by key; a test parses every one. */
const examples: Readonly<Record<string, string>> = {
  "machine.id": 'id = "kiosk-7"',
  "machine.location": 'location = "Platform 2"',
  "machine.time_zone": 'time_zone = "Europe/Oslo"',
  "vipps.msn": 'msn = "123456"',
  "vipps.currency": 'currency = "NOK"',
  "vipps.environment": 'environment = "test"',
  "vipps.return_url": 'return_url = "https://example.com/look-at-the-machine"',
  "mqtt.url": 'url = "mqtts://broker.example.com:8883"',
  "panel.model": 'model = "waveshare-7.5-v2"',
  "panel.languages": 'languages = ["nb", "en"]',
  "panel.image_file": 'image_file = "/run/kvitt/panel.png"',
  "panel.output": 'output = "framebuffer"',
  "panel.accent": 'accent = "#0f4c81"',
  "panel.night_from": 'night_from = "22:00"',
  "panel.night_to": 'night_to = "06:00"',
  "sale.partial_capture": "partial_capture = true",
  "delivery.driver": 'driver = "gpio"',
  price: "price = 2500",
  vat_rate: "vat_rate = 1500",
  line: 'line = "A1"',
};

function exampleFor(key: string): string | undefined {
  return examples[key] ?? examples[key.slice(key.lastIndexOf(".") + 1)];
}

/** More unknown keys than this are no slips of the finger: that file is another program's. */
const unknownKeysToldMax = 20;

function unknownKeyFaults(issue: z.core.$ZodIssueUnrecognizedKeys, raw: unknown): readonly ConfigFault[] {
  const known = knownKeys(configSchema, issue.path, raw);
  const faults = issue.keys.slice(0, unknownKeysToldMax).map((name) => {
    const near = nearestWord(name, known);
    return {
      key: keyOf([...issue.path, name]),
      // Its value is not shown: a misspelt key may hold a secret.
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

function faultsOf(issue: z.core.$ZodIssue, raw: unknown): readonly ConfigFault[] {
  if (issue.code === "unrecognized_keys") return unknownKeyFaults(issue, raw);
  const key = keyOf(issue.path);
  const value = valueAt(raw, issue.path);
  const isMissing = value === undefined && issue.code === "invalid_type";
  const allowed = isMissing
    ? `is missing: ${issue.message.replace(/, received undefined$/, "").replace(/^Invalid input: /, "")}`
    : issue.message;
  return [{ key, value: shown(key, value), allowed, example: exampleFor(key.replaceAll(/\[\d+\]/g, "")) }];
}

/** Checks the text of a configuration. Pure. */
export function parseConfig(text: string): Loaded {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = "it is not TOML"] = error.message.split("\n");
    return {
      ok: false,
      faults: [
        { key: `line ${error.line}, column ${error.column}`, value: undefined, allowed: message, example: undefined },
      ],
    };
  }
  const parsed = configSchema.safeParse(raw);
  if (parsed.success) return { ok: true, config: parsed.data };
  return { ok: false, faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, raw)) };
}

/** Reads the file. A file that cannot be read is a fault like the others. */
export async function loadConfig(path: string): Promise<Loaded> {
  try {
    return parseConfig(await readFile(path, "utf8"));
  } catch (error) {
    const reason = errorText(error);
    return {
      ok: false,
      faults: [{ key: path, value: undefined, allowed: `the file cannot be read: ${reason}`, example: undefined }],
    };
  }
}

export function faultText(fault: ConfigFault): string {
  const value = fault.value === undefined ? "" : ` = ${fault.value}`;
  const example = fault.example === undefined ? "" : `\n    write, for example: ${fault.example}`;
  return `${fault.key}${value}\n    ${fault.allowed}${example}`;
}
