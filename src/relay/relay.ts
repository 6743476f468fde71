/**
 * The cloud side: a webhook comes in, is verified, and goes to its machine over MQTT. No database: the machine is named in the reference,
 * its state is on the broker, and the secrets are in files. One process serves one sales unit or a thousand over one connection to the
 * broker; here they are put together, and added and taken away while the relay runs.
 */
import type { RelaySection } from "../config/relay.ts";
import { errorText } from "../kit/error-text.ts";
import { formatTimestamp } from "../kit/timestamp.ts";
import { Turns } from "../kit/turns.ts";
import type { Connection, ConnectionHooks } from "../link/connection.ts";
import type { Heartbeat } from "../link/freshness.ts";
import type { Incoming } from "../link/incoming.ts";
import { jsonContentType, writeRelayProcess } from "../link/messages.ts";
import type { Outgoing } from "../link/mqtt-settings.ts";
import { relayProcessTopic } from "../link/topics.ts";
import { createOwned, type Owned } from "../service/owned.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import type { BoundedServer } from "./bounded-server.ts";
import { type Family, Histogram } from "./metrics/exposition.ts";
import { createMetricsServer } from "./metrics/metrics-server.ts";
import { relayFamilies } from "./metrics/relay-families.ts";
import type { VerifySignature } from "./reception.ts";
import { checkInEvent, paymentEvents } from "./registration-events.ts";
import type { WantedRegistration } from "./registration-keeper.ts";
import { SalesUnit, type UnitPlan } from "./sales-unit.ts";
import { Tally } from "./tally.ts";
import { createWebhookServer, type WebhookAnswer, type WebhookRequest } from "./webhook-server.ts";

export interface RelayParts {
  /** At least one; without `isFleet` exactly one. */
  readonly units: readonly UnitPlan[];
  /**
   * Whether the units stand in `[[unit]]` and may change. A relay of one sales unit has that unit's sign of life as its will, and its webhooks have
   * no msn in their addresses.
   */
  readonly isFleet: boolean;
  /** `[relay]` as the configuration has it; every option is read where it is used. */
  readonly options: RelaySection;
  readonly connectionFor: (hooks: ConnectionHooks) => Connection;
  readonly verify: VerifySignature;
  readonly beside?: Beside | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** What else lives in this process, on the same connection to the broker. */
export interface Beside {
  /** Starts when the relay does; what is to be stopped is deferred. */
  start(owned: Owned): Promise<unknown>;
  readonly filters: readonly string[];
  /** Whether the message was meant for it. */
  heard(incoming: Incoming): boolean;
  /** For /health, under this name. */
  health(): { readonly [name: string]: object };
  /** For /metrics. */
  families(): readonly Family[];
}

export interface UnitChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

const publishTimeoutMs = 5_000;
/** Three heartbeats: one may be lost, and a second may be late. */
const beatOfOne: Heartbeat = { everyMs: 60_000, validForS: 180 };
/** Sooner, because a will cannot speak for many units: their relay counts as dead when it has been silent for so long. */
const beatOfMany: Heartbeat = { everyMs: 30_000, validForS: 90 };
/** Of the connection's 64 places for what is not acknowledged, the rest is for events, for which somebody waits. */
const quietAtOnce = 16;
/** Sales units that are looked after at once. */
const roundsAtOnce = 16;
/** Sales units that /health names. */
const namedMax = 20;

/** Two urls, so that each kind of event has a registration, and a secret, of its own. In a fleet they name the sales unit. */
export function wantedRegistrations(publicUrl: string, msn?: string): readonly WantedRegistration[] {
  const base = `${publicUrl.replace(/\/+$/, "")}/webhooks${msn === undefined ? "" : `/${msn}`}`;
  return [
    { url: `${base}/check-in`, events: [checkInEvent], isVital: true },
    { url: `${base}/payment`, events: paymentEvents, isVital: false },
  ];
}

export class Relay {
  readonly #parts: RelayParts;
  readonly #connection: Connection;
  readonly #server: BoundedServer;
  /** Of requests that belong to no sales unit here. */
  readonly #tally: Tally;
  readonly #owned: Owned;
  readonly #answerSeconds = new Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
  readonly #quietly = new Turns(quietAtOnce);
  readonly #rounds = new Turns(roundsAtOnce);
  readonly #units = new Map<string, SalesUnit>();
  readonly #marks = new Map<string, string>();
  readonly #beat: Heartbeat;
  #changing: Promise<unknown> = Promise.resolve();
  #heartbeat: Timer | undefined;
  #stopped = false;

