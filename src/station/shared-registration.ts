/**
 * The provider's callback codes for all outlets of a machine: each code is registered, one after the other, and one look at one of them proves
 * for all that provider and keys are there. What is asked while nobody buys does not grow with the outlets.
 */
import { backOffMs } from "../kit/back-off.ts";
import type { MerchantQrId } from "../sale/ids.ts";
import type { Clock, Entropy } from "../service/port.ts";
import type { CallbackQr, CallOptions, CallOutcome, MerchantQrs } from "../vipps/port.ts";

export interface SharedRegistrationParts {
  readonly merchantQrs: MerchantQrs;
  /** How often each outlet's kiosk looks while all is well. */
  readonly probeMs: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

export interface SharedRegistration extends MerchantQrs {
  /** For who has no code of its own and only wants to know that the provider is there: resolves when one code of the machine is known. */
  proof(options?: CallOptions): Promise<CallOutcome<CallbackQr>>;
  /** Nobody waits for a pause any longer. Idempotent. */
  close(): void;
}

type Outcome = CallOutcome<CallbackQr>;

const retry = { firstMs: 1_000, maxMs: 60_000 };

export function createSharedRegistration(parts: SharedRegistrationParts): SharedRegistration {
  return new OneAskerForAll(parts);
}

class OneAskerForAll implements SharedRegistration {
  readonly #parts: SharedRegistrationParts;
  readonly #known = new Map<MerchantQrId, CallbackQr>();
  readonly #closing = new AbortController();
  /** Requests go one after the other: forty codes at the start are no burst, and an outage is asked about by one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #provenAtMs: number | undefined;
  #failures = 0;
  #restUntilMs = 0;
  /** The newest silence: also the answer for who asked before it and still waited. */
  #silence: { readonly atMs: number; readonly outcome: Outcome } | undefined;

  constructor(parts: SharedRegistrationParts) {
    this.#parts = parts;
  }

  register(id: MerchantQrId, locationDescription: string, options?: CallOptions): Promise<Outcome> {
    const askedMs = this.#parts.clock.monotonicMs();
    return this.#inTurn(
      async () =>
        this.#silenceSince(askedMs) ??
        this.#ask(id, () => this.#parts.merchantQrs.register(id, locationDescription, options)),
    );
  }

  check(id: MerchantQrId, options?: CallOptions): Promise<Outcome> {
    const fresh = this.#freshAnswer(id);
    if (fresh !== undefined) return Promise.resolve(fresh);
    const askedMs = this.#parts.clock.monotonicMs();
    // Who was asked meanwhile may have proved it, or the opposite.
    return this.#inTurn(
      async () =>
        this.#freshAnswer(id) ??
        this.#silenceSince(askedMs) ??
        this.#ask(id, () => this.#parts.merchantQrs.check(id, options)),
    );
  }

  async proof(options?: CallOptions): Promise<Outcome> {
    const { clock, probeMs } = this.#parts;
    // Until a code is known, the machine is closed, or the one who asks does not wait any more.
    const over = AbortSignal.any([this.#closing.signal, ...(options?.signal === undefined ? [] : [options.signal])]);
    for (;;) {
      const [id] = this.#known.keys();
      if (id !== undefined) return this.check(id, options);
      if (over.aborted) return closed;
      await clock.sleep(probeMs / 2, over).catch(() => {});
    }
  }

  close(): void {
    this.#closing.abort();
  }

  /** Half a pause: so the proof that an outlet relies on is never older than one and a half, and a machine with one outlet asks as it always did. */
  #freshAnswer(id: MerchantQrId): Outcome | undefined {
    const { clock, probeMs } = this.#parts;
    const known = this.#known.get(id);
    const isFresh = this.#provenAtMs !== undefined && clock.monotonicMs() < this.#provenAtMs + probeMs / 2;
    return known !== undefined && isFresh ? { kind: "ok", value: known } : undefined;
  }

  /** Without this, an outage would reach one outlet after the other, a back-off apart. */
  #silenceSince(askedMs: number): Outcome | undefined {
    return this.#silence !== undefined && this.#silence.atMs >= askedMs ? this.#silence.outcome : undefined;
  }

  #inTurn(work: () => Promise<Outcome>): Promise<Outcome> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #ask(id: MerchantQrId, call: () => Promise<Outcome>): Promise<Outcome> {
    const { clock, entropy } = this.#parts;
    const restMs = this.#restUntilMs - clock.monotonicMs();
    // Each outlet waits by its own back-off as well: here is the machine's, for all of them together.
    if (restMs > 0) await clock.sleep(restMs, this.#closing.signal).catch(() => {});
    if (this.#closing.signal.aborted) return closed;
    const outcome = await call();
    if (outcome.kind === "ok") {
      this.#known.set(id, outcome.value);
      this.#provenAtMs = clock.monotonicMs();
      this.#failures = 0;
      this.#restUntilMs = 0;
      this.#silence = undefined;
      return outcome;
    }
    // A code that is gone is gone; and what was proved before is no proof any more.
    if (outcome.kind === "refused") this.#known.delete(id);
    else this.#silence = { atMs: clock.monotonicMs(), outcome };
    this.#provenAtMs = undefined;
    this.#restUntilMs = clock.monotonicMs() + backOffMs(retry, this.#failures, entropy);
    this.#failures += 1;
    return outcome;
  }
}

const closed: Outcome = {
  kind: "unknown",
  reason: "the machine is being stopped",
  status: undefined,
  code: undefined,
  retryAfterMs: undefined,
};
