/**
 * The cloud side: a webhook comes in, is verified, and goes to its machine over MQTT; the provider hears 2xx only when the broker
 * has the event. No database: the machine is in the reference, its state is on the broker, the secrets are in a file.
 */
import type { IClientOptions, MqttClient } from "mqtt";
import { errorText } from "../kit/error-text.ts";
import { jsonContentType, type RelayHealthMessage } from "../link/messages.ts";
import type { Incoming } from "../link/incoming.ts";
import { MqttConnection } from "../link/mqtt-connection.ts";
import type { MqttSettings, Outgoing } from "../link/mqtt-settings.ts";
import { formatTimestamp } from "../link/timestamp.ts";
import { answeredFilter, answeredTopic, parseTopic, relayFilter, relayTopic, stateFilter } from "../link/topics.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import { admitCheckIn, type Answered, AnsweredEvents, readAnswered } from "./admission.ts";
import { ageOf, type ForwardableEvent, type ForwardLimits, toMachine } from "./forward.ts";
import { MachineStates } from "./machine-states.ts";
import type { KnownRegistration, RegistrationStore } from "./registration-file.ts";
import { RegistrationKeeper, type WantedRegistration, type WebhookRegistry } from "./registration-keeper.ts";
import { readWebhookEvent } from "./webhook-event.ts";
import { type ListenAddress, type WebhookAnswer, type WebhookRequest, WebhookServer } from "./webhook-server.ts";

/** Whether the body was signed with the secret for the registered url (Webhooks API, request authentication). Constant time. */
export type VerifySignature = (
  request: Pick<WebhookRequest, "headers" | "body">,
  registered: Pick<KnownRegistration, "url" | "secret">,
) => boolean;

export interface RelayParts {
  readonly msn: string;
  /** This relay's name among its like. */
  readonly instance: string;
  readonly settings: Omit<MqttSettings, "clientId" | "sessionExpiryS">;
  readonly listen: ListenAddress;
  readonly limits: ForwardLimits;
  readonly wanted: readonly WantedRegistration[];
  readonly mayRegister: boolean;
  readonly registry: WebhookRegistry;
  readonly store: RegistrationStore;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly connect?: (url: string, options: IClientOptions) => MqttClient;
}

/** With the state's second it stays well inside the server's eight. */
const publishTimeoutMs = 5_000;
const stateTimeoutMs = 1_000;
/** More than anybody runs; a bound against a broker gone mad. */
const relaysMax = 1_000;
const heartbeatMs = 60_000;
/** Three heartbeats: one may be lost, and a second be late. */
const validForS = 180;
const registrationRefreshMs = 1_000;

