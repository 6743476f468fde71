/** What `kvitt doctor` says about one thing: what was found, whether that is good, and what to do. Types and text. */
import type * as z from "zod";
import type { findingSchema } from "../../link/report-messages.ts";

export type Finding = z.infer<typeof findingSchema>;
export type Verdict = Finding["verdict"];

/** A finding before it has the name of its check. */
export type Judgement = Omit<Finding, "check">;

export const good = (found: string): Judgement => ({ verdict: "good", found });
export const look = (found: string, todo: string): Judgement => ({ verdict: "look", found, todo });
export const bad = (found: string, todo: string): Judgement => ({ verdict: "bad", found, todo });
export const unknown = (found: string, todo: string): Judgement => ({ verdict: "unknown", found, todo });

const marks: Readonly<Record<Verdict, string>> = { good: "ok  ", look: "look", bad: "BAD ", unknown: "?   " };

/** A line a finding, and what to do under it. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  return findings
    .map(({ check, verdict, found, todo }) => {
      const line = `${marks[verdict]}  ${check.padEnd(width)}  ${found}`;
      return todo === undefined ? line : `${line}\n${" ".repeat(width + 8)}→ ${todo}`;
    })
    .join("\n");
}

/** 0 when nothing is bad, 1 otherwise. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ verdict }) => verdict === "bad") ? 1 : 0;
}
