/**
 * What is between the provider and the machine: one or two relays with the real reception, a broker, and who watches what is published. Relays
 * die and come back with nothing in their heads; the broker is gone for a while, loses acknowledgements, or forgets every session.
 */
import type { Incoming } from "../../src/link/incoming.ts";
import { jsonContentType, type RelayHealthMessage, writeAnswered, writeRelayHealth } from "../../src/link/messages.ts";
import type { BusClient, SimulatedBus } from "../../src/link/simulated-bus.ts";
import {
  answeredFilter,
  answeredTopic,
  parseTopic,
  relayFilter,
  relayTopic,
  stateFilter,
} from "../../src/link/topics.ts";
import type { Outgoing } from "../../src/link/mqtt-settings.ts";
import { formatTimestamp } from "../../src/kit/timestamp.ts";
import { type Answered, AnsweredEvents, readAnswered } from "../../src/relay/admission.ts";
import { MachineStates } from "../../src/relay/machine-states.ts";
import { Reception } from "../../src/relay/reception.ts";
import { checkInEvent, paymentEvents } from "../../src/relay/registration-events.ts";
import type { KnownRegistration, RegistrationStore } from "../../src/relay/registration-file.ts";
import { Tally } from "../../src/relay/tally.ts";
import { createMemoryLog } from "../../src/service/log.ts";
import type { Timer } from "../../src/service/port.ts";
import type { SimulatedClock } from "../../src/service/simulated-clock.ts";
import { verifyDelivery } from "../../src/vipps/signature.ts";

export const msn = "123456";
const relayUrl = "https://relay.example.test/hooks";
const heartbeatMs = 60_000;
const validForS = 180;
const reconnectMs = 700;

export const registrations: readonly KnownRegistration[] = [
  { id: "check-in", msn, url: `${relayUrl}/check-in`, events: [checkInEvent], secret: "secret of check-in" },
  { id: "payment", msn, url: `${relayUrl}/payment`, events: paymentEvents, secret: "secret of payment" },
];

const store: RegistrationStore = { all: () => registrations, refresh: () => {}, replace: () => {} };

export interface CloudSettings {
  readonly bus: SimulatedBus;
  readonly clock: SimulatedClock;
  readonly relays: number;
  /** The relays remember nothing of what they answered: a planted bug. */
  readonly forgetsRefusals: boolean;
}

/** A planted bug: it forgets what it answered. */
class ForgetfulAnswers extends AnsweredEvents {
  override recall(): undefined {}
}

/** One relay process, from its start to its death: the real reception on the simulated bus. */
class RelayTwin {
  readonly #settings: CloudSettings;
  readonly #instance: string;
  readonly #states: MachineStates;
  readonly #answered: AnsweredEvents;
  readonly #others = new Set<string>();
  readonly #reception: Reception;
  readonly #client: BusClient;
  readonly #startedMs: number;
  #heartbeat: Timer | undefined;
  #reconnect: Timer | undefined;
  #isDead = false;

