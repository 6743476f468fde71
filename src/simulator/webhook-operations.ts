/** Webhooks API (facts 3.1): register, list, delete; and the deliveries with their real schedule, order and signatures. */
import { createHash, createHmac } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../service/port.ts";
import { type Handler, randomUuid } from "./context.ts";
import { bodyOf, empty, json, webhookProblem } from "./message.ts";
import type { PaymentEvent, Registration, SimulatedPayment } from "./state.ts";

const eventName =
  /^(epayments\.payment\.(created|aborted|expired|cancelled|captured|refunded|authorized|terminated)|user\.checked-in)\.v1$/;
const registerBody = z.strictObject({ url: z.string().min(1), events: z.array(z.string().regex(eventName)).min(1) });
const checkedIn = "user.checked-in.v1";
const registrationsMax = 25;

function isLocal(url: URL): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
}

export const registerWebhook: Handler = ({ context, unit, request }) => {
  const parsed = registerBody.safeParse(bodyOf(request));
  if (!parsed.success)
    return webhookProblem(
      "The request is not valid",
      parsed.error.issues.map((issue) => ({ name: issue.path.join("."), reason: issue.message })),
    );
  const { url: text, events } = parsed.data;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAllowed =
    url?.protocol === "https:"
      ? context.settings.allowLocalWebhooks || !isLocal(url)
      : url?.protocol === "http:" && isLocal(url) && context.settings.allowLocalWebhooks;
  if (url === undefined || !isAllowed)
    return webhookProblem("The url must be https and reachable", [{ name: "url", reason: "not allowed" }]);
  for (const event of events) {
    const count = [...context.state.registrations.values()].filter(
      (one) => one.msn === unit.msn && one.events.includes(event),
    ).length;
    const countMax = event === checkedIn ? 1 : registrationsMax;
    if (count >= countMax)
      return webhookProblem(`Only ${countMax} registration(s) of ${event} are allowed`, [
        { name: "events", reason: event },
      ]);
  }
  const registration: Registration = {
    id: randomUuid(context.entropy),
    msn: unit.msn,
    url: text,
    events,
    // Real secrets are 88 characters: base64 of 64 bytes.
    secret: Buffer.from(context.entropy.bytes(64)).toString("base64"),
  };
  context.state.registrations.set(registration.id, registration);
  return json(201, { id: registration.id, secret: registration.secret });
};

export const listWebhooks: Handler = ({ context, unit }) => {
  const own = [...context.state.registrations.values()].filter(({ msn }) => msn === unit.msn);
  return json(200, { webhooks: own.map(({ id, url, events }) => ({ id, url, events })) });
};

export const deleteWebhook: Handler = ({ context, unit, parts }) => {
  const id = parts[0] ?? "";
  const known = context.state.registrations.get(id);
  if (known === undefined || known.msn !== unit.msn) return webhookProblem("There is no such webhook");
  context.state.registrations.delete(id);
  return empty(204);
};

// ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface WebhookDelivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Resolves with the status; rejects when there was no answer. Redirects are not followed. */
export type SendWebhook = (delivery: WebhookDelivery) => Promise<{ readonly status: number }>;

/** Pause before try 2, 3, …: 2 s up to the fourth, then 60 s, 120 s, hourly up to the 29th, then daily; none after 7 days. */
export function pauseBeforeTryMs(number: number): number {
  if (number <= 4) return 2_000;
  if (number === 5) return 60_000;
  if (number === 6) return 120_000;
  return number <= 29 ? 3_600_000 : 86_400_000;
}

const givesUpAfterMs = 7 * 86_400_000;
const answerWithinMs = 10_000;

