/** How long a stop may take, part by part: a bound on each, and their sum for the service manager. */

export interface StopBudget {
  /** Takes the code off the panel, lets a delivery end, and stops machine, panel and link in good order. */
  readonly kioskMs: number;
  readonly socketsMs: number;
  readonly machineMs: number;
  readonly panelMs: number;
  readonly linkMs: number;
  readonly journalMs: number;
  /** All of it, each at its bound. */
  readonly totalMs: number;
}

/** A motor that was told to stop has 2 s, the guard 1 s for each order and 3 s to end; then the outputs are put off without it. */
const machineMs = 15_000;
/** 10 s for the last state's PUBACK and 2 s for the DISCONNECT. */
const linkMs = 15_000;
/** What the loop still has to decide and to write when the delivery has ended. */
const settleMs = 5_000;
const socketsMs = 5_000;
const journalMs = 10_000;

/**
 * @param deliverMs the longest that a delivery may take
 * @param panelMs the longest that the panel takes to show the safe scene and to close
 */
export function stopBudget({
  deliverMs,
  panelMs,
}: {
  readonly deliverMs: number;
  readonly panelMs: number;
}): StopBudget {
  const kioskMs = deliverMs + settleMs + machineMs + panelMs + linkMs;
  const totalMs = kioskMs + socketsMs + machineMs + linkMs + panelMs + journalMs;
  return { kioskMs, socketsMs, machineMs, panelMs, linkMs, journalMs, totalMs };
}
