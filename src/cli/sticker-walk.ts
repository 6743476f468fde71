/** The walk test: somebody goes round with a phone and scans each sticker; this says which code was heard, and which was not. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { createSystemClock } from "../service/system-clock.ts";
import type { CommandIo } from "./command.ts";
import { askDaemon } from "./service-socket.ts";

export interface HeardScan {
  readonly id: string;
  /** Higher with every scan since the daemon's start. */
  readonly number: number;
  readonly ageMs: number;
}

export interface WalkParts {
  /** The codes that should be heard, and where they hang. */
  readonly places: ReadonlyMap<string, string>;
  readonly scans: () => Promise<readonly HeardScan[]>;
  /** Until the daemon is asked again. */
  readonly pause: () => Promise<void>;
  /** Nobody waits any longer. */
  readonly isOver: () => boolean;
  readonly say: (line: string) => void;
  /** From now on scans count. */
  readonly begin: () => void;
}

/** Only what is scanned from now on counts. Resolves to the ids that were not heard. */
export async function walk({ places, scans, pause, isOver, begin, say }: WalkParts): Promise<readonly string[]> {
  const missing = new Set(places.keys());
  let last = highest(await scans());
  begin();
  while (missing.size > 0 && !isOver()) {
    await pause();
    const all = await scans();
    const newest = highest(all);
    // A daemon that was started anew counts from the beginning.
    const from = newest < last ? 0 : last;
    for (const { id, number, ageMs } of all) {
      if (number <= from) continue;
      const place = places.get(id) ?? "a code that is not on the list";
      say(`${id}: ${place}, heard ${(ageMs / 1_000).toFixed(1)} s after the scan`);
      missing.delete(id);
    }
    last = newest;
  }
  return [...missing];
}

function highest(scans: readonly HeardScan[]): number {
  return Math.max(0, ...scans.map(({ number }) => number));
}

export interface StickerWalk {
  readonly places: ReadonlyMap<string, string>;
  readonly socket: string;
  readonly waitS: number;
  readonly io: CommandIo;
}

const scansAnswer = z.object({
  checkIns: z.array(z.object({ id: z.string(), number: z.number(), ageMs: z.number() })),
});
const stateAnswer = z.object({ state: z.string(), reason: z.string().optional() });
const everyMs = 500;

/** The same against the daemon on this computer. Resolves to the exit code. @throws DaemonAway when nobody listens */
export async function walkStickers({ places, socket, waitS, io }: StickerWalk): Promise<number> {
  const scans = async (): Promise<readonly HeardScan[]> =>
    scansAnswer.parse(await askDaemon(socket, "GET", "check-ins")).checkIns;
  const { state, reason } = stateAnswer.parse(await askDaemon(socket, "GET", "state"));
  if (state !== "ready")
    io.err(`the machine is not ready (${reason ?? state}): a scan is refused by the relay as long as it is not`);
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const endMs = clock.monotonicMs() + waitS * 1_000;
  const missing = await walk({
    places,
    scans,
    pause: async () => {
      await sleep(everyMs, undefined, { signal: io.signal }).catch(() => undefined);
    },
    isOver: () => io.signal.aborted || clock.monotonicMs() >= endMs,
    begin: () => io.err("Scan each sticker once in the app, and cancel there."),
    say: io.out,
  });
  const count = `${places.size - missing.length} of ${places.size} heard`;
  io.out(missing.length === 0 ? count : `${count}; not heard: ${missing.join(", ")}`);
  if (missing.length > 0)
    io.err(
      "Is the sticker another code's, is the relay there, was the phone's network? kvitt doctor looks at the machine's side.",
    );
  return missing.length === 0 ? 0 : 1;
}
