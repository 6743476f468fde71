/** `[delivery]`: which driver makes the machine deliver, and its lines. */
import * as z from "zod";
import { type Fault, file, seconds } from "./fields.ts";
import { gpioDelivery } from "./gpio.ts";

/** Another program on this machine orders and delivers (docs/kiosk-api.md). */
const kioskDelivery = z.strictObject({
  driver: z
    .literal("kiosk")
    .describe("Another program on this computer orders payments and delivers: docs/kiosk-api.md."),
  socket: file.default("/run/kvitt/kiosk.sock").describe("Unix socket of the local API, accessible to kvitt's group."),
  port: z
    .int()
    .min(1_024)
    .max(65_535)
    .optional()
    .describe("Loopback port of the local API, for front ends that cannot use a Unix socket; requires token_file."),
  token_file: file.optional().describe("File with the bearer token for the port: at least 32 characters, mode 600."),
  confirm_s: seconds(
    1,
    590,
    45,
    "Time limit for the front end to report how a delivery ended; less than sale.deliver_s",
  ),
});

/** A vending machine's MDB bus, through an adapter (docs/mdb.md). */
const mdbDelivery = z.strictObject({
  driver: z.literal("mdb").describe("Vending machine on the MDB bus; kvitt is its cashless device."),
  device: file
    .default("/dev/ttyACM0")
    .describe(
      "Serial port of the adapter; paths in /dev/serial/by-id/ are stable. tcp://HOST:PORT for a serial server.",
    ),
  baud: z.int().min(1_200).max(4_000_000).default(115_200).describe("Baud rate of a UART; USB adapters accept any."),
  address: z.enum(["0x10", "0x60"]).default("0x10").describe("MDB address: cashless device 1 or 2."),
  always_idle: z
    .boolean()
    .default(true)
    .describe("Whether customers may select before paying (MDB level 3, always idle). Otherwise they check in first."),
  max_response_s: z
    .int()
    .min(5)
    .max(254)
    .default(150)
    .describe("How long, in seconds, the machine is told to wait for payment after a selection."),
  vend_s: seconds(
    10,
    600,
    180,
    "How long the machine may take for what was paid before it counts as unknown; replaces sale.deliver_s here",
  ),
  decimals: z.int().min(0).max(4).default(2).describe("Decimal places of prices on the bus."),
  scale: z.int().min(1).max(255).default(1).describe("Scaling factor of prices on the bus."),
  adapter_settings: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,40}=[A-Za-z0-9_.,x-]{1,40}$/, "name=value"))
    .max(20)
    .default([])
    .describe("More settings for the adapter's firmware, `name=value` each."),
});

export function kioskFaults(delivery: z.infer<typeof deliverySchema>, deliverS: number): readonly Fault[] {
  if (delivery.driver !== "kiosk") return [];
  const faults: Fault[] = [];
  if (delivery.port !== undefined && delivery.token_file === undefined)
    faults.push({
      path: ["delivery", "token_file"],
      message:
        "every program and every web page on this machine reaches a port: name the file of its token, or leave port out",
      instead: 'token_file = "/etc/kvitt/credentials/kiosk-token"',
    });
  if (delivery.confirm_s >= deliverS)
    faults.push({
      path: ["delivery", "confirm_s"],
      message: `has to be less than sale.deliver_s (${deliverS})`,
      instead: `deliver_s = ${delivery.confirm_s + 5}`,
    });
  return faults;
}

export const deliverySchema = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("simulated").describe("No hardware: for the demo and for training."),
    delivery_ms: z
      .int()
      .min(1)
      .max(600_000)
      .default(1_500)
      .describe("Duration of a simulated delivery, in milliseconds."),
    control_socket: file.optional().describe("Unix socket that operates buttons and faults."),
    tray_file: file.optional().describe("File that records every started delivery and every drop, one JSON line each."),
  }),
  gpioDelivery,
  kioskDelivery,
  mdbDelivery,
]);

/** A driver that keeps its own time has to end first: it knows more of how it ended. */
const ownTimeMarginMs = 5_000;

/** The longest that a delivery may take, in ms: the vending machine's own time behind MDB, `[sale] deliver_s` everywhere else. */
export function deliveryMsMax(delivery: z.infer<typeof deliverySchema>, deliverS: number): number {
  return delivery.driver === "mdb" ? delivery.vend_s * 1_000 + ownTimeMarginMs : deliverS * 1_000;
}
