/**
 * The customer of a check-in between the scan and the payment. The token is in memory while the session chooses, and nowhere else; with the
 * payment's intent it goes to the journal as a secret (`changes.ts`), from which every try of the request takes it (`provider-calls.ts`).
 */
import type { CustomerSource } from "../sale/effect.ts";
import type { SaleEvent, Unstamped } from "../sale/event.ts";
import type { Customer } from "../sale/payment.ts";
import type { Session } from "../sale/session.ts";

export type Customers = Readonly<Partial<Record<CustomerSource, Customer>>>;

/** What was decided, and the customers that came with it. */
export interface Bringing {
  readonly event: Unstamped<SaleEvent> | undefined;
  readonly customers: Customers;
}

export class CustomerInHand {
  #held: { readonly eventId: string; readonly customer: Customer } | undefined;

  /** Who can pay for what is decided next. */
  inHand(): Customers {
    return this.#held === undefined ? {} : { "check-in": this.#held.customer };
  }

  /** After each decision: takes the customer of the check-in that opened this session, and forgets one whose session no longer chooses. */
  follow({ event, customers }: Bringing, session: Session): void {
    const eventId = eventIdOf(session);
    if (this.#held?.eventId !== eventId) this.#held = undefined;
    const customer = customers["check-in"];
    if (event?.about !== "session" || event.event.kind !== "checked-in") return;
    if (event.event.eventId === eventId && customer !== undefined) this.#held = { eventId, customer };
  }
}

/** Of the check-in whose customer is choosing. */
function eventIdOf(session: Session): string | undefined {
  return session.kind === "choosing" || session.kind === "choosing-time" ? (session.eventId ?? undefined) : undefined;
}
