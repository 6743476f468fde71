/**
 * Orders that end this process, or the computer under it: `restart` and `reboot`. They are done when the machine is back, which only a later life of
 * this process can know. So the journal keeps such an order until it was answered, with the boot of the computer in which it was given.
 */
import * as z from "zod";
import type { Journal, JournalChange } from "../journal/port.ts";
import { backOffCeilingMs } from "../kit/back-off.ts";
import { errorText } from "../kit/error-text.ts";
import type { CommandReply } from "../link/port.ts";
import type { Clock, Host, Log } from "../service/port.ts";
import { hostOrderKey, hostOrderPrefix } from "./journal-keys.ts";
import type { Loop } from "./loop.ts";
import { replyChange } from "./replies.ts";

type HostOrderKind = "restart" | "reboot";

export interface HostOrderParts {
  readonly host: Host;
  readonly journal: Pick<Journal, "entries" | "get">;
  readonly loop: Pick<Loop, "putDurably">;
  readonly reply: (reply: CommandReply) => void;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
}

export interface HostOrders {
  /** Begins what is on the disk already. Resolves when it is answered, or leaves that to the next life. */
  carryOut(id: string, kind: HostOrderKind): Promise<void>;
  /** Answers what an earlier life of this process was told. */
  answerEarlier(): void;
  stop(): void;
}

const storedOrder = z.object({ kind: z.enum(["restart", "reboot"]), bootId: z.string() });

/** systemd gives each unit 90 s to stop (DefaultTimeoutStopSec=, systemd-system.conf(5)); more than that is a computer that does not go down. */
const endWithinMs = 300_000;

/** Between two attempts to write down that an order is answered, on a disk that takes nothing. */
const writeRetry = { firstMs: 1_000, maxMs: 60_000 };

/** What a later life has to know of it. */
export function hostOrderChange(id: string, kind: HostOrderKind, bootId: string): JournalChange {
  return { kind: "put", table: "fact", key: hostOrderKey(id), value: { kind, bootId } };
}

/** Pure: the true answer to an order that an earlier life of this process took, given in which boot of the computer. */
export function answerOf(id: string, stored: unknown, bootId: string): CommandReply {
  const order = storedOrder.safeParse(stored).data;
  if (order === undefined)
    return { id, outcome: "refused", reason: "another version of kvitt took it, and this one cannot read what it was" };
  if (order.kind === "restart") return { id, outcome: "done", detail: "the daemon was started anew" };
  if (order.bootId !== bootId) return { id, outcome: "done", detail: "the computer was started anew" };
  return { id, outcome: "refused", reason: "the daemon was started anew, and the computer was not" };
}

export function createHostOrders(parts: HostOrderParts): HostOrders {
  const { host, journal, loop, clock, log } = parts;
  const stopping = new AbortController();

  /** Answers once: what is not in the journal any more was answered. A disk that takes nothing is waited for, until `stop`. */
  async function answer(reply: CommandReply): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; failures += 1)
      try {
        await writeDown(reply);
        return;
      } catch (error) {
        log.warn({ error, command: reply.id }, "the answer to an order waits for the journal");
        await clock.sleep(backOffCeilingMs(writeRetry, failures), stopping.signal).catch(() => {});
      }
  }

  /** The answer takes the place of the order, in one commit. */
  async function writeDown(reply: CommandReply): Promise<void> {
    const key = hostOrderKey(reply.id);
    let isFirst = false;
    await loop.putDurably(undefined, {
      changes: [{ kind: "delete", table: "fact", key }, replyChange(reply)],
      isStillWanted: () => (isFirst = journal.get("fact", key) !== undefined),
    });
    if (isFirst) parts.reply(reply);
  }

  async function begin(kind: HostOrderKind): Promise<string | undefined> {
    if (kind === "restart") {
      host.restart();
      return undefined;
    }
    const asked = await host.reboot();
    return asked.kind === "refused" ? asked.reason : undefined;
  }

  return {
    async carryOut(id, kind) {
      log.warn({ command: id }, `the back office ordered a ${kind}`);
      const refusal = await begin(kind).catch((error: unknown) => errorText(error));
      if (refusal !== undefined) {
        await answer({ id, outcome: "refused", reason: refusal });
        return;
      }
      await clock.sleep(endWithinMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      const what = kind === "restart" ? "the daemon" : "the computer";
      await answer({
        id,
        outcome: "refused",
        reason: `${what} was told to end, and still runs ${endWithinMs / 1_000} s later`,
      });
    },
    answerEarlier() {
      const earlier = [...journal.entries("fact")].filter(([key]) => key.startsWith(hostOrderPrefix));
      for (const [key, stored] of earlier)
        void answer(answerOf(key.slice(hostOrderPrefix.length), stored, host.bootId()));
    },
    stop: () => stopping.abort(),
  };
}