  constructor(settings: CloudSettings, instance: string) {
    const { clock, bus } = settings;
    this.#settings = settings;
    this.#instance = instance;
    this.#startedMs = clock.monotonicMs();
    this.#states = new MachineStates(clock);
    this.#answered = settings.forgetsRefusals ? new ForgetfulAnswers(clock) : new AnsweredEvents(clock);
    this.#client = {
      clientId: `relay-${instance}`,
      persistent: false,
      hooks: {
        will: () => this.#health(false),
        filters: [],
        views: [stateFilter(msn), answeredFilter(msn), relayFilter(msn)],
        message: async (incoming) => this.#heard(incoming),
        connected: () => this.#beat(),
        disconnected: () => this.#lost(),
      },
    };
    const log = createMemoryLog();
    this.#reception = new Reception({
      msn,
      limits: { checkInFreshnessMs: 20_000, paymentExpiryMs: 3_600_000 },
      store,
      verify: ({ headers, body }, { url, secret }) =>
        verifyDelivery({ headers, rawBody: body }, new URL(url), secret).kind === "genuine",
      states: this.#states,
      answered: this.#answered,
      machines: {
        isConnected: () => bus.isOnline(this.#client.clientId),
        publish: (message) => bus.publishFrom(this.#client.clientId, message),
        tellOthers: (answered) => this.#tellOthers(answered),
        knowsAllSince: (ageMs) => this.#others.size === 0 && clock.monotonicMs() - this.#startedMs > ageMs,
      },
      tally: new Tally(clock, log),
      clock,
      log,
    });
    this.#connect();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  answer(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<{ readonly status: number }> {
    return this.#reception.answer({ method: "POST", target: new URL(url).pathname, headers, body });
  }

  /** SIGKILL: no DISCONNECT, so the broker publishes the will. */
  die(): void {
    this.#isDead = true;
    this.#heartbeat?.cancel();
    this.#reconnect?.cancel();
    this.#settings.bus.disconnect(this.#client, false);
  }

  #connect(): void {
    if (this.#isDead || this.#settings.bus.connect(this.#client)) return;
    this.#reconnect = this.#settings.clock.startTimer("relay connects", reconnectMs, () => this.#connect());
  }

  #lost(): void {
    this.#states.forget();
    if (!this.#isDead)
      this.#reconnect = this.#settings.clock.startTimer("relay connects", reconnectMs, () => this.#connect());
  }

  #heard(incoming: Incoming): void {
    const { topic, payload, retained } = incoming;
    const meaning = parseTopic(topic);
    if (meaning?.kind === "relay") {
      if (meaning.instance !== this.#instance) this.#others.add(meaning.instance);
      return;
    }
    if (!topic.endsWith("/answered")) return this.#states.heard(incoming);
    const answered = retained ? undefined : readAnswered(payload);
    if (answered !== undefined) this.#answered.remember(answered);
  }

  #beat(): void {
    if (this.#isDead) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = this.#settings.clock.startTimer("relay heartbeat", heartbeatMs, () => this.#beat());
    this.#publish(this.#health(true));
  }

  #publish(message: Outgoing): void {
    const { bus } = this.#settings;
    if (!bus.isOnline(this.#client.clientId)) return;
    // What gets lost comes with the next heartbeat, as the real relay's does.
    bus.publishFrom(this.#client.clientId, message).catch(() => {});
  }

  #tellOthers(answered: Answered): void {
    this.#publish({
      topic: answeredTopic(msn, this.#instance),
      payload: writeAnswered(answered),
      qos: 1,
      retain: false,
      contentType: jsonContentType,
    });
  }

  #health(alive: boolean): Outgoing {
    const at = formatTimestamp(this.#settings.clock.wallMs());
    const health: RelayHealthMessage = alive
      ? { alive, registered: true, at, validForS }
      : { alive, registered: false, at };
    return {
      topic: relayTopic(msn, this.#instance),
      payload: writeRelayHealth(health),
      qos: 1,
      retain: true,
      contentType: jsonContentType,
    };
  }
}

export class Cloud {
  readonly #settings: CloudSettings;
  #relays: RelayTwin[];

  constructor(settings: CloudSettings) {
    this.#settings = settings;
    this.#relays = Array.from({ length: settings.relays }, (_, index) => this.#start(index));
  }

  #start(index: number): RelayTwin {
    return new RelayTwin(this.#settings, `r${index}`);
  }

  get isAnyAlive(): boolean {
    return this.#relays.some(({ isDead }) => !isDead);
  }

  kill(index: number): void {
    this.#relays[index % this.#relays.length]?.die();
  }

  /** Every relay that is dead starts anew, with nothing in its head. */
  startDead(): void {
    this.#relays = this.#relays.map((relay, index) => (relay.isDead ? this.#start(index) : relay));
  }

  /** Through a load balancer that knows nothing: a dead relay's share of requests fails. */
  receive(
    pick: <T>(choices: readonly T[]) => T,
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<{ readonly status: number }> {
    const relay = pick(this.#relays);
    return relay.isDead ? Promise.resolve({ status: 502 }) : relay.answer(url, headers, body);
  }
}
