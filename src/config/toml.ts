/** Parses TOML and keeps what JavaScript loses: whether a number was written as a float, such as 25.00. Pure. */
import { parse, TomlDate, TomlError } from "smol-toml";

export type Read =
  | {
      readonly ok: true;
      readonly raw: unknown;
      /** Paths of TOML floats, such as `["product", 0, "price"]`. */
      readonly floats: readonly (readonly PropertyKey[])[];
    }
  | { readonly ok: false; readonly where: string; readonly why: string };

/** A configuration has a few kilobytes; with two hundred products it has about forty. */
const charactersMax = 1_048_576;

export function readToml(text: string): Read {
  if (text.length > charactersMax)
    return {
      ok: false,
      where: "the file",
      why: `has ${text.length} characters: no configuration has over ${charactersMax}`,
    };
  try {
    const floats: (readonly PropertyKey[])[] = [];
    return { ok: true, raw: withNumbers(parse(text, { integersAsBigInt: true }), [], floats), floats };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [why = "it is not TOML"] = error.message.split("\n");
    return { ok: false, where: `line ${error.line}, column ${error.column}`, why };
  }
}

/** TOML 1.0.0 has integers and floats. Both become numbers here; the paths of the floats are collected. */
function withNumbers(value: unknown, path: readonly PropertyKey[], floats: (readonly PropertyKey[])[]): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") floats.push(path);
  if (Array.isArray(value)) return value.map((one, index) => withNumbers(one, [...path, index], floats));
  if (typeof value !== "object" || value === null || value instanceof TomlDate) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withNumbers(one, [...path, key], floats)]));
}
