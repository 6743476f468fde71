/**
 * What becomes of a webhook: verified, read, judged, handed to its machine, answered. The provider hears 2xx only when the broker has the
 * event. No sockets here: requests, registrations and the way to the broker are passed in.
 */
import { errorText } from "../kit/error-text.ts";
import type { Outgoing } from "../link/mqtt-settings.ts";
import type { Clock, Log } from "../service/port.ts";
import { isTokenDead } from "../sale/customer-token.ts";
import { admitCheckIn, type Answered, type AnsweredEvents } from "./admission.ts";
import { ageOf, type ForwardableEvent, type ForwardLimits, toMachine } from "./forward.ts";
import type { MachineStates } from "./machine-states.ts";
import type { KnownRegistration, RegistrationStore } from "./registration-file.ts";
import { isBlocked, signsKind } from "./blocked.ts";
import type { Tally } from "./tally.ts";
import { readWebhookEvent, type WebhookEvent } from "./webhook-event.ts";
import type { WebhookAnswer, WebhookRequest } from "./webhook-server.ts";

/** Whether the body was signed with the secret for the registered url (Webhooks API, request authentication). Constant time. */
export type VerifySignature = (
  request: Pick<WebhookRequest, "headers" | "body">,
  registered: Pick<KnownRegistration, "url" | "secret">,
) => boolean;

/** What the reception needs of the broker. */
export interface MachineSide {
  isConnected(): boolean;
  /** Resolves when the broker has the message. */
  publish(message: Outgoing): Promise<void>;
  /** Tells the other relays of this sales unit. Not waited for: the provider repeats after two seconds at the earliest. */
  tellOthers(answered: Answered): void;
  /** Whether this relay would know if any relay had refused an event of this age. */
  knowsAllSince(ageMs: number): boolean;
}

export interface ReceptionParts {
  readonly msn: string;
  readonly limits: ForwardLimits;
  readonly store: RegistrationStore;
  readonly verify: VerifySignature;
  readonly states: MachineStates;
  readonly answered: AnsweredEvents;
  readonly machines: MachineSide;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a machine's state is waited for. With the broker's five seconds it stays well inside the server's eight. */
const stateTimeoutMs = 1_000;
/** The file of registrations is read again at most this often, whatever arrives. */
const registrationRefreshMs = 1_000;

const notSigned: WebhookAnswer = { status: 401, text: "the signature does not fit" };

type CheckIn = Extract<WebhookEvent, { kind: "checked-in" }>;
type UnservedCheckIn = Extract<WebhookEvent, { kind: "unserved-check-in" }>;

export class Reception {
  readonly #parts: ReceptionParts;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #fileIsBroken = false;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  /** Never rejects because of what a request contains. */
  async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const registration = this.#registrationOf(request);
    if (registration === undefined) {
      const fields = { webhookId: request.headers["webhook-id"]?.slice(0, 64), bytes: request.body.byteLength };
      this.#parts.tally.count("forged", "warn", fields);
      return notSigned;
    }
    const event = readWebhookEvent(request.body);
    if (event.kind === "unknown") return this.#drop(event.reason, registration);
    if (!signsKind(registration, event.kind === "payment" ? "payment" : "check-in")) {
      const fields = { webhookId: registration.id, kind: event.kind, signs: registration.events[0] };
      this.#parts.tally.count("forged", "warn", fields);
      return notSigned;
    }
    if (event.kind === "unserved-check-in") return this.#refuseUnserved(event, event.reason);
    if (isBlocked(event, this.#parts, registration)) return this.#block(event, registration);
    return event.kind === "checked-in" ? this.#checkIn(event) : this.#forward(event);
  }

  #block(event: ForwardableEvent, registration: KnownRegistration): WebhookAnswer {
    return event.kind === "checked-in"
      ? this.#refuseUnserved(event, `sales unit ${event.msn} is not served here`)
      : this.#drop(`payment of sales unit ${event.msn}, which is not served here`, registration);
  }

  #drop(reason: string, registration: KnownRegistration): WebhookAnswer {
    this.#parts.tally.count("dropped", "info", { reason, webhookId: registration.id });
    return { status: 200, text: "not for us" };
  }

