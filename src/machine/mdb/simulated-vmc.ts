/**
 * The twin of what is behind the line: a vending machine controller with coils and prices, and the adapter that speaks for it. It lives on
 * the clock that it is given, so unit tests, the simulation, a pseudo-terminal and the demo press the same buttons.
 */
import type { Clock, Timer } from "../../service/port.ts";
import type { AdapterListener, OpenAdapterLine } from "./adapter-line.ts";

export interface Coil {
  readonly item: number;
  readonly priceMinor: number;
}

/** What goes wrong with vends, until it is set to something else. */
export type VmcFault =
  | "none"
  /** The coil turns and nothing falls: VEND FAILURE. */
  | "vend-fails"
  /** It falls, and the controller resets before it says so. */
  | "reset-after-drop"
  /** The controller goes back to its session without a word about the vend. */
  | "no-word"
  /** The controller hangs after VEND APPROVED. */
  | "hangs"
  /** The controller asks for a krone more than the coil's price. */
  | "other-price"
  /** The controller does not say which item it is. */
  | "unknown-item";

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
  /** READER ENABLE and DISABLE. */
  setEnabled(enabled: boolean): void;
  reset(): void;
  /** The adapter loses power: settings, state, all. It comes back without a word unless `banner`. */
  powerCycleAdapter(banner?: boolean): void;
  /** The adapter is there and says nothing. */
  setMute(mute: boolean): void;
  unplug(): void;
  plug(): void;
  /** Something on the wire that no adapter says. */
  babble(text: string): void;
  view(): VmcView;
  /** Every order that came, in its order. */
  readonly heard: readonly string[];
  /** What kvitt did that a cashless device must not do. */
  readonly violations: readonly string[];
}

type ReaderStatus = "off" | "inactive" | "disabled" | "enabled" | "idle" | "vend";

interface Vend {
  readonly coil: Coil;
  readonly priceMinor: number;
  readonly inSession: boolean;
  isApproved: boolean;
  isCancelled: boolean;
}

const wireMs = 2;
const pollMs = 60;
const completeMs = 300;
const resetMs = 500;

export function createSimulatedVmc(settings: SimulatedVmcSettings): SimulatedVmc {
  return new TwinVmc(settings);
}

function textOf(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
}

class TwinVmc implements SimulatedVmc {
  readonly heard: string[] = [];
  readonly violations: string[] = [];
  readonly #settings: SimulatedVmcSettings;
  readonly #timers = new Map<string, Timer>();
  readonly #conf = new Map<string, string>();
  #say: ((chunk: string) => void) | undefined;
  #listener: AdapterListener | undefined;
  #reader: ReaderStatus = "off";
  #creditMinor: number | undefined;
  #vend: Vend | undefined;
  #fault: VmcFault = "none";
  #isEnabled = true;
  #isPlugged = true;
  #isMute = false;
  #isTurning = false;
  #isHung = false;
  #display = "";

  constructor(settings: SimulatedVmcSettings) {
    this.#settings = settings;
  }

