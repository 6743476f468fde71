/**
 * Which sales units the relay serves: its own, and no other. An event of any other unit is blocked here, before anything is looked up or
 * published. To block a sales unit, or to serve several, change `isBlocked`.
 */
import { checkInEvent, paymentEventPrefix } from "./registration-events.ts";
import type { KnownRegistration } from "./registration-file.ts";

/**
 * Whether this relay does nothing for a sales unit: for any but its own, and for its own when the delivery was signed by another unit's
 * registration.
 */
export function isBlocked(
  event: { readonly msn: string | undefined },
  relay: { readonly msn: string },
  registration: Pick<KnownRegistration, "msn">,
): boolean {
  return event.msn !== relay.msn || registration.msn !== relay.msn;
}

/**
 * Whether a registration signs this kind of event. Each kind has a secret of its own: the one for payments, should it leak, must not
 * forge check-ins.
 */
export function signsKind(registration: Pick<KnownRegistration, "events">, kind: "check-in" | "payment"): boolean {
  return registration.events.some((event) =>
    kind === "check-in" ? event === checkInEvent : event.startsWith(paymentEventPrefix),
  );
}
