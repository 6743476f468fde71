/**
 * The gate of a release that is tried: it has to say that it sells, or why it does not, within some minutes. The launcher starts it, out of the
 * package's own release, so that it judges the new one with code that is known to work.
 */

/** What the daemon says on its service socket; silent when it does not answer. */
export type GateView =
  | { readonly kind: "silent" }
  | { readonly kind: "starting" }
  | { readonly kind: "serving"; readonly state: "ready" | "selling" }
  | { readonly kind: "out-of-service"; readonly reason: string };

export type GateVerdict =
  | { readonly kind: "wait" }
  | { readonly kind: "pass"; readonly why: string }
  | { readonly kind: "fail"; readonly why: string };

/**
 * Ready passes at once. A reason passes only when the time is over: until then it may be the start that takes its time. A machine that sells is never
 * failed, so that nothing is ended under a customer.
 */
export function gateVerdict(view: GateView, isTimeOver: boolean): GateVerdict {
  switch (view.kind) {
    case "serving":
      return { kind: "pass", why: view.state };
    case "out-of-service":
      return isTimeOver ? { kind: "pass", why: `out of service, and it says why: ${view.reason}` } : { kind: "wait" };
    case "starting":
      return isTimeOver ? { kind: "fail", why: "it is still starting" } : { kind: "wait" };
    case "silent":
      return isTimeOver ? { kind: "fail", why: "it does not answer" } : { kind: "wait" };
  }
}

export interface GateParts {
  readonly look: () => Promise<GateView>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly monotonicMs: () => number;
  /** In which it has to be decided. */
  readonly withinMs: number;
  /** Notes that it passed, on the disk; resolves when that is sure. */
  readonly pass: () => Promise<void>;
  /** Ends the daemon: first in good order. */
  readonly end: (signal: "SIGTERM" | "SIGKILL") => void;
  readonly isAlive: () => boolean;
  readonly say: (text: string) => void;
}

const lookEveryMs = 5_000;
/** Longer than the unit's own TimeoutStopSec=: a delivery that is on may end. */
const endsWithinMs = 180_000;

/** Resolves when it is decided, or when the daemon is gone: then nothing is noted, and the launcher does not try that release again. */
export async function watchGate(parts: GateParts): Promise<"passed" | "failed" | "gone"> {
  const { monotonicMs, sleep, isAlive, say } = parts;
  const deadlineMs = monotonicMs() + parts.withinMs;
  for (;;) {
    if (!isAlive()) return "gone";
    const verdict = gateVerdict(await parts.look(), monotonicMs() >= deadlineMs);
    if (verdict.kind === "pass") {
      await parts.pass();
      say(`it stays: ${verdict.why}`);
      return "passed";
    }
    if (verdict.kind === "fail") {
      say(`${verdict.why}: the release before it takes over`);
      await end(parts);
      return "failed";
    }
    await sleep(lookEveryMs);
  }
}

async function end({ end: send, isAlive, sleep, monotonicMs }: GateParts): Promise<void> {
  send("SIGTERM");
  const deadlineMs = monotonicMs() + endsWithinMs;
  while (isAlive() && monotonicMs() < deadlineMs) await sleep(1_000);
  if (isAlive()) send("SIGKILL");
}
