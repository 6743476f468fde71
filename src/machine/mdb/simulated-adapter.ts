/**
 * The twin of the adapter: it takes orders as lines, keeps the settings that it was told until it loses power, and says what the machine
 * behind it does. What the machine is lies with whoever listens (simulated-vmc.ts).
 */
import type { Clock } from "../../service/port.ts";
import type { AdapterListener, OpenAdapterLine } from "./adapter-line.ts";

export type ReaderStatus = "off" | "inactive" | "disabled" | "enabled" | "idle" | "vend";

/** What the machine's side hears of the orders that are meant for it. */
export interface AdapterOrders {
  switchedOn(): void;
  switchedOff(): void;
  /** The adapter is not there any more for the machine, through no order. */
  lostPower(): void;
  /** BEGIN SESSION. */
  start(fundsMinor: number): void;
  /** Session cancel, or VEND DENIED. */
  stop(): void;
  /** VEND APPROVED. */
  approve(minor: number): void;
}

export interface AdapterTwinSettings {
  readonly clock: Clock;
  /** How the firmware talks: public clients show both ways. */
  readonly dialect: "new" | "old";
  readonly orders: AdapterOrders;
  readonly onViolation: (text: string) => void;
}

const wireMs = 2;

export class AdapterTwin {
  /** Every order that came, in its order. */
  readonly heard: string[] = [];
  readonly #settings: AdapterTwinSettings;
  readonly #conf = new Map<string, string>();
  #say: ((chunk: string) => void) | undefined;
  #listener: AdapterListener | undefined;
  #status: ReaderStatus = "off";
  #isPlugged = true;
  #isMute = false;

  constructor(settings: AdapterTwinSettings) {
    this.#settings = settings;
  }

  get status(): ReaderStatus {
    return this.#status;
  }

  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  get isMute(): boolean {
    return this.#isMute;
  }

  /** The address that it was told, and whether a vend may be asked for without a session. */
  get address(): string {
    return this.#conf.get(this.#addressName) ?? "0x10";
  }

  get isAlwaysIdle(): boolean {
    return this.#conf.get("mdb-always-idle") === "1";
  }

  get #addressName(): string {
    return this.#settings.dialect === "old" ? "mdb-addr" : "mdb-address";
  }

  // ── the line ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
        if (this.#listener === listener) this.#hangUp();
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
        this.#settings.clock.startTimer("adapter order", wireMs, () => this.#obey(order));
      }
    };
  }

  #hangUp(): AdapterListener | undefined {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#say = undefined;
    return listener;
  }

  /** The line breaks; the adapter goes on. It can be opened again. */
  breakLine(): void {
    this.#hangUp()?.closed("the line to the simulated adapter broke");
  }

  unplug(): void {
    if (!this.#isPlugged) return;
    this.losePower(false);
    this.#isPlugged = false;
    this.#hangUp()?.closed("the simulated adapter was unplugged");
  }

  plug(): void {
    this.#isPlugged = true;
  }

  setMute(mute: boolean): void {
    this.#isMute = mute;
  }

  babble(text: string): void {
    this.#say?.(text);
  }

  /** Says a line in two pieces, as a serial line may. */
  tell(line: string): void {
    if (this.#isMute || !this.#isPlugged) return;
    const end = this.#settings.dialect === "old" ? "\n" : "\r\n";
    const at = Math.floor(line.length / 2);
    this.#say?.(line.slice(0, at));
    this.#say?.(line.slice(at) + end);
  }

  become(status: Exclude<ReaderStatus, "off">, tail = ""): void {
    this.#status = status;
    this.tell("r,ACK");
    this.tell(`c,STATUS,${status.toUpperCase()}${tail}`);
  }

  // ── orders ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #obey(order: string): void {
    if (!this.#isPlugged) return;
    const { orders } = this.#settings;
    const [head = "", word = "", amount = ""] = order.split(",");
    if (head === "V") return this.tell("v,4.0.2.0,simulated");
    if (head !== "C") return this.tell('c,ERR,"unknown command"');
    switch (word) {
      case "0":
        return this.#switchOff();
      case "1":
        return this.#switchOn();
      case "SETCONF":
        return this.#set(amount);
      case "START":
        if (this.#status === "off") return this.tell('c,ERR,"cashless is off"');
        return orders.start(minorOf(amount));
      case "STOP":
        return this.#status === "off" ? this.tell('c,ERR,"cashless is off"') : orders.stop();
      case "VEND":
        if (this.#status === "off") return this.tell('c,ERR,"cashless is off"');
        return amount === "-1" ? orders.stop() : orders.approve(minorOf(amount));
      default:
        return this.tell('c,ERR,"unknown command"');
    }
  }

  #switchOff(): void {
    const wasOff = this.#status === "off";
    this.#status = "off";
    this.#settings.orders.switchedOff();
    if (this.#settings.dialect === "old") this.tell("c,STATUS,OFFLINE");
    else this.tell(wasOff ? 'c,ERR,"cashless is off"' : "c,0");
  }

  #switchOn(): void {
    if (this.#status !== "off") return this.tell('c,ERR,"cashless is on"');
    if (this.#conf.get("mdb-currency-code") === undefined) this.#settings.onViolation("switched on without a currency");
    this.#status = "inactive";
    if (this.#settings.dialect === "old") this.tell("c,STATUS,ONLINE");
    else {
      this.tell("c,STATUS,INACTIVE");
      this.tell("c,1");
    }
    this.#settings.orders.switchedOn();
  }

  #set(text: string): void {
    if (this.#status !== "off") return this.tell('c,ERR,"cashless is on"');
    const [name = "", value = ""] = text.split("=");
    const known = [this.#addressName, "mdb-currency-code", "mdb-always-idle", "mdb-decimal-places", "mdb-scale-factor"];
    if (!known.includes(name)) return this.tell('c,ERR,"unknown parameter"');
    this.#conf.set(name, value);
    this.tell("c,SET,OK");
  }

  /** Settings, state, all. It comes back without a word unless `banner`. */
  losePower(banner: boolean): void {
    this.#conf.clear();
    this.#status = "off";
    this.#settings.orders.lostPower();
    if (banner) this.tell("v,4.0.2.0,simulated");
  }
}

function minorOf(amount: string): number {
  return Math.round(Number(amount) * 100);
}
