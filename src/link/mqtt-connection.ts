/**
 * One connection to a broker, restored for ever; of several brokers to one of them, and to the next when it is lost or silent. The machine's link and the relay are built on it.
 *
 * Each attempt uses a client of its own, so that nothing of a broken connection (packet ids, half-sent messages) leaks into the next.
 * - An incoming message is acknowledged when its promise resolves. If it rejects or takes too long, the connection is dropped and
 *   restored, which is the only way to make a broker send the message again (MQTT 5.0 §4.4: a server resends "only when Clean Start is set to
 *   0 and a session is present … on reconnection"). An acknowledgement never crosses from one connection to the next.
 * - Connected means: CONNACK and every subscription granted.
 * Longer than 400 lines: an attempt's life (open, subscribe, receive, publish, end, try again) is one state that every part changes.
 */
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { defined } from "../kit/defined.ts";
import { errorFrom, errorText } from "../kit/error-text.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import { backOffMs } from "../kit/back-off.ts";
import type { Connection, ConnectionHooks, ViewChange } from "./connection.ts";
import { BrokerVersion } from "./broker-version.ts";
import { connectionFault } from "./connection-fault.ts";
import { LinkError } from "./link-error.ts";
import { rivalAdvice, rivalIsGoneMs, Rivalry } from "./rivalry.ts";
import {
  brokerName,
  clientOptions,
  type MqttSecrets,
  type MqttSettings,
  type MqttVersion,
  type Outgoing,
} from "./mqtt-settings.ts";

export interface ConnectionParts {
  readonly settings: MqttSettings;
  /**
   * Asked before each try, so that a renewed password, certificate or key counts from the next connection on. When it rejects, the secrets of
   * before go on.
   */
  readonly readSecrets?: (() => Promise<MqttSecrets>) | undefined;
  readonly hooks: ConnectionHooks;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** The client library's `connect`; tests pass their own. */
  readonly connect?: (url: string, options: IClientOptions) => MqttClient;
}

/** Longer than any journal commit and shorter than the keep-alive: a message holds up everything behind it. */
const messageTimeoutMs = 10_000;
/** MQTT 5.0 §3.8.4 sets no time for SUBACK. */
const subscribeTimeoutMs = 10_000;
const disconnectTimeoutMs = 2_000;
const firstRetryMs = 500;
/** After a connection that lived this long, the back-off starts over. */
const stableAfterMs = 30_000;
/** Publishes without an acknowledgement. */
const inFlightMax = 64;

/** A SUBSCRIBE packet carries so many filters: those of a thousand sales units do not fit into one that every broker takes. */
const filtersPerPacket = 150;

function portions<T>(all: readonly T[]): (readonly T[])[] {
  const count = Math.ceil(all.length / filtersPerPacket);
  return Array.from({ length: count }, (_, index) =>
    all.slice(index * filtersPerPacket, (index + 1) * filtersPerPacket),
  );
}

interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1;
}

const atQos =
  (qos: Subscription["qos"]) =>
  (filter: string): Subscription => ({ filter, qos });

function isNothing(error: unknown): boolean {
  return error === undefined || error === null;
}

function subscribe({ client }: Attempt, wanted: readonly Subscription[], done: (error: unknown) => void): void {
  client.subscribe(Object.fromEntries(wanted.map(({ filter, qos }) => [filter, { qos }])), (error) => done(error));
}

interface Attempt {
  readonly client: MqttClient;
  readonly broker: Broker;
  readonly version: MqttVersion;
  readonly startedMs: number;
  readonly waiting: Set<(error: LinkError) => void>;
  /** Fires when the connection has outlived any rival. */
  rivalTimer: Timer | undefined;
  subscribeTimer: Timer | undefined;
  connackSeen: boolean;
  ready: boolean;
  ended: boolean;
}

/** One of the addresses. */
interface Broker {
  readonly url: string;
  /** For the log. */
  readonly name: string;
  readonly version: BrokerVersion;
}

/** Something that the broker is asked for, and what is said when it does not do it. */
interface Asked {
  readonly timer: string;
  readonly timeoutMs: number;
  readonly late: string;
  readonly refused: string;
}