  constructor(parts: RelayParts) {
    const { clock, log, isFleet } = parts;
    this.#parts = parts;
    this.#beat = isFleet ? beatOfMany : beatOfOne;
    this.#owned = createOwned({ clock, log });
    this.#tally = new Tally(clock, log);
    const views = (): readonly string[] => [...this.#units.values()].flatMap((unit) => unit.views());
    this.#connection = parts.connectionFor({
      will: () => this.#will(),
      filters: parts.beside?.filters ?? [],
      get views() {
        return views();
      },
      message: (incoming) => Promise.resolve(this.#heard(incoming)),
      connected: () => this.#connected(),
      disconnected: () => this.#units.forEach((unit) => unit.disconnected()),
    });
    this.#server = createWebhookServer({
      clock,
      log,
      answer: (request) => this.#timed(request),
      health: (query) => this.#health(query),
    });
    for (const plan of parts.units) this.#add(plan);
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
      await this.#parts.beside?.start(this.#owned);
      await this.#startMetrics();
      this.#connection.start();
      this.#owned.defer("registrations", () => this.#stopKeeping());
      this.#units.forEach((unit) => unit.start());
      return port;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** What Prometheus is told. */
  families(): readonly Family[] {
    const { options, beside } = this.#parts;
    const numbers = {
      instance: options.instance,
      isConnected: this.#connection.isConnected(),
      units: [...this.#units.values()].map((unit) => unit.numbers()),
      strays: this.#tally.counts(),
      answerSeconds: this.#answerSeconds,
    };
    return [...relayFamilies(numbers), ...(beside?.families() ?? [])];
  }

  async #startMetrics(): Promise<void> {
    const { options, clock, log } = this.#parts;
    const { metrics_host: host, metrics_port: wanted } = options;
    if (wanted === undefined) return;
    const metrics = createMetricsServer({ families: () => this.families(), clock, log });
    const port = await metrics.listen({ host, port: wanted });
    this.#owned.defer("metrics", () => metrics.close());
    log.info({ host, port }, "metrics are told at /metrics");
  }

  /**
   * Serves these sales units from now on. Units that are as before go on undisturbed; one that differs is stopped and begun anew. What
   * stands at the provider for a unit that is gone is left there: another relay may serve it.
   */
  serve(plans: readonly UnitPlan[]): Promise<UnitChanges> {
    const changed = this.#changing.then(() => this.#change(plans));
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  /** Finishes the requests under way, says that it is gone, disconnects. Every part, whatever another one throws. @throws StopError */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#heartbeat?.cancel();
    await this.#changing;
    await this.#owned[Symbol.asyncDispose]();
  }

