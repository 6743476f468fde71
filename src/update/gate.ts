/**
 * The gate of a release that is tried: it has to say that it sells, or why it does not, within some minutes. The launcher starts it, out of the
 * package's own release, so that it judges the new one with code that is known to work.
 */

/** What the daemon says on its service socket; silent when it does not answer. */
export type GateView =
  | { readonly kind: "silent" }
  | { readonly kind: "starting" }
  | { readonly kind: "serving"; readonly state: "ready" | "selling" }
  | {
      readonly kind: "out-of-service";
      readonly reason: string;
      /** Every reason, by its name: what the customer is told of is one of them. */
      readonly missing: readonly string[];
    };

export type GateVerdict =
  | { readonly kind: "wait" }
  | { readonly kind: "pass"; readonly why: string }
  | { readonly kind: "fail"; readonly why: string };

/** What a release drives itself. Network, clock and what people ordered are never its fault. */
const ownParts: ReadonlySet<string> = new Set(["panel", "machine", "journal"]);

/** What a daemon said to be missing; undefined when it did not say. */
export function missingIn(view: GateView): readonly string[] | undefined {
  switch (view.kind) {
    case "serving":
      return [];
    case "out-of-service":
      return view.missing;
    case "starting":
    case "silent":
      return undefined;
  }
}

/**
 * Ready passes at once. A reason passes only when the time is over: until then it may be the start that takes its time; and not when it is a part of the
 * machine that was there before the update. A machine that sells is never failed, so that nothing is ended under a customer.
 * @param missingBefore of the release before, when the update was ordered; undefined when it is not known
 */
export function gateVerdict(
  view: GateView,
  isTimeOver: boolean,
  missingBefore: readonly string[] | undefined,
): GateVerdict {
  switch (view.kind) {
    case "serving":
      return { kind: "pass", why: view.state };
    case "out-of-service":
      return isTimeOver ? outOfServiceVerdict(view, missingBefore) : { kind: "wait" };
    case "starting":
      return isTimeOver ? { kind: "fail", why: "it is still starting" } : { kind: "wait" };
    case "silent":
      return isTimeOver ? { kind: "fail", why: "it does not answer" } : { kind: "wait" };
  }
}

function outOfServiceVerdict(
  { reason, missing }: Extract<GateView, { readonly kind: "out-of-service" }>,
  missingBefore: readonly string[] | undefined,
): GateVerdict {
  const lost = missing.filter((one) => ownParts.has(one) && missingBefore?.includes(one) === false);
  if (lost.length === 0) return { kind: "pass", why: `out of service, and it says why: ${reason}` };
  return { kind: "fail", why: `out of service for what was there before it: ${lost.join(", ")}` };
}

export interface GateParts {
  readonly look: () => Promise<GateView>;
  /** What the release before said to be missing; undefined when it is not known. */
  readonly missingBefore: () => Promise<readonly string[] | undefined>;
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
    const verdict = gateVerdict(await parts.look(), monotonicMs() >= deadlineMs, await parts.missingBefore());
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
