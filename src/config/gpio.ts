/** `[delivery] driver = "gpio"`: buttons, outputs and sensors on the GPIO header, and how each line delivers. */
import { z } from "zod";
import { bcm, type Fault, file, line, minorUnits } from "./fields.ts";

const ms = (min: number, max: number, what: string) => z.int().min(min).max(max).optional().describe(what);
const isLow = (what: string) => z.boolean().default(true).describe(`Whether ${what} pulls its input low.`);

export const gpioLine = z.strictObject({
  line: line.describe("Its name, as products use it."),
  form: z
    .enum(["relay", "pulse", "motor", "timed"])
    .default("relay")
    .describe(
      "How it delivers: one closure, credit pulses, a coil with its sensors, or an output that is on for what was bought.",
    ),
  button: bcm.optional().describe("BCM number of the button's input."),
  button_active_low: isLow("the button"),
  relay: bcm.describe("BCM number of the output that delivers."),
  active_low: z.boolean().default(false).describe("Whether the output is on at a low level."),
  on_ms: ms(10, 600_000, "relay and pulse: how long a closure is (500, and 100 for a pulse)."),
  off_ms: ms(10, 60_000, "pulse: the gap between two (100)."),
  pulses: z.int().min(1).max(100).optional().describe("pulse: how many a credit is (1)."),
  max_pulses: z.int().min(1).max(1_000).optional().describe("pulse: more are never sent (50)."),
  credit_value: minorUnits(1)
    .optional()
    .describe("pulse and timed: minor units that a credit is worth; without it every product is one credit."),
  acknowledge: bcm
    .optional()
    .describe("relay and pulse: BCM number of the input by which the machine says that it took the credit."),
  acknowledge_active_low: isLow("the acknowledging contact"),
  acknowledge_window_ms: ms(100, 600_000, "How long after the last closure it may come (3000)."),
  acknowledge_min_ms: ms(1, 1_000, "Shorter ones are noise (5)."),
  without_acknowledge: z
    .enum(["not-delivered", "unknown"])
    .optional()
    .describe('What it means when it does not come ("not-delivered": nobody pays).'),
  home: bcm.optional().describe("motor: BCM number of the home switch."),
  home_active_low: isLow("the home switch"),
  home_stable_ms: ms(1, 1_000, "motor: how long the home switch has to stand still (20)."),
  drop: bcm.optional().describe("motor: BCM number of the drop sensor; several lines may share one."),
  drop_active_low: isLow("the drop sensor"),
  drop_min_ms: ms(1, 1_000, "motor: shorter pulses of the drop sensor are noise (3)."),
  confirm: z
    .enum(["drop", "home"])
    .optional()
    .describe('motor: what counts as delivered ("drop" where there is a drop sensor, else "home").'),
  leave_ms: ms(100, 60_000, "motor: home has to be left within this (1500)."),
  turn_ms: ms(
    100,
    120_000,
    "motor: and reached again within this; without a home switch, how long a turn runs (6000).",
  ),
  drop_wait_ms: ms(100, 60_000, "motor: how long something may still fall after the coil stopped (2000)."),
  jogs: z.int().min(0).max(5).optional().describe("motor: how many more turns when nothing fell (1)."),
  on_s: z.int().min(1).max(86_400).optional().describe("timed: seconds that a product, or a credit, is worth."),
});
export type GpioLineConfig = z.infer<typeof gpioLine>;

export const gpioDelivery = z.strictObject({
  driver: z.literal("gpio").describe("Buttons and outputs on the GPIO header."),
  back_end: z
    .enum(["auto", "sysfs", "cdev", "simulated"])
    .default("auto")
    .describe(
      "sysfs by onoff, the GPIO character device (needs koffi), or files in `simulated_folder`. `auto`: sysfs where the kernel has it.",
    ),
  base: z
    .int()
    .min(0)
    .optional()
    .describe("Number of the header's first GPIO in sysfs, where it is not found by label."),
  simulated_folder: file.optional().describe("For `simulated`: a file a line, 0 or 1."),
  inhibit: bcm.optional().describe("BCM number of the input by which the machine says that it takes no credit now."),
  inhibit_active_low: isLow("the inhibiting contact"),
  inhibit_wait_ms: z
    .int()
    .min(0)
    .max(60_000)
    .default(10_000)
    .describe("How long a paid delivery waits for the machine to take credit again."),
  door: bcm.optional().describe("BCM number of the door switch, active while the door is open."),
  door_active_low: isLow("the door switch"),
  cancel_button: bcm.optional().describe("BCM number of the button by which customers take their choice back."),
  cancel_button_active_low: isLow("the cancel button"),
  lamp: bcm.optional().describe("BCM number of the lamp or buzzer by which a person finds the machine."),
  lamp_active_low: z.boolean().default(false).describe("Whether the lamp is on at a low level."),
  post_delay_ms: z.int().min(0).max(60_000).default(0).describe("After a delivery nothing is begun for so long."),
  max_on_s: z
    .int()
    .min(1)
    .max(2_678_400)
    .default(86_400)
    .describe(
      "No output is on for longer in one piece, counted from when it went on, whatever was bought. The guard keeps it, also when the daemon hangs.",
    ),
  stable_ms: z.int().min(1).max(1_000).default(30).describe("How long buttons and switches have to stand still."),
  bias: z
    .enum(["pull-up", "pull-down", "none"])
    .optional()
    .describe(
      "Pull resistors of the inputs, with the character device; with sysfs write them into config.txt (gpio=5=ip,pu).",
    ),
  lines: z.array(gpioLine).min(1).max(20).describe("Each line with its button, its output and its sensors."),
});
export type GpioDelivery = z.infer<typeof gpioDelivery>;

type LineKey = keyof GpioLineConfig;

/** Which keys mean something for a form; every other optional key is a mistake. */
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

/** What no single key shows: keys of another form, sensors that are missing, names twice. */
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

/** Why a line cannot deliver something of a price; undefined where it can: a whole number of credits, and not more than it sends or may be on. */
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

/** How long a line keeps its output on in one piece for something of that price, in seconds: what `max_on_s` bounds. */
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

/** The longest that a delivery of that price takes, in seconds: what `sale.deliver_s` has to leave time for. A timed output is delivered once it is on. */
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
