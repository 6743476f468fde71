/** `[delivery] driver = "gpio"`: buttons, outputs and sensors on the GPIO header, and how each line delivers. */
import * as z from "zod";
import { bcm, type Fault, file, line, minorUnits } from "./fields.ts";

const ms = (min: number, max: number, what: string) => z.int().min(min).max(max).optional().describe(what);
const isLow = (what: string) => z.boolean().default(true).describe(`Whether ${what} pulls its input low.`);

export const gpioLine = z.strictObject({
  line: line.describe("Name of the line; products refer to it."),
  form: z
    .enum(["relay", "pulse", "motor", "timed"])
    .default("relay")
    .describe(
      "How it delivers: one closure, credit pulses, a vending coil with sensors, or an output that stays on for the time bought.",
    ),
  button: bcm.optional().describe("BCM number of the button's input."),
  button_active_low: isLow("the button"),
  relay: bcm.describe("BCM number of the output that delivers."),
  active_low: z.boolean().default(false).describe("Whether the output is on at a low level."),
  on_ms: ms(10, 600_000, "relay and pulse: length of a closure (500; 100 for a pulse)."),
  off_ms: ms(10, 60_000, "pulse: gap between pulses (100)."),
  pulses: z.int().min(1).max(100).optional().describe("pulse: pulses per credit (1)."),
  max_pulses: z.int().min(1).max(1_000).optional().describe("pulse: upper limit per delivery (50)."),
  credit_value: minorUnits(1)
    .optional()
    .describe("pulse and timed: value of one credit; without it every product is one credit."),
  acknowledge: bcm
    .optional()
    .describe("relay and pulse: BCM number of the input on which the machine acknowledges the credit."),
  acknowledge_active_low: isLow("the acknowledging contact"),
  acknowledge_window_ms: ms(100, 600_000, "How long after the last closure the acknowledge may arrive (3000)."),
  acknowledge_min_ms: ms(1, 1_000, "Shorter acknowledge pulses are ignored as noise (5)."),
  without_acknowledge: z
    .enum(["not-delivered", "unknown"])
    .optional()
    .describe('What a missing acknowledge means ("not-delivered": the customer does not pay).'),
  home: bcm.optional().describe("motor: BCM number of the home switch."),
  home_active_low: isLow("the home switch"),
  home_stable_ms: ms(1, 1_000, "motor: debounce time of the home switch (20)."),
  drop: bcm.optional().describe("motor: BCM number of the drop sensor; several lines may share one."),
  drop_active_low: isLow("the drop sensor"),
  drop_min_ms: ms(1, 1_000, "motor: shorter drop sensor pulses are ignored as noise (3)."),
  confirm: z
    .enum(["drop", "home"])
    .optional()
    .describe('motor: what counts as delivered ("drop" if there is a drop sensor, otherwise "home").'),
  leave_ms: ms(100, 60_000, "motor: time limit for leaving the home position (1500)."),
  turn_ms: ms(
    100,
    120_000,
    "motor: time limit for reaching it again; without a home switch, how long a turn runs (6000).",
  ),
  drop_wait_ms: ms(100, 60_000, "motor: how long to wait for a drop after the coil has stopped (2000)."),
  jogs: z.int().min(0).max(5).optional().describe("motor: extra turns when nothing dropped (1)."),
  on_s: z.int().min(1).max(86_400).optional().describe("timed: seconds on per product, or per credit."),
});
export type GpioLineConfig = z.infer<typeof gpioLine>;

export const gpioDelivery = z.strictObject({
  driver: z.literal("gpio").describe("Buttons and outputs on the GPIO header."),
  back_end: z
    .enum(["auto", "sysfs", "cdev", "simulated"])
    .default("auto")
    .describe(
      "sysfs through onoff, cdev (the GPIO character device, needs koffi), or files in `simulated_folder`. auto uses sysfs if the kernel has it.",
    ),
  base: z
    .int()
    .min(0)
    .optional()
    .describe("sysfs number of the header's first GPIO, if it cannot be found by its label."),
  simulated_folder: file.optional().describe("For `simulated`: folder with one file per line, 0 or 1."),
  inhibit: bcm.optional().describe("BCM number of the input on which the machine says that it cannot take credit now."),
  inhibit_active_low: isLow("the inhibiting contact"),
  inhibit_wait_ms: z
    .int()
    .min(0)
    .max(60_000)
    .default(10_000)
    .describe("How long, in milliseconds, a paid delivery waits for inhibit to clear."),
  door: bcm.optional().describe("BCM number of the door switch, active while the door is open."),
  door_active_low: isLow("the door switch"),
  cancel_button: bcm.optional().describe("BCM number of the cancel button."),
  cancel_button_active_low: isLow("the cancel button"),
  lamp: bcm.optional().describe("BCM number of the lamp or buzzer that identifies the machine."),
  lamp_active_low: z.boolean().default(false).describe("Whether the lamp is on at a low level."),
  post_delay_ms: z.int().min(0).max(60_000).default(0).describe("Pause after each delivery, in milliseconds."),
  max_on_s: z
    .int()
    .min(1)
    .max(2_678_400)
    .default(86_400)
    .describe(
      "Longest time an output may be on without a break, in seconds. The guard process enforces it, even if the daemon hangs.",
    ),
  stable_ms: z.int().min(1).max(1_000).default(30).describe("Debounce time of buttons and switches, in milliseconds."),
  bias: z
    .enum(["pull-up", "pull-down", "none"])
    .optional()
    .describe("Pull resistors of the inputs; character device only. With sysfs set them in config.txt (gpio=5=ip,pu)."),
  lines: z.array(gpioLine).min(1).max(20).describe("The machine's lines, each with its button, output and sensors."),
});
export type GpioDelivery = z.infer<typeof gpioDelivery>;