export class Relay {
  readonly #parts: RelayParts;
  readonly #connection: MqttConnection;
  readonly #states: MachineStates;
  readonly #answered: AnsweredEvents;
  readonly #keeper: RegistrationKeeper;
  readonly #server: WebhookServer;
  /** Relays of this sales unit that were ever heard of. */
  readonly #others = new Set<string>();
  readonly #startedMs: number;
  #registered = false;
  #heartbeat: Timer | undefined;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
    this.#states = new MachineStates(parts.clock);
    this.#answered = new AnsweredEvents(parts.clock);
    this.#keeper = new RegistrationKeeper({ ...parts, onRound: (registered) => this.#setRegistered(registered) });
    this.#server = new WebhookServer({
      clock: parts.clock,
      log: parts.log,
      answer: (request) => this.#answer(request),
      health: () => this.#health(),
    });
    this.#connection = new MqttConnection({
      ...parts,
      // No session: what a relay missed while it was away is retained, or was answered by another.
      settings: { ...parts.settings, clientId: `kvitt-relay-${parts.msn}-${parts.instance}`, sessionExpiryS: 0 },
      hooks: {
        will: () => this.#healthMessage(false),
        filters: [stateFilter(parts.msn), answeredFilter(parts.msn), relayFilter(parts.msn)],
        message: (incoming) => Promise.resolve(this.#heard(incoming)),
        connected: () => this.#beat(),
        disconnected: () => this.#states.forget(),
      },
    });
  }

  /** Resolves to the port that is listened on. */
  async start(): Promise<number> {
    const port = await this.#server.listen(this.#parts.listen);
    this.#connection.start();
    this.#keeper.start();
    return port;
  }

  /** Lets the requests that are on end, says that it is gone, disconnects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#heartbeat?.cancel();
    await this.#keeper.stop();
    await this.#server.close();
    if (this.#connection.isConnected()) await this.#publish(this.#healthMessage(false));
    await this.#connection.stop();
  }

  #heard({ topic, payload, retained }: Incoming): void {
    const meaning = parseTopic(topic);
    if (meaning?.kind === "relay") {
      if (meaning.instance === this.#parts.instance) return;
      // One that is dead to the broker may still be reached by the provider; only an emptied topic says that it is no more.
      if (payload.byteLength === 0) this.#others.delete(meaning.instance);
      else if (this.#others.size < relaysMax) this.#others.add(meaning.instance);
      return;
    }
    if (!topic.endsWith("/answered")) this.#states.heard(topic, payload);
    else if (!retained) {
      const answered = readAnswered(payload);
      if (answered !== undefined) this.#answered.remember(answered);
    }
  }

  async #answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const registration = this.#registrationOf(request);
    if (registration === undefined) {
      const fields = { webhookId: request.headers["webhook-id"], bytes: request.body.byteLength };
      this.#parts.log.warn(fields, "a webhook was not signed by a registration that is known here");
      return { status: 401, text: "the signature does not fit" };
    }
    const event = readWebhookEvent(request.body);
    if (event.kind === "unknown") {
      this.#parts.log.info({ reason: event.reason, webhookId: registration.id }, "an event was dropped");
      return { status: 200, text: "not for us" };
    }
    if (event.msn !== registration.msn || event.msn !== this.#parts.msn) {
      this.#parts.log.warn(
        { msn: event.msn, webhookId: registration.id },
        "an event of another sales unit was dropped",
      );
      return { status: 200, text: "not for us" };
    }
    return event.kind === "checked-in" ? this.#checkIn(event) : this.#forward(event);
  }

  async #checkIn(event: Extract<ForwardableEvent, { kind: "checked-in" }>): Promise<WebhookAnswer> {
    const { clock, limits, log } = this.#parts;
    const ageMs = ageOf(event, clock.wallMs());
    const state = this.#connection.isConnected()
      ? await this.#states.stateSoon(event.merchantQrId, stateTimeoutMs)
      : undefined;
    const before = this.#answered.recall(event.eventId);
    const knowsAll = this.#others.size === 0 && clock.monotonicMs() - this.#startedMs > ageMs;
    const admission = admitCheckIn({ ageMs, knowsAll, freshnessMs: limits.checkInFreshnessMs, before, state });
    const fields = { eventId: event.eventId, machine: event.merchantQrId, ageMs, state };
    switch (admission.kind) {
      case "forward":
        return this.#forward(event);
      case "refuse":
        this.#tellOthers({ id: event.eventId, answer: "refused" });
        log.info({ ...fields, reason: admission.reason }, "a check-in was refused");
        return { status: admission.status, text: admission.reason };
      case "settled":
        log.info({ ...fields, reason: admission.reason }, "a check-in was answered without forwarding it");
        return { status: 200, text: admission.reason };
    }
  }

  async #forward(event: ForwardableEvent): Promise<WebhookAnswer> {
    const { clock, limits, log } = this.#parts;
    const message = toMachine(event, clock.wallMs(), limits);
    const fields = { eventId: event.eventId, machine: event.merchantQrId, kind: event.kind };
    try {
      await this.#connection.publish(message, publishTimeoutMs);
    } catch (error) {
      log.warn({ ...fields, reason: errorText(error) }, "an event could not be forwarded");
      // Whoever waits at the machine is told no now; a repetition must not let them in later.
      if (event.kind === "checked-in") this.#tellOthers({ id: event.eventId, answer: "refused" });
      return { status: 503, text: "the broker did not take it" };
    }
    if (event.kind === "checked-in") this.#tellOthers({ id: event.eventId, answer: "forwarded" });
    log.info(fields, "an event was forwarded");
    return { status: 200, text: "forwarded" };
  }

  /** Not waited for: the provider repeats after two seconds at the earliest. */
  #tellOthers(answered: Answered): void {
    this.#answered.remember(answered);
    if (!this.#connection.isConnected()) return;
    const { msn, instance } = this.#parts;
    const payload = JSON.stringify(answered);
    void this.#publish({
      topic: answeredTopic(msn, instance),
      payload,
      qos: 1,
      retain: false,
      contentType: jsonContentType,
    });
  }

  /** By `Webhook-Id`; where a proxy took it away, whichever secret fits. */
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

  /** Another relay may have registered anew; look at most once a second, whoever knocks. */
  #refresh(): boolean {
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#refreshedMs < registrationRefreshMs) return false;
    this.#refreshedMs = now;
    try {
      this.#parts.store.refresh();
      return true;
    } catch (error) {
      this.#parts.log.error({ reason: errorText(error) }, "the file of registrations cannot be read");
      return false;
    }
  }

  #setRegistered(registered: boolean): void {
    const changed = registered !== this.#registered;
    this.#registered = registered;
    if (changed && !this.#stopped) this.#beat();
  }

  /** Says that this relay is there, now and every minute: a broker that was killed forgets wills, so silence has to count as death. */
  #beat(): void {
    if (this.#stopped) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = this.#parts.clock.startTimer("relay heartbeat", heartbeatMs, () => this.#beat());
    if (this.#connection.isConnected()) void this.#publish(this.#healthMessage(true));
  }

  async #publish(message: Outgoing): Promise<void> {
    try {
      await this.#connection.publish(message, publishTimeoutMs);
    } catch (error) {
      this.#parts.log.warn({ topic: message.topic, reason: errorText(error) }, "a message was not published");
    }
  }

  #healthMessage(alive: boolean): Outgoing {
    const { msn, instance, clock } = this.#parts;
    const at = formatTimestamp(clock.wallMs());
    const health: RelayHealthMessage = alive
      ? { alive, registered: this.#registered, at, validForS }
      : { alive, registered: false, at };
    return {
      topic: relayTopic(msn, instance),
      payload: JSON.stringify(health),
      qos: 1,
      retain: true,
      contentType: jsonContentType,
    };
  }

  #health(): { readonly status: 200 | 503; readonly body: Readonly<Record<string, unknown>> } {
    const connected = this.#connection.isConnected();
    const body = { alive: true, mqtt: connected, registered: this.#registered, instance: this.#parts.instance };
    return { status: connected ? 200 : 503, body };
  }
}
