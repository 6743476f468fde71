/** `[[input]]`: scanners and keypads on USB. */
import * as z from "zod";
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
    .describe("A scanner reads customers' codes; a keypad selects lines, or enters plate and time."),
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,20}$/, "1 to 20 small letters, digits or -")
    .optional()
    .describe("Name in logs and health reports; defaults to the kind."),
  vendor_id: usbId.describe('USB vendor id, such as "0c2e". A scanner in HID POS mode is found without it.'),
  product_id: usbId.describe("USB product id."),
  serial: z.string().min(1).max(126).optional().describe("Serial number, to tell several identical devices apart."),
  layout: z
    .enum(["us", "no", "se", "dk", "fi"])
    .default("us")
    .describe("Keyboard layout the device is set to. Scanners leave the factory set to us."),
  amounts: z
    .strictObject({
      line: line.describe("Line that sells typed amounts; its form needs a `credit_value`."),
      min: minorUnits(1).describe("Smallest amount."),
      max: minorUnits(1).describe("Largest amount."),
      step: minorUnits(1).describe("Amounts must be multiples of this."),
    })
    .optional()
    .describe("Lets customers type an amount in whole kroner or euros and press OK (credits, top-ups)."),
  exclusive: z
    .boolean()
    .default(false)
    .describe(
      "Detaches the device from the kernel (libusb), so that its keystrokes do not reach a console. Applies to all inputs.",
    ),
});
export type InputConfig = z.infer<typeof inputSchema>;

/** What the check of an input needs from the rest of the configuration. */
export interface AroundInputs {
  /** The products' lines. */
  readonly lines: readonly string[];
  /** Why that line cannot deliver at that price; undefined if it can. */
  readonly priceFault: (line: string, price: number) => string | undefined;
  /** The sales unit's currency. */
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

/** Checks across keys: a device that acts as a keyboard can only be told apart by its ids. */
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
