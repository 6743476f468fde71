/** Reads the configuration: all faults at once, each with the key, the value, what is allowed, and a line to write instead. */
import { readFile } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { errorText } from "../kit/error-text.ts";
import { type Config, configSchema, sections } from "./schema.ts";

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
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, part)?.value;
  }
  return value;
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

/** The unknown keys' nearest known one, so that a slip of the finger is found. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, index) => index);
    for (let i = 1; i <= a.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= b.length; j += 1) {
        const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
        next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
      }
      row = next;
    }
    return row[b.length] ?? 0;
  };
  const [best] = known.map((one) => ({ one, by: distance(word, one) })).toSorted((a, b) => a.by - b.by);
  return best !== undefined && best.by <= Math.max(1, Math.floor(word.length / 3)) ? best.one : undefined;
}

function knownKeys(section: PropertyKey | undefined): readonly string[] {
  if (section === undefined) return [...Object.keys(sections), "shop", "quiet_hours"];
  const schema = Object.entries(sections).find(([name]) => name === section)?.[1];
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function faultsOf(issue: z.core.$ZodIssue, raw: unknown): readonly ConfigFault[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((name) => {
      const near = nearest(name, knownKeys(issue.path[0]));
      return {
        key: keyOf([...issue.path, name]),
        // Its value is not shown: a misspelt key may hold a secret.
        value: undefined,
        allowed: near === undefined ? "there is no such key" : `there is no such key; do you mean ${near}?`,
        example: undefined,
      };
    });
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
