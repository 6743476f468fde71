/**
 * Keeps the sales unit's webhooks registered. The provider removes a registration after two weeks without a successful answer, and
 * reveals its secret only when it is created. So the list is read at start and every hour, and a webhook that is missing, or whose
 * secret is not known here, is registered again.
 */
import { errorText } from "../kit/error-text.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import type { CallOutcome } from "../vipps/port.ts";
import { backOffMs, jittered } from "../kit/back-off.ts";
import type { KnownRegistration, RegistrationStore } from "./registration-file.ts";

export interface ListedRegistration {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
}

/** The three operations of the Webhooks API, for one sales unit. */
export interface WebhookRegistry {
  list(): Promise<CallOutcome<readonly ListedRegistration[]>>;
  register(
    url: string,
    events: readonly string[],
  ): Promise<CallOutcome<{ readonly id: string; readonly secret: string }>>;
  remove(id: string): Promise<CallOutcome<void>>;
}

export interface WantedRegistration {
  readonly url: string;
  readonly events: readonly string[];
  /** Without it no callback QR may be shown. */
  readonly isVital: boolean;
}

/** Whose turn it is to register: ours, another relay's, or nobody can tell now. */
export type Claim =
  | { readonly kind: "ours" }
  | { readonly kind: "theirs"; readonly instance: string }
  | { readonly kind: "unknown" };

/** The other relays of this sales unit. */
export interface OtherRelays {
  /** A living relay that knows the secret of one of these registrations. */
  holderOf(ids: readonly string[]): string | undefined;
  /** Says that we are about to register, and waits until the others know. Never rejects. */
  claim(): Promise<Claim>;
}

export interface KeeperParts {
  readonly msn: string;
  readonly wanted: readonly WantedRegistration[];
  readonly registry: WebhookRegistry;
  readonly store: RegistrationStore;
  /** False: this relay only looks; another one registers. */
  readonly mayRegister: boolean;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Undefined: there are no others. */
  readonly others?: OtherRelays;
  /** Runs a round when it is its turn: a relay of a thousand sales units does not ask for all of them at once. */
  readonly inTurn?: <T>(round: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** After every round. `registered`: every vital webhook is registered and its secret is known; `standing`: the ids of those that are. */
  readonly onRound: (registered: boolean, standing: readonly string[]) => void;
}

const stopMs = 5_000;
const roundMs = 60 * 60_000;
const retry = { firstMs: 5_000, maxMs: 5 * 60_000 };

type Finding = "standing" | "missing" | "unknown";
type Listed = readonly ListedRegistration[];

/** What stands at the provider. Ends the round it is found in when it cannot be read. */
class Unlisted extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super("the webhook registrations could not be read");
    this.finding = finding;
  }
}

export class RegistrationKeeper {
  readonly #parts: KeeperParts;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #standing: readonly string[] = [];
  /** Of the last round; undefined before the first has ended. */
  #finding: Finding | undefined;
  #hurry = new AbortController();
  /** Whose turn it was when that was last said. */
  #saidTurn: string | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something has changed for the better: what could not be registered is tried again now, or as soon as the round that is on has failed. */
  hurry(): void {
    if (this.#finding !== "standing") this.#hurry.abort();
  }

  /** Lets the current round finish, within the time that a stopping service has. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const done = new AbortController();
    const late = this.#parts.clock.sleep(stopMs, done.signal).catch(() => undefined);
    await Promise.race([this.#running, late]);
    done.abort();
  }

  async #run(): Promise<void> {
    const { clock, entropy, inTurn = (round) => round() } = this.#parts;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      this.#hurry = new AbortController();
      // Only the end of the relay keeps a round from its turn.
      const finding = await inTurn(() => this.#round(), this.#stop.signal).catch((): Finding => "unknown");
      this.#finding = finding;
      failures = finding === "standing" ? 0 : failures + 1;
      // With jitter, so that a fleet of relays does not ask in the same second every hour.
      const waitMs = failures === 0 ? jittered(roundMs, entropy) : backOffMs(retry, failures - 1, entropy);
      // A round that succeeded has nothing to hurry for, even where the word came while it was on.
      if (failures === 0) this.#hurry = new AbortController();
      await clock.sleep(waitMs, AbortSignal.any([this.#stop.signal, this.#hurry.signal])).catch(() => undefined);
    }
  }

  async #round(): Promise<Finding> {
    try {
      const finding = await this.#look();
      this.#parts.onRound(finding === "standing", this.#standing);
      return finding;
    } catch (error) {
      // Without an answer nothing new is known, so the previous finding stands.
      if (error instanceof Unlisted && error.finding === "unknown") return "unknown";
      const reason = errorText(error);
      if (!(error instanceof Unlisted))
        this.#parts.log.error({ reason }, "the webhook registrations could not be kept");
      this.#parts.onRound(false, this.#standing);
      return "missing";
    }
  }

  async #look(): Promise<Finding> {
    const { store, wanted } = this.#parts;
    store.refresh();
    this.#standing = [];
    const listed = await this.#list();
    let worst: Finding = "standing";
    for (const one of wanted) {
      const stands = this.#stands(one, listed) || (await this.#secure(one, listed));
      if (one.isVital && !stands) worst = "missing";
    }
    return worst;
  }

  /** Registers it, if that is ours to do. */
  async #secure(wanted: WantedRegistration, listed: Listed): Promise<boolean> {
    const { mayRegister, others, store, log } = this.#parts;
    if (!mayRegister) {
      log.warn(
        { url: wanted.url },
        "a webhook is not registered, or its secret is not in the file; this relay may not register",
      );
      return false;
    }
    if (others === undefined) return this.#repair(wanted, listed);
    if (this.#isHeld(wanted, listed)) return false;
    const claim = await others.claim();
    this.#sayTurn(claim);
    if (claim.kind !== "ours") return false;
    // Another relay may have registered while we waited for our turn.
    store.refresh();
    const now = await this.#list();
    if (this.#stands(wanted, now)) return true;
    return !this.#isHeld(wanted, now) && this.#repair(wanted, now);
  }

  /** Once for both webhooks, and for as long as it stays so. */
  #sayTurn(claim: Claim): void {
    const turn = claim.kind === "theirs" ? `${claim.kind} ${claim.instance}` : claim.kind;
    if (turn === this.#saidTurn) return;
    this.#saidTurn = turn;
    const { log } = this.#parts;
    if (claim.kind === "theirs")
      log.info({ instance: claim.instance }, "not registering webhooks now: another relay is at it");
    if (claim.kind === "unknown")
      log.info({}, "not registering webhooks yet: only the broker can say which other relays there are");
  }

  /** @throws Unlisted */
  async #list(): Promise<Listed> {
    const listed = await this.#parts.registry.list();
    if (listed.kind === "ok") return listed.value;
    this.#parts.log.warn({ reason: describe(listed) }, "the webhook registrations could not be read");
    throw new Unlisted(listed.kind === "unknown" ? "unknown" : "missing");
  }

  /** Whether it is registered and its secret known here; remembered as standing. */
  #stands(wanted: WantedRegistration, listed: Listed): boolean {
    const found = this.#matching(wanted, listed).find((one) => this.#isKnown(one.id));
    if (found !== undefined) this.#standing = [...new Set([...this.#standing, found.id])];
    return found !== undefined;
  }

