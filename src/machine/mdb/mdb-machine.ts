/**
 * A vending machine behind an MDB adapter: kvitt is its cashless device. The table decides; here is what it decides about: one line, one
 * timer, and the deliveries that wait for their end. What counts as delivered is in approved-table.ts.
 */
import { backOffMs } from "../../kit/back-off.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Money } from "../../sale/money.ts";
import type { Clock, Entropy, Log, Timer } from "../../service/port.ts";
import type { DeliveryOrder, DeliveryOutcome, Machine, MachineEvent, MachineReadiness } from "../port.ts";
import type { AdapterLine, OpenAdapterLine } from "./adapter-line.ts";
import { type Cashless, type CashlessAction, type CashlessEvent, type CashlessState, offAtFirst } from "./cashless.ts";
import { stepCashless } from "./cashless-table.ts";
import type { CashlessSettings } from "./configuring.ts";
import { type AdapterMessage, cutLines, noLine, parseLine } from "./dialogue.ts";

export interface MdbMachineSettings extends CashlessSettings {
  readonly openLine: OpenAdapterLine;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** Lines that make no sense, and pieces of lines that were too long. */
export interface Oddities {
  readonly unknownLines: number;
  readonly cutLines: number;
}

export interface MdbMachine extends Machine {
  state(): CashlessState["kind"];
  oddities(): Oddities;
}

const reopen = { firstMs: 1_000, maxMs: 30_000 };
/** Unknown lines are written to the log until they are a habit. */
const unknownLoggedMax = 20;

export function createMdbMachine(settings: MdbMachineSettings): MdbMachine {
  return new MdbDriver(settings);
}

/** Whether anything can be sold in this state, and why not. */
export function readinessOf(state: CashlessState): MachineReadiness {
  switch (state.kind) {
    case "off":
      return { ready: false, fault: "no-hardware", detail: state.reason };
    case "configuring":
      return { ready: false, fault: "starting", detail: "the MDB adapter is being set up" };
    case "inactive":
      return {
        ready: false,
        fault: "no-hardware",
        detail: "the vending machine has never polled the adapter: check the MDB cable, and the address in [delivery]",
      };
    case "disabled":
      return { ready: false, fault: "disabled-by-vmc", detail: "the vending machine has disabled cashless payment" };
    case "overdue":
      return {
        ready: false,
        fault: "fault",
        detail: "the vending machine has not said how its last vend ended: look whether it hangs",
      };
    case "approved":
      return state.isLineUp
        ? { ready: true }
        : { ready: false, fault: "no-hardware", detail: "the line to the MDB adapter broke in the middle of a vend" };
    case "enabled":
    case "starting":
    case "session":
    case "vend-requested":
    case "ending":
      return { ready: true };
  }
}

class MdbDriver implements MdbMachine {
  readonly #settings: MdbMachineSettings;
  readonly #deliveries = new Map<string, (outcome: DeliveryOutcome) => void>();
  #cashless: Cashless = offAtFirst;
  #onEvent: ((event: MachineEvent) => void) | undefined;
  #line: AdapterLine | undefined;
  #timer: Timer | undefined;
  #reopenTimer: Timer | undefined;
  #failures = 0;
  #isStopped = false;
  #told: MachineReadiness = readinessOf(offAtFirst.state);
  #unknownLines = 0;
  #cutLines = 0;
  /** Of the sale whose delivery is under way, or was the last: what the machine says late is about it. */
  #reference: DeliveryOrder["reference"];

  constructor(settings: MdbMachineSettings) {
    this.#settings = settings;
  }

  async start(onEvent: (event: MachineEvent) => void): Promise<void> {
    this.#onEvent = onEvent;
    // In the background: an adapter that is not there yet is waited for, and the machine is not ready until it is.
    void this.#open();
  }

  readiness(): MachineReadiness {
    return readinessOf(this.#cashless.state);
  }

  state(): CashlessState["kind"] {
    return this.#cashless.state.kind;
  }

  oddities(): Oddities {
    return { unknownLines: this.#unknownLines, cutLines: this.#cutLines };
  }

  // ── the line ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #open(): Promise<void> {
    const { openLine, log } = this.#settings;
    let rest = noLine;
    // Each opening has its own ear, so that what an old line still says is not heard.
    let isOurs = true;
    try {
      const line = await openLine({
        text: (chunk) => {
          if (!isOurs) return;
          const cut = cutLines(rest, chunk);
          rest = cut.rest;
          this.#cutLines += cut.cut;
          for (const one of cut.lines) if (isOurs) this.#hear(parseLine(one));
        },
        closed: (reason) => {
          if (!isOurs) return;
          isOurs = false;
          this.#lost(reason);
        },
      });
      if (this.#isStopped) {
        isOurs = false;
        line.close();
        return;
      }
      this.#line = {
        write: (text) => line.write(text),
        close: () => {
          isOurs = false;
          line.close();
        },
      };
      this.#do({ kind: "line-opened" });
    } catch (error) {
      const reason = errorText(error);
      if (this.#failures === 0) log.warn({ reason }, "the MDB adapter cannot be opened; trying again until it can");
      this.#do({ kind: "line-closed", reason });
      this.#openLater();
    }
  }

  #lost(reason: string): void {
    this.#log.warn({ reason }, "the MDB adapter is gone; waiting for it");
    this.#line = undefined;
    this.#do({ kind: "line-closed", reason });
    this.#openLater();
  }