  readonly openLine: OpenAdapterLine = async (listener) => {
    if (!this.#isPlugged) throw new Error("there is no MDB adapter at the simulated line: plug it in");
    const take = this.wire((chunk) => {
      if (this.#listener === listener) listener.text(chunk);
    });
    this.#listener = listener;
    return {
      write: (text) => {
        if (this.#listener === listener) take(text);
      },
      close: () => {
        if (this.#listener !== listener) return;
        this.#listener = undefined;
        this.#say = undefined;
      },
    };
  };

  wire(say: (chunk: string) => void): (chunk: string) => void {
    this.#say = say;
    let rest = "";
    return (chunk) => {
      rest += chunk;
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const order = line.trim();
        this.heard.push(order);
        this.#later(`order ${this.heard.length}`, wireMs, () => this.#obey(order));
      }
    };
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

  /** Says a line in two pieces, as a serial line may. */
  #tell(line: string): void {
    if (this.#isMute || !this.#isPlugged) return;
    const end = this.#settings.dialect === "old" ? "\n" : "\r\n";
    const at = Math.floor(line.length / 2);
    this.#say?.(line.slice(0, at));
    this.#say?.(line.slice(at) + end);
  }

  #become(status: ReaderStatus, tail = ""): void {
    this.#reader = status;
    if (status === "off") return;
    this.#tell("r,ACK");
    this.#tell(`c,STATUS,${status.toUpperCase()}${tail}`);
  }

  // ── the adapter ────────────────────────────────────────────────────────────────────────────────────────────────────

  #obey(order: string): void {
    if (!this.#isPlugged) return;
    const [head = "", word = "", amount = ""] = order.split(",");
    if (head === "V") return this.#tell("v,4.0.2.0,simulated");
    if (head !== "C") return this.#tell('c,ERR,"unknown command"');
    switch (word) {
      case "0":
        return this.#switchOff();
      case "1":
        return this.#switchOn();
      case "SETCONF":
        return this.#set(amount);
      case "START":
        return this.#start(Math.round(Number(amount) * 100));
      case "STOP":
        return this.#stop();
      case "VEND":
        return amount === "-1" ? this.#stop() : this.#approve(Math.round(Number(amount) * 100));
      default:
        return this.#tell('c,ERR,"unknown command"');
    }
  }

  #switchOff(): void {
    const wasOff = this.#reader === "off";
    this.#endAll();
    this.#reader = "off";
    if (this.#settings.dialect === "old") this.#tell("c,STATUS,OFFLINE");
    else this.#tell(wasOff ? 'c,ERR,"cashless is off"' : "c,0");
  }

  #switchOn(): void {
    if (this.#reader !== "off") return this.#tell('c,ERR,"cashless is on"');
    if (this.#conf.get("mdb-currency-code") === undefined) this.violations.push("switched on without a currency");
    this.#reader = "inactive";
    if (this.#settings.dialect === "old") this.#tell("c,STATUS,ONLINE");
    else {
      this.#tell("c,STATUS,INACTIVE");
      this.#tell("c,1");
    }
    this.#poll();
  }

  /** The controller finds a reader: SETUP, then READER ENABLE. */
  #poll(): void {
    const { address = "0x10", dialect = "new" } = this.#settings;
    const mine = this.#conf.get(dialect === "old" ? "mdb-addr" : "mdb-address") ?? "0x10";
    if (mine !== address || this.#isHung) return;
    this.#later("poll", resetMs, () => {
      if (this.#reader !== "inactive") return;
      this.#become("disabled");
      this.#later("enable", pollMs, () => {
        if (this.#reader === "disabled" && this.#isEnabled) this.#enabled();
      });
    });
  }

  #enabled(): void {
    this.#creditMinor = undefined;
    this.#display = "choose";
    this.#become("enabled");
  }

  #set(text: string): void {
    if (this.#reader !== "off") return this.#tell('c,ERR,"cashless is on"');
    const [name = "", value = ""] = text.split("=");
    const addressName = this.#settings.dialect === "old" ? "mdb-addr" : "mdb-address";
    const known = [addressName, "mdb-currency-code", "mdb-always-idle", "mdb-decimal-places", "mdb-scale-factor"];
    if (!known.includes(name)) return this.#tell('c,ERR,"unknown parameter"');
    this.#conf.set(name, value);
    this.#tell("c,SET,OK");
  }

  #start(funds: number): void {
    if (this.#reader === "off") return this.#tell('c,ERR,"cashless is off"');
    if (this.#reader !== "enabled") return this.#tell('c,ERR,"START -1"');
    this.#later("begin", pollMs, () => {
      if (this.#reader !== "enabled") return;
      this.#creditMinor = funds;
      this.#display = `credit ${textOf(funds)}`;
      this.#become("idle", `,${textOf(funds)}`);
    });
  }

  /** Session cancel, or VEND DENIED. */
  #stop(): void {
    const vend = this.#vend;
    if (vend?.isApproved === true) {
      this.violations.push("denied after VEND APPROVED");
      return;
    }
    if (vend !== undefined) {
      this.#vend = undefined;
      this.#forget("response");
      this.#display = "not paid";
      this.#become(vend.inSession ? "idle" : "enabled");
    }
    if (this.#reader === "idle") this.#later("complete", completeMs, () => this.#complete());
  }

  #complete(): void {
    if (this.#reader === "idle" && this.#vend === undefined) this.#enabled();
  }

  #approve(minor: number): void {
    const vend = this.#vend;
    if (vend === undefined || vend.isApproved || vend.isCancelled) {
      this.violations.push("VEND APPROVED for nothing that waits");
      return this.#tell('c,ERR,"VEND -1"');
    }
    if (minor > vend.priceMinor) this.violations.push("approved more than was asked for");
    vend.isApproved = true;
    this.#forget("response");
    this.#isTurning = true;
    this.#display = "thank you";
    this.#tell("r,ACK");
    if (this.#fault === "hangs") {
      this.#isHung = true;
      return;
    }
    this.#later("coil", this.#settings.deliveryMs, () => this.#turned(vend, minor));
  }

  #turned(vend: Vend, approvedMinor: number): void {
    this.#isTurning = false;
    this.#vend = undefined;
    const { item } = vend.coil;
    switch (this.#fault) {
      case "vend-fails":
        this.#display = "sorry";
        this.#tell("c,ERR,VEND 3");
        break;
      case "reset-after-drop":
        this.#settings.drops.push({ item, approvedMinor });
        return this.reset();
      case "no-word":
        break;
      case "none":
      case "hangs":
      case "other-price":
      case "unknown-item":
        this.#settings.drops.push({ item, approvedMinor });
        this.#tell("c,VEND,SUCCESS");
        break;
    }
    this.#become("idle");
    this.#later("complete", completeMs, () => this.#complete());
  }