type LineKey = keyof GpioLineConfig;

/** Keys that apply to each form; any other optional key is a mistake. */
const keysOfForm: Readonly<Record<GpioLineConfig["form"], readonly LineKey[]>> = {
  relay: ["on_ms", "acknowledge", "acknowledge_window_ms", "acknowledge_min_ms", "without_acknowledge"],
  pulse: [
    "on_ms",
    "off_ms",
    "pulses",
    "max_pulses",
    "credit_value",
    "acknowledge",
    "acknowledge_window_ms",
    "acknowledge_min_ms",
    "without_acknowledge",
  ],
  motor: ["home", "home_stable_ms", "drop", "drop_min_ms", "confirm", "leave_ms", "turn_ms", "drop_wait_ms", "jogs"],
  timed: ["on_s", "credit_value"],
};
const optionalKeys = [...new Set(Object.values(keysOfForm).flat())];

function lineFaults(one: GpioLineConfig, index: number): readonly Fault[] {
  const at = (key: string, message: string): Fault => ({ path: ["delivery", "lines", index, key], message });
  const strangers = optionalKeys.filter((key) => one[key] !== undefined && !keysOfForm[one.form].includes(key));
  const faults = strangers.map((key) => {
    const forms = Object.entries(keysOfForm).filter(([, keys]) => keys.includes(key));
    return at(
      key,
      `${key} means nothing for form = "${one.form}"; it belongs to ${forms.map(([form]) => form).join(" and ")}`,
    );
  });
  if (one.form === "motor" && one.home === undefined && one.drop === undefined)
    faults.push(
      at("home", "a motor needs a home switch or a drop sensor: without either nobody knows whether anything came out"),
    );
  if (one.form === "motor" && one.confirm === "drop" && one.drop === undefined)
    faults.push(at("confirm", 'confirm = "drop" needs a drop sensor: write drop = BCM number'));
  if (one.form === "motor" && one.confirm === "home" && one.home === undefined)
    faults.push(at("confirm", 'confirm = "home" needs a home switch: write home = BCM number'));
  return faults;
}

/** Checks across keys: keys of another form, missing sensors, duplicate names. */
export function gpioFaults(delivery: GpioDelivery): readonly Fault[] {
  const names = new Set<string>();
  const faults = delivery.lines.flatMap((one, index) => {
    const twice = names.has(one.line)
      ? [{ path: ["delivery", "lines", index, "line"], message: `there is a line "${one.line}" already` }]
      : [];
    names.add(one.line);
    return [...twice, ...lineFaults(one, index)];
  });
  if (delivery.back_end === "simulated" && delivery.simulated_folder === undefined)
    faults.push({
      path: ["delivery", "simulated_folder"],
      message: 'back_end = "simulated" needs a folder for its files',
      instead: 'simulated_folder = "/run/kvitt/gpio"',
    });
  return faults;
}

/** Why a line cannot deliver at a price: the price must be a whole number of credits and within `max_pulses`. Undefined if it can. */
export function creditFault(one: GpioLineConfig, price: number): string | undefined {
  const { credit_value: value, pulses = 1, max_pulses: most = 50 } = one;
  if (one.form !== "pulse" && one.form !== "timed") return undefined;
  if (one.form === "timed" && one.on_s === undefined)
    return `line "${one.line}" does not say for how long it is on: write on_s = SECONDS`;
  if (value !== undefined && price % value !== 0)
    return `${price} is not a whole number of credits: line "${one.line}" has credit_value = ${value}`;
  const count = (value === undefined ? 1 : price / value) * pulses;
  if (one.form === "pulse" && count > most)
    return `${price} is ${count} pulses, and line "${one.line}" sends ${most} at most (max_pulses)`;
  return undefined;
}

/** Seconds that the output of a line stays on without a break for that price; `max_on_s` limits it. */
export function onSeconds(one: GpioLineConfig, price: number): number {
  switch (one.form) {
    case "relay":
    case "pulse":
      return (one.on_ms ?? (one.form === "relay" ? 500 : 100)) / 1_000;
    case "motor":
      return ((one.leave_ms ?? 1_500) + (one.turn_ms ?? 6_000)) / 1_000;
    case "timed":
      return (one.on_s ?? 0) * (one.credit_value === undefined ? 1 : price / one.credit_value);
  }
}

/** Longest duration of a delivery at that price, in seconds; `sale.deliver_s` must allow for it. A timed output counts as delivered once it is on. */
export function deliverySeconds(delivery: GpioDelivery, one: GpioLineConfig, price: number): number {
  const waitMs = delivery.inhibit === undefined ? 0 : delivery.inhibit_wait_ms;
  return (waitMs + formMs(one, price)) / 1_000;
}

function formMs(one: GpioLineConfig, price: number): number {
  const acknowledgeMs = one.acknowledge === undefined ? 0 : (one.acknowledge_window_ms ?? 3_000);
  switch (one.form) {
    case "relay":
      return (one.on_ms ?? 500) + acknowledgeMs;
    case "pulse": {
      const count = (one.pulses ?? 1) * (one.credit_value === undefined ? 1 : price / one.credit_value);
      return count * ((one.on_ms ?? 100) + (one.off_ms ?? 100)) + acknowledgeMs;
    }
    case "motor": {
      const turnMs = (one.home === undefined ? 0 : (one.leave_ms ?? 1_500)) + (one.turn_ms ?? 6_000);
      return turnMs * (1 + (one.jogs ?? 1)) + (one.drop === undefined ? 0 : (one.drop_wait_ms ?? 2_000));
    }
    case "timed":
      return 0;
  }
}
