/** `[delivery]`: which driver makes the machine deliver, and its lines. */
import { z } from "zod";
import { file } from "./fields.ts";
import { gpioDelivery } from "./gpio.ts";

export const deliverySchema = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("simulated").describe("No hardware: for the demo and for training."),
    delivery_ms: z.int().min(1).max(600_000).default(1_500).describe("How long a coil turns."),
    control_socket: file.optional().describe("Unix socket on which buttons and faults are operated."),
    tray_file: file
      .optional()
      .describe("Where every delivery that starts and everything that falls is written down, one JSON line each."),
  }),
  gpioDelivery,
]);