function signedDelivery(registration: Registration, body: string, date: string): WebhookDelivery {
  const url = new URL(registration.url);
  const bytes = Buffer.from(body, "utf8");
  const hash = createHash("sha256").update(bytes).digest("base64");
  const text = `POST\n${url.pathname}${url.search}\n${date};${url.host};${hash}`;
  const signature = createHmac("sha256", Buffer.from(registration.secret, "utf8")).update(text).digest("base64");
  const authorization = `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`;
  return {
    url: registration.url,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "accept-encoding": "gzip",
      "user-agent": "Vipps MobilePay/1.0 Webhooks/1.0",
      "webhook-id": registration.id,
      "x-ms-date": date,
      "x-ms-content-sha256": hash,
      authorization,
      "x-vipps-authorization": authorization,
    },
    body: new Uint8Array(bytes),
  };
}

export interface Deliveries {
  /**
   * Sends `body` to a registration until it is accepted. Deliveries with the same `lane` keep their order: one that is refused holds
   * back those behind it.
   */
  enqueue(
    registration: Registration,
    lane: string,
    body: object,
    onTry?: (accepted: boolean, number: number) => void,
    retries?: boolean,
  ): void;
  readonly waiting: number;
}

interface Queued {
  readonly registration: Registration;
  readonly body: string;
  readonly onTry: (accepted: boolean, number: number) => void;
  readonly retries: boolean;
}

export function createDeliveries(settings: {
  readonly clock: Clock;
  readonly send: SendWebhook;
  readonly isRegistered: (id: string) => boolean;
}): Deliveries {
  const { clock, send, isRegistered } = settings;
  const lanes = new Map<string, Queued[]>();

  async function tryOnce(queued: Queued): Promise<boolean> {
    const date = new Date(clock.wallMs()).toUTCString();
    const limit = new AbortController();
    const slow = clock.sleep(answerWithinMs, limit.signal).then(
      () => ({ status: 0 }),
      () => ({ status: 0 }),
    );
    try {
      const sent = send(signedDelivery(queued.registration, queued.body, date)).catch(() => ({ status: 0 }));
      const { status } = await Promise.race([sent, slow]);
      return status >= 200 && status < 300;
    } finally {
      limit.abort(new Error("answered"));
    }
  }

  async function deliver(queued: Queued): Promise<void> {
    const startMs = clock.monotonicMs();
    for (let number = 1; isRegistered(queued.registration.id); number += 1) {
      const accepted = await tryOnce(queued);
      queued.onTry(accepted, number);
      if (accepted || !queued.retries) return;
      const pauseMs = pauseBeforeTryMs(number + 1);
      if (clock.monotonicMs() + pauseMs - startMs > givesUpAfterMs) return;
      await clock.sleep(pauseMs);
    }
  }

  async function drain(lane: string): Promise<void> {
    const queue = lanes.get(lane);
    for (let next = queue?.[0]; next !== undefined; next = queue?.[0]) {
      await deliver(next);
      queue?.shift();
    }
    lanes.delete(lane);
  }

  return {
    enqueue(registration, lane, body, onTry = () => {}, retries = true) {
      const key = `${registration.id} ${lane}`;
      // Compact JSON, as seen on the wire.
      const queued = { registration, body: JSON.stringify(body), onTry, retries };
      const queue = lanes.get(key);
      if (queue !== undefined) {
        queue.push(queued);
        return;
      }
      lanes.set(key, [queued]);
      void drain(key);
    },
    get waiting() {
      return [...lanes.values()].reduce((sum, queue) => sum + queue.length, 0);
    },
  };
}

/** The body of an ePayment event, fields in the documented order. `amount` is the event's, not the aggregate. */
export function paymentEventBody(payment: SimulatedPayment, event: PaymentEvent): object {
  return {
    msn: payment.msn,
    reference: payment.reference,
    pspReference: event.pspReference,
    name: event.name,
    amount: { currency: payment.currency, value: event.value },
    timestamp: new Date(event.wallMs).toISOString(),
    ...(event.idempotencyKey === undefined ? {} : { idempotencyKey: event.idempotencyKey }),
    success: true,
  };
}

/** UTC with seven fraction digits, as in the documented check-in. */
export function checkInTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace("Z", "1965Z");
}

export function eventTypeOf(name: PaymentEvent["name"]): string {
  return `epayments.payment.${name.toLowerCase()}.v1`;
}
