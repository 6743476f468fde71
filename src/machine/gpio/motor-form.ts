/** The motor's runner: sensors, time and the stop signal become events of the step machine, its commands become orders to the actuators. */
import type { Timer } from "../../service/port.ts";
import type { DeliveryOrder } from "../port.ts";
import { errorText } from "../../kit/error-text.ts";
import { type Form, type FormParts, type FormResult } from "./form.ts";
import { ActivationLatch, type SharedInput, StableInput } from "./inputs.ts";
import {
  type MotorCommand,
  type MotorEvent,
  motorIdle,
  type MotorSettings,
  type MotorState,
  stepMotor,
} from "./motor.ts";

export interface MotorSensors {
  readonly home: SharedInput | undefined;
  /** A switch that chatters when it is left would look like a whole turn. */
  readonly homeStableMs: number;
  readonly drop: SharedInput | undefined;
  readonly dropMinMs: number;
}

export class MotorForm implements Form {
  readonly #settings: MotorSettings;
  readonly #sensors: MotorSensors;
  readonly #parts: FormParts;

  constructor(settings: MotorSettings, sensors: MotorSensors, parts: FormParts) {
    this.#settings = settings;
    this.#sensors = sensors;
    this.#parts = parts;
  }

  refusal(): undefined {}

  run({ reference }: DeliveryOrder, signal: AbortSignal): Promise<FormResult> {
    return new MotorRun(this.#settings, this.#sensors, this.#parts, reference, signal).run();
  }
}

class MotorRun {
  readonly #settings: MotorSettings;
  readonly #sensors: MotorSensors;
  readonly #parts: FormParts;
  readonly #reference: DeliveryOrder["reference"];
  readonly #signal: AbortSignal;
  readonly #events: MotorEvent[] = [];
  #state: MotorState = motorIdle;
  #wake: () => void = () => {};
  #timer: Timer | undefined;
  #isOn = false;

  constructor(
    settings: MotorSettings,
    sensors: MotorSensors,
    parts: FormParts,
    reference: DeliveryOrder["reference"],
    signal: AbortSignal,
  ) {
    this.#reference = reference;
    this.#settings = settings;
    this.#sensors = sensors;
    this.#parts = parts;
    this.#signal = signal;
  }

  async run(): Promise<FormResult> {
    const unlisten = this.#listen();
    try {
      while (this.#state.phase !== "ended") {
        const { state, commands } = stepMotor(this.#settings, this.#state, await this.#next());
        this.#state = state;
        for (const command of commands) if (!(await this.#perform(command))) break;
      }
      const { outcome, lineState } = this.#state;
      return lineState === undefined ? { outcome } : { outcome, lineState };
    } finally {
      this.#timer?.cancel();
      unlisten();
      if (this.#isOn) await this.#off();
    }
  }

  /** Sensors are listened to before their levels are read and before anything moves. */
  #listen(): () => void {
    const { clock, onHalt } = this.#parts;
    const { home, homeStableMs, drop, dropMinMs } = this.#sensors;
    const stable = home === undefined ? undefined : new StableInput(home, clock, homeStableMs);
    stable?.onChange((active) => this.#put({ kind: "home", active }));
    const fromMs = clock.monotonicMs();
    const latch =
      drop === undefined
        ? undefined
        : new ActivationLatch(drop, clock, { fromMs, minMs: dropMinMs }, () => this.#put({ kind: "drop" }));
    const unhalt = onHalt((reason) => this.#put({ kind: "halt", reason }));
    const abort = (): void => this.#put({ kind: "halt", reason: errorText(this.#signal.reason) });
    if (this.#signal.aborted) abort();
    else this.#signal.addEventListener("abort", abort, { once: true });
    this.#put({ kind: "start", homeActive: stable?.isActive, dropActive: drop?.isActive() });
    return () => {
      this.#signal.removeEventListener("abort", abort);
      unhalt();
      latch?.close();
      stable?.close();
    };
  }

  /** To stop goes before everything that waits. */
  #put(event: MotorEvent): void {
    if (event.kind === "halt") this.#events.unshift(event);
    else this.#events.push(event);
    this.#wake();
  }

  async #next(): Promise<MotorEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** False when the rest of the commands has lost its sense. */
  async #perform(command: MotorCommand): Promise<boolean> {
    switch (command.kind) {
      case "on":
        return this.#on(command.maxMs);
      case "off":
        this.#timer?.cancel();
        if (this.#isOn) await this.#off();
        return true;
      case "wait":
        this.#wait(command.ms);
        return true;
    }
  }

  async #on(maxMs: number): Promise<boolean> {
    this.#isOn = true;
    try {
      await this.#parts.actuators.on(this.#settings.output, maxMs);
      return true;
    } catch (error) {
      this.#put({ kind: "refused", reason: errorText(error) });
      return false;
    }
  }

  async #off(): Promise<void> {
    this.#isOn = false;
    const { output } = this.#settings;
    try {
      await this.#parts.actuators.off(output);
    } catch (error) {
      this.#parts.onStuckOutput(output, error, this.#reference);
    }
  }

  /** A time-out that was overtaken by an event is taken out again, so that it never ends the phase after. */
  #wait(ms: number): void {
    this.#timer?.cancel();
    const stale = this.#events.findIndex(({ kind }) => kind === "time-out");
    if (stale !== -1) this.#events.splice(stale, 1);
    this.#timer = this.#parts.clock.startTimer("motor", ms, () => this.#put({ kind: "time-out" }));
  }
}
