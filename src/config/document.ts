/** Generates docs/config.md from the schema: one table per section, one row per key. Pure. */
import * as z from "zod";
import { configSchema } from "./schema.ts";

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

const schemaShape: z.ZodType<JsonSchema> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).exactOptional(),
    description: z.string().exactOptional(),
    default: z.unknown().exactOptional(),
    enum: z.array(z.unknown()).exactOptional(),
    pattern: z.string().exactOptional(),
    minimum: z.number().exactOptional(),
    maximum: z.number().exactOptional(),
    properties: z.record(z.string(), schemaShape).exactOptional(),
    required: z.array(z.string()).exactOptional(),
    items: schemaShape.exactOptional(),
    anyOf: z.array(schemaShape).exactOptional(),
    oneOf: z.array(schemaShape).exactOptional(),
  }),
);

/** The type of a value, in words for the reader. */
function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  switch (schema.type) {
    case "array":
      return schema.items === undefined ? "list" : listOf(schema.items);
    case "object":
      return "table";
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "integer":
      return `whole number${rangeOf(schema)}`;
    case "number":
      return `number${rangeOf(schema)}`;
    default:
      throw new Error(`docs/config.md has no word for the type ${JSON.stringify(schema.type)}`);
  }
}

function listOf(items: JsonSchema): string {
  if (items.type === "object") return "list of tables";
  return `list of ${typeOf(items)}`;
}

/** Leaves out the bounds that only say "safe integer". */
function rangeOf({ minimum, maximum }: JsonSchema): string {
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const least = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  if (least !== undefined && most !== undefined) return ` ${least}–${most}`;
  return least === undefined ? "" : ` from ${least}`;
}

function rowOf(key: string, schema: JsonSchema, isNeeded: boolean): string {
  const fallback =
    schema.default === undefined ? (isNeeded ? "**required**" : "") : `\`${JSON.stringify(schema.default)}\``;
  return `| \`${key}\` | ${typeOf(schema).replaceAll("|", "\\|")} | ${fallback} | ${schema.description ?? ""} |`;
}

/** One row per key, followed by the keys of an inner table: `lines[].relay` for a list of tables, `amounts.min` for a table. */
function rowsOf(table: JsonSchema, prefix = ""): readonly string[] {
  return Object.entries(table.properties ?? {}).flatMap(([name, one]) => {
    const key = `${prefix}${name}`;
    const isNeeded = table.required?.includes(name) === true && one.default === undefined;
    return [rowOf(key, one, isNeeded), ...rowsOf(one, `${key}.`), ...rowsOf(one.items ?? {}, `${key}[].`)];
  });
}

function tableOf(schema: JsonSchema): readonly string[] {
  return ["| key | value | default | description |", "| --- | --- | --- | --- |", ...rowsOf(schema), ""];
}

const head = [
  "# The configuration",
  "",
  "One TOML file. `kvitt config check FILE` reports all faults at once, each with its key, its value, what is allowed and a line to write instead.",
  "If it says that a file is right, the daemon comes up with it on the machine that it describes, and every product in it can be sold: pins are free and not shared,",
  "the panel is known, prices can be paid and delivered. Files and devices that are not here are told; on that machine itself, `--here` makes them faults. Unknown keys are faults. This page is generated from the schema: `node --import tsx scripts/config-docs.ts`.",
  "",
  "## Units",
  "",
  "| what | unit | example |",
  "| --- | --- | --- |",
  "| money: `price`, `price_per_hour`, `day_max`, `credit_value`, `amounts.min` and the like | whole minor units (øre, cents), VAT included; a decimal point is a fault | `price = 2500` is 25 kroner |",
  "| VAT: `vat_rate`, `default_vat_rate` | hundredths of a percent | `vat_rate = 1500` is 15 % |",
  "| keys ending in `_s`, `_ms`, `_days` | seconds, milliseconds, days; `minutes_…` are minutes | `pay_s = 150` |",
  "| keys ending in `_px`, `_mm` | pixels, millimetres | `width_mm = 163.2` |",
  "| pins: `relay`, `button`, `door`, `drop` and the like | BCM number of the GPIO line, not the pin of the header | `relay = 16` is pin 36 |",
  '| times of day, dates | local time in `machine.time_zone`; an end before the start means past midnight | `from = "22:00", to = "06:00"` |',
  "",
  'A *list of tables* is written `lines = [{ line = "A1", relay = 16 }]`, or as `[[delivery.lines]]` sections; `lines[].relay` names a key in each of them.',
  "",
];

/** The whole page. */
export function configDocs(): string {
  const whole = schemaShape.parse(z.toJSONSchema(configSchema, { io: "input" }));
  const lines = [...head];
  for (const [section, schema] of Object.entries(whole.properties ?? {})) {
    const isList = schema.type === "array";
    const inner = isList ? (schema.items ?? schema) : schema;
    const needed = whole.required?.includes(section) === true ? "" : " (optional)";
    lines.push(`## ${isList ? `[[${section}]]` : `[${section}]`}${needed}`, "");
    const description = schema.description ?? inner.description;
    if (description !== undefined) lines.push(description, "");
    for (const variant of inner.oneOf ?? inner.anyOf ?? [inner]) lines.push(...tableOf(variant));
  }
  return lines.join("\n");
}
