/**
 * The bodies of ePayment's requests, field by field as its OpenAPI document has them (1.8.1): types, bounds, patterns and nulls. Unknown
 * fields are refused, as the service does. A test holds every field against the document.
 */
import * as z from "zod";
import { parseTimestamp } from "../kit/timestamp.ts";
import { paymentMinorMax, walletCurrencies } from "../sale/money.ts";

/** Left out or null, where the document says `nullable`. */
function nullable<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const wholeMinor = z.int();
const positiveMinor = z.int().min(0);

/** What the document lists beside the wallet's currencies: they are read, and then refused as not the sales unit's (5040). */
const otherCurrencies = ["SEK", "USD", "GBP"] as const;

export const amountSchema = z.strictObject({
  currency: z.enum([...walletCurrencies, ...otherCurrencies]),
  value: z.int().min(0).max(paymentMinorMax),
});

/** The document's `oneOf` would refuse every customer. That exactly one of the three is given is checked later, because it has another code. */
const customer = z.strictObject({
  phoneNumber: z
    .string()
    .regex(/^\d{9,15}$/)
    .optional(),
  personalQr: z.string().min(5).max(255).optional(),
  customerToken: z.string().min(1).optional(),
});

const unitInfo = z.strictObject({
  unitPrice: positiveMinor.nullable(),
  quantity: z
    .string()
    .max(10)
    .regex(/^\d+(\.\d{1,8})?$/),
  quantityUnit: nullable(z.enum(["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"])),
});

const orderLine = z.strictObject({
  name: z.string(),
  id: z.string(),
  totalAmount: wholeMinor,
  totalAmountExcludingTax: wholeMinor,
  totalTaxAmount: wholeMinor,
  taxRate: nullable(z.int().min(0).max(10_000)),
  taxPercentage: nullable(z.int().min(0).max(100)),
  unitInfo: unitInfo.optional(),
  discount: nullable(positiveMinor),
  productUrl: nullable(z.string()),
  isReturn: nullable(z.boolean()),
  isShipping: nullable(z.boolean()),
});

/** Some of these are deprecated; the document still has them, so they are accepted. */
const bottomLine = z.strictObject({
  currency: amountSchema.shape.currency,
  tipAmount: nullable(positiveMinor),
  posId: nullable(z.string()),
  receiptNumber: nullable(z.string()),
  terminalId: nullable(z.string()),
  totalAmount: nullable(wholeMinor),
  totalTax: nullable(positiveMinor),
  totalDiscount: nullable(positiveMinor),
  shippingAmount: nullable(positiveMinor),
  giftCardAmount: nullable(positiveMinor),
  shippingInfo: z
    .strictObject({
      amount: positiveMinor.nullable(),
      amountExcludingTax: positiveMinor.nullable(),
      taxAmount: positiveMinor.nullable(),
      taxPercentage: z.int().min(0).max(100).nullable(),
    })
    .optional(),
  paymentSources: z
    .strictObject({
      giftCard: nullable(wholeMinor),
      card: nullable(wholeMinor),
      voucher: nullable(wholeMinor),
      cash: nullable(wholeMinor),
    })
    .optional(),
  barcode: z
    .strictObject({
      format: z.enum(["EAN-13", "CODE 39", "CODE 128"]).nullable(),
      data: z.string().nullable(),
    })
    .optional(),
});

const qrFormat = z.strictObject({
  format: z.enum(["IMAGE/SVG+XML", "IMAGE/PNG", "TEXT/TARGETURL"]),
  size: nullable(z.int().min(100).max(2_000)),
});
export type QrFormat = z.infer<typeof qrFormat>;

export const createBody = z.strictObject({
  amount: amountSchema,
  paymentMethod: z.strictObject({
    type: z.enum(["WALLET", "CARD"]),
    blockedSources: z.array(z.literal("COMMERCIAL_CARDS")).optional(),
  }),
  reference: z.string().regex(/^[a-zA-Z0-9-]{8,64}$/),
  userFlow: z.enum(["PUSH_MESSAGE", "NATIVE_REDIRECT", "WEB_REDIRECT", "QR"]),
  customer: customer.optional(),
  customerInteraction: z.enum(["CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"]).optional(),
  returnUrl: z.string().max(2_500).optional(),
  qrFormat: nullable(qrFormat),
  paymentDescription: z.string().min(3).max(100).optional(),
  metadata: nullable(z.record(z.string().max(100), z.string().max(500))),
  receipt: z.strictObject({ orderLines: z.array(orderLine).min(1), bottomLine }).optional(),
  receiptUrl: nullable(z.string()),
  minimumUserAge: nullable(z.int().min(0).max(100)),
  profile: z.strictObject({ scope: z.string().optional() }).optional(),
  expiresAt: nullable(z.string().refine((text) => parseTimestamp(text) !== undefined, "not an RFC 3339 time")),
  /** 2026; not in 1.8.1. */
  merchantLegalLinks: z.strictObject({ termsOfSaleUrl: z.string(), privacyPolicyUrl: z.string() }).optional(),
  industryData: z.unknown().optional(),
  shipping: z.unknown().optional(),
});
export type CreateBody = z.infer<typeof createBody>;

export const modificationBody = z.strictObject({ modificationAmount: amountSchema });

/** An empty body is accepted as well. */
export const cancelBody = z.strictObject({ cancelTransactionOnly: z.boolean().optional() }).optional();

/** Test environment: the payment's customer by phone number, or the payment by the token of its `redirectUrl`. */
export const forceApproveBody = z.strictObject({ customer: customer.optional(), token: z.string().min(1).optional() });
