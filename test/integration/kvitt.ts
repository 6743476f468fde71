/** kvitt as a process: how it is started in these tests. */
import { inject } from "vitest";

/** What Node is started with to run `kvitt ARGS`. */
export function kvittArgs(...args: readonly string[]): readonly string[] {
  return [inject("kvittBundle"), ...args];
}