  /** The app says no at once; a 200 after the token's life ends the repetitions. */
  #refuseUnserved(event: Pick<UnservedCheckIn, "initiatedAtWallMs">, reason: string): WebhookAnswer {
    const { clock, tally } = this.#parts;
    const ageMs = event.initiatedAtWallMs === undefined ? 0 : clock.wallMs() - event.initiatedAtWallMs;
    tally.count("unserved", "warn", { reason, ageMs });
    return isTokenDead(ageMs) ? { status: 200, text: "the customer token is dead" } : { status: 404, text: reason };
  }

  async #checkIn(event: CheckIn): Promise<WebhookAnswer> {
    const { clock, limits, states, answered, machines, tally } = this.#parts;
    const ageMs = ageOf(event, clock.wallMs());
    const nowhere = { merchantQrId: event.merchantQrId, state: undefined };
    const { merchantQrId, state } = machines.isConnected()
      ? await states.placeSoon(event.merchantQrId, stateTimeoutMs)
      : nowhere;
    const admission = admitCheckIn({
      ageMs,
      knowsAll: machines.knowsAllSince(ageMs),
      freshnessMs: limits.checkInFreshnessMs,
      before: answered.recall(event.eventId),
      state,
    });
    const fields = { eventId: event.eventId, machine: merchantQrId, ageMs, state };
    switch (admission.kind) {
      case "forward":
        // A sticker that was there before has the id that it was printed with; its machine knows it as its outlet.
        return this.#forward({ ...event, merchantQrId });
      case "refuse":
        this.#remember({ id: event.eventId, answer: "refused" });
        tally.countRefusal(admission.reason);
        tally.count("refused", "info", { ...fields, reason: admission.reason });
        return { status: admission.status, text: admission.reason };
      case "settled":
        tally.count("settled", "info", { ...fields, reason: admission.reason });
        return { status: 200, text: admission.reason };
    }
  }

  async #forward(event: ForwardableEvent): Promise<WebhookAnswer> {
    const { clock, limits, machines, tally, log } = this.#parts;
    const reference = event.kind === "payment" ? event.reference : undefined;
    const fields = { eventId: event.eventId, machine: event.merchantQrId, kind: event.kind, reference };
    try {
      await machines.publish(toMachine(event, clock.wallMs(), limits));
    } catch (error) {
      tally.count("undelivered", "warn", { ...fields, reason: errorText(error) });
      // Whoever waits at the machine is told no now, so a repetition must not let them in later.
      if (event.kind === "checked-in") this.#remember({ id: event.eventId, answer: "refused" });
      return { status: 503, text: "the broker did not take it" };
    }
    if (event.kind === "checked-in") this.#remember({ id: event.eventId, answer: "forwarded" });
    log.debug(fields, "an event was forwarded");
    tally.count("forwarded", "info", fields);
    return { status: 200, text: "forwarded" };
  }

  #remember(answered: Answered): void {
    this.#parts.answered.remember(answered);
    this.#parts.machines.tellOthers(answered);
  }

  /** By `Webhook-Id`; where a proxy removed it, the registration whose secret fits. */
  #registrationOf(request: WebhookRequest): KnownRegistration | undefined {
    const found = this.#search(request);
    if (found !== undefined || !this.#refresh()) return found;
    return this.#search(request);
  }

  #search(request: WebhookRequest): KnownRegistration | undefined {
    const id = request.headers["webhook-id"];
    const candidates = this.#parts.store.all().filter((one) => id === undefined || one.id === id);
    return candidates.find((one) => this.#parts.verify(request, one));
  }

  /** Another relay may have registered anew. */
  #refresh(): boolean {
    const { clock, store, log } = this.#parts;
    const now = clock.monotonicMs();
    if (now - this.#refreshedMs < registrationRefreshMs) return false;
    this.#refreshedMs = now;
    try {
      store.refresh();
      this.#fileIsBroken = false;
      return true;
    } catch (error) {
      if (!this.#fileIsBroken) log.error({ reason: errorText(error) }, "the file of registrations cannot be read");
      this.#fileIsBroken = true;
      return false;
    }
  }
}
