/** `[[station]]`: an outlet of this machine with a code of its own (a washer, a locker, a socket), and which of them wait for each other. */
import * as z from "zod";
import { isMachineId, isStationId } from "../sale/ids.ts";
import { line, words } from "./fields.ts";

export const stationSchema = z.strictObject({
  id: z
    .string()
    .refine(isStationId, "letters, digits and -, and no - at its beginning")
    .describe("The outlet's id: its code is {machine.id}--{id}. It must never change, for it is on the sticker."),
  name: words(36).describe("The outlet's name in the customer's app, on the panel and on its sticker."),
  lines: z
    .array(line)
    .min(1)
    .max(40)
    .describe("The lines of the machine that belong to this outlet; it sells the products on them."),
  qr_id: z
    .string()
    .refine(isMachineId, "the id of a MobilePay sticker: letters, digits and -")
    .optional()
    .describe(
      "Id of a MobilePay sticker that hung there before kvitt, and stays. Taken over once with `kvitt qr mobilepay ID --location NAME`.",
    ),
  waits_for: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,20}$/, "1 to 20 letters, digits or -")
    .optional()
    .describe(
      "Outlets with the same word here deliver one after the other, because they share an output, a bus or a supply. GPIO lines are moved one at a time anyway.",
    ),
  runs_min: z
    .number()
    .min(0.1)
    .max(1_440)
    .optional()
    .describe("How many minutes the outlet is in use after a delivery. Without it, it is free again at once."),
  empty_after_min: z
    .number()
    .min(0.1)
    .max(1_440)
    .optional()
    .describe(
      "For how many minutes after that time it is said that somebody has to empty it; it is for sale meanwhile. Without it, it is said to be free.",
    ),
  extend: z.boolean().default(false).describe("Whether more time may be bought while it runs."),
  parallel: z
    .boolean()
    .default(false)
    .describe("Whether it is a right and not a thing (a parking zone): then it is never in use."),
});
export type StationConfig = z.infer<typeof stationSchema>;
