/**
 * The cloud side: a webhook comes in, is verified, and goes to its machine over MQTT. No database: the machine is named in the reference,
 * its state is on the broker, and the secrets are in a file. Here the parts are put together; reception.ts decides.
 */
import type { RelaySection } from "../config/relay.ts";
import { errorText } from "../kit/error-text.ts";
import { formatTimestamp } from "../kit/timestamp.ts";
import type { Connection, ConnectionHooks } from "../link/connection.ts";
import type { Incoming } from "../link/incoming.ts";
import { jsonContentType, type RelayHealthMessage } from "../link/messages.ts";
import type { Outgoing } from "../link/mqtt-settings.ts";
import { answeredFilter, answeredTopic, parseTopic, relayFilter, relayTopic, stateFilter } from "../link/topics.ts";
import { createOwned, type Owned } from "../service/owned.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import { type Answered, AnsweredEvents, readAnswered } from "./admission.ts";
import { MachineStates } from "./machine-states.ts";
import { Reception, type VerifySignature } from "./reception.ts";
import { checkInEvent, paymentEvents } from "./registration-events.ts";
import type { RegistrationStore } from "./registration-file.ts";
import { RegistrationKeeper, type WantedRegistration, type WebhookRegistry } from "./registration-keeper.ts";
import { Tally } from "./tally.ts";
import { WebhookServer } from "./webhook-server.ts";

export interface RelayParts {
  readonly msn: string;
  /** `[relay]` as the configuration has it; every option is read where it is used. */
  readonly options: RelaySection;
  readonly connectionFor: (hooks: ConnectionHooks) => Connection;
  readonly registry: WebhookRegistry;
  readonly store: RegistrationStore;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** Together with the wait for a machine's state it stays well inside the server's eight seconds. */
const publishTimeoutMs = 5_000;
/** More than anybody runs; a limit in case a broker sends nonsense. */
const relaysMax = 1_000;
const heartbeatMs = 60_000;
/** Three heartbeats: one may be lost, and a second may be late. */
const validForS = 180;

/** Two urls, so that each kind of event has a registration, and a secret, of its own. */
export function wantedRegistrations(publicUrl: string): readonly WantedRegistration[] {
  const base = publicUrl.replace(/\/+$/, "");
  return [
    { url: `${base}/webhooks/check-in`, events: [checkInEvent], isVital: true },
    { url: `${base}/webhooks/payment`, events: paymentEvents, isVital: false },
  ];
}

export class Relay {
  readonly #parts: RelayParts;
  readonly #connection: Connection;
  readonly #states: MachineStates;
  readonly #answered: AnsweredEvents;
  readonly #keeper: RegistrationKeeper;
  readonly #reception: Reception;
  readonly #server: WebhookServer;
  readonly #tally: Tally;
  readonly #owned: Owned;
  /** Relays of this sales unit that were ever heard of. */
  readonly #others = new Set<string>();
  readonly #startedMs: number;
  #registered = false;
  #heartbeat: Timer | undefined;
  #stopped = false;

  constructor(parts: RelayParts) {
    const { msn, options, clock, log } = parts;
    this.#parts = parts;
    this.#owned = createOwned({ clock, log });
    this.#startedMs = clock.monotonicMs();
    this.#states = new MachineStates(clock);
    this.#answered = new AnsweredEvents(clock);
    this.#tally = new Tally(clock, log);
    this.#keeper = new RegistrationKeeper({
      ...parts,
      wanted: wantedRegistrations(options.public_url),
      mayRegister: options.register,
      onRound: (registered) => this.#setRegistered(registered),
    });
    this.#connection = parts.connectionFor({
      will: () => this.#healthMessage(false),
      filters: [stateFilter(msn), answeredFilter(msn), relayFilter(msn)],
      message: (incoming) => Promise.resolve(this.#heard(incoming)),
      connected: () => this.#beat(),
      disconnected: () => this.#states.forget(),
    });
    this.#reception = new Reception({
      ...parts,
      limits: {
        checkInFreshnessMs: options.check_in_freshness_s * 1_000,
        paymentExpiryMs: options.payment_expiry_s * 1_000,
      },
      states: this.#states,
      answered: this.#answered,
      tally: this.#tally,
      machines: {
        isConnected: () => this.#connection.isConnected(),
        publish: (message) => this.#connection.publish(message, publishTimeoutMs),
        tellOthers: (answered) => this.#tellOthers(answered),
        knowsAllSince: (ageMs) => this.#others.size === 0 && clock.monotonicMs() - this.#startedMs > ageMs,
      },
    });
    this.#server = new WebhookServer({
      clock,
      log,
      answer: (request) => this.#reception.answer(request),
      health: () => this.#health(),
    });
  }

  /** Resolves to the port that is listened on. When it rejects, nothing is left that runs. @throws ListenError */
  async start(): Promise<number> {
    const { listen_host: host, listen_port } = this.#parts.options;
    try {
      // The port first: a relay that cannot be reached must not say that it is alive.
      const port = await this.#server.listen({ host, port: listen_port });
      this.#owned.defer("tally", () => this.#tally.stop());
      this.#owned.defer("connection", () => this.#disconnect());
      // The requests under way need the connection.
      this.#owned.defer("webhook server", () => this.#server.close());
      this.#connection.start();
      this.#owned.defer("registrations", () => this.#keeper.stop());
      this.#keeper.start();
      return port;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Finishes the requests under way, says that it is gone, disconnects. Every part, whatever another one throws. @throws StopError */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#heartbeat?.cancel();
    await this.#owned[Symbol.asyncDispose]();
  }

  async #disconnect(): Promise<void> {
    if (this.#connection.isConnected()) await this.#publish(this.#healthMessage(false));
    await this.#connection.stop();
  }

  #heard({ topic, payload, retained }: Incoming): void {
    const meaning = parseTopic(topic);
    if (meaning?.kind === "relay") {
      if (meaning.instance === this.#parts.options.instance) return;
      // The provider may still reach a relay that the broker has lost; only an emptied topic says that it is gone for good.
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

  #tellOthers(answered: Answered): void {
    if (!this.#connection.isConnected()) return;
    const { msn, options } = this.#parts;
    void this.#publish({
      topic: answeredTopic(msn, options.instance),
      payload: JSON.stringify(answered),
      qos: 1,
      retain: false,
      contentType: jsonContentType,
    });
  }

  #setRegistered(registered: boolean): void {
    const changed = registered !== this.#registered;
    this.#registered = registered;
    if (changed && !this.#stopped) this.#beat();
  }

  /** Says that this relay is alive, now and every minute: a broker that was killed never sends wills, so silence has to count as death. */
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
    const { msn, options, clock } = this.#parts;
    const at = formatTimestamp(clock.wallMs());
    const health: RelayHealthMessage = alive
      ? { alive, registered: this.#registered, at, validForS }
      : { alive, registered: false, at };
    return {
      topic: relayTopic(msn, options.instance),
      payload: JSON.stringify(health),
      qos: 1,
      retain: true,
      contentType: jsonContentType,
    };
  }

  #health(): { readonly status: 200 | 503; readonly body: Readonly<Record<string, unknown>> } {
    const connected = this.#connection.isConnected();
    const body = {
      alive: true,
      mqtt: connected,
      registered: this.#registered,
      instance: this.#parts.options.instance,
      counts: this.#tally.counts(),
    };
    return { status: connected ? 200 : 503, body };
  }
}
