/**
 * The kiosk: one loop around the pure sale. inbox → decide → journal → perform → the answer is the next event.
 * Nothing acts in a callback, and nothing is performed before what was decided is on the disk.
 */
import { jittered } from "../kit/back-off.ts";
import type { Journal, JournalChange } from "../journal/port.ts";
import { errorFrom } from "../kit/error-text.ts";
import type { Command, Link, LinkMessage, RelayHealth, StateMessage } from "../link/port.ts";
import type { Counter } from "../machine/kiosk-api/port.ts";
import type { DeliveryOutcome, Machine, MachineEvent, MachineReadiness } from "../machine/port.ts";
import type { Panel, Scene } from "../panel/port.ts";
import { type Catalogue, productsForSale } from "../sale/catalogue.ts";
import type { CustomerSource, Effect } from "../sale/effect.ts";
import type { Readiness, SaleEvent, SessionEvent, Stamp, Unstamped } from "../sale/event.ts";
import { isReference, type MerchantQrId, type Reference } from "../sale/ids.ts";
import type { Customer } from "../sale/payment.ts";
import type { SalePolicy } from "../sale/policy.ts";
import { catalogueNow, decide, initialState } from "../sale/sale.ts";
import { referenceOfSession } from "../sale/session.ts";
import type { SaleState } from "../sale/state.ts";
import type { Clock, Entropy, Log, Timer } from "../service/port.ts";
import type { MerchantQrs, Payments, QrPicture } from "../vipps/port.ts";
import { journalChanges, timedOutputChange } from "./changes.ts";
import { carryOut, commandEvent, commandFacts } from "./commands.ts";
import { createCounter, type KioskCounter } from "./counter.ts";
import { createInbox } from "./inbox.ts";
import { forgettable, refusedCheckInChanges, takeCheckIn, takeCommand } from "./intake.ts";
import { noCatalogueChanges, type OpenBusiness, readOpenBusiness } from "./open-business.ts";
import { createOutbox } from "./outbox.ts";
import { adjust, create, deliver, look, type PerformPorts, type Reached } from "./perform.ts";
import { judgeReadiness, type Judgement } from "./readiness.ts";
import { forgettableOrders, isHandInId, wasHandedIn } from "./orders.ts";
import { createRegistrar } from "./registrar.ts";
import { sceneOf } from "./scene.ts";
import { readCustomer } from "./stored.ts";

export interface KioskSettings {
  readonly merchantQrId: MerchantQrId;
  readonly locationDescription: string;
  readonly version: string;
  readonly policy: SalePolicy;
  readonly catalogue: Catalogue;
  /** How long a delivery may take before it counts as unknown. */
  readonly deliverMs: number;
  /** The web shop's code for the idle scene, once it is known. */
  readonly shopQr: () => QrPicture | undefined;
  /** Whether nothing is sold at this wall time. */
  readonly isQuiet: (wallMs: number) => boolean;
  /** How often the provider is asked whether it is there while nobody buys. */
  readonly probeMs: number;
}

export interface KioskPorts {
  readonly journal: Journal;
  readonly payments: Payments;
  readonly merchantQrs: MerchantQrs;
  readonly panel: Panel;
  readonly machine: Machine;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** A reference that nobody used, for a payment that this event may start. */
  readonly freshReference: () => Reference;
  /** Asks the host to restart; on command only. */
  readonly reboot: () => void;
}

export interface KioskHealth {
  readonly state: StateMessage["state"];
  readonly reason: string | undefined;
  readonly missing: readonly string[];
  readonly openSettlements: number;
  readonly unsent: number;
  readonly inbox: number;
}

export interface Kiosk {
  /** In the order of the design: outputs off, "starting", reconcile, then everything else at once. */
  start(): Promise<void>;
  /** Takes the code off the panel, lets a delivery end, and stops. */
  stop(): Promise<void>;
  health(): KioskHealth;
  /** Counts decided events: a watchdog feeds on progress. */
  progress(): number;
  scene(): Scene;
  /** Where another program on this machine orders payments. */
  readonly counter: Counter;
}

