/**
 * Keeps a log from filling a disk or a cellular link: lines of each level come in bursts that are bounded, and what is left out is counted and said. Each level
 * has its own bound, so that a flood of one cannot hide the other.
 */
import type { Clock } from "./port.ts";
import { levelOf } from "./log-lines.ts";

/** A start with many open sales says about a hundred lines. */
const burstMax = 500;
/** In the long run; a busy machine says one or two a second. */
const linesPerS = 5;

interface Bucket {
  lines: number;
  atMs: number;
  leftOut: number;
}

/** Passes lines on to `write`, each without a line feed. */
export function boundLines(
  clock: Pick<Clock, "monotonicMs" | "wallMs">,
  write: (line: string) => void,
): (line: string) => void {
  const buckets = new Map<string, Bucket>();

  function bucketOf(level: string, nowMs: number): Bucket {
    const bucket = buckets.get(level) ?? { lines: burstMax, atMs: nowMs, leftOut: 0 };
    bucket.lines = Math.min(burstMax, bucket.lines + ((nowMs - bucket.atMs) / 1_000) * linesPerS);
    bucket.atMs = nowMs;
    buckets.set(level, bucket);
    return bucket;
  }

  /** Said with the next line, whatever its level: a flood that has ended is not forgotten. */
  function sayWhatIsMissing(nowMs: number): void {
    for (const level of buckets.keys()) {
      const bucket = bucketOf(level, nowMs);
      if (bucket.leftOut === 0 || bucket.lines < 1) continue;
      const { leftOut } = bucket;
      bucket.leftOut = 0;
      const time = new Date(clock.wallMs()).toISOString();
      write(
        JSON.stringify({
          level: "warn",
          time,
          leftOut,
          of: level,
          msg: "lines of the log were left out: too many at once",
        }),
      );
    }
  }

  return (line) => {
    const nowMs = clock.monotonicMs();
    const bucket = bucketOf(levelOf(line), nowMs);
    if (bucket.lines < 1) {
      bucket.leftOut += 1;
      return;
    }
    sayWhatIsMissing(nowMs);
    bucket.lines -= 1;
    write(line);
  };
}
