/** `[[input]]`: scanners and keypads on USB. */
import { z } from "zod";
import { priceFault } from "../sale/catalogue-check.ts";
import type { Currency } from "../sale/money.ts";
import { type Fault, line, minorUnits } from "./fields.ts";

const usbId = z
  .string()
  .regex(/^[0-9a-fA-F]{4}$/, "four hexadecimal digits, as lsusb shows them")
  .optional();

export const inputSchema = z.strictObject({
  kind: z
    .enum(["scanner", "keypad"])
    .describe("A scanner reads customers' codes; a keypad chooses lines, or plate and time."),
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,20}$/, "1 to 20 small letters, digits or -")
    .optional()
    .describe("In log and health report (its kind)."),
  vendor_id: usbId.describe('USB vendor id, such as "0c2e". A scanner in HID POS mode is found without.'),
  product_id: usbId.describe("USB product id."),
  serial: z.string().min(1).max(126).optional().describe("Serial number, where there are several of a kind."),
  layout: z
    .enum(["us", "no", "se", "dk", "fi"])
    .default("us")
    .describe("Keyboard layout that the device types in. Scanners come set to us."),
  amounts: z
    .strictObject({
      line: line.describe("The line that takes typed amounts, of a form with `credit_value`."),
      min: minorUnits(1).describe("The least that is taken."),
      max: minorUnits(1).describe("The most that is taken."),
      step: minorUnits(1).describe("Only multiples of this are taken."),
    })
    .optional()
    .describe("A keypad's digits, ended with OK, are an amount in whole kroner or euros (credits, top-ups)."),
  exclusive: z
    .boolean()
    .default(false)
    .describe(
      "Takes the device from the kernel (libusb), so that nothing that it types lands on a console. Holds for all inputs.",
    ),
});
export type InputConfig = z.infer<typeof inputSchema>;

/** What an input cannot know of the rest of the configuration. */
export interface AroundInputs {
  /** Of products. */
  readonly lines: readonly string[];
  /** Why that line cannot take that price; undefined where it can. */
  readonly priceFault: (line: string, price: number) => string | undefined;
  /** Of the sales unit. */
  readonly currency: Currency;
  readonly sellsTime: boolean;
}

function amountFault({ kind, amounts }: InputConfig, around: AroundInputs): string | undefined {
  if (amounts === undefined) return undefined;
  const { line: on, min, max, step } = amounts;
  if (kind !== "keypad") return "a scanner types no amounts";
  if (around.sellsTime) return "where a [tariff] is set, keys choose plate and time";
  const digits = around.lines.find((one) => /^\d+$/.test(one));
  if (digits !== undefined)
    return `the line "${digits}" is all digits: nobody could say whether it or an amount is meant`;
  if (min > max) return `min (${min}) is more than max (${max})`;
  const implausible = priceFault(min, around.currency) ?? priceFault(max, around.currency);
  if (implausible !== undefined) return implausible.message;
  if (min % step !== 0) return `min (${min}) is no multiple of step (${step})`;
  for (const price of [min, min + step, max - (max % step)]) {
    const fault = around.priceFault(on, price);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What no single key shows: a device that types is only known by its ids. */
export function inputFaults(inputs: readonly InputConfig[], around: AroundInputs): readonly Fault[] {
  return inputs.flatMap((one, index) => {
    const at = (key: string, message: string): Fault => ({ path: ["input", index, key], message });
    if (one.product_id !== undefined && one.vendor_id === undefined)
      return [at("vendor_id", "a product_id means nothing without the vendor_id: kvitt scanner list shows both")];
    const isNamed = one.vendor_id !== undefined || one.serial !== undefined;
    if (one.kind === "keypad" && !isNamed)
      return [at("vendor_id", "every keyboard on the machine could be meant: kvitt scanner list shows the ids")];
    if (one.exclusive && !isNamed)
      return [at("vendor_id", "with exclusive = true devices do not say what they are: write their ids")];
    const amount = amountFault(one, around);
    return amount === undefined ? [] : [at("amounts", amount)];
  });
}
