/** docs/config.md, made from the schema: a table a section, a line a key. Pure. */
import { z } from "zod";
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

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") return schema.items === undefined ? "list" : `list of ${typeOf(schema.items)}`;
  if (schema.type === "string") return "text";
  if (schema.type === "boolean") return "true or false";
  const range =
    schema.minimum !== undefined && schema.maximum !== undefined && schema.maximum < 1e15
      ? ` ${schema.minimum}–${schema.maximum}`
      : "";
  return `${schema.type === "integer" ? "whole number" : "number"}${range}`;
}

function row(key: string, schema: JsonSchema, required: boolean): string {
  const fallback =
    schema.default === undefined ? (required ? "**needed**" : "") : `\`${JSON.stringify(schema.default)}\``;
  return `| \`${key}\` | ${typeOf(schema).replaceAll("|", "\\|")} | ${fallback} | ${schema.description ?? ""} |`;
}

function table(schema: JsonSchema): readonly string[] {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([key, one]) => {
    const items =
      one.items?.properties === undefined
        ? []
        : Object.entries(one.items.properties).map(([name, inner]) =>
            row(`${key}[].${name}`, inner, one.items?.required?.includes(name) === true),
          );
    const isNeeded = schema.required?.includes(key) === true && one.default === undefined;
    return [row(key, one, isNeeded), ...items];
  });
  return ["| key | value | default | what it is |", "| --- | --- | --- | --- |", ...rows, ""];
}

/** The whole page. */
export function configDocs(): string {
  const whole = schemaShape.parse(z.toJSONSchema(configSchema, { io: "input" }));
  const lines = [
    "# The configuration",
    "",
    "One TOML file; `kvitt config check FILE` says for each fault which key, what value, what is allowed, and a line to write instead.",
    "Unknown keys are faults. This page is made from the schema by `scripts/config-docs.ts`.",
    "",
  ];
  for (const [section, schema] of Object.entries(whole.properties ?? {})) {
    const isList = schema.type === "array";
    const inner = isList ? (schema.items ?? schema) : schema;
    const needed = whole.required?.includes(section) === true ? "" : " (may be left out)";
    lines.push(`## ${isList ? `[[${section}]]` : `[${section}]`}${needed}`, "");
    if (inner.description !== undefined) lines.push(inner.description, "");
    const variants = inner.oneOf ?? inner.anyOf;
    if (variants === undefined) lines.push(...table(inner));
    else for (const variant of variants) lines.push(...table(variant));
  }
  return lines.join("\n");
}
