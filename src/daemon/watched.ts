/** Which parts of the daemon the watchdog watches, and how long each may take while all is well. Part of the composition root. */
import { connectionSettings } from "../config/mqtt.ts";
import type { Config } from "../config/schema.ts";
import type { Journal } from "../journal/port.ts";
import type { Kiosk } from "../kiosk/kiosk.ts";
import type { Link } from "../link/port.ts";
import type { Machine } from "../machine/port.ts";
import type { Panel } from "../panel/port.ts";
import type { Clock } from "../service/port.ts";
import { busyByProgress, type WatchedPart } from "../service/watchdog.ts";
import { createWorkInHand } from "../service/work-in-hand.ts";
import type { StopBudget } from "./stop-budget.ts";

/** A decision, with the write that it waits for; a write to a card that tidies up takes seconds, one that is retried by the kernel half a minute. */
const writeMs = 90_000;
/** A message to the broker is given up after 10 s. */
const publishMs = 60_000;
/** Beyond what a part may take by itself, on a computer that is busy. */
const marginMs = 60_000;

export interface WatchedParts {
  readonly journal: Journal;
  readonly panel: Panel;
  readonly link: Link;
  readonly machine: Machine;
}

export interface Watch extends WatchedParts {
  /** What the watchdog asks. */
  parts(kiosk: Pick<Kiosk, "progress" | "health">): readonly WatchedPart[];
}

/** The same parts, each of whose work is watched. */
export function watch(given: WatchedParts, config: Config, budget: StopBudget, clock: Clock): Watch {
  const work = {
    journal: createWorkInHand(clock),
    panel: createWorkInHand(clock),
    link: createWorkInHand(clock),
    machine: createWorkInHand(clock),
  };
  const link = work.link.watched(given.link);
  const { reconnectMaxMs } = connectionSettings(config.mqtt);
  return {
    journal: work.journal.watched(given.journal),
    panel: work.panel.watched(given.panel),
    link,
    machine: work.machine.watched(given.machine),
    parts: (kiosk) => [
      {
        name: "loop",
        busySinceMs: busyByProgress(
          clock,
          () => kiosk.progress(),
          () => kiosk.health().inbox === 0,
        ),
        patienceMs: writeMs,
      },
      { name: "journal", busySinceMs: () => work.journal.oldestMs(), patienceMs: writeMs },
      { name: "panel", busySinceMs: () => work.panel.oldestMs(), patienceMs: budget.panelMs + marginMs },
      { name: "machine", busySinceMs: () => work.machine.oldestMs(), patienceMs: budget.kioskMs + marginMs },
      { name: "link", busySinceMs: () => work.link.oldestMs(), patienceMs: publishMs },
      {
        name: "connection to the broker",
        busySinceMs: busyByProgress(
          clock,
          () => link.tries(),
          () => link.isConnected(),
        ),
        patienceMs: reconnectMaxMs + publishMs + marginMs,
      },
    ],
  };
}
