/**
 * The kiosk's public door, and where its parts are joined: listening → loop → perform, with readiness, panel and reports following every
 * decision. What happens is in the parts; here is only who knows whom, and the order of start and stop.
 */
import { errorFrom } from "../kit/error-text.ts";
import type { CommandReply } from "../link/port.ts";
import type { Counter } from "../machine/kiosk-api/port.ts";
import type { Scene } from "../panel/port.ts";
import type { CatalogueAround } from "../sale/catalogue-check.ts";
import type { Effect } from "../sale/effect.ts";
import type { Reference } from "../sale/ids.ts";
import { initialState } from "../sale/state.ts";
import { type CodeFitting, createCodeFitting } from "./code-fitting.ts";
import { obey } from "./commands.ts";
import { replyOfEffect } from "./changes.ts";
import { createCounter, type KioskCounter } from "./counter.ts";
import { createDeliveries, type Deliveries } from "./delivery.ts";
import { createHostOrders, type HostOrders } from "./host-orders.ts";
import { forgettable } from "./intake.ts";
import { createListening, type Listening } from "./listening.ts";
import { createLoop, type Loop } from "./loop.ts";
import { forgettableOrders, isHandInId } from "./orders.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { perform, type PerformParts } from "./perform.ts";
import type {
  HeardCheckIn,
  Kiosk,
  KioskHealth,
  KioskPorts,
  KioskSettings,
  RefusedCommand,
  ServicedAnswer,
} from "./port.ts";
import { createPresenter, type Presenter } from "./presenter.ts";
import { createReadinessWatch, type ReadinessWatch } from "./readiness.ts";
import { reconcile } from "./reconcile.ts";
import { createReplies, type Replies } from "./replies.ts";
import { createRegistrar, type Registrar } from "./registrar.ts";
import { repeat, type Repetition } from "./repeat.ts";
import { plainSceneFacts } from "./scene.ts";
import { createSaleTimers, type SaleTimers } from "./sale-timers.ts";
import { createTimedOutputs, type TimedOutputs } from "./timed-outputs.ts";
import { serviceVisit } from "./service-visit.ts";
import { createStateReport, type StateReport } from "./state-report.ts";
import { createStatus, type Status } from "./status.ts";
import { readCustomer } from "./stored.ts";
import type { QrPicture } from "../vipps/port.ts";

export type { Kiosk, KioskSettings } from "./port.ts";

const readinessTickMs = 1_000;
const forgetTickMs = 3_600_000;
const healthMs = 3_600_000;
/** How often a stop looks whether the last delivery has ended. */
const stopTickMs = 20;
/** Within it everything that waits is decided, unless the journal takes nothing. */
const settleMs = 5_000;

export function createKiosk(settings: KioskSettings, ports: KioskPorts): Kiosk {
  return new WholeKiosk(settings, ports);
}

class WholeKiosk implements Kiosk {
  readonly #settings: KioskSettings;
  readonly #ports: KioskPorts;
  readonly #loop: Loop;
  readonly #listening: Listening;
  readonly #readiness: ReadinessWatch;
  readonly #presenter: Presenter;
  readonly #report: StateReport;
  readonly #registrar: Registrar;
  readonly #outbox: Outbox;
  readonly #replies: Replies;
  readonly #counter: KioskCounter;
  readonly #deliveries: Deliveries;
  readonly #timers: SaleTimers;
  readonly #timedOutputs: TimedOutputs;
  readonly #codeFitting: CodeFitting;
  readonly #shopCodeFitting: CodeFitting;
  readonly #hostOrders: HostOrders;
  readonly #status: Status;
  readonly #performParts: PerformParts;
  #repetitions: readonly Repetition[] = [];
  #refused: RefusedCommand | undefined;
  #isStarting = true;
  #isStopping = false;

