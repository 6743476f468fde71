/**
 * The rules for payments (ePayment 1.8.1, create payment). The document's `Customer` is a `oneOf` that every customer matches three times, so
 * the union is written by hand: exactly one key. Unknown fields are refused, as the service does.
 */
import * as z from "zod";
import {
  currencies,
  paymentFloorsText,
  paymentMinorMax,
  walletCurrencies,
  walletCurrenciesText,
} from "../sale/money.ts";
import * as rules from "./rules.ts";

const currency = z.enum(walletCurrencies, rules.valueFault(`${walletCurrenciesText}, which the wallet takes`));

export const amount = z
  .strictObject({
    currency,
    value: rules.whole(1, paymentMinorMax, `a whole number of minor units, 1 to ${paymentMinorMax}`),
  })
  .refine((one) => one.value >= currencies[one.currency].paymentMinorMin, {
    path: ["value"],
    error: `is under the floor: payments start at ${paymentFloorsText}`,
  });

const customer = z
  .strictObject({
    phoneNumber: rules.phoneNumber.exactOptional(),
    personalQr: rules.personalQr.exactOptional(),
    customerToken: rules.customerToken.exactOptional(),
  })
  .refine((value) => Object.keys(value).length === 1, {
    error: "names the customer by exactly one of phoneNumber, personalQr and customerToken",
  });

const anyMinor = rules.whole(0, Number.MAX_SAFE_INTEGER, "a whole number of minor units");

const orderLine = z
  .strictObject({
    name: rules.text(1, 2_048),
    id: rules.text(1, 255),
    totalAmount: anyMinor,
    totalAmountExcludingTax: anyMinor,
    totalTaxAmount: anyMinor,
    taxRate: rules.whole(0, 10_000, "0 to 10000 (2500 is 25 %)"),
    unitInfo: z
      .strictObject({
        unitPrice: anyMinor,
        quantity: z
          .string()
          .max(10)
          .regex(/^\d+(\.\d{1,8})?$/, rules.valueFault('a number as text, such as "2"')),
        quantityUnit: z.enum(["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"]).exactOptional(),
      })
      .exactOptional(),
  })
  .refine((line) => line.totalAmountExcludingTax + line.totalTaxAmount === line.totalAmount, {
    path: ["totalTaxAmount"],
    error: "and totalAmountExcludingTax do not add up to totalAmount",
  });

const receipt = z.strictObject({
  orderLines: z.array(orderLine).min(1, "has no lines"),
  bottomLine: z.strictObject({
    currency,
    posId: z.string().exactOptional(),
    receiptNumber: z.string().exactOptional(),
  }),
});

const legalUrl = z.string().regex(/^https:\/\/\S+$/, rules.valueFault("an https address"));

const fields = z.strictObject({
  amount,
  paymentMethod: z.strictObject({ type: z.literal("WALLET") }),
  reference: rules.reference,
  userFlow: z.enum(["QR", "PUSH_MESSAGE", "WEB_REDIRECT", "NATIVE_REDIRECT"]),
  customer: customer.exactOptional(),
  customerInteraction: z.enum(["CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"]).exactOptional(),
  returnUrl: rules
    .text(1, 2_500)
    .regex(/^(?!http:)[a-zA-Z][a-zA-Z0-9+.-]*:\/\/\S*$/, rules.valueFault("an https address, or an app's own scheme"))
    .exactOptional(),
  qrFormat: z
    .strictObject({
      format: z.enum(["IMAGE/SVG+XML", "IMAGE/PNG", "TEXT/TARGETURL"]),
      size: rules.imageSize.exactOptional(),
    })
    .refine(({ format, size }) => size === undefined || format === "IMAGE/PNG", {
      path: ["size"],
      error: "is only for IMAGE/PNG",
    })
    .exactOptional(),
  paymentDescription: rules.text(3, 100).exactOptional(),
  metadata: z
    .record(rules.text(1, 100), rules.text(0, 500))
    .refine((pairs) => Object.keys(pairs).length <= 5, { error: "has more than 5 pairs" })
    .exactOptional(),
  receipt: receipt.exactOptional(),
  receiptUrl: rules.text(1, 2_500).exactOptional(),
  minimumUserAge: rules.whole(0, 100, "0 to 100 years").exactOptional(),
  profile: z.strictObject({ scope: rules.text(1, 2_048) }).exactOptional(),
  expiresAt: z.iso.datetime({ offset: true }).exactOptional(),
  /** 2026, not in 1.8.1: terms that the customer accepts by paying. */
  merchantLegalLinks: z.strictObject({ termsOfSaleUrl: legalUrl, privacyPolicyUrl: legalUrl }).exactOptional(),
});

export const createPayment = fields
  .refine(({ userFlow, qrFormat }) => qrFormat === undefined || userFlow === "QR", {
    path: ["qrFormat"],
    error: "is only for userFlow QR",
  })
  .refine(({ userFlow, customer: who }) => userFlow !== "PUSH_MESSAGE" || who !== undefined, {
    path: ["customer"],
    error: "is needed for userFlow PUSH_MESSAGE",
  })
  .refine(({ userFlow, returnUrl }) => userFlow !== "WEB_REDIRECT" || returnUrl !== undefined, {
    path: ["returnUrl"],
    error: "is needed for userFlow WEB_REDIRECT: set return_url to a public page that says: look at the machine",
  })
  .refine(({ expiresAt, receipt: lines }) => expiresAt === undefined || lines !== undefined, {
    path: ["receipt"],
    error: "is needed with expiresAt (6130)",
  });
export type CreatePaymentBody = z.infer<typeof createPayment>;

export const modification = z.strictObject({ modificationAmount: amount });