/** What the world can send; answers to our own effects come on top. */
const inboxLengthMax = 256;
const readinessTickMs = 1_000;
const forgetTickMs = 3_600_000;
const journalRetryMs = 5_000;
const healthMs = 3_600_000;
/** What the world sent while the disk did not take anything is not acted on when it does again. */
const hintMemory = 512;

interface Item {
  readonly event: Unstamped<SaleEvent> | undefined;
  readonly changes: readonly JournalChange[];
  readonly customer: Partial<Record<CustomerSource, Customer>>;
  /** Told when what was decided is on the disk, or when it cannot be taken. */
  readonly settled: ((error: Error | undefined) => void) | undefined;
  /** Asked when its turn comes: whether it is still wanted. */
  readonly onlyIf: (() => boolean) | undefined;
}

export function createKiosk(settings: KioskSettings, ports: KioskPorts): Kiosk {
  return new KioskLoop(settings, ports);
}

class KioskLoop implements Kiosk {
  readonly #settings: KioskSettings;
  readonly #ports: KioskPorts;
  readonly #perform: PerformPorts;
  readonly #inbox = createInbox<Item>(inboxLengthMax);
  readonly #timers = new Map<string, Timer>();
  readonly #registrar;
  readonly #outbox;
  readonly #recentHints: string[] = [];
  readonly #counter: KioskCounter;
  #state: SaleState;
  #held: { readonly eventId: string; readonly customer: Customer } | undefined;
  #paymentQr: { readonly reference: Reference; readonly qr: QrPicture } | undefined;
  #machineReadiness: MachineReadiness;
  #relay: RelayHealth = { alive: false, registered: false };
  #isConnected = false;
  #isStarting = true;
  #isReconciled = false;
  /** What the machine said before the journal was read. */
  readonly #earlyEvents: MachineEvent[] = [];
  #callbackFit: { readonly text: string; readonly fits: boolean } | undefined;
  #isStopping = false;
  #journalFailed = false;
  #isDraining = false;
  #judgement: Judgement | undefined;
  #scene: Scene = { kind: "starting" };
  #shownKey = "";
  #publishedState: Omit<StateMessage, "session" | "since"> | undefined;
  #progress = 0;
  #deliveries = 0;

