/** Messages for faults in single values, in the field's terms, for every rule in the schema. Pure. */
import * as z from "zod";
import { currencies, type Currency, isCurrency } from "../sale/money.ts";
import type { Unit } from "./fields.ts";
import { nearestWord, schemaAt, valueIn } from "./known-keys.ts";

/** Error map for `schema.safeParse`: replaces zod's default messages. Messages given in the schema take precedence. */
export function fieldWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return kindWords(issue.expected);
    case "too_small":
      return boundWords(issue.origin, Number(issue.minimum), "at least");
    case "too_big":
      return boundWords(issue.origin, Number(issue.maximum), "at most");
    case "invalid_value":
      return valueWords(issue.values);
    case "invalid_format":
      return formatWords(issue.format);
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_union":
      return "none of the forms that are allowed here";
    case "unrecognized_keys":
      return "there is no such key";
    default:
      return "not allowed here";
  }
}

function kindWords(expected: string): string {
  switch (expected) {
    case "string":
      return 'a text, in quotes: "…"';
    case "boolean":
      return "true or false, without quotes";
    case "array":
      return "a list: [ …, … ]";
    case "object":
    case "record":
      return "a table: a [section] of its own, or { key = value }";
    case "int":
      return "a whole number, without quotes";
    case "number":
      return "a number, without quotes";
    case "date":
      return "a date";
    default:
      return `of the kind ${expected}`;
  }
}

function boundWords(origin: string, bound: number, which: "at least" | "at most"): string {
  if (origin === "string")
    return bound === 1 && which === "at least" ? "a text that is not empty" : `${which} ${bound} characters`;
  if (origin === "array" || origin === "set") return `${which} ${bound} ${bound === 1 ? "entry" : "entries"}`;
  return `${which} ${bound}`;
}

function valueWords(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(" or ");
}

function formatWords(format: string): string {
  if (format === "url") return 'an address, for example "https://example.com/page"';
  if (format === "date") return 'a date, for example "2026-12-25"';
  return "not written as it has to be";
}

export interface Words {
  /** What is allowed. */
  readonly allowed: string;
  /** The line to write instead. */
  readonly instead: string | undefined;
}

/** A value and its place in the file. */
export interface Place {
  readonly schema: z.core.$ZodType;
  readonly path: readonly PropertyKey[];
  readonly raw: unknown;
  readonly value: unknown;
}

/** Words derived from the schema at the place of a fault; undefined if the issue's own message is the better one. */
export function placeWords({ schema, path, raw, value }: Place): Words | undefined {
  const key = String(path.at(-1) ?? "");
  const leaf = schemaAt(schema, path, raw);
  if (leaf instanceof z.ZodNumber) return numberWords(leaf, key, value, currencyOf(raw));
  const values = valuesOf(leaf) ?? discriminatorValues(schemaAt(schema, path.slice(0, -1), raw), key);
  if (values === undefined) return undefined;
  const texts = values.filter((one) => typeof one === "string");
  const nearLow =
    typeof value === "string"
      ? nearestWord(
          value.toLowerCase(),
          texts.map((one) => one.toLowerCase()),
        )
      : undefined;
  const near = texts.find((one) => one.toLowerCase() === nearLow);
  const instead = near ?? values[0];
  return {
    allowed: near === undefined ? valueWords(values) : `${valueWords(values)}; do you mean ${JSON.stringify(near)}?`,
    instead: instead === undefined ? undefined : `${key} = ${JSON.stringify(instead)}`,
  };
}

function valuesOf(leaf: z.core.$ZodType | undefined): readonly unknown[] | undefined {
  if (leaf instanceof z.ZodEnum) return leaf.options;
  return leaf instanceof z.ZodLiteral ? [...leaf.values] : undefined;
}

/** The values allowed for a discriminator such as `driver` in `[delivery]`. */
function discriminatorValues(table: z.core.$ZodType | undefined, key: string): readonly unknown[] | undefined {
  if (!(table instanceof z.ZodDiscriminatedUnion) || table.def.discriminator !== key) return undefined;
  return table.options.flatMap((form) => {
    const shape: z.core.$ZodShape = form instanceof z.ZodObject ? form.shape : {};
    return valuesOf(shape[key]) ?? [];
  });
}

function currencyOf(raw: unknown): Currency {
  const currency = valueIn(valueIn(raw, "vipps"), "currency");
  return isCurrency(currency) ? currency : "NOK";
}

function numberWords(leaf: z.ZodNumber, key: string, value: unknown, currency: Currency): Words {
  const unit: Unit | undefined = unitOf(leaf);
  const allowed = `a ${leaf.isInt ? "whole " : ""}number${rangeWords(leaf)}`;
  const given = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  const number = typeof given === "number" && Number.isFinite(given) ? given : undefined;
  const hundredfold = number === undefined ? undefined : Math.round(number * 100);
  if (unit === "minor-units") {
    const meant = hundredfold !== undefined && hundredfold > 0 ? hundredfold : 2_500;
    return {
      allowed: `${allowed} of minor units (øre, cent): ${meant / 100} ${currencies[currency].majorName} is ${meant}`,
      instead: `${key} = ${meant}`,
    };
  }
  if (unit === "vat") {
    const meant = hundredfold !== undefined && hundredfold >= 0 && hundredfold <= 10_000 ? hundredfold : 1_500;
    return {
      allowed: `${allowed} of hundredths of a percent: ${meant / 100} % is ${meant}`,
      instead: `${key} = ${meant}`,
    };
  }
  if (number === undefined) return { allowed, instead: undefined };
  const nearest = Math.min(Math.max(number, bound(leaf.minValue) ?? number), bound(leaf.maxValue) ?? number);
  const quoted = typeof value === "string" ? ", without quotes" : "";
  return { allowed: `${allowed}${quoted}`, instead: `${key} = ${leaf.isInt ? Math.round(nearest) : nearest}` };
}

function unitOf(leaf: z.ZodNumber): Unit | undefined {
  const unit = z.globalRegistry.get(leaf)?.["unit"];
  return unit === "minor-units" || unit === "vat" ? unit : undefined;
}

/** A deliberate bound, as opposed to the largest safe integer. */
function bound(value: number | null): number | undefined {
  return value === null || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

function rangeWords(leaf: z.ZodNumber): string {
  const [min, max] = [bound(leaf.minValue), bound(leaf.maxValue)];
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` from ${min}`;
  return max === undefined ? "" : ` up to ${max}`;
}
