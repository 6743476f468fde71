/** `[delivery]`: which driver makes the machine deliver, and its lines. */
import { z } from "zod";
import { bcm, file, line } from "./fields.ts";

const gpioLine = z.strictObject({
  line: line.describe("Its name, as products use it."),
  button: bcm.optional().describe("BCM number of the button's input."),
  relay: bcm.describe("BCM number of the output that delivers."),
  active_low: z.boolean().default(false).describe("Whether the output is on at a low level."),
  button_active_low: z.boolean().default(true).describe("Whether the button pulls its input low."),
  on_ms: z.int().min(10).max(600_000).default(500).describe("How long the output is on."),
});

export const deliverySchema = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("simulated").describe("No hardware: for the demo and for training."),
    delivery_ms: z.int().min(1).max(600_000).default(1_500).describe("How long a coil turns."),
    control_socket: file.optional().describe("Unix socket on which buttons and faults are operated."),
    tray_file: file
      .optional()
      .describe("Where every delivery that starts and everything that falls is written down, one JSON line each."),
  }),
  z.strictObject({
    driver: z.literal("gpio").describe("Buttons and relays on the GPIO header, by onoff."),
    base: z
      .int()
      .min(0)
      .optional()
      .describe("Number of the header's first GPIO in sysfs, where it is not found by label."),
    lines: z.array(gpioLine).min(1).max(20).describe("Each line with its button and its output."),
  }),
]);
