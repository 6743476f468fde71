/**
 * What is retained outlives its sender: a broker that is killed never publishes its clients' wills, and keeps what they said last. So whoever
 * says that it is there repeats it and says for how long that counts (`validForS`), and a reader holds silence for death. Pure.
 */
import { parseTimestamp } from "../kit/timestamp.ts";
import type { Clock } from "../service/port.ts";

export interface Heartbeat {
  readonly everyMs: number;
  readonly validForS: number;
}

/**
 * A machine's. Every period is shorter or longer by a tenth: one repetition may be lost (twice 132 s) and the next be half a minute late. Twice
 * as long as a relay's, because a machine may be on a cellular link (docs/link.md has what it costs).
 */
export const machineBeat: Heartbeat = { everyMs: 120_000, validForS: 300 };

/** What a message says about its own life. */
export interface Repeated {
  /** When it was written, by its sender's clock. */
  readonly at?: string | undefined;
  /** Undefined: nobody repeats it, and it stands until another word. */
  readonly validForS?: number | undefined;
}

/** How long ago it was written, by both clocks. 0 where that cannot be told: a sender whose clock is ahead gains nothing by it. */
export function ageMs({ at }: Repeated, clock: Pick<Clock, "wallMs" | "isPlausible">): number {
  const atMs = at === undefined ? undefined : parseTimestamp(at);
  return atMs === undefined || !clock.isPlausible() ? 0 : Math.max(0, clock.wallMs() - atMs);
}

/** How long it counts from now on, when it has this age; 0 or less: not any more. */
export function leftMs({ validForS }: Repeated, age: number): number {
  return validForS === undefined ? Number.POSITIVE_INFINITY : validForS * 1_000 - age;
}
