/** Sends every ended sale upstream, oldest first, until the broker has it. The journal's `unsent` table is the queue. */
import type { Journal } from "../journal/port.ts";
import { backOffMs } from "../kit/back-off.ts";
import type { Link } from "../link/port.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import { readSaleRecord } from "./stored.ts";

export interface Outbox {
  /** Something is waiting, or the link is back. */
  wake(): void;
  stop(): void;
}

const retry = { firstMs: 2_000, maxMs: 300_000 };

export function createOutbox(settings: {
  readonly journal: Journal;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}): Outbox {
  const { journal, link, clock, entropy, log } = settings;
  let isRunning = false;
  let isStopped = false;
  let attempts = 0;
  let timer: Timer | undefined;

  async function sendAll(): Promise<void> {
    for (;;) {
      const next = [...journal.entries("unsent")][0];
      if (next === undefined || isStopped || !link.isConnected()) return;
      const [id, value] = next;
      await link.publishSale(id, { ...readSaleRecord(value) });
      // Lost in a power cut, it is sent again, with the same id and content.
      await journal.carry([{ kind: "delete", table: "unsent", key: id }]);
      attempts = 0;
    }
  }

  async function run(): Promise<void> {
    if (isRunning || isStopped) return;
    isRunning = true;
    try {
      await sendAll();
    } catch (error) {
      const delayMs = backOffMs(retry, attempts, entropy);
      attempts += 1;
      log.warn({ error, delayMs }, "a sale could not be sent upstream; it stays in the journal and is sent again");
      timer?.cancel();
      timer = clock.startTimer("outbox", delayMs, () => void run());
    } finally {
      isRunning = false;
    }
  }

  return {
    wake: () => void run(),
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
