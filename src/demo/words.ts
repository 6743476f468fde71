/** From a log line of a process to a sentence for the page: the same log that an operator reads, less the fields. */
import * as z from "zod";

const logLine = z.looseObject({
  level: z.string().optional(),
  msg: z.string(),
  room: z.string().optional(),
  reference: z.string().optional(),
  outcome: z.unknown().optional(),
  reason: z.unknown().optional(),
  missing: z.array(z.string()).optional(),
  effect: z.string().optional(),
  scene: z.string().optional(),
  err: z.looseObject({ message: z.string() }).optional(),
});

function detail(line: z.infer<typeof logLine>): string {
  const parts: string[] = [];
  if (line.effect !== undefined) parts.push(line.effect);
  if (line.scene !== undefined) parts.push(line.scene);
  if (line.reference !== undefined) parts.push(`…${line.reference.slice(-6)}`);
  if (typeof line.outcome === "string") parts.push(line.outcome);
  else if (line.outcome !== undefined) parts.push(JSON.stringify(line.outcome));
  if (typeof line.reason === "string") parts.push(line.reason);
  if (line.missing !== undefined)
    parts.push(line.missing.length === 0 ? "all is well" : `missing: ${line.missing.join(", ")}`);
  if (line.err !== undefined) parts.push(line.err.message);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Undefined for what is no log line. */
export function plainWords(
  text: string,
): { readonly text: string; readonly level: string; readonly scene?: string | undefined } | undefined {
  if (!text.startsWith("{")) return text.trim() === "" ? undefined : { text, level: "warn" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = logLine.safeParse(value);
  if (!parsed.success || parsed.data.level === "debug") return undefined;
  return { text: parsed.data.msg + detail(parsed.data), level: parsed.data.level ?? "info", scene: parsed.data.scene };
}
