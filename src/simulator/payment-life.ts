/** The life of a payment: what time, the customer and the provider do to it (ePayment, states), with the test environment's magic amounts. */
import { type Context, randomUuid } from "./context.ts";
import type { PaymentEvent, SimulatedPayment, SimulatedUser } from "./state.ts";

/** Records what happened and announces it to webhooks. */
export function addEvent(
  context: Context,
  payment: SimulatedPayment,
  name: PaymentEvent["name"],
  value: number,
  key?: string,
): void {
  const event: PaymentEvent = {
    name,
    pspReference: name === "CREATED" ? payment.pspReference : randomUuid(context.entropy),
    value,
    wallMs: context.clock.wallMs(),
    idempotencyKey: key,
  };
  payment.events.push(event);
  context.announce(payment, event);
}

/** Lets time expire a payment, or authorise it (magic amount 201). Called before every use of it. */
export function letTimePass(context: Context, payment: SimulatedPayment): void {
  const now = context.clock.monotonicMs();
  if (payment.state !== "CREATED") return;
  if (payment.authorizesMs !== undefined) {
    if (now >= payment.authorizesMs) authorize(context, payment);
    return;
  }
  if (now < payment.expiresMs) return;
  payment.state = "EXPIRED";
  addEvent(context, payment, "EXPIRED", payment.value);
}

function authorize(context: Context, payment: SimulatedPayment): void {
  payment.state = "AUTHORIZED";
  payment.authorized = payment.value;
  payment.authorizesMs = undefined;
  addEvent(context, payment, "AUTHORIZED", payment.value);
}

/** Magic amounts of the test environment (test environment), by minor units. */
const failingAmounts: Readonly<Record<number, string>> = {
  151: "insufficient funds",
  182: "refused by issuer",
  183: "suspected fraud",
  184: "withdrawal limit exceeded",
  186: "expired card",
  187: "invalid card",
  197: "3DS denied",
  202: "SCA required",
};
const unknownForAnHour = 201;

export type ApprovalResult = "approved" | "processing" | { readonly failed: string };

/** The customer swipes. Anyone who scans a code may approve it; the first one wins. */
export function approvePayment(context: Context, payment: SimulatedPayment, user: SimulatedUser): ApprovalResult {
  letTimePass(context, payment);
  if (payment.state !== "CREATED" || payment.authorizesMs !== undefined) return { failed: "the payment is over" };
  if (payment.minimumUserAge > user.age) return { failed: "too young for this purchase" };
  const failing = failingAmounts[payment.value];
  if (failing !== undefined) return { failed: failing };
  payment.payer = user.id;
  if (payment.value === unknownForAnHour) {
    payment.authorizesMs = context.clock.monotonicMs() + 3_600_000;
    return "processing";
  }
  authorize(context, payment);
  return "approved";
}

export function abortPayment(context: Context, payment: SimulatedPayment): boolean {
  letTimePass(context, payment);
  if (payment.state !== "CREATED") return false;
  payment.state = "ABORTED";
  addEvent(context, payment, "ABORTED", payment.value);
  return true;
}

export function expirePayment(context: Context, payment: SimulatedPayment): boolean {
  letTimePass(context, payment);
  if (payment.state !== "CREATED") return false;
  payment.state = "EXPIRED";
  addEvent(context, payment, "EXPIRED", payment.value);
  return true;
}
