/**
 * Orders that end this process, or the computer under it: `restart`, `reboot` and `update`. They are done when the machine is back, which only a later life
 * of this process can know. So the journal keeps such an order until it was answered, with the boot of the computer in which it was given.
 */
import * as z from "zod";
import type { Journal, JournalChange } from "../journal/port.ts";
import { backOffCeilingMs } from "../kit/back-off.ts";
import { errorText } from "../kit/error-text.ts";
import type { CommandOrder, CommandReply } from "../link/port.ts";
import type { Clock, Host, Log, Updates } from "../service/port.ts";
import { hostOrderKey, hostOrderPrefix } from "./journal-keys.ts";
import type { Loop } from "./loop.ts";
import { replyChange } from "./replies.ts";

type HostOrder = Extract<CommandOrder, { readonly kind: "restart" | "reboot" | "update" }>;
type HostOrderKind = HostOrder["kind"];

export interface HostOrderParts {
  readonly host: Host;
  readonly updates: Updates;
  readonly journal: Pick<Journal, "entries" | "get">;
  readonly loop: Pick<Loop, "putDurably">;
  readonly reply: (reply: CommandReply) => void;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
}

export interface HostOrders {
  /** Begins what is on the disk already. Resolves when it is answered, or leaves that to the next life. */
  carryOut(id: string, order: HostOrder): Promise<void>;
  /** Answers what an earlier life of this process was told. */
  answerEarlier(): void;
  stop(): void;
}

const storedOrder = z.object({ kind: z.enum(["restart", "reboot", "update"]), bootId: z.string() });

/** systemd gives each unit 90 s to stop (DefaultTimeoutStopSec=, systemd-system.conf(5)); more than that is a computer that does not go down. */
const endWithinMs = 300_000;

/** Between two attempts to write down that an order is answered, on a disk that takes nothing. */
const writeRetry = { firstMs: 1_000, maxMs: 60_000 };

/** What a later life has to know of it. */
export function hostOrderChange(id: string, kind: HostOrderKind, bootId: string): JournalChange {
  return { kind: "put", table: "fact", key: hostOrderKey(id), value: { kind, bootId } };
}

/**
 * Pure: the true answer to an order that an earlier life of this process took, given in which boot of the computer; undefined where that is for the updater
 * to say.
 */
function answerOf(id: string, stored: unknown, bootId: string): CommandReply | undefined {
  const order = storedOrder.safeParse(stored).data;
  switch (order?.kind) {
    case undefined:
      return {
        id,
        outcome: "refused",
        reason: "another version of kvitt took it, and this one cannot read what it was",
      };
    case "restart":
      return { id, outcome: "done", detail: "the daemon was started anew" };
    case "reboot":
      return order.bootId === bootId
        ? { id, outcome: "refused", reason: "the daemon was started anew, and the computer was not" }
        : { id, outcome: "done", detail: "the computer was started anew" };
    case "update":
      return undefined;
  }
}

export function createHostOrders(parts: HostOrderParts): HostOrders {
  const { host, updates, journal, loop, clock, log } = parts;
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

  async function begin(id: string, order: HostOrder): Promise<string | undefined> {
    if (order.kind === "restart") {
      host.restart();
      return undefined;
    }
    const asked = await (order.kind === "update" ? updates.ask(id, order.version) : host.reboot());
    return asked.kind === "refused" ? asked.reason : undefined;
  }

  /** Whichever life this is: unanswered when it ends before it is known. */
  async function answerUpdate(id: string): Promise<void> {
    const known = await updates.outcome(id, stopping.signal).catch((error: unknown) => {
      if (stopping.signal.aborted) return undefined;
      return { kind: "refused", reason: `what became of it cannot be told: ${errorText(error)}` } as const;
    });
    if (known === undefined) return;
    await answer(
      known.kind === "done"
        ? { id, outcome: "done", detail: known.detail }
        : { id, outcome: "refused", reason: known.reason },
    );
  }

  /** By now this process should have been ended. */
  async function answerWhenStillHere(id: string, kind: "restart" | "reboot"): Promise<void> {
    await clock.sleep(endWithinMs, stopping.signal).catch(() => {});
    if (stopping.signal.aborted) return;
    const what = kind === "restart" ? "the daemon" : "the computer";
    await answer({
      id,
      outcome: "refused",
      reason: `${what} was told to end, and still runs ${endWithinMs / 1_000} s later`,
    });
  }

  return {
    async carryOut(id, order) {
      log.warn({ command: id }, `the back office ordered: ${order.kind}`);
      const refusal = await begin(id, order).catch((error: unknown) => errorText(error));
      if (refusal !== undefined) await answer({ id, outcome: "refused", reason: refusal });
      else if (order.kind === "update") await answerUpdate(id);
      else await answerWhenStillHere(id, order.kind);
    },
    answerEarlier() {
      const earlier = [...journal.entries("fact")].filter(([key]) => key.startsWith(hostOrderPrefix));
      for (const [key, stored] of earlier) {
        const id = key.slice(hostOrderPrefix.length);
        const known = answerOf(id, stored, host.bootId());
        void (known === undefined ? answerUpdate(id) : answer(known));
      }
    },
    stop: () => stopping.abort(),
  };
}
