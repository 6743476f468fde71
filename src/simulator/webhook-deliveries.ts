/** Webhook deliveries (Webhooks API, delivery): the documented schedule, order and signatures, and faults on request. */
import { createHash, createHmac } from "node:crypto";
import * as z from "zod";
import { defined } from "../kit/defined.ts";
import type { Clock } from "../service/port.ts";
import type { PaymentEvent, Registration, SimulatedPayment } from "./state.ts";

/** What goes wrong with one delivery, once. */
export const deliveryFaultSchema = z.discriminatedUnion("kind", [
  /** It comes twice, the second time although it was accepted. */
  z.strictObject({ kind: z.literal("duplicate") }),
  /** It is sent later, and so is everything behind it in its lane. */
  z.strictObject({ kind: z.literal("delayed"), delayMs: z.number().min(0).max(604_800_000) }),
  /** It swaps places with the next delivery to the same registration, if one follows within a minute. */
  z.strictObject({ kind: z.literal("reordered") }),
  /** It is never sent. */
  z.strictObject({ kind: z.literal("dropped") }),
  /** Its first attempt is damaged; if that is refused, the retry is intact. */
  z.strictObject({ kind: z.literal("corrupt"), part: z.enum(["body", "signature", "date"]) }),
]);
export type DeliveryFault = z.infer<typeof deliveryFaultSchema>;

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

/** How long a delivery that is to swap places waits for another one. */
const reorderWaitMs = 60_000;

function corrupted(delivery: WebhookDelivery, part: "body" | "signature" | "date"): WebhookDelivery {
  switch (part) {
    case "body":
      return { ...delivery, body: delivery.body.map((byte, index) => (index === 1 ? byte ^ 0x01 : byte)) };
    case "signature": {
      const { authorization = "" } = delivery.headers;
      const wrong = authorization.replace(/Signature=./, (found) =>
        found.endsWith("A") ? "Signature=B" : "Signature=A",
      );
      return { ...delivery, headers: { ...delivery.headers, authorization: wrong, "x-vipps-authorization": wrong } };
    }
    case "date":
      return { ...delivery, headers: { ...delivery.headers, "x-ms-date": "Thu, 01 Jan 1970 00:00:00 GMT" } };
  }
}

export function createDeliveries(settings: {
  readonly clock: Clock;
  readonly send: SendWebhook;
  readonly isRegistered: (id: string) => boolean;
  /** Asked once for every delivery, before its first try. */
  readonly faultFor?: () => DeliveryFault | undefined;
}): Deliveries {
  const { clock, send, isRegistered, faultFor = () => undefined } = settings;
  const lanes = new Map<string, Queued[]>();
  /** Deliveries that wait for another one to go first, by registration. */
  const swapping = new Map<string, () => void>();

  async function tryOnce(queued: Queued, damage?: "body" | "signature" | "date"): Promise<boolean> {
    const date = new Date(clock.wallMs()).toUTCString();
    const limit = new AbortController();
    const slow = clock.sleep(answerWithinMs, limit.signal).then(
      () => ({ status: 0 }),
      () => ({ status: 0 }),
    );
    try {
      const whole = signedDelivery(queued.registration, queued.body, date);
      const sent = send(damage === undefined ? whole : corrupted(whole, damage)).catch(() => ({ status: 0 }));
      const { status } = await Promise.race([sent, slow]);
      return status >= 200 && status < 300;
    } finally {
      limit.abort(new Error("answered"));
    }
  }

  /** Resolves when another delivery to this registration was made, or nobody came. */
  async function letAnotherGoFirst(registrationId: string): Promise<void> {
    const over = new AbortController();
    const overtaken = new Promise<void>((resolve) => swapping.set(registrationId, resolve));
    await Promise.race([overtaken, clock.sleep(reorderWaitMs, over.signal).catch(() => {})]);
    over.abort();
    swapping.delete(registrationId);
  }

  /** @param behind what waits in the same lane */
  async function deliver(queued: Queued, behind: Queued[]): Promise<void> {
    const fault = faultFor();
    if (fault?.kind === "dropped") return;
    if (fault?.kind === "delayed") await clock.sleep(fault.delayMs);
    if (fault?.kind === "reordered") {
      if (behind.length <= 1) await letAnotherGoFirst(queued.registration.id);
      const [overtaking] = behind.splice(1, 1);
      if (overtaking !== undefined) await tryUntilAccepted(overtaking, undefined);
    }
    await tryUntilAccepted(queued, fault?.kind === "corrupt" ? fault.part : undefined);
    if (fault?.kind === "duplicate") await tryOnce(queued);
    else if (fault?.kind !== "reordered") swapping.get(queued.registration.id)?.();
  }

  async function tryUntilAccepted(queued: Queued, damage: "body" | "signature" | "date" | undefined): Promise<void> {
    const startMs = clock.monotonicMs();
    for (let number = 1; isRegistered(queued.registration.id); number += 1) {
      const accepted = await tryOnce(queued, number === 1 ? damage : undefined);
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
      await deliver(next, queue ?? []);
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
        swapping.get(registration.id)?.();
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
    ...defined({ idempotencyKey: event.idempotencyKey }),
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
