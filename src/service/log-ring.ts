/** The last hour of the log, in memory: what the command `logs` and the service socket answer with. Bounded, and gone with the process. */
import type { Clock, LogExcerpt } from "./port.ts";

export interface LogRing {
  /** @param line of JSON, without a line feed */
  keep(line: string): void;
  excerpt(): LogExcerpt;
}

const keptMs = 3_600_000;
/** With what surrounds it well below the 2 MiB of a reply, and little enough for a computer with 512 MB. */
const keptBytesMax = 1_048_576;

interface Kept {
  readonly line: string;
  readonly bytes: number;
  readonly atMs: number;
  readonly wallMs: number;
}

export function createLogRing(clock: Pick<Clock, "monotonicMs" | "wallMs">, bytesMax = keptBytesMax): LogRing {
  const kept: Kept[] = [];
  let bytes = 0;
  const began = { atMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  /** The newest line that had to go before its hour was over. */
  let pushedOut: Kept | undefined;

  const oldestMs = (): number => clock.monotonicMs() - keptMs;

  function dropOldest(): Kept | undefined {
    const oldest = kept.shift();
    bytes -= oldest?.bytes ?? 0;
    return oldest;
  }

  /** An hour ago, the start of this process, or what there was no room for: whichever is latest. */
  function sinceWallMs(): number {
    if (pushedOut !== undefined && pushedOut.atMs >= oldestMs()) return pushedOut.wallMs;
    return began.atMs >= oldestMs() ? began.wallMs : clock.wallMs() - keptMs;
  }

  return {
    keep(line) {
      const one = { line, bytes: Buffer.byteLength(line), atMs: clock.monotonicMs(), wallMs: clock.wallMs() };
      kept.push(one);
      bytes += one.bytes;
      while ((kept[0]?.atMs ?? one.atMs) < oldestMs()) dropOldest();
      while (bytes > bytesMax) pushedOut = dropOldest();
    },
    excerpt() {
      while ((kept[0]?.atMs ?? Infinity) < oldestMs()) dropOldest();
      const lines = kept.map(({ line }): unknown => JSON.parse(line));
      return { since: new Date(sinceWallMs()).toISOString(), lines };
    },
  };
}
