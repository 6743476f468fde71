/** A relay's parts in memory: registrations with their secrets, a connection that a test answers for, and events as the provider signs them. */
import type { Connection, ConnectionHooks, ViewChange } from "../../../src/link/connection.ts";
import { LinkError } from "../../../src/link/link-error.ts";
import type { Outgoing } from "../../../src/link/mqtt-settings.ts";
import type { VerifySignature } from "../../../src/relay/reception.ts";
import { checkInEvent, paymentEvents } from "../../../src/relay/registration-events.ts";
import type { KnownRegistration, RegistrationStore } from "../../../src/relay/registration-file.ts";
import type { WebhookRequest } from "../../../src/relay/webhook-server.ts";
import { signDelivery, verifyDelivery } from "../../../src/vipps/signature.ts";

export const msn = "123456";
export const machine = "vend-1";
export const reference = `${machine}-01JDB2Q0C8X6R3Y5T7W9ZABCDE`;
export const checkInHook: KnownRegistration = {
  id: "hook-1",
  msn,
  url: "https://relay.example.test/webhooks/check-in",
  events: [checkInEvent],
  secret: "secret of check-ins",
};
export const paymentHook: KnownRegistration = {
  id: "hook-2",
  msn,
  url: "https://relay.example.test/webhooks/payment",
  events: paymentEvents,
  secret: "secret of payments",
};

export const verify: VerifySignature = ({ headers, body }, { url, secret }) =>
  verifyDelivery({ headers, rawBody: body }, new URL(url), secret).kind === "genuine";

export class MemoryStore implements RegistrationStore {
  known: readonly KnownRegistration[] = [checkInHook, paymentHook];
  /** What `refresh` finds: another relay wrote it, or the file is broken. */
  next: readonly KnownRegistration[] | Error | undefined;
  refreshes = 0;

  all(): readonly KnownRegistration[] {
    return this.known;
  }

  refresh(): void {
    this.refreshes += 1;
    if (this.next instanceof Error) throw this.next;
    this.known = this.next ?? this.known;
  }

  replace(registrations: readonly KnownRegistration[]): void {
    this.known = registrations;
  }
}

/** A connection that is up or down as the test says, and keeps what was published. */
export class FakeConnection implements Connection {
  readonly published: Outgoing[] = [];
  readonly viewChanges: string[] = [];
  hooks: ConnectionHooks | undefined;
  isUp = true;
  refuses = false;
  isStopped = false;

  start(): void {
    if (this.isUp) this.hooks?.connected();
  }

  isConnected(): boolean {
    return this.isUp;
  }

  tries(): number {
    return 1;
  }

  publish(message: Outgoing): Promise<void> {
    if (this.refuses || !this.isUp) return Promise.reject(new LinkError("link-refused", "the broker said no"));
    this.published.push(message);
    return Promise.resolve();
  }

  changeViews({ added, removed }: ViewChange): Promise<void> {
    this.viewChanges.push(...added.map((filter) => `+${filter}`), ...removed.map((filter) => `-${filter}`));
    return Promise.resolve();
  }

  interrupt(): void {
    this.hooks?.disconnected();
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }

  /** As the broker sends it. */
  async hear(topic: string, json: unknown, retained = false): Promise<void> {
    const payload = Buffer.from(json === undefined ? "" : JSON.stringify(json));
    await this.hooks?.message({ topic, payload, retained });
  }

  on(suffix: string): readonly unknown[] {
    return this.published
      .filter(({ topic }) => topic.endsWith(suffix))
      .map(({ payload }): unknown => JSON.parse(payload));
  }
}

/** As the provider sends it. */
export function signed(hook: KnownRegistration, json: unknown, wallMs: number): WebhookRequest {
  const body = Buffer.from(typeof json === "string" ? json : JSON.stringify(json));
  const { id, secret } = hook;
  const url = new URL(hook.url);
  return { method: "POST", target: url.pathname, headers: signDelivery(body, { id, url, secret }, wallMs), body };
}

export function checkIn(wallMs: number, more: Readonly<Record<string, unknown>> = {}): unknown {
  const initiatedAt = new Date(wallMs).toISOString().replace("Z", "1965Z");
  return { customerToken: "b3VyIGN1c3RvbWVy", merchantQrId: machine, msn, initiatedAt, ...more };
}

export function payment(wallMs: number, more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    msn,
    reference,
    pspReference: "740e7483-c083-4b95-9246-a37299ad53b7",
    name: "AUTHORIZED",
    amount: { currency: "NOK", value: 2500 },
    timestamp: new Date(wallMs).toISOString(),
    success: true,
    ...more,
  };
}