  #openLater(): void {
    if (this.#isStopped) return;
    const { clock, entropy } = this.#settings;
    const waitMs = backOffMs(reopen, this.#failures, entropy);
    this.#failures += 1;
    this.#reopenTimer?.cancel();
    this.#reopenTimer = clock.startTimer("mdb reopen", waitMs, () => void this.#open());
  }

  #hear(message: AdapterMessage): void {
    if (message.kind === "unknown") {
      this.#unknownLines += 1;
      if (this.#unknownLines <= unknownLoggedMax)
        this.#log.debug({ line: message.text }, "the MDB adapter says something that is not known here");
    }
    if (message.kind === "version") this.#settings.log.info({ version: message.text }, "the MDB adapter's firmware");
    this.#do({ kind: "said", message });
  }

  // ── the table ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #do(event: CashlessEvent): void {
    const before = this.#cashless.state.kind;
    const { cashless, actions, timerMs } = stepCashless(this.#cashless, event, this.#settings);
    this.#cashless = cashless;
    if (actions.some(({ kind }) => kind === "selected")) this.#reference = undefined;
    if (timerMs !== undefined) this.#setTimer(timerMs);
    const after = cashless.state.kind;
    if (after !== before) this.#log.debug({ before, after, on: event.kind }, "the cashless device");
    if (after === "enabled") this.#failures = 0;
    for (const action of actions) this.#perform(action);
    this.#tellReadiness();
  }

  #setTimer(timerMs: number | null): void {
    this.#timer?.cancel();
    this.#timer =
      timerMs === null ? undefined : this.#settings.clock.startTimer("mdb", timerMs, () => this.#do({ kind: "timer" }));
  }

  /** Every line of a sale names it. */
  get #log(): Log {
    const { log } = this.#settings;
    return this.#reference === undefined ? log : log.child({ reference: this.#reference });
  }

  #perform(action: CashlessAction): void {
    const log = this.#log;
    switch (action.kind) {
      case "send":
        this.#line?.write(`${action.text}\n`);
        return;
      case "selected": {
        const { price, item, number } = action.request;
        this.#onEvent?.({ kind: "selected", selection: { kind: "priced", price, item, request: number } });
        return;
      }
      case "selection-cancelled":
      case "session-ended":
        this.#onEvent?.({ kind: action.kind });
        return;
      case "end-delivery":
        this.#endDelivery(action.deliveryId, action.outcome);
        return;
      case "reopen":
        log.warn({ reason: action.reason }, "the MDB adapter is opened anew");
        this.#line?.close();
        this.#line = undefined;
        this.#openLater();
        return;
      case "note":
        log[action.level]({}, action.text);
        return;
    }
  }

  #tellReadiness(): void {
    const now = this.readiness();
    if (JSON.stringify(now) === JSON.stringify(this.#told)) return;
    this.#told = now;
    if (!this.#isStopped) this.#onEvent?.({ kind: "readiness", readiness: now });
  }

  #endDelivery(deliveryId: string, outcome: DeliveryOutcome): void {
    const resolve = this.#deliveries.get(deliveryId);
    this.#deliveries.delete(deliveryId);
    resolve?.(outcome);
  }

  // ── the sale ───────────────────────────────────────────────────────────────────────────────────────────────────────

  deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { deliveryId, reference, selection, price } = order;
    if (this.#deliveries.has(deliveryId))
      return Promise.resolve({ kind: "not-delivered", reason: "this delivery is under way already" });
    if (selection.kind !== "priced")
      return Promise.resolve({
        kind: "not-delivered",
        reason: "an MDB machine delivers only what was chosen at its own buttons",
      });
    return new Promise((resolve) => {
      const giveUp = (): void =>
        this.#do({ kind: "give-up", deliveryId, reason: "the machine did not say in time how it ended" });
      this.#deliveries.set(deliveryId, (outcome) => {
        signal.removeEventListener("abort", giveUp);
        resolve(outcome);
      });
      signal.addEventListener("abort", giveUp, { once: true });
      this.#reference = reference;
      this.#do({ kind: "approve", deliveryId, request: selection.request, price });
      if (signal.aborted) giveUp();
    });
  }

  async resume(): Promise<void> {}

  async openSession(funds: Money): Promise<void> {
    this.#reference = undefined;
    this.#do({ kind: "open-session", funds });
  }

  async closeSession(): Promise<void> {
    this.#do({ kind: "close-session" });
  }

  async identify(): Promise<void> {}

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reopenTimer?.cancel();
    this.#do({ kind: "stop" });
    this.#line?.close();
    this.#line = undefined;
    for (const deliveryId of this.#deliveries.keys())
      this.#endDelivery(deliveryId, { kind: "unknown", reason: "the driver was stopped" });
  }
}
