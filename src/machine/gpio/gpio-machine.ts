/**
 * Buttons and relays on the GPIO header, by onoff: a button selects its line, a relay that was on for its time has delivered. Relays have
 * no sensor: what counts as delivered is that the output was on from beginning to end; one that was cut short is unknown.
 */
import type { Clock, Log, Timer } from "../../service/port.ts";
import { GpioError, headerBase, readChips } from "./header.ts";
import type { DeliveryOrder, DeliveryOutcome, Machine, MachineEvent, MachineReadiness } from "../port.ts";

export interface GpioLine {
  readonly line: string;
  /** BCM number of the button's input; undefined where there is none. */
  readonly button: number | undefined;
  readonly buttonActiveLow: boolean;
  /** BCM number of the output. */
  readonly relay: number;
  readonly activeLow: boolean;
  readonly onMs: number;
}

/** What this driver needs of onoff; the class `Gpio` of that package fits. */
export interface GpioPin {
  writeSync(value: 0 | 1): void;
  readSync(): number;
  watch(callback: (error: Error | null | undefined, value: number) => void): void;
  unexport(): void;
}
export type OpenPin = (number: number, direction: "in" | "high" | "low", edge: "none" | "both") => GpioPin;

export interface GpioSettings {
  readonly lines: readonly GpioLine[];
  readonly base: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a level has to stand before it counts. */
  readonly stableMs?: number;
  readonly sysfsFolder?: string;
  readonly openPin?: OpenPin;
}

/** Loads onoff when it is needed. @throws GpioError `no-onoff` that says what to install. */
export async function loadOnoff(): Promise<OpenPin> {
  try {
    const { Gpio } = await import("onoff");
    return (number, direction, edge) => new Gpio(number, direction, edge, { reconfigureDirection: true });
  } catch (error) {
    throw new GpioError(
      "no-onoff",
      "onoff could not be loaded: its module epoll is compiled while installing and needs python3, make and g++; install them and run npm ci again",
      { cause: error },
    );
  }
}

const stableMsDefault = 25;

export function createGpioMachine(settings: GpioSettings): Machine {
  return new GpioMachine(settings);
}

class GpioMachine implements Machine {
  readonly #settings: GpioSettings;
  readonly #outputs = new Map<string, { readonly pin: GpioPin; readonly line: GpioLine }>();
  readonly #pins: GpioPin[] = [];
  readonly #debounces = new Map<string, Timer>();
  #readiness: MachineReadiness = { ready: false, fault: "starting", detail: "the lines are not open yet" };
  #moving: string | undefined;

  constructor(settings: GpioSettings) {
    this.#settings = settings;
  }

  async start(onEvent: (event: MachineEvent) => void): Promise<void> {
    const { lines, base, sysfsFolder, log } = this.#settings;
    try {
      const openPin = this.#settings.openPin ?? (await loadOnoff());
      const first = headerBase(await readChips(sysfsFolder), base);
      // Outputs before inputs: nothing may move, whatever the buttons say.
      for (const line of lines) this.#openOutput(openPin, first, line);
      for (const line of lines) this.#openButton(openPin, first, line, onEvent);
      this.#readiness = { ready: true };
    } catch (error) {
      log.error({ error }, "the GPIO lines could not be opened: the machine cannot sell");
      this.#readiness = {
        ready: false,
        fault: "no-hardware",
        detail: error instanceof Error ? error.message : String(error),
      };
    }
  }

  #open(
    openPin: OpenPin,
    number: number,
    what: string,
    direction: "in" | "high" | "low",
    edge: "none" | "both",
  ): GpioPin {
    try {
      const pin = openPin(number, direction, edge);
      this.#pins.push(pin);
      return pin;
    } catch (error) {
      const isBusy = error instanceof Error && /EBUSY/.test(error.message);
      throw new GpioError(
        isBusy ? "line-in-use" : "line",
        isBusy
          ? `${what} (GPIO ${number} in sysfs) belongs to somebody else: the kernel (SPI, PWM, 1-wire in config.txt) or another program`
          : `${what} (GPIO ${number} in sysfs) could not be opened: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }

  /** Direction `high` or `low` sets level and direction in one step, so that the output never flickers (sysfs-gpio ABI). */
  #openOutput(openPin: OpenPin, base: number, line: GpioLine): void {
    const off = line.activeLow ? "high" : "low";
    const pin = this.#open(
      openPin,
      base + line.relay,
      `the relay of line ${line.line}, BCM ${line.relay}`,
      off,
      "none",
    );
    this.#outputs.set(line.line, { pin, line });
  }

  #openButton(openPin: OpenPin, base: number, line: GpioLine, onEvent: (event: MachineEvent) => void): void {
    if (line.button === undefined) return;
    const pin = this.#open(
      openPin,
      base + line.button,
      `the button of line ${line.line}, BCM ${line.button}`,
      "in",
      "both",
    );
    pin.watch((error) => {
      if (error !== null && error !== undefined) {
        this.#settings.log.error({ error, line: line.line }, "the button's line failed");
        return;
      }
      this.#settle(line, pin, onEvent);
    });
  }

  /** A press counts when its level stood still for a while; every edge begins the wait again. */
  #settle(line: GpioLine, pin: GpioPin, onEvent: (event: MachineEvent) => void): void {
    const { clock, stableMs = stableMsDefault } = this.#settings;
    this.#debounces.get(line.line)?.cancel();
    const timer = clock.startTimer(`button ${line.line}`, stableMs, () => {
      const isPressed = (pin.readSync() === 1) !== line.buttonActiveLow;
      if (isPressed) onEvent({ kind: "selected", selection: { kind: "line", line: line.line } });
    });
    this.#debounces.set(line.line, timer);
  }

  readiness(): MachineReadiness {
    return this.#readiness;
  }

  async deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { selection } = order;
    const name = selection.kind === "line" ? selection.line : selection.kind === "time" ? selection.line : undefined;
    const output = name === undefined ? undefined : this.#outputs.get(name);
    if (output === undefined)
      return { kind: "not-delivered", reason: `there is no output for line ${name ?? "(none)"}` };
    if (this.#moving !== undefined) return { kind: "not-delivered", reason: `line ${this.#moving} is still moving` };
    const { pin, line } = output;
    this.#moving = line.line;
    try {
      pin.writeSync(line.activeLow ? 0 : 1);
      await this.#settings.clock.sleep(line.onMs, signal);
      return { kind: "delivered", detail: `relay on for ${line.onMs} ms` };
    } catch (error) {
      return {
        kind: "unknown",
        reason: `the relay was cut short: ${error instanceof Error ? error.message : String(error)}`,
      };
    } finally {
      this.#moving = undefined;
      this.#off(pin, line);
    }
  }

  #off(pin: GpioPin, line: GpioLine): void {
    try {
      pin.writeSync(line.activeLow ? 1 : 0);
    } catch (error) {
      this.#readiness = {
        ready: false,
        fault: "fault",
        detail: `the relay of line ${line.line} could not be switched off`,
      };
      this.#settings.log.error({ error, line: line.line }, "a relay could not be switched off");
    }
  }

  async resume(): Promise<void> {}

  async openSession(): Promise<void> {}

  async closeSession(): Promise<void> {}

  async identify(): Promise<void> {}

  async stop(): Promise<void> {
    for (const timer of this.#debounces.values()) timer.cancel();
    for (const { pin, line } of this.#outputs.values()) this.#off(pin, line);
    for (const pin of this.#pins) pin.unexport();
    this.#outputs.clear();
    this.#pins.length = 0;
  }
}