  constructor(settings: KioskSettings, ports: KioskPorts) {
    this.#settings = settings;
    this.#ports = ports;
    const { journal, payments, merchantQrs, panel, machine, link, clock, entropy, log } = ports;
    const { policy, catalogue, merchantQrId: id, locationDescription, probeMs, deliverMs, version } = settings;
    this.#loop = createLoop({
      initial: initialState(catalogue, new Map()),
      policy,
      journal,
      clock,
      log,
      freshReference: ports.freshReference,
      onDecided: (effects) => this.#onDecided(effects),
      onJournalFault: () => this.#review(),
    });
    const loop = this.#loop;
    const put = loop.put.bind(loop);
    this.#registrar = createRegistrar({
      merchantQrs,
      id,
      locationDescription,
      probeMs,
      clock,
      entropy,
      log,
      onChange: () => this.#onProviderChange(),
    });
    this.#outbox = createOutbox({ journal, link, clock, entropy, log });
    this.#replies = createReplies({ journal, link, clock, entropy, log });
    this.#timedOutputs = createTimedOutputs({ clock, put });
    this.#deliveries = createDeliveries({ machine, clock, log, deliverMs, timedOutputs: this.#timedOutputs, put });
    this.#timers = createSaleTimers({ clock, entropy, put });
    this.#codeFitting = createCodeFitting(panel, log);
    this.#shopCodeFitting = createCodeFitting(panel, log, "the web shop's code");
    this.#status = createStatus({
      settings,
      ports,
      loop,
      registrar: this.#registrar,
      codeFitting: this.#codeFitting,
      heard: () => this.#listening.heard(),
      judgement: () => this.#readiness.last(),
      isStarting: () => this.#isStarting,
      isStopping: () => this.#isStopping,
      refused: () => this.#refused,
    });
    this.#readiness = createReadinessWatch({
      facts: () => this.#status.codeFacts(),
      wanted: {
        callback: policy.checkInStyle !== "off",
        oneTime: policy.selectFirst || policy.timeSales !== undefined,
      },
      log,
      onReadiness: (readiness) => put({ about: "readiness", readiness }),
      onReason: () => this.#counter.changed(),
    });
    this.#presenter = createPresenter({
      panel,
      clock,
      log,
      state: () => loop.state(),
      inputs: () => ({
        policy,
        isStarting: this.#isStarting,
        outOfService: this.#readiness.last()?.reason,
        callbackQr: this.#registrar.callbackQr()?.qr,
        shopQr: this.#shopQr(),
        facts: settings.sceneFacts ?? plainSceneFacts,
      }),
      onCodeNotShown: () => put({ about: "session", event: { kind: "panel-failed" } }),
    });
    this.#report = createStateReport({
      link,
      clock,
      version,
      stateNow: () => this.#status.state(),
      health: () => this.#status.health(),
      inputs: () => machine.inputs?.() ?? [],
    });
    this.#counter = createCounter({
      journal,
      state: () => loop.state(),
      view: () => this.#counterView(),
      wallMs: () => clock.wallMs(),
      decide: (event, isStillWanted) => loop.putDurably(event, { isStillWanted }),
    });
    this.#performParts = {
      provider: { payments, log, customerOf: (reference) => this.#customerOf(reference) },
      deliveries: this.#deliveries,
      timers: this.#timers,
      machine,
      put,
      observe: (reached) => this.#registrar.observe(reached),
      takeCode: (reference, qr) => {
        this.#presenter.keepCode(reference, qr);
        return this.#codeFitting.whyNot(qr);
      },
      onReport: (history) => {
        this.#counter.reported(history);
        this.#outbox.wake();
      },
      onReply: (reply) => this.#onReply(reply),
      log,
    };
    const onChange = (): void => this.#review();
    const reply = (answer: CommandReply): void => this.#reply(answer);
    const { host, updates, recentLog } = ports;
    this.#hostOrders = createHostOrders({ host, updates, journal, loop, reply, clock, log });
    const commandParts = {
      loop,
      journal,
      machine,
      panel,
      reply,
      clock,
      log,
      catalogue,
      sellable: this.#sellable,
      host,
      hostOrders: this.#hostOrders,
      recentLog,
      refuses: settings.refuses ?? (() => undefined),
    };
    this.#listening = createListening({
      loop,
      journal,
      clock,
      log,
      takeCommand: (command) => obey(command, commandParts),
      onChange,
      onConnected: () => {
        this.#outbox.wake();
        this.#replies.wake();
        put({ about: "hint-all" });
      },
    });
    this.#listening.setMachine(machine.readiness());
  }

  get #sellable(): CatalogueAround {
    const { policy, lineFault } = this.#settings;
    return { currency: policy.currency, lineFault, isSingle: policy.checkInStyle === "pay-at-once" };
  }

  get counter(): Counter {
    return this.#counter;
  }

  // ── start and stop ───────────────────────────────────────────────────────────────────────────────────────────────────

  async start(signal?: AbortSignal): Promise<void> {
    const { panel, machine, link, journal, clock, log } = this.#ports;
    await machine.start((event) => this.#listening.onMachine(event));
    this.#listening.setMachine(machine.readiness());
    signal?.throwIfAborted();
    // Broker and provider are slow, and so is glass: each begins while the others are waited for. Nothing is sold before the panel has shown a picture
    // (it is absent until then).
    const { catalogue } = this.#settings;
    this.#report.publishChange();
    const connect = async (): Promise<void> => {
      signal?.throwIfAborted();
      const [sellable, timedOutputs, loop] = [this.#sellable, this.#timedOutputs, this.#loop];
      await reconcile({ journal, catalogue, sellable, machine, clock, log, loop, timedOutputs });
      this.#replies.load();
      this.#listening.open();
      signal?.throwIfAborted();
      await link.start(this.#listening.linkListener);
      this.#hostOrders.answerEarlier();
      this.#registrar.start();
    };
    // Both are waited for, whatever becomes of one: who stops the kiosk next finds nothing half done.
    const begun = await Promise.allSettled([panel.start(), connect()]);
    for (const one of begun) if (one.status === "rejected") throw errorFrom(one.reason);
    signal?.throwIfAborted();
    this.#repetitions = [
      repeat(clock, "readiness", readinessTickMs, () => this.#tick()),
      repeat(clock, "forget", forgetTickMs, () => this.#forget()),
      repeat(clock, "health", healthMs, () => this.#report.publishHealth()),
    ];
    this.#isStarting = false;
    this.#review();
    log.info({ open: this.#loop.state().settlements.size }, "the kiosk runs");
  }

  async stop(): Promise<void> {
    const { panel, machine, link } = this.#ports;
    this.#isStopping = true;
    this.#review();
    this.#loop.put({ about: "session", event: { kind: "machine-lost" } });
    await this.#untilSettled();
    this.#registrar.stop();
    this.#outbox.stop();
    this.#hostOrders.stop();
    this.#replies.stop();
    for (const repetition of this.#repetitions) repetition.stop();
    this.#timers.cancelAll();
    this.#timedOutputs.stop();
    await machine.stop();
    await panel.stop();
    await link.stop();
    this.#loop.stop();
  }

  /** Waits for a delivery that is on, and for what is decided after it; a disk that takes nothing does not keep anybody waiting. */
  async #untilSettled(): Promise<void> {
    const { clock } = this.#ports;
    const latestMs = clock.monotonicMs() + this.#settings.deliverMs;
    let decidedByMs = clock.monotonicMs() + settleMs;
    for (;;) {
      const nowMs = clock.monotonicMs();
      const isDelivering = this.#deliveries.running() > 0;
      if (isDelivering) decidedByMs = nowMs + settleMs;
      const isDeciding = this.#loop.waiting() > 0 && nowMs < decidedByMs;
      if (!(isDelivering && nowMs < latestMs) && !isDeciding) return;
      await clock.sleep(stopTickMs);
    }
  }

  /** Ids and orders that nobody can ask for any more, by a clock that can be believed. */
  #forget(): void {
    const { journal, clock, log } = this.#ports;
    const wallMs = clock.wallMs();
    const old = clock.isPlausible() ? [...forgettable(journal, wallMs), ...forgettableOrders(journal, wallMs)] : [];
    if (old.length > 0) this.#loop.put(undefined, { changes: old });
    // Without anything to write, the journal still tidies up what a failure of the disk left behind.
    else journal.commit([]).catch((error: unknown) => log.error({ error }, "the journal could not be tidied up"));
  }

  // ── what follows a decision, and a change of the world ───────────────────────────────────────────────────────────────

  #onDecided(effects: readonly Effect[]): void {
    for (const effect of effects) perform(effect, this.#performParts);
    this.#review();
    this.#counter.changed();
  }

  /** Readiness first: the state topic and the panel say what it found. */
  #review(): void {
    this.#readiness.review();
    this.#report.publishChange();
    void this.#presenter.show();
  }

  #tick(): void {
    this.#review();
    this.#report.publishHealthChange();
  }

  /** A code that this panel cannot show must not keep it from showing everything else. */
  #shopQr(): QrPicture | undefined {
    const qr = this.#settings.shopQr();
    return qr !== undefined && this.#shopCodeFitting.fitsForGood(qr) ? qr : undefined;
  }

  #onProviderChange(): void {
    this.#review();
    if (this.#registrar.isProviderReached()) this.#loop.put({ about: "hint-all" });
  }

  #onReply(effect: Extract<Effect, { kind: "reply" }>): void {
    if (isHandInId(effect.commandId)) this.#counter.replied(effect.commandId, effect.detail);
    else this.#reply(replyOfEffect(effect));
  }

  #reply(reply: CommandReply): void {
    const at = new Date(this.#ports.clock.wallMs()).toISOString();
    if (reply.outcome !== "done") this.#refused = { ...reply, at };
    this.#replies.send(reply);
  }

  #customerOf(reference: Reference): ReturnType<PerformParts["provider"]["customerOf"]> {
    const stored = this.#ports.journal.secret(reference);
    return stored === undefined ? undefined : readCustomer(stored);
  }

  // ── what the daemon asks ─────────────────────────────────────────────────────────────────────────────────────────────

  health(): KioskHealth {
    return this.#status.health();
  }

  checkIns(): readonly HeardCheckIn[] {
    return this.#listening.checkIns().map((one) => ({ id: this.#settings.merchantQrId, ...one }));
  }

  progress(): number {
    return this.#loop.progress();
  }

  scene(): Scene {
    return this.#presenter.scene();
  }

  async serviced(line?: string): Promise<ServicedAnswer> {
    const answer = serviceVisit(this.#loop.state(), line);
    if (answer.kind === "done") await this.#loop.putDurably({ about: "serviced", line });
    return answer;
  }

  #counterView(): ReturnType<Parameters<typeof createCounter>[0]["view"]> {
    const { state, reason, missing } = this.health();
    const isStarting = state === "init" || state === "lost";
    return { state: isStarting ? "starting" : state, reason, missing, scene: this.scene().kind };
  }
}