  constructor(settings: KioskSettings, ports: KioskPorts) {
    this.#settings = settings;
    this.#ports = ports;
    const { payments, machine, clock, entropy, log, merchantQrs, journal, link } = ports;
    this.#perform = { payments, machine, clock, log };
    this.#machineReadiness = machine.readiness();
    this.#state = initialState(settings.catalogue, new Map());
    this.#registrar = createRegistrar({
      merchantQrs,
      id: settings.merchantQrId,
      locationDescription: settings.locationDescription,
      probeMs: settings.probeMs,
      clock,
      entropy,
      log,
      onChange: () => this.#onProviderChange(),
    });
    this.#outbox = createOutbox({ journal, link, clock, entropy, log });
    this.#counter = createCounter({
      journal,
      state: () => this.#state,
      view: () => this.#counterView(),
      wallMs: () => clock.wallMs(),
      decide: (event, onlyIf) => this.#journalled(event, { onlyIf }),
    });
  }

  get counter(): Counter {
    return this.#counter;
  }

  #counterView(): ReturnType<Parameters<typeof createCounter>[0]["view"]> {
    const { state, reason } = this.#stateMessage();
    const missing = this.#judgement?.missing ?? [];
    const isStarting = state === "init" || state === "lost";
    return { state: isStarting ? "starting" : state, reason, missing, scene: this.#scene.kind };
  }

  async start(): Promise<void> {
    const { panel, machine, log } = this.#ports;
    await machine.start((event) => this.#onMachine(event));
    this.#machineReadiness = machine.readiness();
    await panel.start();
    await this.#show();
    this.#publishState();
    await this.#reconcile();
    this.#isReconciled = true;
    for (const event of this.#earlyEvents.splice(0)) this.#onMachine(event);
    await this.#ports.link.start({
      message: (message) => this.#onMessage(message),
      connection: (connected) => this.#onConnection(connected),
      relay: (health) => this.#onRelay(health),
    });
    this.#registrar.start();
    this.#repeat("readiness", readinessTickMs, () => this.#judge());
    this.#repeat("forget", forgetTickMs, () => this.#forget());
    this.#repeat("health", healthMs, () => this.#publishHealth());
    this.#isStarting = false;
    this.#judge();
    log.info({ open: this.#state.settlements.size }, "the kiosk runs");
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#judge();
    this.#put({ about: "session", event: { kind: "machine-lost" } });
    const { clock, panel, machine, link } = this.#ports;
    const until = clock.monotonicMs() + this.#settings.deliverMs;
    while (clock.monotonicMs() < until && (this.#deliveries > 0 || this.#inbox.length > 0)) await clock.sleep(20);
    this.#registrar.stop();
    this.#outbox.stop();
    for (const timer of this.#timers.values()) timer.cancel();
    await machine.stop();
    await panel.stop();
    await link.stop();
  }

  health(): KioskHealth {
    const message = this.#stateMessage();
    return {
      state: message.state,
      reason: message.reason,
      missing: this.#judgement?.missing ?? [],
      openSettlements: this.#state.settlements.size,
      unsent: [...this.#ports.journal.entries("unsent")].length,
      inbox: this.#inbox.length,
    };
  }

  progress(): number {
    return this.#progress;
  }

  scene(): Scene {
    return this.#scene;
  }

  // ── what the journal knows ───────────────────────────────────────────────────────────────────────────────────────────

  /** Reads back everything that was open, and lets the tables bring it to an end. Throws when the journal cannot be read. */
  async #reconcile(): Promise<void> {
    const { journal, clock, log } = this.#ports;
    const open = readOpenBusiness(journal, this.#settings.catalogue);
    const { settlements, serviceVends, lines, catalogue, inService, partialRefused, timedOutputs } = open;
    this.#state = { ...initialState(catalogue ?? this.#settings.catalogue, lines), inService, partialRefused };
    if (open.isCatalogueOutdated) {
      log.info(
        {},
        "the configuration's products were changed after the back office set others: the configuration's count",
      );
      this.#put(undefined, { changes: noCatalogueChanges });
    }
    if (settlements.length > 0 || serviceVends.length > 0) {
      log.info(
        { settlements: settlements.length, serviceVends: serviceVends.length },
        "sales were open when this machine stopped; asking the provider what is true",
      );
      this.#put({ about: "boot", settlements, serviceVends });
    }
    await this.#resumeTimedOutputs(timedOutputs, clock.wallMs());
  }

  async #resumeTimedOutputs(outputs: OpenBusiness["timedOutputs"], wallMs: number): Promise<void> {
    const { machine, log } = this.#ports;
    for (const { key, output } of outputs) {
      const { price, line, deliveryId, reference, untilWallMs, onForMs } = output;
      if (untilWallMs <= wallMs) {
        this.#put(undefined, { changes: [{ kind: "delete", table: "fact", key }] });
        continue;
      }
      const selection = { kind: "line", line } as const;
      await machine
        .resume({ deliveryId, reference: reference ?? undefined, selection, price, untilWallMs, onForMs })
        .catch((error: unknown) => log.error({ error, line }, "a timed output could not be switched on again"));
    }
  }

  // ── what comes in ────────────────────────────────────────────────────────────────────────────────────────────────────

  #put(
    event: Unstamped<SaleEvent> | undefined,
    more: Partial<Item> & { readonly isFromWorld?: boolean } = {},
  ): boolean {
    const { changes = [], customer = {}, settled, onlyIf, isFromWorld = false } = more;
    const isTaken = this.#inbox.put({ event, changes, customer, settled, onlyIf }, !isFromWorld);
    if (!isTaken) this.#ports.log.warn({ about: event?.about }, "the inbox is full: what came is refused");
    else void this.#drain();
    return isTaken;
  }

  #session(event: SessionEvent, customer: Partial<Record<CustomerSource, Customer>> = {}): void {
    this.#put({ about: "session", event }, { customer, isFromWorld: true });
  }

  #onMachine(event: MachineEvent): void {
    if (!this.#isReconciled) {
      this.#earlyEvents.push(event);
      return;
    }
    switch (event.kind) {
      case "readiness":
        if (event.readiness.ready && isDoorOpen(this.#machineReadiness)) this.#put({ about: "serviced" });
        this.#machineReadiness = event.readiness;
        if (!event.readiness.ready && event.readiness.fault !== "post-delay") this.#session({ kind: "machine-lost" });
        this.#judge();
        return;
      case "selected":
        this.#session({ kind: "selected", selection: event.selection });
        return;
      case "selection-cancelled":
        this.#session({ kind: "selection-cancelled" });
        return;
      case "code-scanned":
        this.#session({ kind: "code-scanned" }, { scan: { kind: "personal-qr", text: event.text } });
        return;
      case "key":
        this.#session({ kind: "key", key: event.key });
        return;
      case "session-ended":
        this.#session({ kind: "selection-cancelled" });
        return;
      case "line-state":
        this.#put({ about: "line", line: event.line, state: event.state });
        return;
    }
  }

  #onConnection(connected: boolean): void {
    this.#isConnected = connected;
    this.#judge();
    if (!connected) return;
    this.#outbox.wake();
    this.#put({ about: "hint-all" });
  }

  #onRelay(health: RelayHealth): void {
    this.#relay = health;
    this.#judge();
  }

  #onProviderChange(): void {
    this.#judge();
    if (this.#registrar.isProviderReached()) this.#put({ about: "hint-all" });
  }

  /** Resolves, and so lets the broker forget the message, only when the journal has what must not be lost. */
  #onMessage(message: LinkMessage): Promise<void> {
    const { journal, clock, log } = this.#ports;
    const wallMs = clock.wallMs();
    switch (message.kind) {
      case "payment-event":
        if (!this.#isNewHint(message.eventId)) return Promise.resolve();
        this.#put(
          { about: "settlement", reference: message.reference, event: { kind: "hint" } },
          { isFromWorld: true },
        );
        return Promise.resolve();
      case "check-in-refused":
        return this.#journalled(undefined, { changes: refusedCheckInChanges(journal, message.eventId, wallMs) });
      case "checked-in": {
        const taken = takeCheckIn(journal, message, wallMs, clock.isPlausible());
        if (taken.kind !== "check-in") return Promise.resolve();
        const { eventId, ageMs, customer, changes } = taken;
        log.info({ eventId, ageMs }, "a customer checked in");
        return this.#journalled(
          { about: "session", event: { kind: "checked-in", eventId, ageMs } },
          { changes, customer: { "check-in": customer } },
        );
      }
      case "command":
        return this.#onCommand(message.command);
    }
  }

  /** Copies of a payment event lead to the same GET; a short memory is enough to spare the provider. */
  #isNewHint(id: string): boolean {
    if (this.#recentHints.includes(id)) return false;
    this.#recentHints.push(id);
    if (this.#recentHints.length > hintMemory) this.#recentHints.shift();
    return true;
  }

  #journalled(event: Unstamped<SaleEvent> | undefined, more: Partial<Item>): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = (error: Error | undefined): void => (error === undefined ? resolve() : reject(error));
      if (!this.#put(event, { ...more, settled, isFromWorld: true })) reject(new Error("the kiosk's inbox is full"));
    });
  }

  // ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #onCommand(command: Command): Promise<void> {
    const { journal, clock, link } = this.#ports;
    const taken = takeCommand(journal, command, clock.wallMs(), clock.isPlausible());
    if (taken.kind === "duplicate") return;
    if (taken.kind === "refused-command") {
      link.reply({ id: command.id, outcome: taken.expired ? "expired" : "refused", reason: taken.reason });
      return;
    }
    if (taken.kind !== "command") return;
    const { order } = command;
    if (order.kind === "deliver" && order.orderId !== undefined && wasHandedIn(journal, order.orderId)) {
      await this.#journalled(undefined, { changes: taken.changes });
      link.reply({ id: command.id, outcome: "refused", reason: `order ${order.orderId} was handed in before` });
      return;
    }
    const changes = [...taken.changes, ...commandFacts(order, this.#settings.catalogue)];
    await this.#journalled(commandEvent(command, journal, clock.wallMs()), { changes });
    void carryOut(command, this.#ports, () => this.#judge());
  }

  // ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let item = this.#inbox.take(); item !== undefined; item = this.#inbox.take()) await this.#handle(item);
    } finally {
      this.#isDraining = false;
    }
  }

  #stamp(): Stamp {
    const { clock, freshReference } = this.#ports;
    return { monoMs: clock.monotonicMs(), wallMs: clock.wallMs(), freshReference: freshReference() };
  }

  #decide(item: Item): { readonly after: SaleState; readonly effects: readonly Effect[] } {
    if (item.event === undefined || item.onlyIf?.() === false) return { after: this.#state, effects: [] };
    const { state, effects } = decide(this.#state, { ...item.event, at: this.#stamp() }, this.#settings.policy);
    return { after: state, effects };
  }

  async #handle(item: Item): Promise<void> {
    const before = this.#state;
    const { after, effects } = this.#decide(item);
    const customers = this.#customersFor(item);
    const changes = [...item.changes, ...journalChanges(before, after, effects, customers)];
    if (changes.length > 0 && !(await this.#commit(changes, item))) return;
    this.#state = after;
    this.#progress += 1;
    this.#holdCustomer(item);
    item.settled?.(undefined);
    for (const effect of effects) this.#start(effect, customers);
    this.#judge();
    this.#publishState();
    void this.#show();
    this.#counter.changed();
  }

  #customersFor(item: Item): Readonly<Partial<Record<CustomerSource, Customer>>> {
    const held = this.#held === undefined ? {} : { "check-in": this.#held.customer };
    return { ...held, ...item.customer };
  }

  /** A token is kept in memory only while a session chooses; then it is beside its settlement, or gone. */
  #holdCustomer(item: Item): void {
    const { session } = this.#state;
    const eventId = session.kind === "choosing" || session.kind === "choosing-time" ? session.eventId : null;
    if (eventId === null) {
      this.#held = undefined;
      return;
    }
    const customer = item.customer["check-in"];
    const isOpening =
      item.event?.about === "session" && item.event.event.kind === "checked-in" && item.event.event.eventId === eventId;
    if (isOpening && customer !== undefined) this.#held = { eventId, customer };
    else if (this.#held?.eventId !== eventId) this.#held = undefined;
  }

  /**
   * False when the disk did not take it: then nothing was decided. Messages go back to the broker; answers to our own effects are
   * decided again once the disk works, after the session, whose customer has waited too long, was ended.
   */
  async #commit(changes: readonly JournalChange[], item: Item): Promise<boolean> {
    const { journal, log, clock } = this.#ports;
    try {
      await journal.commit(changes);
      if (this.#journalFailed) {
        this.#journalFailed = false;
        log.info({}, "the journal takes writes again");
      }
      return true;
    } catch (error) {
      const isFirst = !this.#journalFailed;
      this.#journalFailed = true;
      log.error({ error }, "the journal does not take writes: out of service until it does");
      this.#judge();
      this.#publishState();
      void this.#show();
      if (item.settled !== undefined) {
        item.settled(errorFrom(error));
        return false;
      }
      await clock.sleep(journalRetryMs);
      if (isFirst)
        this.#inbox.put({ event: lostSession, changes: [], customer: {}, settled: undefined, onlyIf: undefined }, true);
      this.#inbox.put(item, true);
      return false;
    }
  }

  // ── effects ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #start(effect: Effect, customers: Readonly<Partial<Record<CustomerSource, Customer>>>): void {
    const { log, link, machine } = this.#ports;
    switch (effect.kind) {
      case "create":
        void this.#create(effect, effect.customer === null ? undefined : customers[effect.customer]);
        return;
      case "look":
        void this.#answer(effect.reference, look(this.#perform, effect));
        return;
      case "capture":
      case "refund":
      case "cancel":
        log.info({ reference: effect.reference, effect: effect.kind, id: effect.id }, "moving money");
        void this.#answer(effect.reference, adjust(this.#perform, effect));
        return;
      case "deliver":
        void this.#deliver(effect);
        return;
      case "start-timer":
        this.#startTimer(effect);
        return;
      case "cancel-timer":
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        return;
      case "open-machine-session":
        machine.openSession(effect.funds).catch((error: unknown) => this.#machineFailed(error));
        return;
      case "close-machine-session":
        machine.closeSession().catch((error: unknown) => this.#machineFailed(error));
        return;
      case "report":
        this.#logRecord(effect);
        this.#counter.reported(effect.record);
        this.#outbox.wake();
        return;
      case "reply":
        if (isHandInId(effect.commandId)) {
          this.#counter.replied(effect.commandId, effect.detail);
          return;
        }
        link.reply(
          effect.outcome === "done"
            ? { id: effect.commandId, outcome: "done", detail: effect.detail }
            : { id: effect.commandId, outcome: "refused", reason: effect.detail },
        );
        return;
      case "note":
        log.debug({}, effect.text);
        return;
    }
  }

  #logRecord(effect: Extract<Effect, { kind: "report" }>): void {
    const { id, outcome, reason, captured, currency } = effect.record;
    const fields = { reference: id, outcome, reason, captured, currency };
    if (outcome === "attention") this.#ports.log.error(fields, "a sale needs a person: see `kvitt sales attention`");
    else this.#ports.log.info(fields, "a sale ended");
  }

  #machineFailed(error: unknown): void {
    this.#ports.log.error({ error }, "the machine's driver failed");
  }

  async #create(effect: Extract<Effect, { kind: "create" }>, given: Customer | undefined): Promise<void> {
    const { reference } = effect;
    const stored = this.#ports.journal.secret(reference);
    const customer = given ?? (stored === undefined ? undefined : readCustomer(stored));
    const answer = await create(this.#perform, effect, customer);
    this.#registrar.observe(answer.reached);
    if (answer.qr !== undefined && referenceOfSession(this.#state.session) === reference)
      this.#paymentQr = { reference, qr: answer.qr };
    this.#put({ about: "settlement", reference, event: answer.event });
    if (answer.event.kind !== "created" || effect.request.flow !== "qr") return;
    const { panel, log } = this.#ports;
    const fit = answer.qr?.kind === "content" ? panel.fit(answer.qr.text) : undefined;
    if (answer.qr !== undefined && fit?.fits !== false) return;
    const reason = fit?.fits === false ? fit.reason : "the provider sent nothing to show";
    log.error({ reference, reason }, "the payment's code cannot be shown on this panel");
    this.#put({ about: "session", event: { kind: "panel-failed" } });
  }

  async #answer(
    reference: Reference,
    call: Promise<{ readonly event: Extract<SaleEvent, { about: "settlement" }>["event"]; readonly reached: Reached }>,
  ): Promise<void> {
    const { event, reached } = await call;
    this.#registrar.observe(reached);
    this.#put({ about: "settlement", reference, event });
  }

  async #deliver(effect: Extract<Effect, { kind: "deliver" }>): Promise<void> {
    const { reference, deliveryId } = effect;
    this.#deliveries += 1;
    this.#ports.log.info({ reference, deliveryId }, "delivering");
    try {
      const outcome = await deliver(this.#perform, effect, this.#settings.deliverMs);
      this.#ports.log.info({ reference, deliveryId, outcome }, "the delivery ended");
      const more = { changes: this.#timedOutputChanges(effect, outcome) };
      if (reference === undefined) this.#put({ about: "service-vend-ended", id: deliveryId, outcome }, more);
      else this.#put({ about: "settlement", reference, event: { kind: "delivery-ended", deliveryId, outcome } }, more);
    } finally {
      this.#deliveries -= 1;
    }
  }

  #timedOutputChanges(
    effect: Extract<Effect, { kind: "deliver" }>,
    outcome: DeliveryOutcome,
  ): readonly JournalChange[] {
    if (outcome.kind !== "delivered" || outcome.onForMs === undefined) return [];
    const change = timedOutputChange(effect, outcome.onForMs, this.#ports.clock.wallMs());
    return change === undefined ? [] : [change];
  }

  #startTimer(effect: Extract<Effect, { kind: "start-timer" }>): void {
    const { clock, entropy } = this.#ports;
    const { name } = effect;
    const afterMs = effect.jitter ? jittered(effect.afterMs, entropy, 0.25) : effect.afterMs;
    this.#timers.get(name)?.cancel();
    const timer = clock.startTimer(`sale ${name}`, afterMs, () => {
      if (this.#timers.get(name) === timer) this.#timers.delete(name);
      if (name === "session") this.#put({ about: "session", event: { kind: "session-timer" } });
      else if (name === "notice") this.#put({ about: "notice-over" });
      else if (isReference(name)) this.#put({ about: "settlement", reference: name, event: { kind: "timer" } });
    });
    this.#timers.set(name, timer);
  }

  #repeat(name: string, everyMs: number, run: () => void): void {
    const again = (): void => {
      this.#timers.set(
        name,
        this.#ports.clock.startTimer(name, everyMs, () => {
          run();
          if (!this.#isStopping) again();
        }),
      );
    };
    again();
  }

  #forget(): void {
    const { journal, clock } = this.#ports;
    if (!clock.isPlausible()) return;
    const changes = [...forgettable(journal, clock.wallMs()), ...forgettableOrders(journal, clock.wallMs())];
    if (changes.length > 0) this.#put(undefined, { changes });
  }

  // ── readiness, panel, state ──────────────────────────────────────────────────────────────────────────────────────────

  #judge(): void {
    const { clock, panel } = this.#ports;
    const { policy, isQuiet } = this.#settings;
    const callback = this.#registrar.callbackQr();
    const fits = callback === undefined || this.#fits(callback.qr);
    const isBetweenSales = !this.#machineReadiness.ready && this.#machineReadiness.fault === "post-delay";
    const judgement = judgeReadiness({
      clock: clock.isPlausible(),
      machine: this.#machineReadiness.ready || isBetweenSales,
      provider: this.#registrar.isProviderReached(),
      registered: callback !== undefined && fits,
      mqtt: this.#isConnected,
      relay: this.#relay.alive && this.#relay.registered,
      panel: panel.isPresent(),
      journal: !this.#journalFailed,
      operator: this.#state.inService,
      quietHours: isQuiet(clock.wallMs()),
      somethingForSale: this.#sellsSomething(),
      stopping: this.#isStopping,
      wantsCallback: policy.checkInStyle !== "off",
      wantsOneTime: policy.selectFirst || policy.timeSales !== undefined,
    });
    const before = this.#judgement;
    this.#judgement = judgement;
    if (before?.reason !== judgement.reason || before?.missing.join() !== judgement.missing.join())
      this.#ports.log.info({ reason: judgement.reason, missing: judgement.missing }, "readiness changed");
    if (before?.reason !== judgement.reason) this.#counter.changed();
    if (!sameReadiness(before?.readiness, judgement.readiness))
      this.#put({ about: "readiness", readiness: judgement.readiness });
    this.#publishState();
    void this.#show();
  }

  /** Planning a symbol takes a millisecond; the callback code stays the same for years. */
  #fits(qr: QrPicture): boolean {
    if (qr.kind === "png") return true;
    if (this.#callbackFit?.text !== qr.text) {
      const fit = this.#ports.panel.fit(qr.text);
      if (!fit.fits)
        this.#ports.log.error({ reason: fit.reason, advice: fit.advice }, "the callback code does not fit this panel");
      this.#callbackFit = { text: qr.text, fits: fit.fits };
    }
    return this.#callbackFit.fits;
  }

  /** Without a catalogue, the machine itself names items and prices (MDB, orders of another program). */
  #sellsSomething(): boolean {
    const { products } = this.#state.catalogue;
    if (products.length === 0 || this.#settings.policy.timeSales !== undefined) return true;
    return productsForSale(catalogueNow(this.#state)).length > 0;
  }

  #stateMessage(): Omit<StateMessage, "session" | "since"> {
    const { version } = this.#settings;
    if (this.#isStarting) return { state: "init", reason: undefined, version };
    if (this.#state.session.kind !== "none") return { state: "selling", reason: undefined, version };
    const reason = this.#judgement === undefined ? "config" : this.#judgement.reason;
    return { state: reason === undefined ? "ready" : "out-of-service", reason, version };
  }

  #publishState(): void {
    const message = this.#stateMessage();
    if (JSON.stringify(message) === JSON.stringify(this.#publishedState)) return;
    this.#publishedState = message;
    this.#ports.link.publishState({ ...message, since: new Date(this.#ports.clock.wallMs()).toISOString() });
    if (!this.#isStarting) this.#publishHealth();
  }

  #publishHealth(): void {
    const inputs = this.#ports.machine.inputs?.() ?? [];
    this.#ports.link.publishHealth({
      ...this.health(),
      missing: [...this.health().missing],
      inputs: inputs.map((input) => ({ ...input })),
    });
  }

  #sceneNow(): Scene {
    const { clock } = this.#ports;
    const reference = referenceOfSession(this.#state.session);
    const isOurs = this.#paymentQr !== undefined && this.#paymentQr.reference === reference;
    if (!isOurs && this.#paymentQr !== undefined && reference === undefined) this.#paymentQr = undefined;
    return sceneOf({
      state: this.#state,
      policy: this.#settings.policy,
      monoMs: clock.monotonicMs(),
      wallMs: clock.wallMs(),
      isStarting: this.#isStarting,
      outOfService: this.#judgement?.reason,
      callbackQr: this.#registrar.callbackQr()?.qr,
      shopQr: this.#settings.shopQr(),
      paymentQr: isOurs ? this.#paymentQr?.qr : undefined,
    });
  }

  /** Shows the scene when it changed; a countdown alone counts as a change only where the panel can follow it. */
  async #show(): Promise<void> {
    const { panel, log } = this.#ports;
    this.#scene = this.#sceneNow();
    const scene = this.#scene;
    const key = JSON.stringify(scene, (name, value: unknown) =>
      name === "secondsLeft" && !panel.facts.liveCountdown ? undefined : value,
    );
    if (key === this.#shownKey) return;
    this.#shownKey = key;
    try {
      const outcome = await panel.show(scene);
      if (outcome.kind !== "failed") return;
      log.warn({ scene: scene.kind, reason: outcome.reason }, "the panel did not take the scene");
      if (scene.kind === "pay" && this.#shownKey === key)
        this.#put({ about: "session", event: { kind: "panel-failed" } });
    } catch (error) {
      log.error({ error, scene: scene.kind }, "the panel's driver failed");
    }
  }
}

function isDoorOpen(readiness: MachineReadiness): boolean {
  return !readiness.ready && readiness.fault === "door-open";
}

const lostSession: Unstamped<SaleEvent> = { about: "session", event: { kind: "machine-lost" } };

function sameReadiness(a: Readiness | undefined, b: Readiness): boolean {
  return a !== undefined && a.callbackQr === b.callbackQr && a.oneTimeQr === b.oneTimeQr;
}
