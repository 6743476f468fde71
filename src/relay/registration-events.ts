/** The events that the relay registers for (Webhooks API, events). */

export const checkInEvent = "user.checked-in.v1";

export const paymentEventPrefix = "epayments.payment.";

/** All of ePayment's: whatever changes a payment is a reason to ask for it. */
export const paymentEvents: readonly string[] = [
  "created",
  "aborted",
  "expired",
  "cancelled",
  "captured",
  "refunded",
  "authorized",
  "terminated",
].map((name) => `${paymentEventPrefix}${name}.v1`);
