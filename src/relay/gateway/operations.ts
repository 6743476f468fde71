/**
 * What a machine may ask of the provider through the gateway: one table, operation × condition. What is not in it is never passed on. docs/gateway.md is
 * rendered from it. Pure.
 */
import * as z from "zod";
import type { Currency } from "../../sale/money.ts";
import { merchantQrIdOf } from "../../sale/ids.ts";
import { createPayment, modification } from "../../vipps/payment-rules.ts";
import * as rules from "../../vipps/rules.ts";
import type { GatewayPolicy } from "./port.ts";

/** A request as far as it has been read, and who asks. */
export interface Facts {
  readonly machine: string;
  readonly unit: { readonly currency: Currency; readonly maxAmountMinor: number };
  readonly policy: GatewayPolicy;
  /** The reference or id in the path, decoded. */
  readonly subject: string;
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
}

export interface Condition {
  /** For docs/gateway.md. */
  readonly says: string;
  /** What is wrong, for whoever looks after the machine; undefined when it holds. */
  readonly fault: (facts: Facts) => string | undefined;
}

export type OperationName =
  | "create payment"
  | "get payment"
  | "get payment events"
  | "capture payment"
  | "cancel payment"
  | "refund payment"
  | "put callback QR"
  | "get callback QR"
  | "map MobilePay sticker"
  | "make one-time QR"
  | "get redirect QR"
  | "exchange personal QR"
  | "exchange customer token";

export interface Operation {
  readonly name: OperationName;
  readonly method: "GET" | "POST" | "PUT";
  /** `*` stands for the reference or id. */
  readonly path: string;
  /** The query that may follow. */
  readonly query?: RegExp;
  /** What the body has to be; undefined: none. Unknown members are refused, because another reader of JSON may see in them what we do not. */
  readonly body?: z.ZodType;
  /** Whose limits of the provider it counts against. */
  readonly limit?: "modify" | "read";
  readonly conditions: readonly Condition[];
  /** Asks the provider first, how much was captured and when. */
  readonly isBounded?: true;
}

/** A machine's id: of an outlet (`{machine}--{station}`) all before the first `--`. */
export function machineOf(merchantQrId: string): string {
  return merchantQrId.split("--", 1)[0] ?? "";
}

/** The machine that a reference belongs to; undefined when it is none of ours. Compared whole: `a` does not own `a-b-…`. */
export function ownerOf(reference: string): string | undefined {
  const merchantQrId = merchantQrIdOf(reference);
  return merchantQrId === undefined ? undefined : machineOf(merchantQrId);
}

function referenceFault(reference: string, machine: string): string | undefined {
  return ownerOf(reference) === machine ? undefined : "this payment is not the machine's own";
}

const createBody = createPayment;
type CreateBody = z.infer<typeof createBody>;
/** What the body's schema has found it to be. */
const created = ({ body }: Facts): CreateBody => createBody.parse(body);

const ownReference: Condition = {
  says: "the reference is the machine's own",
  fault: ({ subject, machine }) => referenceFault(subject, machine),
};
const ownQrId: Condition = {
  says: "the id is the machine's own, or an outlet's",
  fault: ({ subject, machine }) =>
    rules.merchantQrId.safeParse(subject).success && machineOf(subject) === machine
      ? undefined
      : "this callback QR is not the machine's own",
};
const ownNewReference: Condition = {
  says: "`reference` is the machine's own",
  fault: (facts) => referenceFault(created(facts).reference, facts.machine),
};
const unitCurrency: Condition = {
  says: "the amount is in the sales unit's currency",
  fault: ({ body, unit }) => {
    const { currency } = currencyIn.parse(body);
    return currency === unit.currency ? undefined : `the sales unit takes ${unit.currency}, not ${currency}`;
  },
};
const withinMaximum: Condition = {
  says: "the amount is at most `max_amount`",
  fault: (facts) => {
    const { value } = created(facts).amount;
    const { maxAmountMinor } = facts.unit;
    return value <= maxAmountMinor ? undefined : `${value} is more than max_amount = ${maxAmountMinor} of the gateway`;
  },
};
const noPhoneNumber: Condition = {
  says: "the customer is named by `customerToken` or `personalQr`, or not at all; never by a phone number",
  fault: (facts) =>
    created(facts).customer?.phoneNumber === undefined
      ? undefined
      : "a machine charges nobody by a phone number: only who scanned its code, or held one to it",
};
const nothingMore: Condition = {
  says: "no `profile`, no `expiresAt`, no NATIVE_REDIRECT",
  fault: (facts) => {
    const { profile, expiresAt, userFlow } = created(facts);
    if (profile !== undefined) return "a machine does not ask for the customer's profile";
    if (expiresAt !== undefined) return "a machine makes no long-living payments";
    return userFlow === "NATIVE_REDIRECT" ? "a machine is no app: NATIVE_REDIRECT is not for it" : undefined;
  },
};
const withKey: Condition = {
  says: "with an `Idempotency-Key`",
  fault: ({ idempotencyKey }) =>
    rules.idempotencyKey.safeParse(idempotencyKey).success ? undefined : "the Idempotency-Key is missing, or is none",
};
const refundsOn: Condition = {
  says: '`refund = "recovery"`; up to what was captured and not yet refunded, as the provider says, within 24 hours of the capture; a repetition with the same key passes',
  fault: ({ policy }) =>
    policy.refund === "recovery" ? undefined : 'refunds are made by the operator here: the gateway has refund = "off"',
};
const oneTimeOn: Condition = {
  says: "`one_time_qr = true`",
  fault: ({ policy }) => (policy.oneTimeQr ? undefined : "the gateway has one_time_qr = false"),
};
const exchangeOn: Condition = {
  says: "`exchange = true`",
  fault: ({ policy }) => (policy.exchange ? undefined : "the gateway has exchange = false"),
};
const knownRedirect: Condition = {
  says: "the id stands in `redirect_qr_ids`",
  fault: ({ policy, subject }) =>
    policy.redirectQrIds.includes(subject) ? undefined : "this redirect QR is not in the gateway's redirect_qr_ids",
};

