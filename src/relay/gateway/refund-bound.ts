/** How much a machine may refund, and for how long: what it captured itself, for a day, as the provider tells it. Pure. */
import { parseTimestamp } from "../../kit/timestamp.ts";
import type { PaymentAnswer, PaymentEvents } from "../../vipps/answers.ts";

/** The sale's own recovery is over long before; whoever asks later is a person, and the operator has other ways. */
export const refundWindowMs = 24 * 3_600_000;

export function refundFault(
  asked: { readonly valueMinor: number; readonly idempotencyKey: string | undefined },
  payment: PaymentAnswer,
  events: PaymentEvents,
  nowWallMs: number,
): string | undefined {
  const isRepeated = events.some(
    ({ name, idempotencyKey }) => name === "REFUNDED" && idempotencyKey === asked.idempotencyKey,
  );
  // The provider answers it as it did, and does nothing again.
  if (isRepeated) return undefined;
  const { capturedAmount, refundedAmount } = payment.aggregate;
  const left = capturedAmount.value - refundedAmount.value;
  if (asked.valueMinor > left) return `${left} is left of what was captured: ${asked.valueMinor} is more`;
  const captures = events.filter(({ name, success }) => name === "CAPTURED" && success);
  const latest = Math.max(...captures.map(({ timestamp }) => parseTimestamp(timestamp) ?? Number.NEGATIVE_INFINITY));
  return nowWallMs - latest <= refundWindowMs
    ? undefined
    : "the capture is older than 24 hours: from then on only the operator refunds";
}