  #add(plan: UnitPlan): SalesUnit {
    const { options, isFleet, log } = this.#parts;
    const unit = new SalesUnit({
      ...this.#parts,
      msn: plan.msn,
      registry: plan.registry,
      store: plan.store,
      instance: options.instance,
      wanted: wantedRegistrations(options.public_url, isFleet ? plan.msn : undefined),
      limits: {
        checkInFreshnessMs: options.check_in_freshness_s * 1_000,
        paymentExpiryMs: options.payment_expiry_s * 1_000,
      },
      mayRegister: options.register,
      connection: this.#connection,
      quietly: this.#quietly,
      rounds: this.#rounds,
      beat: this.#beat,
      log: isFleet ? log.child({ msn: plan.msn }) : log,
    });
    this.#units.set(plan.msn, unit);
    this.#marks.set(plan.msn, plan.mark);
    return unit;
  }

  async #change(plans: readonly UnitPlan[]): Promise<UnitChanges> {
    if (this.#stopped) return { added: [], removed: [], changed: [] };
    const wanted = new Map(plans.map((plan) => [plan.msn, plan]));
    const removed = [...this.#units.keys()].filter((msn) => !wanted.has(msn));
    const changed = plans.filter(({ msn, mark }) => this.#units.has(msn) && this.#marks.get(msn) !== mark);
    const added = plans.filter(({ msn }) => !this.#units.has(msn));
    const leaving = removed.flatMap((msn) => this.#take(msn));
    const replaced = changed.flatMap(({ msn }) => this.#take(msn));
    // Those that come are there before those that leave have said goodbye: a unit whose keys changed misses no webhook.
    const coming = [...changed, ...added].map((plan) => this.#add(plan));
    await Promise.all([
      ...leaving.map(async (unit) => unit.stopKeeping().then(() => unit.farewell(true))),
      ...replaced.map((unit) => unit.stopKeeping()),
    ]);
    await this.#subscribe(coming, [...leaving, ...replaced]);
    for (const unit of coming) {
      unit.start();
      if (this.#connection.isConnected()) unit.connected();
    }
    return { added: added.map(({ msn }) => msn), removed, changed: changed.map(({ msn }) => msn) };
  }

  /** A change of subscriptions that fails is made up for by the next connection, so the connection is given up. */
  async #subscribe(coming: readonly SalesUnit[], leaving: readonly SalesUnit[]): Promise<void> {
    const viewsOf = (units: readonly SalesUnit[]): readonly string[] => units.flatMap((unit) => unit.views());
    const added = viewsOf(coming);
    const removed = viewsOf(leaving).filter((filter) => !added.includes(filter));
    if (added.length + removed.length === 0) return;
    try {
      // Subscribed again, a filter brings what is retained: the new unit has heard nothing of it.
      await this.#connection.changeViews({ added, removed });
    } catch (error) {
      this.#parts.log.error({ reason: errorText(error) }, "the subscriptions could not be changed: connecting anew");
      this.#connection.interrupt("the subscriptions could not be changed");
    }
  }

  #take(msn: string): readonly SalesUnit[] {
    const unit = this.#units.get(msn);
    this.#units.delete(msn);
    this.#marks.delete(msn);
    return unit === undefined ? [] : [unit];
  }

  async #stopKeeping(): Promise<void> {
    await Promise.all([...this.#units.values()].map((unit) => unit.stopKeeping()));
  }

  async #disconnect(): Promise<void> {
    await Promise.all([...this.#units.values()].map((unit) => unit.farewell(false)));
    if (this.#parts.isFleet && this.#connection.isConnected()) await this.#publish(this.#processMessage(false));
    await this.#connection.stop();
  }

  #will(): Outgoing {
    const [unit] = this.#units.values();
    return this.#parts.isFleet || unit === undefined ? this.#processMessage(false) : unit.healthMessage(false);
  }

  #connected(): void {
    this.#units.forEach((unit) => unit.connected());
    if (this.#parts.isFleet) this.#beatProcess();
  }

  #heard(incoming: Incoming): void {
    if (this.#parts.beside?.heard(incoming) === true) return;
    const msn = incoming.topic.split("/", 3)[2] ?? "";
    this.#units.get(msn)?.heard(incoming);
  }

  /** The address names the unit; where a proxy has changed it, the webhook's id does. Neither is believed: the unit verifies. */
  #unitOf({ target, headers }: WebhookRequest): SalesUnit | undefined {
    const units = this.#units;
    if (!this.#parts.isFleet) return units.values().next().value;
    const msn = /\/(\d{4,7})\/(?:check-in|payment)(?:\?|$)/.exec(target)?.[1];
    const named = msn === undefined ? undefined : units.get(msn);
    if (named !== undefined) return named;
    const id = headers["webhook-id"];
    return id === undefined ? undefined : [...units.values()].find((unit) => unit.knows(id));
  }

  async #timed(request: WebhookRequest): Promise<WebhookAnswer> {
    const startMs = this.#parts.clock.monotonicMs();
    try {
      return await this.#answer(request);
    } finally {
      this.#answerSeconds.observe((this.#parts.clock.monotonicMs() - startMs) / 1_000);
    }
  }

  async #answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const unit = this.#unitOf(request);
    if (unit !== undefined) return unit.answer(request);
    const webhookId = request.headers["webhook-id"]?.slice(0, 64);
    this.#tally.count("forged", "warn", { webhookId, bytes: request.body.byteLength });
    return { status: 401, text: "no sales unit here has this webhook" };
  }

  #beatProcess(): void {
    if (this.#stopped) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = this.#parts.clock.startTimer("relay heartbeat", this.#beat.everyMs, () => this.#beatProcess());
    if (this.#connection.isConnected()) void this.#publish(this.#processMessage(true));
  }

  #processMessage(alive: boolean): Outgoing {
    const { options, clock } = this.#parts;
    const at = formatTimestamp(clock.wallMs());
    const [units, registered] = [this.#units.size, this.#registeredUnits().length];
    return {
      topic: relayProcessTopic(options.instance),
      payload: writeRelayProcess(
        alive ? { alive, at, validForS: this.#beat.validForS, units, registered } : { alive, at },
      ),
      qos: 1,
      retain: true,
      contentType: jsonContentType,
    };
  }

  async #publish(message: Outgoing): Promise<void> {
    try {
      await this.#connection.publish(message, publishTimeoutMs);
    } catch (error) {
      this.#parts.log.warn({ topic: message.topic, reason: errorText(error) }, "a message was not published");
    }
  }

  #registeredUnits(): readonly SalesUnit[] {
    return [...this.#units.values()].filter((unit) => unit.isRegistered);
  }

  /** `unit=123456`: of that sales unit alone. */
  #health(query: URLSearchParams): { readonly status: 200 | 404 | 503; readonly body: object } {
    const { options, isFleet } = this.#parts;
    const connected = this.#connection.isConnected();
    const msn = query.get("unit");
    const units = [...this.#units.values()].filter((unit) => msn === null || unit.msn === msn);
    if (msn !== null && units.length === 0)
      return { status: 404, body: { unit: msn.slice(0, 16), reason: "not served here" } };
    const unregistered = units.filter((unit) => !unit.isRegistered).map((unit) => unit.msn);
    const body = {
      alive: true,
      mqtt: connected,
      registered: unregistered.length === 0,
      instance: options.instance,
      ...(msn === null ? this.#parts.beside?.health() : {}),
      counts: sum([...(msn === null ? [this.#tally] : []), ...units].map((one) => one.counts())),
      ...(isFleet
        ? {
            units: {
              served: units.length,
              registered: units.length - unregistered.length,
              unregistered: unregistered.slice(0, namedMax),
            },
          }
        : {}),
    };
    return { status: connected ? 200 : 503, body };
  }
}

type Counts = ReturnType<Tally["counts"]>;

function sum(all: readonly Counts[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}
