/**
 * The code of the operator's web shop for the idle scene. It is asked for again and again, like the callback code: whoever deletes it at the
 * provider takes it off the panel, and it is gone when its time is over, also while the provider cannot be reached.
 */
import { backOffMs, jittered } from "../kit/back-off.ts";
import { errorText } from "../kit/error-text.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import type { CallOutcome, QrPicture, ShopQr, ShopQrs } from "../vipps/port.ts";

export interface ShopCodeSettings {
  /** Undefined where the operator has no web shop. */
  readonly shopQrs: ShopQrs | undefined;
  /** Pause between two looks while all is well. */
  readonly probeMs: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export interface ShopCode {
  start(): void;
  /** Asks no more, and shows none. Idempotent. */
  stop(): void;
  /** What may be shown now. */
  qr(): QrPicture | undefined;
}

const retry = { firstMs: 1_000, maxMs: 60_000 } as const;
const deadlineMs = 10_000;

export function createShopCode(settings: ShopCodeSettings): ShopCode {
  const { shopQrs, clock } = settings;
  return shopQrs === undefined
    ? { start: () => {}, stop: () => {}, qr: () => undefined }
    : new AskedShopCode(shopQrs, settings, () => clock.monotonicMs());
}

class AskedShopCode implements ShopCode {
  readonly #shopQrs: ShopQrs;
  readonly #settings: ShopCodeSettings;
  readonly #nowMs: () => number;
  readonly #stopping = new AbortController();
  #code: { readonly qr: QrPicture; readonly endsMs: number } | undefined;
  #timer: Timer | undefined;
  #retries = 0;
  /** What was said last, so that a code that is gone for months is told once. */
  #said = "";

  constructor(shopQrs: ShopQrs, settings: ShopCodeSettings, nowMs: () => number) {
    this.#shopQrs = shopQrs;
    this.#settings = settings;
    this.#nowMs = nowMs;
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#stopping.abort();
    this.#timer?.cancel();
    this.#code = undefined;
  }

  qr(): QrPicture | undefined {
    return this.#code !== undefined && this.#nowMs() < this.#code.endsMs ? this.#code.qr : undefined;
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stopping;
    // Counted from before the question: an answer that was long on its way is older than it looks.
    const askedMs = this.#nowMs();
    let delayMs: number;
    try {
      const outcome = await this.#shopQrs.get({ deadlineMs, signal });
      if (signal.aborted) return;
      delayMs = this.#take(outcome, askedMs);
    } catch (error) {
      if (signal.aborted) return;
      this.#settings.log.error({ error: errorText(error) }, "asking for the web shop's code failed: a fault in kvitt");
      delayMs = this.#retryDelayMs();
    }
    this.#timer = this.#settings.clock.startTimer("shop code", delayMs, () => void this.#ask());
  }

  /** Returns how long to wait before it is asked for again. */
  #take(outcome: CallOutcome<ShopQr>, askedMs: number): number {
    const { probeMs, entropy } = this.#settings;
    this.#tell(outcome);
    if (outcome.kind === "ok") {
      const { qr, expiresInMs } = outcome.value;
      this.#code = { qr, endsMs: expiresInMs === undefined ? Number.POSITIVE_INFINITY : askedMs + expiresInMs };
      this.#retries = 0;
      return jittered(probeMs, entropy);
    }
    // Any other failure says nothing about the code: it lives until its time is over.
    if (outcome.kind === "refused" && outcome.status === 404) this.#code = undefined;
    return this.#retryDelayMs();
  }

  #tell(outcome: CallOutcome<ShopQr>): void {
    const { log } = this.#settings;
    const status = outcome.kind === "ok" ? undefined : outcome.status;
    const said = `${outcome.kind} ${status ?? ""}`;
    if (said === this.#said) return;
    this.#said = said;
    if (outcome.kind === "ok") log.info({ expiresInMs: outcome.value.expiresInMs }, "the web shop's code is there");
    else if (status === 404)
      log.error({ status }, "the provider has no web shop's code of this id (kvitt qr redirect list); asking again");
    else log.warn({ outcome }, "the web shop's code could not be fetched; asking again");
  }

  #retryDelayMs(): number {
    const delayMs = backOffMs(retry, this.#retries, this.#settings.entropy);
    this.#retries += 1;
    return delayMs;
  }
}
