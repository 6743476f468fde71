/** Text to values, and what JavaScript forgets on the way: that 25.00 was written with a point. Pure. */
import { parse, TomlDate, TomlError } from "smol-toml";

export type Read =
  | {
      readonly ok: true;
      readonly raw: unknown;
      /** Where numbers stand that are TOML floats, `["product", 0, "price"]`. */
      readonly floats: readonly (readonly PropertyKey[])[];
    }
  | { readonly ok: false; readonly where: string; readonly why: string };

/** A configuration is some kilobytes; two hundred products make forty. */
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

/** TOML 1.0.0, Integer and Float: two kinds of number, which end as one here; where the floats stand is kept. */
function withNumbers(value: unknown, path: readonly PropertyKey[], floats: (readonly PropertyKey[])[]): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") floats.push(path);
  if (Array.isArray(value)) return value.map((one, index) => withNumbers(one, [...path, index], floats));
  if (typeof value !== "object" || value === null || value instanceof TomlDate) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withNumbers(one, [...path, key], floats)]));
}