const ownSticker: Condition = {
  says: "the id stands in `mobilepay_qr_ids` for this machine",
  fault: ({ policy, machine, subject }) =>
    policy.mobilePayQrIds.get(machine)?.includes(subject) === true
      ? undefined
      : "this MobilePay sticker is not in the gateway's mobilepay_qr_ids for the machine",
};

/** Where each body has its currency. */
const currencyIn = z.union([
  z.looseObject({ amount: z.looseObject({ currency: z.string() }) }).transform(({ amount }) => amount),
  z
    .looseObject({ modificationAmount: z.looseObject({ currency: z.string() }) })
    .transform(({ modificationAmount }) => modificationAmount),
]);

const root = "/epayment/v1/payments";
const requested = z.array(z.literal("MSISDN")).max(1);

export const operations: readonly Operation[] = [
  {
    name: "create payment",
    method: "POST",
    path: root,
    body: createBody,
    limit: "modify",
    conditions: [withKey, ownNewReference, unitCurrency, withinMaximum, noPhoneNumber, nothingMore],
  },
  { name: "get payment", method: "GET", path: `${root}/*`, limit: "read", conditions: [ownReference] },
  { name: "get payment events", method: "GET", path: `${root}/*/events`, limit: "read", conditions: [ownReference] },
  {
    name: "capture payment",
    method: "POST",
    path: `${root}/*/capture`,
    body: modification,
    limit: "modify",
    conditions: [withKey, ownReference, unitCurrency],
  },
  {
    name: "cancel payment",
    method: "POST",
    path: `${root}/*/cancel`,
    body: z.strictObject({ cancelTransactionOnly: z.boolean().exactOptional() }),
    limit: "modify",
    conditions: [withKey, ownReference],
  },
  {
    name: "refund payment",
    method: "POST",
    path: `${root}/*/refund`,
    body: modification,
    limit: "modify",
    conditions: [withKey, ownReference, unitCurrency, refundsOn],
    isBounded: true,
  },
  {
    name: "put callback QR",
    method: "PUT",
    path: "/qr/v1/merchant-callback/*",
    body: z.strictObject({
      locationDescription: rules.locationDescription,
      category: rules.category.exactOptional(),
    }),
    conditions: [ownQrId],
  },
  {
    name: "get callback QR",
    method: "GET",
    path: "/qr/v1/merchant-callback/*",
    query: /^\?QrImageFormat=(PNG|SVG)(&QrImageSize=\d{3,4})?$/,
    conditions: [ownQrId],
  },
  {
    // The only way for a sticker of MobilePay's: the ordinary PUT would make a new code of that name (QR API, merchant-callback/mobilepay).
    name: "map MobilePay sticker",
    method: "PUT",
    path: "/qr/v1/merchant-callback/mobilepay/*",
    body: z.strictObject({
      locationDescription: rules.locationDescription,
      category: rules.category.exactOptional(),
    }),
    conditions: [ownSticker],
  },
  {
    name: "make one-time QR",
    method: "POST",
    path: "/qr/v1",
    body: z.strictObject({ url: rules.landingUrl }),
    conditions: [oneTimeOn],
  },
  { name: "get redirect QR", method: "GET", path: "/qr/v1/merchant-redirect/*", conditions: [knownRedirect] },
  {
    name: "exchange personal QR",
    method: "POST",
    path: "/qr/v1/exchange",
    body: z.strictObject({ qrCode: rules.personalQr, requestedData: requested.exactOptional() }),
    conditions: [exchangeOn],
  },
  {
    name: "exchange customer token",
    method: "POST",
    path: "/qr/v1/exchange/customer",
    body: z.strictObject({
      customer: z.strictObject({ customerToken: rules.customerToken }),
      requestedData: requested.exactOptional(),
    }),
    conditions: [exchangeOn],
  },
];