  /** Whether a living relay can verify what is registered: then it stays as it is. */
  #isHeld(wanted: WantedRegistration, listed: Listed): boolean {
    const ids = listed.filter((one) => sharesEvents(one, wanted)).map((one) => one.id);
    const holder = this.#parts.others?.holderOf(ids);
    if (holder === undefined) return false;
    this.#parts.log.warn(
      { url: wanted.url, holder },
      "another relay holds this webhook and knows its secret: give this one a copy of its file of registrations, and register = false",
    );
    return true;
  }

  #isKnown(id: string): boolean {
    return this.#parts.store.all().some((one) => one.id === id);
  }

  #matching(wanted: WantedRegistration, listed: Listed): Listed {
    return listed.filter((one) => one.url === wanted.url && wanted.events.every((event) => one.events.includes(event)));
  }

  async #repair(wanted: WantedRegistration, listed: Listed): Promise<boolean> {
    const { log } = this.#parts;
    const inTheWay = listed.filter((one) => this.#isInTheWay(one, wanted));
    for (const one of inTheWay) {
      log.info({ webhookId: one.id, url: one.url }, "removing a registration whose secret is lost or whose url is old");
      const removed = await this.#parts.registry.remove(one.id);
      if (removed.kind !== "ok") {
        log.warn({ webhookId: one.id, reason: describe(removed) }, "a registration could not be removed");
        return false;
      }
    }
    return this.#register(wanted, listed);
  }

  /** One of ours whose secret is lost, or that has an older url. What others registered is left alone. */
  #isInTheWay(one: ListedRegistration, wanted: WantedRegistration): boolean {
    return sharesEvents(one, wanted) && (one.url === wanted.url || this.#isKnown(one.id));
  }

  async #register(wanted: WantedRegistration, listed: Listed): Promise<boolean> {
    const { registry, store, msn, log } = this.#parts;
    const made = await registry.register(wanted.url, wanted.events);
    if (made.kind !== "ok") {
      const others = listed.filter((one) => one.url !== wanted.url && sharesEvents(one, wanted));
      log.error(
        { url: wanted.url, events: wanted.events, reason: describe(made), others: others.map((one) => one.url) },
        "a webhook could not be registered; where another url has it (one check-in webhook a sales unit), remove that one first",
      );
      return false;
    }
    const { id, secret } = made.value;
    const fresh: KnownRegistration = { id, msn, url: wanted.url, events: wanted.events, secret };
    const kept = store.all().filter((one) => one.url !== wanted.url || !sameEvents(one.events, wanted.events));
    try {
      store.replace([...kept, fresh]);
    } catch (error) {
      // A registration whose secret is lost is worse than none: remove it.
      await registry.remove(id);
      throw error;
    }
    this.#standing = [...this.#standing, id];
    log.info({ webhookId: id, url: wanted.url, events: wanted.events }, "a webhook was registered");
    return true;
  }
}

function sharesEvents(one: ListedRegistration, wanted: WantedRegistration): boolean {
  return one.events.some((event) => wanted.events.includes(event));
}

function sameEvents(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((event) => b.includes(event));
}

function describe(outcome: Exclude<CallOutcome<unknown>, { kind: "ok" }>): string {
  return outcome.kind === "refused"
    ? `refused with ${outcome.status}: ${outcome.detail}`
    : `${outcome.reason}${outcome.status === undefined ? "" : ` (${outcome.status})`}`;
}
