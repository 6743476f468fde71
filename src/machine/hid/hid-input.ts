/** A scanner or keypad as an input device: it is found, opened, lost and found again. The pure parts interpret what it sends. */
import { backOffMs } from "../../kit/back-off.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Entropy, Log, Timer } from "../../service/port.ts";
import { type Currency, minorPerMajor, money } from "../../sale/money.ts";
import type { InputDevice, MachineEvent } from "../port.ts";
import { keyEvents, type KeyEvent, type Keys, noKeys } from "./boot-report.ts";
import type { HidBus, HidConnection, HidInfo } from "./bus.ts";
import { chooseLine, forgetMs, keyOf } from "./keypad.ts";
import type { LayoutName } from "./layouts.ts";
import { type PartialScan, readPosReport } from "./pos-report.ts";
import { codeIn, judgeScan, openGate, type ScanFault, type ScanGate, scanLengthMax } from "./scan-gate.ts";
import { layoutsOf, nothingTyped, silenceMs, textOf, typeKey, type TypedScan } from "./typed-scan.ts";

export interface HidMatch {
  readonly vendorId: number | undefined;
  readonly productId: number | undefined;
  readonly serialNumber: string | undefined;
}

/** The amounts that customers may type, and the line that they buy from. */
export interface KeypadAmounts {
  readonly line: string;
  readonly currency: Currency;
  /** Minor units. */
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export interface HidInputSettings {
  readonly name: string;
  readonly kind: "scanner" | "keypad";
  readonly match: HidMatch;
  readonly layout: LayoutName;
  /** Keypads: the lines that can be selected. Undefined: every key is passed on (plate, time). */
  readonly lines: readonly string[] | undefined;
  /** Keypads: what a typed amount buys. */
  readonly amounts?: KeypadAmounts | undefined;
  /** Loads node-hid when it is first needed. */
  readonly openBus: () => Promise<HidBus>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export const posUsagePage = 0x8c;
const desktopPage = 0x01;
const keyboardUsage = 0x06;
const keypadUsage = 0x07;

/** Between two searches for a device that is not there. */
const searches = { firstMs: 2_000, maxMs: 10_000 };
/** How long to wait for the rest of a code. */
const partialMs = 1_000;
/** How often dropped codes are logged at most. */
const complainMs = 60_000;

function isWanted({ vendorId, productId, serialNumber }: HidMatch, info: HidInfo): boolean {
  return (
    (vendorId === undefined || info.vendorId === vendorId) &&
    (productId === undefined || info.productId === productId) &&
    (serialNumber === undefined || info.serialNumber === serialNumber)
  );
}

function isKeyboard({ usagePage, usage }: HidInfo): boolean {
  if (usagePage === undefined) return true;
  return usagePage === desktopPage && (usage === keyboardUsage || usage === keypadUsage);
}

/** Which interface to open. Pure. A scanner in POS mode is preferred to one that types; without ids only a POS scanner is accepted. */
export function chooseDevice(
  kind: HidInputSettings["kind"],
  match: HidMatch,
  devices: readonly HidInfo[],
): HidInfo | undefined {
  const wanted = devices.filter((info) => isWanted(match, info));
  const pos = kind === "scanner" ? wanted.find(({ usagePage }) => usagePage === posUsagePage) : undefined;
  const isNamed = match.vendorId !== undefined || match.serialNumber !== undefined;
  return pos ?? (isNamed ? wanted.find(isKeyboard) : undefined);
}

export function createHidInput(settings: HidInputSettings): InputDevice {
  return new HidInput(settings);
}

class HidInput implements InputDevice {
  readonly #settings: HidInputSettings;
  #onEvent: (event: MachineEvent) => void = () => {};
  #bus: HidBus | undefined;
  #connection: HidConnection | undefined;
  #searchTimer: Timer | undefined;
  #endTimer: Timer | undefined;
  #searches = 0;
  #detail = "not looked for yet";
  #isStopped = false;
  #isPos = false;
  #keys: Keys = noKeys;
  #typed: TypedScan = nothingTyped;
  /** Whether it has ended a code with a key. If so, silence does not end a code but means that it was cut off. */
  #sendsEnd = false;
  /** A keypad's dead key that waits for the next key. */
  #dead = "";
  #line = "";
  #partial: PartialScan | undefined;
  /** Whether the reports that come now belong to a code that was dropped. */
  #isSkipping = false;
  #gate: ScanGate = openGate;
  #complainedMs = Number.NEGATIVE_INFINITY;

  constructor(settings: HidInputSettings) {
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.name;
  }

  async start(onEvent: (event: MachineEvent) => void): Promise<void> {
    this.#onEvent = onEvent;
    void this.#search();
  }

  status(): { readonly present: boolean; readonly detail: string } {
    return { present: this.#connection !== undefined, detail: this.#detail };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#searchTimer?.cancel();
    this.#endTimer?.cancel();
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  async #search(): Promise<void> {
    const { kind, match, openBus, log, name } = this.#settings;
    try {
      this.#bus ??= await openBus();
      const found = chooseDevice(kind, match, await this.#bus.list());
      if (found === undefined) this.#say("it is not plugged in, or is another device than the configuration names");
      else await this.#open(this.#bus, found);
    } catch (error) {
      const reason = errorText(error);
      if (this.#say(reason)) log.warn({ input: name, reason }, "an input device cannot be used; trying again");
    }
    if (this.#connection === undefined) this.#searchLater();
  }

  /** Whether it has changed. */
  #say(detail: string): boolean {
    const isNew = detail !== this.#detail;
    this.#detail = detail;
    return isNew;
  }

  async #open(bus: HidBus, found: HidInfo): Promise<void> {
    const { log, name } = this.#settings;
    this.#forget();
    this.#isPos = found.usagePage === posUsagePage;
    const connection = await bus.open(found.path, {
      report: (bytes) => this.#hear(bytes),
      closed: (reason) => this.#lost(reason),
    });
    if (this.#isStopped) return connection.close();
    this.#connection = connection;
    this.#searches = 0;
    this.#detail = `${found.product ?? "a device"} (${hex(found.vendorId)}:${hex(found.productId)})${this.#isPos ? ", HID POS" : ", types"}`;
    log.info({ input: name, detail: this.#detail }, "an input device is there");
  }

  #lost(reason: string): void {
    this.#connection = undefined;
    this.#forget();
    this.#say(`it went away: ${reason}`);
    this.#settings.log.warn({ input: this.name, reason }, "an input device went away; waiting for it");
    this.#searchLater();
  }

  #searchLater(): void {
    if (this.#isStopped) return;
    const { clock, entropy } = this.#settings;
    this.#searchTimer?.cancel();
    const waitMs = backOffMs(searches, this.#searches, entropy);
    this.#searchTimer = clock.startTimer(`input ${this.name}`, waitMs, () => void this.#search());
    this.#searches += 1;
  }

  #forget(): void {
    this.#endTimer?.cancel();
    this.#keys = noKeys;
    this.#typed = nothingTyped;
    this.#dead = "";
    this.#line = "";
    this.#partial = undefined;
    this.#isSkipping = false;
  }

  #hear(report: Uint8Array): void {
    if (this.#isStopped) return;
    if (this.#isPos) {
      this.#hearPos(report);
      return;
    }
    const { events, keys } = keyEvents(this.#keys, report);
    this.#keys = keys;
    for (const event of events)
      if (this.#settings.kind === "scanner") this.#type(event);
      else this.#press(event);
  }

  // ── scanners ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #hearPos(report: Uint8Array): void {
    const read = readPosReport(this.#partial, report, scanLengthMax * 4);
    this.#endTimer?.cancel();
    switch (read.kind) {
      case "nothing":
        return;
      case "partial":
        this.#partial = this.#isSkipping ? undefined : read.partial;
        this.#endLater(partialMs, () => {
          this.#partial = undefined;
          this.#isSkipping = false;
        });
        return;
      case "too-long":
      case "broken":
        this.#partial = undefined;
        this.#isSkipping = true;
        this.#complain(read.kind);
        this.#endLater(partialMs, () => (this.#isSkipping = false));
        return;
      case "code":
        this.#partial = undefined;
        if (!this.#isSkipping) this.#scanned(new TextDecoder("utf-8").decode(read.bytes));
        this.#isSkipping = false;
    }
  }

  #type(event: KeyEvent): void {
    const { typed, code } = typeKey(this.#typed, event);
    this.#typed = typed;
    this.#endTimer?.cancel();
    if (code !== undefined) {
      this.#sendsEnd = true;
      this.#typedWhole(code);
      return;
    }
    if (typed === nothingTyped) return;
    this.#endLater(silenceMs, () => {
      const whole = this.#typed;
      this.#typed = nothingTyped;
      if (this.#sendsEnd) this.#complain("cut-off");
      else this.#typedWhole(whole);
    });
  }

  #typedWhole(scan: TypedScan): void {
    const text = textOf(scan, this.#settings.layout);
    if (text === "") return;
    if (isLink(text)) {
      this.#scanned(text);
      return;
    }
    const layouts = layoutsOf(scan, isLink);
    if (layouts.length === 0 && !isGarbledLink(text)) this.#scanned(text);
    else this.#complain("layout", layouts);
  }

  #scanned(text: string): void {
    const [gate, verdict] = judgeScan(this.#gate, text, this.#settings.clock.monotonicMs());
    this.#gate = gate;
    if (verdict.kind === "code") this.#onEvent({ kind: "code-scanned", text: verdict.text });
    else if (verdict.why !== "repeated") this.#complain(verdict.why);
  }

  /**
   * The code itself is never logged: it is somebody's.
   * @param layouts those in which it would have been a link.
   */
  #complain(why: ScanFault | "broken" | "cut-off" | "layout", layouts: readonly LayoutName[] = []): void {
    const { clock, log, layout } = this.#settings;
    if (clock.monotonicMs() - this.#complainedMs < complainMs) return;
    this.#complainedMs = clock.monotonicMs();
    if (why !== "layout") {
      log.warn({ input: this.name, why }, "a scanned code was not let in");
      return;
    }
    const advice = layouts.length === 0 ? "set the scanner to it" : `set layout = "${layouts.join('" or "')}"`;
    log.warn(
      { input: this.name, why, layout, layouts },
      `the scanner types in another layout than "${layout}": ${advice}`,
    );
  }

  // ── keypads ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #press(event: KeyEvent): void {
    if (event.kind !== "pressed") return;
    const { layout, lines, amounts } = this.#settings;
    const { key, dead } = keyOf(this.#dead, event.stroke, layout);
    this.#dead = dead;
    if (key === undefined) return;
    if (lines === undefined) {
      this.#onEvent({ kind: "key", key });
      return;
    }
    const { typed, meaning } = chooseLine(this.#line, key, lines, amounts !== undefined);
    this.#line = typed;
    this.#endTimer?.cancel();
    if (typed !== "") this.#endLater(forgetMs, () => (this.#line = ""));
    switch (meaning.kind) {
      case "line":
        return this.#onEvent({ kind: "selected", selection: { kind: "line", line: meaning.line } });
      case "amount":
        return this.#chooseAmount(meaning.whole);
      case "cancel":
        return this.#onEvent({ kind: "selection-cancelled" });
      case "nothing":
    }
  }

  #chooseAmount(whole: number): void {
    const { amounts, log } = this.#settings;
    if (amounts === undefined) return;
    const { line, currency, min, max, step } = amounts;
    const minor = whole * minorPerMajor;
    if (minor < min || minor > max || minor % step !== 0) {
      log.info({ input: this.name, minor }, "an amount was typed that this machine does not take");
      return;
    }
    this.#onEvent({ kind: "selected", selection: { kind: "priced", price: money(minor, currency), item: line } });
  }

  #endLater(afterMs: number, end: () => void): void {
    this.#endTimer = this.#settings.clock.startTimer(`input ${this.name}`, afterMs, end);
  }
}

/** The wallets' codes are links. */
function isLink(text: string): boolean {
  return /^https?:\/\//i.test(codeIn(text));
}

/** The letters are the same in every layout, the colon is not. */
function isGarbledLink(text: string): boolean {
  return /^https?[^a-z0-9:]/i.test(codeIn(text));
}

function hex(id: number): string {
  return id.toString(16).padStart(4, "0");
}