export class MqttConnection implements Connection {
  readonly #parts: ConnectionParts;
  /** The first is the one in use, or the next to try. */
  readonly #brokers: readonly [Broker, ...Broker[]];
  #turn = 0;
  /** The newest answer to a publish. */
  #acknowledgedMs = 0;
  #attempt: Attempt | undefined;
  #secrets: MqttSecrets;
  readonly #rivalry = new Rivalry();
  #retry = 0;
  #tries = 0;
  #timer: Timer | undefined;
  #stopped = true;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#secrets = parts.settings;
    const { url, others = [], protocol } = parts.settings;
    const brokerAt = (at: string): Broker => ({ url: at, name: brokerName(at), version: new BrokerVersion(protocol) });
    this.#brokers = [brokerAt(url), ...others.map(brokerAt)];
  }

  get #broker(): Broker {
    return this.#brokers[this.#turn % this.#brokers.length] ?? this.#brokers[0];
  }

  /** Returns at once; the connection comes when the broker does. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#try();
  }

  isConnected(): boolean {
    return this.#attempt?.ready === true;
  }

  tries(): number {
    return this.#tries;
  }

  /** The protocol version of the current connection, for the log and the doctor. */
  version(): MqttVersion | undefined {
    return this.isConnected() ? this.#attempt?.version : undefined;
  }

  /** Resolves with the broker's PUBACK (QoS 0: when it was written); rejects with a LinkError. */
  async publish(message: Outgoing, timeoutMs: number): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined || !attempt.ready)
      throw new LinkError(
        "link-not-connected",
        `no connection to ${this.#broker.name}: ${message.topic} was not published`,
      );
    if (attempt.waiting.size >= inFlightMax)
      throw new LinkError(
        "link-busy",
        `${inFlightMax} publishes already wait for ${attempt.broker.name}: ${message.topic}`,
      );
    const startedMs = this.#parts.clock.monotonicMs();
    try {
      await this.#publishOn(attempt, message, timeoutMs);
      this.#acknowledgedMs = this.#parts.clock.monotonicMs();
    } catch (error) {
      // A node of a cluster that has lost the others still answers pings. Where there is another broker, it is asked.
      const isSilent = error instanceof LinkError && error.code === "link-timed-out";
      if (isSilent && this.#brokers.length > 1 && this.#acknowledgedMs < startedMs)
        this.#end(attempt, "the broker acknowledges nothing");
      throw error;
    }
  }

  async changeViews({ added, removed }: ViewChange): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined || !attempt.ready) return;
    for (const wanted of portions(added.map(atQos(0))))
      await this.#changeViews(attempt, (done) => subscribe(attempt, wanted, done));
    for (const filters of portions(removed))
      await this.#changeViews(attempt, (done) => attempt.client.unsubscribe([...filters], (error) => done(error)));
  }

  /** Drops the connection and reconnects after the usual wait, so that the broker sends again what was not acknowledged. */
  interrupt(reason: string): void {
    if (this.#attempt !== undefined) this.#end(this.#attempt, reason);
  }

  /** Sends DISCONNECT, so that the will is not published; idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    const wasReady = attempt.ready;
    this.#forget(attempt);
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.startTimer("mqtt disconnect", disconnectTimeoutMs, () => {
        attempt.client.end(true);
        resolve();
      });
      attempt.client.end(!wasReady, {}, () => {
        timer.cancel();
        resolve();
      });
    });
  }

  #try(): void {
    this.#tries += 1;
    const { readSecrets } = this.#parts;
    if (readSecrets === undefined) this.#open();
    else void this.#openAfresh(readSecrets);
  }

  async #openAfresh(readSecrets: () => Promise<MqttSecrets>): Promise<void> {
    try {
      this.#secrets = await readSecrets();
    } catch (error) {
      this.#parts.log.error(
        { reason: errorText(error) },
        "the secrets of the connection cannot be read again: going on with those of before",
      );
    }
    if (!this.#stopped && this.#attempt === undefined) this.#open();
  }

  /** Undefined where the library refuses the secrets at once, as it does with a certificate that is none. */
  #newClient(): MqttClient | undefined {
    const { settings, hooks, log } = this.#parts;
    const { password, tls } = this.#secrets;
    const connect = this.#parts.connect ?? mqtt.connect;
    try {
      const { url, version } = this.#broker;
      return connect(url, clientOptions({ ...settings, password, tls }, version.current, hooks.will()));
    } catch (error) {
      log.warn({ broker: this.#broker.name, reason: errorText(error) }, "no connection to the broker");
      return undefined;
    }
  }

  #open(): void {
    const { clock } = this.#parts;
    const client = this.#newClient();
    if (client === undefined) {
      this.#tryAfter(this.#nextWaitMs());
      this.#turn += 1;
      return;
    }
    const attempt: Attempt = {
      client,
      broker: this.#broker,
      version: this.#broker.version.current,
      startedMs: clock.monotonicMs(),
      waiting: new Set(),
      rivalTimer: undefined,
      subscribeTimer: undefined,
      connackSeen: false,
      ready: false,
      ended: false,
    };
    this.#attempt = attempt;
    client.handleMessage = (packet, callback) => void this.#answer(attempt, packet, callback);
    client.on("connect", () => this.#subscribe(attempt));
    client.on("disconnect", ({ reasonCode: code = 0 }) =>
      this.#endedByBroker(attempt, Object.assign(new Error(`the broker said DISCONNECT ${code}`), { code })),
    );
    client.on("error", (error) => this.#end(attempt, error));
    client.on("close", () => this.#endedByBroker(attempt, new Error("the connection was closed")));
  }

  #subscribe(attempt: Attempt): void {
    attempt.connackSeen = true;
    attempt.broker.version.taken();
    const { clock, hooks, log } = this.#parts;
    attempt.subscribeTimer = clock.startTimer("mqtt subscribe", subscribeTimeoutMs, () =>
      this.#end(attempt, "no SUBACK in time"),
    );
    const portionsLeft = portions([...hooks.filters.map(atQos(1)), ...hooks.views.map(atQos(0))]);
    const next = (): void => {
      const wanted = portionsLeft.shift();
      if (wanted === undefined) this.#isSubscribed(attempt);
      else subscribe(attempt, wanted, subscribed(wanted));
    };
    const subscribed = (wanted: readonly Subscription[]) => (error: unknown) => {
      if (attempt.ended) return;
      if (isNothing(error)) {
        next();
        return;
      }
      attempt.subscribeTimer?.cancel();
      const filters = wanted.map(({ filter }) => filter);
      log.error({ broker: attempt.broker.name, filters }, "the broker refuses a subscription: look at its ACL");
      this.#end(attempt, error);
    };
    next();
  }

  #isSubscribed(attempt: Attempt): void {
    const { clock, hooks, log } = this.#parts;
    attempt.subscribeTimer?.cancel();
    attempt.ready = true;
    attempt.rivalTimer = clock.startTimer("mqtt rival", rivalIsGoneMs, () => this.#rivalIsGone(attempt.broker));
    const mqttVersion = attempt.version === 5 ? "5" : "3.1.1";
    log.info({ broker: attempt.broker.name, mqttVersion }, "connected to the broker");
    hooks.connected();
  }

  /** What the broker has to acknowledge: done, refused, too late, or overtaken by the end of its connection. */
  #acknowledged(
    attempt: Attempt,
    { timer: name, timeoutMs, late, refused }: Asked,
    work: (done: (error?: unknown) => void) => void,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: LinkError): void => {
        timer.cancel();
        attempt.waiting.delete(settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = this.#parts.clock.startTimer(name, timeoutMs, () => settle(new LinkError("link-timed-out", late)));
      attempt.waiting.add(settle);
      work((error) =>
        settle(isNothing(error) ? undefined : new LinkError("link-refused", `${refused}: ${errorText(error)}`)),
      );
    });
  }

  #changeViews(attempt: Attempt, work: (done: (error?: unknown) => void) => void): Promise<void> {
    const late = `${attempt.broker.name} did not acknowledge a change of subscriptions`;
    const refused = `${attempt.broker.name} refuses a subscription`;
    return this.#acknowledged(attempt, { timer: "mqtt views", timeoutMs: subscribeTimeoutMs, late, refused }, work);
  }

  /** The library sends PUBACK for a callback without an error, and nothing for one with an error. */
  async #answer(attempt: Attempt, packet: IPublishPacket, callback: (error?: Error) => void): Promise<void> {
    try {
      await this.#receive(attempt, packet);
    } catch (error) {
      callback(errorFrom(error));
      return;
    }
    callback();
  }

  /** Rejects when the message must not be acknowledged. */
  async #receive(attempt: Attempt, packet: IPublishPacket): Promise<void> {
    if (attempt.ended) throw new LinkError("link-not-connected", "the connection this message came by is gone");
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload, "utf8") : packet.payload;
    try {
      await this.#withTimeout(this.#parts.hooks.message({ topic: packet.topic, payload, retained: packet.retain }));
    } catch (error) {
      this.#parts.log.error(
        { topic: packet.topic, reason: errorText(error) },
        "a message was not taken in; it will be sent again",
      );
      // To the same broker: it has the message.
      this.#end(attempt, "a message was not taken in", true);
      throw error;
    }
    if (attempt.ended) throw new LinkError("link-not-connected", "the connection this message came by is gone");
  }

  async #withTimeout(work: Promise<void>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#parts.clock.startTimer("mqtt message", messageTimeoutMs, () =>
        reject(new LinkError("link-timed-out", `a message was not taken in within ${messageTimeoutMs} ms`)),
      );
    });
    try {
      await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }

  #publishOn(attempt: Attempt, { topic, payload, qos, retain, ...more }: Outgoing, timeoutMs: number): Promise<void> {
    const properties = { ...defined({ messageExpiryInterval: more.expiryS, contentType: more.contentType }) };
    const options = attempt.version === 5 ? { qos, retain, properties } : { qos, retain };
    const late = `no PUBACK within ${timeoutMs} ms for ${topic}`;
    const refused = `${attempt.broker.name} did not take ${topic}`;
    return this.#acknowledged(
      attempt,
      { timer: "mqtt publish", timeoutMs, late, refused },
      (done) => void attempt.client.publish(topic, payload, options, (error) => done(error)),
    );
  }

  /** The broker or the network ended it. If that keeps happening, another client has our identity. */
  #endedByBroker(attempt: Attempt, cause: Error & { readonly code?: number }): void {
    if (attempt.ended) return;
    const livedMs = this.#parts.clock.monotonicMs() - attempt.startedMs;
    if (!attempt.connackSeen || !this.#rivalry.ended(livedMs, cause.code)) {
      this.#end(attempt, cause);
      return;
    }
    const wasReady = attempt.ready;
    this.#forget(attempt);
    attempt.client.end(true);
    const { entropy, log, hooks } = this.#parts;
    const delayMs = this.#rivalry.waitMs(entropy);
    this.#turn += 1;
    log.error({ broker: attempt.broker.name, reason: connectionFault(cause).text, retryInMs: delayMs }, rivalAdvice);
    if (wasReady) hooks.disconnected();
    hooks.rival?.(true);
    this.#tryAfter(delayMs);
  }

  #rivalIsGone({ name: broker }: Broker): void {
    const wasSuspected = this.#rivalry.isSuspected;
    this.#rivalry.forget();
    if (!wasSuspected) return;
    this.#parts.log.info({ broker }, "no other client has used this identity for a while");
    this.#parts.hooks.rival?.(false);
  }

  #tryAfter(delayMs: number): void {
    if (!this.#stopped) this.#timer = this.#parts.clock.startTimer("mqtt reconnect", delayMs, () => this.#try());
  }

  /** Grows with each whole round of the brokers: one that is away must not make the way to the others longer. */
  #nextWaitMs(): number {
    const { settings, entropy } = this.#parts;
    const round = Math.floor(this.#retry / this.#brokers.length);
    this.#retry += 1;
    return backOffMs({ firstMs: firstRetryMs, maxMs: settings.reconnectMaxMs }, round, entropy);
  }

  /** An attempt ended for any other reason; schedules the next one, at the next broker unless this one is to be kept. */
  #end(attempt: Attempt, cause: unknown, isKept = false): void {
    if (attempt.ended) return;
    const wasReady = attempt.ready;
    this.#forget(attempt);
    attempt.client.end(true);
    const { clock, log, settings, hooks } = this.#parts;
    const livedMs = clock.monotonicMs() - attempt.startedMs;
    const fault = connectionFault(cause);
    // One that says nothing at all is more likely frozen than old: where there is another, that one comes first.
    const isFrozen = this.#brokers.length > 1 && livedMs >= settings.connectTimeoutMs;
    const isOtherVersion = !attempt.connackSeen && attempt.broker.version.failed(fault.versionDoubt);
    const fallBack = isOtherVersion && attempt.version === 5 && !isFrozen;
    if (wasReady && livedMs >= stableAfterMs) this.#retry = 0;
    const delayMs = fallBack ? 0 : this.#nextWaitMs();
    if (fallBack) log.info({ broker: attempt.broker.name }, "the broker does not take MQTT 5: trying 3.1.1");
    else {
      if (!isKept) this.#turn += 1;
      log.warn(
        { broker: attempt.broker.name, reason: fault.text, retryInMs: delayMs, retry: this.#retry },
        "no connection to the broker",
      );
    }
    if (wasReady) hooks.disconnected();
    this.#tryAfter(delayMs);
  }

  #forget(attempt: Attempt): void {
    attempt.ended = true;
    attempt.ready = false;
    attempt.subscribeTimer?.cancel();
    attempt.rivalTimer?.cancel();
    if (this.#attempt === attempt) this.#attempt = undefined;
    for (const settle of attempt.waiting)
      settle(
        new LinkError("link-refused", `the connection to ${attempt.broker.name} broke before the broker acknowledged`),
      );
  }
}
