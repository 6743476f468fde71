/**
 * Registers the callback QR at boot and keeps it registered; at the same time the kiosk's proof that the provider can be reached.
 * PUT is create-or-update (QR API, `PUT /qr/v1/merchant-callback/{merchantQrId}`), so doing it again is harmless.
 */
import { backOffMs, jittered } from "../kit/back-off.ts";
import type { MerchantQrId } from "../sale/ids.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import type { CallbackQr, CallOutcome, MerchantQrs } from "../vipps/port.ts";

export interface RegistrarSettings {
  readonly merchantQrs: MerchantQrs;
  readonly id: MerchantQrId;
  readonly locationDescription: string;
  /** Pause between two looks while all is well. */
  readonly probeMs: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Called whenever reachability or the QR changed. */
  readonly onChange: () => void;
}

interface State {
  qr: CallbackQr | undefined;
  registerAtMs: number;
  reached: boolean;
  failures: number;
  attempts: number;
  on: boolean;
}

export interface Registrar {
  start(): void;
  stop(): void;
  /** A call failed or worked elsewhere: tells whether the provider can be reached now. */
  observe(reached: "reached" | "not-reached"): void;
  isProviderReached(): boolean;
  callbackQr(): CallbackQr | undefined;
}

const refreshMs = 3_600_000;
const retry = { firstMs: 1_000, maxMs: 60_000 };
/** One lost answer happens; two in a row take the code off the panel. */
const failuresUntilLost = 2;

export function createRegistrar(settings: RegistrarSettings): Registrar {
  const { clock, entropy, log, merchantQrs, onChange } = settings;
  const state: State = {
    qr: undefined,
    registerAtMs: 0,
    reached: false,
    failures: 0,
    attempts: 0,
    on: false,
  };
  let timer: Timer | undefined;
  let isRunning = false;

  function schedule(delayMs: number): void {
    timer?.cancel();
    if (state.on) timer = clock.startTimer("register", delayMs, () => void run());
  }

  function retryDelayMs(): number {
    const delayMs = backOffMs(retry, state.attempts, entropy);
    state.attempts += 1;
    return delayMs;
  }

  function setReached(reached: boolean): void {
    state.failures = reached ? 0 : state.failures + 1;
    const now = reached || (state.reached && state.failures < failuresUntilLost);
    if (now === state.reached) return;
    state.reached = now;
    onChange();
  }

  /** Registers when that is due, and otherwise asks for what is registered: the cheapest proof that a payment could be made. */
  function call(): Promise<CallOutcome<CallbackQr>> {
    const isDue = state.qr === undefined || clock.monotonicMs() >= state.registerAtMs;
    return isDue
      ? merchantQrs.register(settings.id, settings.locationDescription, { retry: "never" })
      : merchantQrs.check(settings.id, { retry: "never" });
  }

  function succeed(qr: CallbackQr): void {
    const isNew = JSON.stringify(state.qr) !== JSON.stringify(qr);
    if (clock.monotonicMs() >= state.registerAtMs)
      state.registerAtMs = clock.monotonicMs() + jittered(refreshMs, entropy);
    state.qr = qr;
    state.attempts = 0;
    const wasReached = state.reached;
    setReached(true);
    if (wasReached && isNew) onChange();
    schedule(jittered(settings.probeMs, entropy));
  }

  function fail(outcome: Exclude<CallOutcome<CallbackQr>, { kind: "ok" }>): void {
    if (outcome.kind === "refused")
      log.error(
        { status: outcome.status, code: outcome.code, detail: outcome.detail },
        "the provider refused the callback QR: check the msn, the keys and the location in the configuration",
      );
    else log.warn({ reason: outcome.reason }, "the provider did not answer; asking again");
    // Deleted in the portal: register anew at once.
    if (outcome.kind === "refused" && outcome.status === 404) state.registerAtMs = 0;
    // A refusal is an answer, but with keys that are no good nothing can be paid.
    if (outcome.kind === "refused" || outcome.status === undefined || outcome.status >= 500 || outcome.status === 401)
      setReached(false);
    schedule(retryDelayMs());
  }

  async function run(): Promise<void> {
    if (isRunning || !state.on) return;
    isRunning = true;
    try {
      const outcome = await call();
      if (outcome.kind === "ok") succeed(outcome.value);
      else fail(outcome);
    } finally {
      isRunning = false;
    }
  }

  return {
    start() {
      state.on = true;
      void run();
    },
    stop() {
      state.on = false;
      timer?.cancel();
    },
    observe(reached) {
      if (reached === "reached") {
        // Only a registration proves the keys; until the first one, nothing else counts.
        if (state.qr !== undefined) setReached(true);
        return;
      }
      const wasReached = state.reached;
      setReached(false);
      if (wasReached && !state.reached) {
        state.attempts = 0;
        schedule(retryDelayMs());
      }
    },
    isProviderReached: () => state.reached,
    callbackQr: () => state.qr,
  };
}
