/** The time that stands in what is made: the commit's, so that the same commit gives the same bytes (reproducible-builds.org/specs/source-date-epoch). */
import { execFileSync } from "node:child_process";

/** Seconds since 1970, as a decimal number. */
export function sourceDateEpoch(top: string): string {
  return (
    process.env["SOURCE_DATE_EPOCH"] ??
    execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: top, encoding: "utf8" }).trim()
  );
}
