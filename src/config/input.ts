/** `[[input]]`: scanners and keypads on USB. */
import { z } from "zod";
import type { Fault } from "./fields.ts";

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
  exclusive: z
    .boolean()
    .default(false)
    .describe(
      "Takes the device from the kernel (libusb), so that nothing that it types lands on a console. Holds for all inputs.",
    ),
});
export type InputConfig = z.infer<typeof inputSchema>;

/** What no single key shows: a device that types is only known by its ids. */
export function inputFaults(inputs: readonly InputConfig[]): readonly Fault[] {
  return inputs.flatMap((one, index) => {
    const at = (key: string, message: string): Fault => ({ path: ["input", index, key], message });
    if (one.product_id !== undefined && one.vendor_id === undefined)
      return [at("vendor_id", "a product_id means nothing without the vendor_id: kvitt scanner list shows both")];
    const isNamed = one.vendor_id !== undefined || one.serial !== undefined;
    if (one.kind === "keypad" && !isNamed)
      return [at("vendor_id", "every keyboard on the machine could be meant: kvitt scanner list shows the ids")];
    if (one.exclusive && !isNamed)
      return [at("vendor_id", "with exclusive = true devices do not say what they are: write their ids")];
    return [];
  });
}
