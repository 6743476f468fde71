/**
 * The twin of what is behind the line: a vending machine controller with coils and prices, and the adapter that speaks for it. It lives on
 * the clock that it is given, so unit tests, the simulation, a pseudo-terminal and the demo press the same buttons.
 */
import type { Clock, Timer } from "../../service/port.ts";
import type { OpenAdapterLine } from "./adapter-line.ts";
import { keepDrop } from "../simulated.ts";
import { AdapterTwin, type ReaderStatus } from "./simulated-adapter.ts";
import type { VmcFault } from "./vmc-faults.ts";

export interface Coil {
  readonly item: number;
  readonly priceMinor: number;
}

export interface VmcDrop {
  readonly item: number;
  readonly approvedMinor: number;
}

export interface SimulatedVmcSettings {
  readonly clock: Clock;
  readonly coils: readonly Coil[];
  /** Lives longer than the machine: what has fallen stays fallen. */
  readonly drops: VmcDrop[];
  /** How long a coil turns. */
  readonly deliveryMs: number;
  /** The address that this machine polls. */
  readonly address?: "0x10" | "0x60";
  /** Whether the machine can ask for a vend without a session (MDB level 3). */
  readonly canAlwaysIdle?: boolean;
  /** How long it waits for an answer to VEND REQUEST. */
  readonly maxResponseMs?: number;
  /** How the adapter's firmware talks: public clients show both ways. */
  readonly dialect?: "new" | "old";
}

/** What a page can show of it. */
export interface VmcView {
  readonly display: string;
  readonly reader: ReaderStatus;
  readonly creditMinor: number | undefined;
  readonly coils: readonly Coil[];
  readonly fault: VmcFault;
  readonly isEnabled: boolean;
  readonly isPlugged: boolean;
  readonly isTurning: boolean;
}

export interface SimulatedVmc {
  /** In-memory line to the adapter. Fails while it is unplugged. */
  readonly openLine: OpenAdapterLine;
  /** Any other wire: gets what the adapter says, gives back what takes orders. One at a time. */
  wire(say: (chunk: string) => void): (chunk: string) => void;
  press(item: number): void;
  /** The customer takes the selection back: VEND CANCEL. */
  cancel(): void;
  setFault(fault: VmcFault): void;
  /** READER ENABLE and DISABLE. A vend that is on goes on to its end. */
  setEnabled(enabled: boolean): void;
  reset(): void;
  /** The adapter loses power: settings, state, all. It comes back without a word unless `banner`. */
  powerCycleAdapter(banner?: boolean): void;
  /** The adapter is there and says nothing. */
  setMute(mute: boolean): void;
  unplug(): void;
  plug(): void;
  /** The line breaks and can be opened again; adapter and machine go on. */
  breakLine(): void;
  /** Something on the wire that no adapter says. */
  babble(text: string): void;
  view(): VmcView;
  /** Every order that came, in its order. */
  readonly heard: readonly string[];
  /** What kvitt did that a cashless device must not do. */
  readonly violations: readonly string[];
}

interface Vend {
  readonly coil: Coil;
  readonly priceMinor: number;
  readonly inSession: boolean;
  /** What the adapter was told; the controller fetches it with its next POLL. */
  approval: "none" | "waits" | "fetched";
  isCancelled: boolean;
}

/** A controller polls every 25 to 200 ms (MDB 4.2, section 2). */
const pollMs = 60;
const completeMs = 300;
const resetMs = 500;
const disableMs = 200;
const slowMs = 75_000;
const lateWordMs = 1_000;
/** How long it waits for the denial of a selection that it took back. */
const denialMs = 10_000;

export function createSimulatedVmc(settings: SimulatedVmcSettings): SimulatedVmc {
  return new TwinVmc(settings);
}

function textOf(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
}

class TwinVmc implements SimulatedVmc {
  readonly violations: string[] = [];
  readonly #settings: SimulatedVmcSettings;
  readonly #adapter: AdapterTwin;
  readonly #timers = new Map<string, Timer>();
  #creditMinor: number | undefined;
  #vend: Vend | undefined;
  #fault: VmcFault = "none";
  #isEnabled = true;
  #isTurning = false;
  #isHung = false;
  #display = "";

