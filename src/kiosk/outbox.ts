/** Sends every ended sale upstream, oldest first, until the broker has it. The journal's `unsent` table is the queue. */
import type { Journal } from "../journal/port.ts";
import { createRounds } from "../kit/rounds.ts";
import type { Link } from "../link/port.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { readSaleRecord } from "./stored.ts";

export interface Outbox {
  /** Something is waiting, or the link is back. */
  wake(): void;
  stop(): void;
}

export function createOutbox(settings: {
  readonly journal: Journal;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}): Outbox {
  const { journal, link, clock, entropy, log } = settings;
  const rounds = createRounds({
    name: "outbox",
    clock,
    entropy,
    round: sendAll,
    onFailure: (error, delayMs) =>
      log.warn({ error, delayMs }, "a sale could not be sent upstream; it stays in the journal and is sent again"),
  });

  async function sendAll(onProgress: () => void): Promise<void> {
    for (;;) {
      const next = [...journal.entries("unsent")][0];
      if (next === undefined || rounds.isStopped() || !link.isConnected()) return;
      const [id, value] = next;
      await link.publishSale(id, { ...readSaleRecord(value) });
      // Lost in a power cut, it is sent again, with the same id and content.
      await journal.carry([{ kind: "delete", table: "unsent", key: id }]);
      onProgress();
    }
  }

  return { wake: () => rounds.wake(), stop: () => rounds.stop() };
}
