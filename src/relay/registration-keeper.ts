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
  /** After every round. `registered`: every vital webhook is registered and its secret is known. */
  readonly onRound: (registered: boolean) => void;
}

const stopMs = 5_000;
const roundMs = 60 * 60_000;
const retry = { firstMs: 5_000, maxMs: 5 * 60_000 };

type Finding = "standing" | "missing" | "unknown";

export class RegistrationKeeper {
  readonly #parts: KeeperParts;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
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
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const finding = await this.#round();
      failures = finding === "standing" ? 0 : failures + 1;
      const { clock, entropy } = this.#parts;
      // With jitter, so that a fleet of relays does not ask in the same second every hour.
      const waitMs = failures === 0 ? jittered(roundMs, entropy) : backOffMs(retry, failures - 1, entropy);
      await clock.sleep(waitMs, this.#stop.signal).catch(() => undefined);
    }
  }

  async #round(): Promise<Finding> {
    try {
      const finding = await this.#look();
      // Without an answer nothing new is known, so the previous finding stands.
      if (finding !== "unknown") this.#parts.onRound(finding === "standing");
      return finding;
    } catch (error) {
      const reason = errorText(error);
      this.#parts.log.error({ reason }, "the webhook registrations could not be kept");
      this.#parts.onRound(false);
      return "missing";
    }
  }

  async #look(): Promise<Finding> {
    const { registry, store, wanted, log } = this.#parts;
    store.refresh();
    const listed = await registry.list();
    if (listed.kind !== "ok") {
      log.warn({ reason: describe(listed) }, "the webhook registrations could not be read");
      return listed.kind === "unknown" ? "unknown" : "missing";
    }
    let worst: Finding = "standing";
    for (const one of wanted) {
      const finding = this.#stands(one, listed.value) ? "standing" : await this.#repair(one, listed.value);
      if (one.isVital && finding !== "standing") worst = finding;
    }
    return worst;
  }

  #stands(wanted: WantedRegistration, listed: readonly ListedRegistration[]): boolean {
    return this.#matching(wanted, listed).some((one) => this.#isKnown(one.id));
  }

  #isKnown(id: string): boolean {
    return this.#parts.store.all().some((one) => one.id === id);
  }

  #matching(wanted: WantedRegistration, listed: readonly ListedRegistration[]): readonly ListedRegistration[] {
    return listed.filter((one) => one.url === wanted.url && wanted.events.every((event) => one.events.includes(event)));
  }

  async #repair(wanted: WantedRegistration, listed: readonly ListedRegistration[]): Promise<Finding> {
    const { mayRegister, log } = this.#parts;
    if (!mayRegister) {
      log.warn(
        { url: wanted.url },
        "a webhook is not registered, or its secret is not in the file; this relay may not register",
      );
      return "missing";
    }
    const inTheWay = listed.filter((one) => this.#isInTheWay(one, wanted));
    for (const one of inTheWay) {
      log.info({ webhookId: one.id, url: one.url }, "removing a registration whose secret is lost or whose url is old");
      const removed = await this.#parts.registry.remove(one.id);
      if (removed.kind !== "ok") {
        log.warn({ webhookId: one.id, reason: describe(removed) }, "a registration could not be removed");
        return "missing";
      }
    }
    return this.#register(wanted, listed);
  }

  /** One of ours whose secret is lost, or that has an older url. What others registered is left alone. */
  #isInTheWay(one: ListedRegistration, wanted: WantedRegistration): boolean {
    const sharesEvents = one.events.some((event) => wanted.events.includes(event));
    return sharesEvents && (one.url === wanted.url || this.#isKnown(one.id));
  }

  async #register(wanted: WantedRegistration, listed: readonly ListedRegistration[]): Promise<Finding> {
    const { registry, store, msn, log } = this.#parts;
    const made = await registry.register(wanted.url, wanted.events);
    if (made.kind !== "ok") {
      const others = listed.filter(
        (one) => one.url !== wanted.url && one.events.some((event) => wanted.events.includes(event)),
      );
      log.error(
        { url: wanted.url, events: wanted.events, reason: describe(made), others: others.map((one) => one.url) },
        "a webhook could not be registered; where another url has it (one check-in webhook a sales unit), remove that one first",
      );
      return "missing";
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
    log.info({ webhookId: id, url: wanted.url, events: wanted.events }, "a webhook was registered");
    return "standing";
  }
}

function sameEvents(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((event) => b.includes(event));
}

function describe(outcome: Exclude<CallOutcome<unknown>, { kind: "ok" }>): string {
  return outcome.kind === "refused"
    ? `refused with ${outcome.status}: ${outcome.detail}`
    : `${outcome.reason}${outcome.status === undefined ? "" : ` (${outcome.status})`}`;
}
