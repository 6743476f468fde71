/**
 * Registers the callback QR at boot and keeps it registered; at the same time the kiosk's proof that the provider can be reached.
 * PUT is create-or-update (QR API, `PUT /qr/v1/merchant-callback/{merchantQrId}`), so doing it again is harmless.
 */
import type { MerchantQrId } from "../sale/ids.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import type { CallbackQr, MerchantQrs } from "../vipps/port.ts";

export interface RegistrarSettings {
  readonly merchantQrs: MerchantQrs;
  readonly id: MerchantQrId;
  readonly locationDescription: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Called whenever reachability or the QR changed. */
  readonly onChange: () => void;
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
const retryMsMin = 1_000;
const retryMsMax = 60_000;
/** One lost answer happens; two in a row take the code off the panel. */
const failuresUntilLost = 2;

export function createRegistrar(settings: RegistrarSettings): Registrar {
  const { clock, entropy, log, merchantQrs, onChange } = settings;
  const state: { qr: CallbackQr | undefined; reached: boolean; failures: number; attempts: number; on: boolean } = {
    qr: undefined,
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
    const base = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(state.attempts, 6));
    state.attempts += 1;
    return base * (0.5 + entropy.fraction());
  }

  function setReached(reached: boolean): void {
    state.failures = reached ? 0 : state.failures + 1;
    const now = reached || (state.reached && state.failures < failuresUntilLost);
    if (now === state.reached) return;
    state.reached = now;
    onChange();
  }

  async function run(): Promise<void> {
    if (isRunning || !state.on) return;
    isRunning = true;
    try {
      const outcome = await merchantQrs.register(settings.id, settings.locationDescription, { retry: "never" });
      if (outcome.kind === "ok") {
        state.qr = outcome.value;
        state.attempts = 0;
        const wasReached = state.reached;
        setReached(true);
        if (wasReached) onChange();
        schedule(refreshMs * (0.9 + 0.2 * entropy.fraction()));
        return;
      }
      if (outcome.kind === "refused")
        log.error(
          { status: outcome.status, code: outcome.code, detail: outcome.detail },
          "the provider refused to register the callback QR: check the msn, the keys and the location in the configuration",
        );
      else log.warn({ reason: outcome.reason }, "the callback QR is not registered yet; trying again");
      // A refusal is an answer, but with keys that are no good nothing can be paid.
      if (outcome.kind === "refused" || outcome.status === undefined || outcome.status >= 500 || outcome.status === 401)
        setReached(false);
      schedule(retryDelayMs());
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
