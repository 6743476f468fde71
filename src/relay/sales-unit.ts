/**
 * One sales unit on this relay: its webhooks, its machines' states, what was answered for it, and what the broker is told. A relay serves one or a
 * thousand; none knows of another.
 */
import { errorText } from "../kit/error-text.ts";
import { formatTimestamp } from "../kit/timestamp.ts";
import type { Turns } from "../kit/turns.ts";
import type { Connection } from "../link/connection.ts";
import type { Heartbeat } from "../link/freshness.ts";
import type { Incoming } from "../link/incoming.ts";
import { jsonContentType, type RelayHealthMessage, writeAnswered, writeRelayHealth } from "../link/messages.ts";
import type { Outgoing } from "../link/mqtt-settings.ts";
import { answeredFilter, answeredTopic, parseTopic, relayFilter, relayTopic, stateFilter } from "../link/topics.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import { type Answered, AnsweredEvents, readAnswered } from "./admission.ts";
import type { ForwardLimits } from "./forward.ts";
import { MachineStates } from "./machine-states.ts";
import type { UnitNumbers } from "./metrics/relay-families.ts";
import { Peers } from "./peers.ts";
import { Reception, type VerifySignature } from "./reception.ts";
import type { RegistrationStore } from "./registration-file.ts";
import {
  type Claim,
  RegistrationKeeper,
  type WantedRegistration,
  type WebhookRegistry,
} from "./registration-keeper.ts";
import { Tally } from "./tally.ts";
import type { WebhookAnswer, WebhookRequest } from "./webhook-server.ts";

/** What is special to one sales unit. */
export interface UnitPlan {
  readonly msn: string;
  /** Differs when anything about the unit does, its keys included. Never printed. */
  readonly mark: string;
  readonly registry: WebhookRegistry;
  readonly store: RegistrationStore;
}

export interface UnitParts extends Omit<UnitPlan, "mark"> {
  readonly instance: string;
  readonly wanted: readonly WantedRegistration[];
  readonly limits: ForwardLimits;
  readonly mayRegister: boolean;
  readonly verify: VerifySignature;
  readonly connection: Pick<Connection, "isConnected" | "publish">;
  /** For what nobody waits for: signs of life, and words among relays. */
  readonly quietly: Turns;
  /** For rounds of looking after webhooks. */
  readonly rounds: Turns;
  readonly beat: Heartbeat;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** Together with the wait for a machine's state it stays well inside the server's eight seconds. */
const publishTimeoutMs = 5_000;
/** How long a claim stands before it counts: longer than a message among relays is on its way. */
const settleMs = 1_000;

export class SalesUnit {
  readonly #parts: UnitParts;
  readonly #states: MachineStates;
  readonly #answered: AnsweredEvents;
  readonly #peers: Peers;
  readonly #keeper: RegistrationKeeper;
  readonly #reception: Reception;
  readonly #tally: Tally;
  readonly #startedMs: number;
  readonly #stopping = new AbortController();
  #registered = false;
  #holds: readonly string[] = [];
  #seenWallMs: number | undefined;
  #isRegistering = false;
  #heartbeat: Timer | undefined;

  constructor(parts: UnitParts) {
    const { clock, log, connection, limits } = parts;
    this.#parts = parts;
    this.#startedMs = clock.monotonicMs();
    this.#states = new MachineStates(clock);
    this.#answered = new AnsweredEvents(clock);
    this.#peers = new Peers(clock);
    this.#tally = new Tally(clock, log);
    this.#keeper = new RegistrationKeeper({
      ...parts,
      others: { holderOf: (ids) => this.#peers.holderOf(ids), claim: () => this.#claim() },
      inTurn: (round, signal) => parts.rounds.run(() => round().finally(() => this.#release()), signal),
      onRound: (registered, standing) => this.#setRegistered(registered, standing),
    });
    this.#reception = new Reception({
      ...parts,
      limits,
      states: this.#states,
      answered: this.#answered,
      tally: this.#tally,
      machines: {
        isConnected: () => connection.isConnected(),
        publish: (message) => connection.publish(message, publishTimeoutMs),
        tellOthers: (answered) => this.#tellOthers(answered),
        knowsAllSince: (ageMs) => this.#peers.isAlone && clock.monotonicMs() - this.#startedMs > ageMs,
      },
    });
  }

  get msn(): string {
    return this.#parts.msn;
  }

  get isRegistered(): boolean {
    return this.#registered;
  }

  counts(): ReturnType<Tally["counts"]> {
    return this.#tally.counts();
  }

  numbers(): UnitNumbers {
    return {
      msn: this.#parts.msn,
      isRegistered: this.#registered,
      seenWallMs: this.#seenWallMs,
      counts: this.#tally.counts(),
      refusals: this.#tally.refusals(),
      machines: this.#states.counts(),
    };
  }

  /** Whether this is the id of a webhook of this unit, as far as is known here. */
  knows(webhookId: string): boolean {
    return this.#parts.store.all().some((one) => one.id === webhookId);
  }

