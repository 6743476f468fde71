/**
 * Every numeric code of ePayment (ePayment errors). The sources give code and meaning; the HTTP statuses of most are not written anywhere: 409 is
 * taken for conflicts and for what passes by itself, 404 for what is not there, 500 for the inside, 400 for the rest.
 */
import type { HttpResponse } from "../vipps/transport.ts";
import { type Detail, paymentProblem } from "./message.ts";

const titles = {
  3010: "Internal error",
  4010: "The Idempotency-Key was used for another capture",
  4020: "The Idempotency-Key was used with another body",
  4040: "The amount is not valid",
  4050: "The customerToken is invalid",
  4060: "The personalQr is invalid",
  4070: "The phone number is not valid",
  4080: "The scope is not valid",
  4090: "The address is not valid",
  4100: "Too many metadata pairs",
  4110: "A metadata key is too long",
  4120: "A metadata value is too long",
  4130: "The metadata are not valid",
  4140: "A parameter is missing",
  4150: "The reference exists, or the Idempotency-Key was used for another refund",
  4160: "The payment method is not valid",
  5010: "No source of money is left when these are blocked",
  5020: "Express is not allowed for this sales unit",
  5030: "The scope is not allowed for this sales unit",
  5040: "The currency is not the sales unit's",
  5050: "Long-living payments are not allowed for this sales unit",
  5060: "The bank account of the sales unit is not verified",
  5070: "The payment cannot be created",
  5080: "PUSH_MESSAGE is not allowed for this sales unit",
  5090: "The payment reference was not found",
  5100: "The refund is not possible",
  6010: "The amount is too small",
  6020: "Refund before the capture",
  6030: "The period for cancelling is over",
  6040: "The payment is captured",
  6050: "There is no reservation to cancel",
  6060: "The payment is authorised",
  6070: "The payment is cancelled",
  6080: "Capture before the reservation",
  6090: "The amount is higher than what is reserved",
  6100: "The period for capturing is over",
  6110: "expiresAt is too late",
  6120: "expiresAt is too soon",
  6130: "A receipt is needed",
  6140: "This sales unit must capture the full amount",
  6150: "Not enough is left to refund",
  6160: "The order is being processed",
  6170: "The payment is captured already",
  6180: "The payment is refunded already",
  6190: "The payment is in the wrong state",
  6200: "The payment is in the wrong state",
  6210: "The payment is in the wrong state",
  6220: "The period for refunds is over",
  6230: "The payment is reserved already",
  6250: "The payment cannot be cancelled while it is processed",
  6260: "The funds are not available",
  6280: "The capture failed: try again later",
  7010: "Customer not found",
  10010: "The approval failed",
  10020: "Not allowed: the user has never approved a payment in the app",
  10030: "The user could not be identified",
  10040: "The user has no source of money that works",
  10050: "The user has no cards",
  10060: "This kind of payment is not supported",
  10070: "The user's limit is reached",
} as const;

/** "4040" and the like. */
export type PaymentErrorCode = `${keyof typeof titles}`;

const statuses: Readonly<Partial<Record<PaymentErrorCode, number>>> = {
  3010: 500,
  4010: 409,
  4020: 409,
  4150: 409,
  5090: 404,
  6160: 409,
  6250: 409,
  6280: 409,
};

const titleOf = new Map<string, string>(Object.entries(titles));

export function isPaymentErrorCode(text: string): text is PaymentErrorCode {
  return titleOf.has(text);
}

/** The provider says no, with this code. */
export function refused(code: PaymentErrorCode, extra: readonly Detail[] = []): HttpResponse {
  return paymentProblem(statuses[code] ?? 400, titleOf.get(code) ?? code, code, extra);
}