  #endAll(): void {
    for (const name of ["poll", "enable", "begin", "complete", "response", "coil"]) this.#forget(name);
    this.#vend = undefined;
    this.#creditMinor = undefined;
    this.#isTurning = false;
  }

  // ── the front of the machine ───────────────────────────────────────────────────────────────────────────────────────

  press(item: number): void {
    const coil = this.#settings.coils.find((one) => one.item === item);
    if (coil === undefined) {
      this.#display = "no such selection";
      return;
    }
    if (this.#vend !== undefined || this.#isHung) return;
    const priceMinor = coil.priceMinor + (this.#fault === "other-price" ? 100 : 0);
    const { canAlwaysIdle = true } = this.#settings;
    const direct = this.#reader === "enabled" && canAlwaysIdle && this.#conf.get("mdb-always-idle") === "1";
    if (this.#reader !== "idle" && !direct) {
      this.#display = `price ${textOf(priceMinor)}`;
      return;
    }
    if (this.#reader === "idle" && (this.#creditMinor ?? 0) < coil.priceMinor) {
      this.#display = `price ${textOf(priceMinor)}`;
      return;
    }
    this.#forget("complete");
    this.#vend = { coil, priceMinor, inSession: this.#reader === "idle", isApproved: false, isCancelled: false };
    this.#display = `pay ${textOf(priceMinor)}`;
    this.#become("vend", `,${textOf(priceMinor)},${this.#fault === "unknown-item" ? 65_535 : item}`);
    this.#later("response", this.#settings.maxResponseMs ?? 255_000, () => this.cancel());
  }

  cancel(): void {
    const vend = this.#vend;
    if (vend === undefined || vend.isApproved || vend.isCancelled) return;
    vend.isCancelled = true;
    this.#display = "cancelled";
    this.#tell("c,ERR,VEND 1");
    this.#later("response", 10_000, () => {
      this.violations.push("VEND CANCEL was not answered with VEND DENIED");
      this.reset();
    });
  }

  setFault(fault: VmcFault): void {
    this.#fault = fault;
  }

  setEnabled(enabled: boolean): void {
    this.#isEnabled = enabled;
    if (enabled && this.#reader === "disabled") this.#enabled();
    else if (!enabled && this.#reader !== "off" && this.#reader !== "inactive") {
      this.#endAll();
      this.#display = "out of service";
      this.#become("disabled");
    }
  }

  reset(): void {
    this.#isHung = false;
    if (this.#reader === "off") return;
    this.#endAll();
    this.#display = "reset";
    this.#become("inactive");
    this.#poll();
  }

  powerCycleAdapter(banner = false): void {
    this.#endAll();
    this.#conf.clear();
    this.#reader = "off";
    if (banner) this.#tell("v,4.0.2.0,simulated");
  }

  setMute(mute: boolean): void {
    this.#isMute = mute;
  }

  unplug(): void {
    if (!this.#isPlugged) return;
    this.powerCycleAdapter();
    this.#isPlugged = false;
    const listener = this.#listener;
    this.#listener = undefined;
    this.#say = undefined;
    listener?.closed("the simulated adapter was unplugged");
  }

  plug(): void {
    this.#isPlugged = true;
  }

  babble(text: string): void {
    this.#say?.(text);
  }

  view(): VmcView {
    return {
      display: this.#display,
      reader: this.#reader,
      creditMinor: this.#creditMinor,
      coils: this.#settings.coils,
      fault: this.#fault,
      isEnabled: this.#isEnabled,
      isPlugged: this.#isPlugged,
      isTurning: this.#isTurning,
    };
  }
}