  constructor(settings: SimulatedVmcSettings) {
    this.#settings = settings;
    this.#adapter = new AdapterTwin({
      clock: settings.clock,
      dialect: settings.dialect ?? "new",
      orders: {
        switchedOn: () => this.#find(),
        switchedOff: () => {
          if (this.#vend?.approval === "fetched") this.violations.push("switched off in an approved vend");
          this.#endAll();
        },
        lostPower: () => this.#endAll(),
        start: (funds) => this.#start(funds),
        stop: () => this.#stop(),
        approve: (minor) => this.#approve(minor),
      },
      onViolation: (text) => this.violations.push(text),
    });
  }

  get heard(): readonly string[] {
    return this.#adapter.heard;
  }

  get openLine(): OpenAdapterLine {
    return this.#adapter.openLine;
  }

  wire(say: (chunk: string) => void): (chunk: string) => void {
    return this.#adapter.wire(say);
  }

  #later(name: string, afterMs: number, run: () => void): void {
    this.#timers.get(name)?.cancel();
    const timer = this.#settings.clock.startTimer(`vmc ${name}`, afterMs, () => {
      if (this.#timers.get(name) === timer) this.#timers.delete(name);
      run();
    });
    this.#timers.set(name, timer);
  }

  #forget(name: string): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  #endAll(): void {
    for (const name of this.#timers.keys()) this.#forget(name);
    this.#vend = undefined;
    this.#creditMinor = undefined;
    this.#isTurning = false;
  }

  // ── the bus ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The controller finds a reader: SETUP, then READER ENABLE. */
  #find(): void {
    if (this.#adapter.address !== (this.#settings.address ?? "0x10") || this.#isHung) return;
    this.#later("poll", resetMs, () => {
      if (this.#adapter.status !== "inactive") return;
      this.#adapter.become("disabled");
      this.#later("enable", pollMs, () => {
        if (this.#adapter.status === "disabled" && this.#isEnabled) this.#enabled();
      });
    });
  }

  #enabled(): void {
    this.#creditMinor = undefined;
    this.#display = "choose";
    this.#adapter.become("enabled");
  }

  #start(funds: number): void {
    if (this.#adapter.status !== "enabled") return this.#adapter.tell('c,ERR,"START -1"');
    this.#later("begin", pollMs, () => {
      if (this.#adapter.status !== "enabled") return;
      this.#creditMinor = funds;
      this.#display = `credit ${textOf(funds)}`;
      this.#adapter.become("idle", `,${textOf(funds)}`);
    });
  }

  #stop(): void {
    const vend = this.#vend;
    if (vend !== undefined && vend.approval !== "none" && !vend.isCancelled) {
      this.violations.push("denied after VEND APPROVED");
      return;
    }
    if (vend !== undefined) {
      this.#vend = undefined;
      this.#forget("response");
      this.#display = "not paid";
      this.#leaveVend(vend);
    }
    if (this.#adapter.status === "idle") this.#later("complete", completeMs, () => this.#complete());
  }

  #leaveVend(vend: Vend): void {
    if (!this.#isEnabled) this.#adapter.become("disabled");
    else if (vend.inSession) this.#adapter.become("idle");
    else this.#enabled();
  }

  #complete(): void {
    if (this.#adapter.status === "idle" && this.#vend === undefined) this.#enabled();
  }

  #approve(minor: number): void {
    const vend = this.#vend;
    if (vend === undefined || vend.approval !== "none" || vend.isCancelled) {
      // A cancel that the order crossed on the wire is nobody's fault.
      if (vend?.isCancelled !== true) this.violations.push("VEND APPROVED for nothing that waits");
      return this.#adapter.tell('c,ERR,"VEND -1"');
    }
    if (minor > vend.priceMinor) this.violations.push("approved more than was asked for");
    if (this.#fault === "refuses") {
      this.#adapter.tell('c,ERR,"VEND -1"');
      this.#vend = undefined;
      this.#forget("response");
      this.#later("refused", completeMs, () => this.#leaveVend(vend));
      return;
    }
    vend.approval = "waits";
    this.#forget("response");
    if (this.#fault === "reset-before-fetch") return this.reset();
    if (this.#fault === "cancel-crosses") {
      vend.approval = "none";
      return this.cancel();
    }
    this.#later("fetch", pollMs, () => this.#fetched(vend, minor));
  }

  #fetched(vend: Vend, minor: number): void {
    vend.approval = "fetched";
    this.#isTurning = true;
    this.#display = "thank you";
    this.#adapter.tell("r,ACK");
    if (this.#fault === "hangs") {
      this.#isHung = true;
      return;
    }
    if (this.#fault === "disables" || this.#fault === "disables-and-fails")
      this.#later("disable", disableMs, () => {
        this.#adapter.tell("c,STATUS,DISABLED");
        this.#later("disable", disableMs, () => this.#adapter.tell("c,STATUS,ENABLED"));
      });
    const turnMs = this.#settings.deliveryMs + (this.#fault === "slow" ? slowMs : 0);
    this.#later("coil", turnMs, () => this.#turned(vend, minor));
  }

  #turned(vend: Vend, approvedMinor: number): void {
    this.#isTurning = false;
    this.#vend = undefined;
    const fallen = { item: vend.coil.item, approvedMinor };
    switch (this.#fault) {
      case "vend-fails":
      case "disables-and-fails":
        this.#display = "sorry";
        this.#adapter.tell("c,ERR,VEND 3");
        break;
      case "reset-after-drop":
        keepDrop(this.#settings.drops, fallen);
        return this.reset();
      case "no-word":
        break;
      case "late-word":
        keepDrop(this.#settings.drops, fallen);
        this.#later("word", lateWordMs, () => this.#adapter.tell("c,VEND,SUCCESS"));
        break;
      case "none":
      case "slow":
      case "disables":
      case "hangs":
      case "other-price":
      case "unknown-item":
      case "unknown-price":
      case "comma-price":
      case "reset-before-fetch":
      case "cancel-crosses":
      case "refuses":
        keepDrop(this.#settings.drops, fallen);
        this.#adapter.tell("c,VEND,SUCCESS");
        break;
    }
    if (!this.#isEnabled) return this.#adapter.become("disabled");
    this.#adapter.become("idle");
    this.#later("complete", completeMs, () => this.#complete());
  }

  // ── the front of the machine ───────────────────────────────────────────────────────────────────────────────────────

  press(item: number): void {
    const coil = this.#settings.coils.find((one) => one.item === item);
    if (coil === undefined) {
      this.#display = "no such selection";
      return;
    }
    if (this.#vend !== undefined || this.#isHung) return;
    const status = this.#adapter.status;
    const priceMinor = coil.priceMinor + (this.#fault === "other-price" ? 100 : 0);
    const { canAlwaysIdle = true } = this.#settings;
    const isDirect = status === "enabled" && canAlwaysIdle && this.#adapter.isAlwaysIdle;
    const isCovered = status === "idle" && (this.#creditMinor ?? 0) >= coil.priceMinor;
    if (!isDirect && !isCovered) {
      this.#display = `price ${textOf(priceMinor)}`;
      return;
    }
    this.#forget("complete");
    this.#vend = { coil, priceMinor, inSession: status === "idle", approval: "none", isCancelled: false };
    this.#display = `pay ${textOf(priceMinor)}`;
    this.#adapter.become("vend", `,${this.#priceText(priceMinor)},${this.#fault === "unknown-item" ? 65_535 : item}`);
    this.#later("response", this.#settings.maxResponseMs ?? 255_000, () => this.cancel());
  }

  #priceText(priceMinor: number): string {
    if (this.#fault === "unknown-price") return textOf(65_535);
    return this.#fault === "comma-price" ? textOf(priceMinor).replace(".", ",") : textOf(priceMinor);
  }

  cancel(): void {
    const vend = this.#vend;
    if (vend === undefined || vend.approval === "fetched" || vend.isCancelled) return;
    vend.isCancelled = true;
    this.#forget("fetch");
    this.#display = "cancelled";
    this.#adapter.tell("c,ERR,VEND 1");
    const { isMute } = this.#adapter;
    this.#later("response", denialMs, () => {
      // What the adapter did not say cannot be answered.
      if (!isMute) this.violations.push("VEND CANCEL was not answered with VEND DENIED");
      this.reset();
    });
  }

  setFault(fault: VmcFault): void {
    this.#fault = fault;
  }

  setEnabled(enabled: boolean): void {
    this.#isEnabled = enabled;
    const { status } = this.#adapter;
    if (status === "off" || status === "inactive") return;
    if (this.#vend !== undefined) this.#adapter.tell(`c,STATUS,${enabled ? "ENABLED" : "DISABLED"}`);
    else if (enabled && status === "disabled") this.#enabled();
    else if (!enabled) {
      this.#endAll();
      this.#display = "out of service";
      this.#adapter.become("disabled");
    }
  }

  reset(): void {
    this.#isHung = false;
    if (this.#adapter.status === "off") return;
    this.#endAll();
    this.#display = "reset";
    this.#adapter.become("inactive");
    this.#find();
  }

  // ── what happens to the adapter ────────────────────────────────────────────────────────────────────────────────────

  readonly powerCycleAdapter = (banner = false): void => this.#adapter.losePower(banner);
  readonly setMute = (mute: boolean): void => this.#adapter.setMute(mute);
  readonly unplug = (): void => this.#adapter.unplug();
  readonly plug = (): void => this.#adapter.plug();
  readonly breakLine = (): void => this.#adapter.breakLine();
  readonly babble = (text: string): void => this.#adapter.babble(text);

  view(): VmcView {
    return {
      display: this.#display,
      reader: this.#adapter.status,
      creditMinor: this.#creditMinor,
      coils: this.#settings.coils,
      fault: this.#fault,
      isEnabled: this.#isEnabled,
      isPlugged: this.#adapter.isPlugged,
      isTurning: this.#isTurning,
    };
  }
}