  views(): readonly string[] {
    const { msn } = this.#parts;
    return [stateFilter(msn), answeredFilter(msn), relayFilter(msn)];
  }

  start(): void {
    this.#keeper.start();
  }

  /** No more rounds; what is said afterwards is only farewell. */
  async stopKeeping(): Promise<void> {
    this.#stopping.abort();
    this.#heartbeat?.cancel();
    await this.#keeper.stop();
  }

  /** `isForGood`: this unit is not served here any more, and the others may forget that it was. */
  async farewell(isForGood: boolean): Promise<void> {
    const message = this.healthMessage(false);
    if (this.#parts.connection.isConnected()) await this.#publish(isForGood ? { ...message, payload: "" } : message);
    this.#tally.stop();
  }

  answer(request: WebhookRequest): Promise<WebhookAnswer> {
    return this.#reception.answer(request);
  }

  connected(): void {
    void this.#beat();
    this.#keeper.hurry();
  }

  disconnected(): void {
    this.#states.forget();
  }

  heard(incoming: Incoming): void {
    const { topic, payload, retained } = incoming;
    const meaning = parseTopic(topic);
    if (meaning?.kind === "relay") {
      if (meaning.instance !== this.#parts.instance) this.#peers.heard(meaning.instance, payload);
      return;
    }
    if (!topic.endsWith("/answered")) this.#states.heard(incoming);
    else if (!retained) {
      const answered = readAnswered(payload);
      if (answered !== undefined) this.#answered.remember(answered);
    }
  }

  healthMessage(alive: boolean): Outgoing {
    const { msn, instance, clock, beat } = this.#parts;
    const at = formatTimestamp(clock.wallMs());
    const health: RelayHealthMessage = alive
      ? {
          alive,
          registered: this.#registered,
          at,
          validForS: beat.validForS,
          ...(this.#holds.length === 0 ? {} : { holds: [...this.#holds] }),
          ...(this.#isRegistering ? { registering: true } : {}),
        }
      : { alive, registered: false, at };
    const topic = relayTopic(msn, instance);
    return { topic, payload: writeRelayHealth(health), qos: 1, retain: true, contentType: jsonContentType };
  }

  /**
   * A claim counts when it has stood for a while and no other has been heard of. Of two that claim within that while each may have missed the
   * other's, and never both: whoever hears of the other withdraws, and the keeper comes back after a wait of random length.
   */
  async #claim(): Promise<Claim> {
    const { connection, clock } = this.#parts;
    if (!connection.isConnected()) return { kind: "unknown" };
    if (!this.#isRegistering) {
      const before = this.#peers.registering();
      if (before !== undefined) return { kind: "theirs", instance: before };
      this.#isRegistering = true;
      await this.#beat();
      await clock.sleep(settleMs, this.#stopping.signal).catch(() => undefined);
    }
    const other = this.#peers.registering();
    if (other !== undefined) return { kind: "theirs", instance: other };
    return connection.isConnected() && !this.#stopping.signal.aborted ? { kind: "ours" } : { kind: "unknown" };
  }

  #release(): void {
    if (!this.#isRegistering) return;
    this.#isRegistering = false;
    void this.#beat();
  }

  #tellOthers(answered: Answered): void {
    const { msn, instance, connection } = this.#parts;
    if (!connection.isConnected()) return;
    void this.#publish({
      topic: answeredTopic(msn, instance),
      payload: writeAnswered(answered),
      qos: 1,
      retain: false,
      contentType: jsonContentType,
    });
  }

  #setRegistered(registered: boolean, holds: readonly string[]): void {
    const isNews = registered !== this.#registered || this.#isRegistering || holds.join(" ") !== this.#holds.join(" ");
    this.#registered = registered;
    if (registered) this.#seenWallMs = this.#parts.clock.wallMs();
    this.#holds = holds;
    this.#isRegistering = false;
    if (isNews) void this.#beat();
  }

  /** Says that this relay is alive, now and again and again: a broker that was killed never sends wills, so silence has to count as death. */
  async #beat(): Promise<void> {
    const { clock, connection, beat, entropy } = this.#parts;
    if (this.#stopping.signal.aborted) return;
    this.#heartbeat?.cancel();
    // A thousand units that said it at once do not say it at once the next time.
    const waitMs = beat.everyMs * (1 - entropy.fraction() / 10);
    this.#heartbeat = clock.startTimer("relay heartbeat", waitMs, () => void this.#beat());
    if (connection.isConnected()) await this.#publish(this.healthMessage(true));
  }

  async #publish(message: Outgoing): Promise<void> {
    const { quietly, connection, log } = this.#parts;
    try {
      await quietly.run(() => connection.publish(message, publishTimeoutMs));
    } catch (error) {
      log.warn({ topic: message.topic, reason: errorText(error) }, "a message was not published");
    }
  }
}
