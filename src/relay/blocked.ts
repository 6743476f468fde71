/**
 * What a sales unit on this relay does not answer for: events of any other unit, and deliveries that another unit's registration signed. They are
 * blocked before anything is looked up or published. To block more, change `isBlocked`.
 */
import { checkInEvent, paymentEventPrefix } from "./registration-events.ts";
import type { KnownRegistration } from "./registration-file.ts";

/** Whether nothing is done for an event: it is of another sales unit, or it was signed by the registration of another one. */
export function isBlocked(
  event: { readonly msn: string | undefined },
  unit: { readonly msn: string },
  registration: Pick<KnownRegistration, "msn">,
): boolean {
  return event.msn !== unit.msn || registration.msn !== unit.msn;
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
