/** The GPIO machine that `[delivery]` means, with its guard. Part of the composition root. */
import { defined } from "../kit/defined.ts";
import type { GpioDelivery, GpioLineConfig } from "../config/gpio.ts";
import type { Actuators } from "../machine/actuators.ts";
import { createGpioMachine } from "../machine/gpio/gpio-driver.ts";
import type { InputSpec, OutputSpec } from "../machine/gpio/lines.ts";
import { type LineRegister, withClaims } from "../machine/gpio/line-register.ts";
import { type LinesChoice, openLines } from "../machine/gpio/open-lines.ts";
import type { AcknowledgeInput, LineSettings, MachineWide } from "../machine/gpio/settings.ts";
import { startGuardChild } from "../machine/guard/guard-child.ts";
import { createGuardedActuators } from "../machine/guard/guarded-actuators.ts";
import type { Machine } from "../machine/port.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";

export interface GpioParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Who has which line of the header. */
  readonly register: LineRegister;
}

/** Beyond the time that a motor is given, so that the driver decides while all is well. */
const motorMarginMs = 250;
/** A blink of the lamp (`identify`). */
const blinkMs = 500;

export function linesChoice(delivery: GpioDelivery): LinesChoice {
  const { back_end: backEnd, base, simulated_folder: simulatedFolder } = delivery;
  return {
    backEnd,
    ...defined({ base, simulatedFolder }),
  };
}

function inputOf(delivery: GpioDelivery, name: string, bcm: number, activeLow: boolean): InputSpec {
  return { name, bcm, activeLow, ...defined({ bias: delivery.bias }) };
}

function optionalInput(
  delivery: GpioDelivery,
  name: string,
  bcm: number | undefined,
  activeLow: boolean,
): InputSpec | undefined {
  return bcm === undefined ? undefined : inputOf(delivery, name, bcm, activeLow);
}

function acknowledgeOf(delivery: GpioDelivery, one: GpioLineConfig): AcknowledgeInput | undefined {
  const input = optionalInput(delivery, `acknowledge ${one.line}`, one.acknowledge, one.acknowledge_active_low);
  if (input === undefined) return undefined;
  return {
    input,
    windowMs: one.acknowledge_window_ms ?? 3_000,
    minMs: one.acknowledge_min_ms ?? 5,
    without: one.without_acknowledge ?? "not-delivered",
  };
}

function lineOf(delivery: GpioDelivery, one: GpioLineConfig): LineSettings {
  const base = {
    line: one.line,
    button: optionalInput(delivery, `button ${one.line}`, one.button, one.button_active_low),
    output: { name: one.line, bcm: one.relay, activeLow: one.active_low },
  };
  switch (one.form) {
    case "relay":
      return { ...base, form: "relay", onMs: one.on_ms ?? 500, acknowledge: acknowledgeOf(delivery, one) };
    case "pulse":
      return {
        ...base,
        form: "pulse",
        onMs: one.on_ms ?? 100,
        offMs: one.off_ms ?? 100,
        creditValue: one.credit_value,
        pulses: one.pulses ?? 1,
        maxPulses: one.max_pulses ?? 50,
        acknowledge: acknowledgeOf(delivery, one),
      };
    case "motor":
      return {
        ...base,
        form: "motor",
        confirm: one.confirm ?? (one.drop === undefined ? "home" : "drop"),
        home: optionalInput(delivery, `home ${one.line}`, one.home, one.home_active_low),
        homeStableMs: one.home_stable_ms ?? 20,
        drop: optionalInput(delivery, "drop sensor", one.drop, one.drop_active_low),
        dropMinMs: one.drop_min_ms ?? 3,
        leaveMs: one.leave_ms ?? 1_500,
        turnMs: one.turn_ms ?? 6_000,
        dropWaitMs: one.drop_wait_ms ?? 2_000,
        jogs: one.jogs ?? 1,
      };
    case "timed":
      return {
        ...base,
        form: "timed",
        onMs: one.on_s === undefined ? undefined : one.on_s * 1_000,
        creditValue: one.credit_value,
      };
  }
}

/** What the driver takes, in its own words. */
export function gpioSettings(delivery: GpioDelivery): {
  readonly lines: readonly LineSettings[];
  readonly wide: MachineWide;
} {
  const lamp: OutputSpec | undefined =
    delivery.lamp === undefined ? undefined : { name: "lamp", bcm: delivery.lamp, activeLow: delivery.lamp_active_low };
  return {
    lines: delivery.lines.map((one) => lineOf(delivery, one)),
    wide: {
      inhibit: optionalInput(delivery, "inhibit", delivery.inhibit, delivery.inhibit_active_low),
      inhibitWaitMs: delivery.inhibit_wait_ms,
      door: optionalInput(delivery, "door", delivery.door, delivery.door_active_low),
      cancelButton: optionalInput(delivery, "cancel", delivery.cancel_button, delivery.cancel_button_active_low),
      lamp,
      postDelayMs: delivery.post_delay_ms,
      maxOnMs: delivery.max_on_s * 1_000,
      stableMs: delivery.stable_ms,
    },
  };
}

/** The longest that this line's output is on in one piece. */
function longestOnMs(line: LineSettings, maxOnMs: number): number {
  switch (line.form) {
    case "relay":
    case "pulse":
      return line.onMs;
    case "motor":
      return line.leaveMs + line.turnMs + motorMarginMs;
    case "timed":
      return maxOnMs;
  }
}

export function outputsOf(delivery: GpioDelivery): readonly OutputSpec[] {
  const { lines, wide } = gpioSettings(delivery);
  return [...lines.map(({ output }) => output), ...(wide.lamp === undefined ? [] : [wide.lamp])];
}

/** The outputs, in the guard's hands: a process of its own, started as this one was. */
export function guardedActuators(delivery: GpioDelivery, { clock, entropy, log, register }: GpioParts): Actuators {
  const { lines, wide } = gpioSettings(delivery);
  const choice = linesChoice(delivery);
  const owner = register.owner();
  // Before each way to the outputs, the guard's and the one around it: a line that somebody else has is not touched.
  const claimAll = (): void =>
    owner.claim(outputsOf(delivery).map(({ bcm, name }) => ({ pin: bcm, holder: `output ${name}` })));
  const [, script = ""] = process.argv;
  return createGuardedActuators({
    hello: {
      order: "hello",
      outputs: [...outputsOf(delivery)],
      maxOnMs: Math.min(wide.maxOnMs, Math.max(blinkMs, ...lines.map((line) => longestOnMs(line, wide.maxOnMs)))),
      lines: choice,
    },
    startGuard: (events) => {
      claimAll();
      return startGuardChild(
        {
          command: process.execPath,
          args: [...process.execArgv, script, "guard"],
          onText: (text) => log.warn({ text }, "the guard says"),
        },
        events,
      );
    },
    openLines: async () => {
      claimAll();
      return openLines(choice, clock);
    },
    clock,
    entropy,
    log,
  });
}

/** @param actuators what moves; the guard's, unless a test brings its own. */
export function openGpioMachine(
  delivery: GpioDelivery,
  parts: GpioParts,
  actuators: Actuators = guardedActuators(delivery, parts),
): Machine {
  const { clock, log, register } = parts;
  return createGpioMachine({
    ...gpioSettings(delivery),
    openInputs: async () => {
      const lines = await openLines(linesChoice(delivery), clock);
      log.info({ backEnd: lines.backEnd }, "the way to the machine's lines on the header");
      return withClaims(lines, register.owner());
    },
    actuators,
    clock,
    log,
  });
}
