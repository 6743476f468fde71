/** Looks up what the schema expects at a path, and suggests the nearest known word for a misspelling. Pure. */
import * as z from "zod";

/** The schema's keys for the table at `path` (`["delivery", "lines", 0]`); empty if it has no table there. */
export function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[], raw: unknown): readonly string[] {
  const table = schemaAt(schema, path, raw);
  return table instanceof z.ZodObject ? Object.keys(table.shape) : [];
}

/**
 * The schema at `path`, with optional and default wrappers removed; undefined if there is none. Of a discriminated union, the variant that the file
 * names is taken.
 * @param raw the parsed file, which names the variant
 */
export function schemaAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  raw: unknown,
): z.core.$ZodType | undefined {
  const here = withoutWrapping(schema, raw);
  const [key, ...rest] = path;
  if (key === undefined) return here;
  if (here instanceof z.ZodArray) return schemaAt(here.element, rest, valueIn(raw, key));
  if (!(here instanceof z.ZodObject)) return undefined;
  const shape: z.core.$ZodShape = here.shape;
  const inner = Object.entries(shape).find(([name]) => name === key)?.[1];
  return inner === undefined ? undefined : schemaAt(inner, rest, valueIn(raw, key));
}

/** Removes optional and default wrappers, and picks the variant of a discriminated union. */
function withoutWrapping(schema: z.core.$ZodType, raw: unknown): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return withoutWrapping(schema.unwrap(), raw);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const named = valueIn(raw, discriminator);
  const form = schema.options.find(
    (option) => option instanceof z.ZodObject && z.safeParse(option.shape[discriminator], named).success,
  );
  return form === undefined ? schema : withoutWrapping(form, raw);
}

/** `["product", 2, "price"]` is "product[2].price". */
export function keyOf(path: readonly PropertyKey[]): string {
  let key = "";
  for (const part of path) key += typeof part === "number" ? `[${part}]` : `${key === "" ? "" : "."}${String(part)}`;
  return key;
}

export function valueIn(table: unknown, key: PropertyKey): unknown {
  if (typeof table !== "object" || table === null) return undefined;
  return Object.getOwnPropertyDescriptor(table, key)?.value;
}

/** The word in `known` that a typing error may have meant; undefined if none is close. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  let nearest: { readonly word: string; readonly distance: number } | undefined;
  const most = Math.max(1, Math.floor(word.length / 3));
  for (const one of known) {
    if (Math.abs(one.length - word.length) > most) continue;
    const distance = editDistance(word, one);
    if (distance <= most && (nearest === undefined || distance < nearest.distance)) nearest = { word: one, distance };
  }
  return nearest?.word;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours ("relay" and "realy" differ by one). */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitute = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(substitute, swap, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
