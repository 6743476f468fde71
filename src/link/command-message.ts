/** The command as it travels: signed JSON in, the port's `CommandOrder` out. */
import * as z from "zod";
import { defined } from "../kit/defined.ts";
import { versionPattern } from "../kit/release-version.ts";
import type { Catalogue, Product } from "../sale/catalogue.ts";
import { currency, money, reference, stationId, timestamp } from "./message-fields.ts";
import type { CommandOrder } from "./port.ts";

export const commandIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

const productsMax = 500;

/** What surrounds every order. `order` is kept as it came, because the signature covers all of it. */
export const commandSchema = z.object({
  id: z.string().regex(commandIdPattern),
  counter: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  deadline: timestamp,
  msn: z.string().max(16),
  merchantQrId: z.string().max(64),
  station: stationId
    .optional()
    .describe(
      "The outlet that is meant. It is signed as part of the third line, {merchantQrId}--{station}: a machine that does not know outlets finds the signature wrong, and does nothing.",
    ),
  order: z.record(z.string(), z.unknown()),
  signature: z.string().max(128),
});
export type CommandMessage = z.infer<typeof commandSchema>;

const lineSchema = z.string().min(1).max(40);

const productSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/),
  name: z.string().min(1).max(100),
  price: money,
  /** Hundredths of a percent. */
  vatRate: z.number().int().min(0).max(10_000),
  line: lineSchema,
  minimumAge: z.number().int().min(1).max(150).optional(),
  stock: z.number().int().min(0).optional(),
  soldOut: z.boolean().optional(),
});

const catalogueSchema = z
  .object({
    currency,
    version: z.string().min(1).max(64),
    products: z.array(productSchema).min(1).max(productsMax),
  })
  .refine((catalogue) => catalogue.products.every((product) => product.price.currency === catalogue.currency), {
    message: "every price is in the catalogue's currency",
  })
  .refine((catalogue) => new Set(catalogue.products.map((product) => product.id)).size === catalogue.products.length, {
    message: "every product has an id of its own",
  })
  .refine(
    (catalogue) => new Set(catalogue.products.map((product) => product.line)).size === catalogue.products.length,
    { message: "every product has a line of its own" },
  );

export const orderSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("out-of-service") }),
  z.object({ kind: z.literal("in-service") }),
  z.object({ kind: z.literal("serviced"), line: lineSchema.optional() }),
  z.object({ kind: z.literal("set-catalogue"), catalogue: catalogueSchema }),
  z.object({ kind: z.literal("refund"), reference, amount: money.optional() }),
  z.object({ kind: z.literal("cancel"), reference }),
  z.object({ kind: z.literal("deliver"), line: lineSchema, orderId: z.string().min(1).max(64).optional() }),
  z.object({ kind: z.literal("identify") }),
  z.object({ kind: z.literal("screenshot") }),
  z.object({ kind: z.literal("logs") }),
  z.object({ kind: z.literal("restart") }),
  z.object({ kind: z.literal("reboot") }),
  // No address: where releases come from is the machine's own word.
  z.object({ kind: z.literal("update"), version: z.string().regex(versionPattern).optional() }),
]);

/** Orders that may name one outlet; what `refund` and `cancel` mean is in their reference already. All others are for the computer. */
const forOutlets: Readonly<Record<z.infer<typeof orderSchema>["kind"], boolean>> = {
  "out-of-service": true,
  "in-service": true,
  serviced: true,
  "set-catalogue": false,
  refund: true,
  cancel: true,
  deliver: true,
  identify: true,
  screenshot: false,
  logs: false,
  restart: false,
  reboot: false,
  update: false,
};

/** Whether this order may name an outlet. */
export function mayNameStation({ kind }: z.infer<typeof orderSchema>): boolean {
  return forOutlets[kind];
}

/** The order in the port's words. */
export function toOrder(parsed: z.infer<typeof orderSchema>): CommandOrder {
  switch (parsed.kind) {
    case "set-catalogue":
      return { kind: parsed.kind, catalogue: toCatalogue(parsed.catalogue) };
    case "refund":
      return { kind: parsed.kind, reference: parsed.reference, amount: parsed.amount };
    case "deliver":
      return { kind: parsed.kind, line: parsed.line, orderId: parsed.orderId };
    case "cancel":
      return { kind: parsed.kind, reference: parsed.reference };
    case "serviced":
      return { kind: parsed.kind, line: parsed.line };
    case "update":
      return { kind: parsed.kind, version: parsed.version };
    case "out-of-service":
    case "in-service":
    case "identify":
    case "screenshot":
    case "logs":
    case "restart":
    case "reboot":
      return { kind: parsed.kind };
  }
}

function toCatalogue(parsed: z.infer<typeof catalogueSchema>): Catalogue {
  return { currency: parsed.currency, version: parsed.version, products: parsed.products.map(toProduct) };
}

function toProduct({ minimumAge, stock, soldOut, ...rest }: z.infer<typeof productSchema>): Product {
  return {
    ...rest,
    ...defined({ minimumAge, stock, soldOut }),
  };
}
