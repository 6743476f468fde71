/**
 * A whole kiosk for unit tests: the real parts over a journal in memory, the simulated machine, a panel and a link that remember, and a
 * provider that the test answers for.
 */
import { createKiosk, type Kiosk, type KioskSettings } from "../../../src/kiosk/kiosk.ts";
import type {
  Command,
  CommandOrder,
  CommandReply,
  Link,
  LinkListener,
  LinkMessage,
  StateMessage,
} from "../../../src/link/port.ts";
import { createSimulatedMachine, type DroppedThing, type SimulatedMachine } from "../../../src/machine/simulated.ts";
import type { CodeFit, Panel, Scene, ShowOutcome } from "../../../src/panel/port.ts";
import { merchantQrId, type Reference, referenceOf } from "../../../src/sale/ids.ts";
import { addMinor, minor, noMinor } from "../../../src/sale/money.ts";
import type { PaymentRequest, PaymentView } from "../../../src/sale/payment.ts";
import type { SalePolicy } from "../../../src/sale/policy.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog, type LogLine } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { SimulatedHost } from "../../../src/service/simulated-host.ts";
import { SimulatedUpdates } from "../../../src/update/simulated-updates.ts";
import type { Updates } from "../../../src/service/port.ts";
import { createUlid } from "../../../src/service/ulid.ts";
import type { CallbackQr, CallOutcome, CreatedPayment, MerchantQrs, Payments } from "../../../src/vipps/port.ts";
import { catalogue, policy } from "../sale/support.ts";
import { MemoryJournal } from "./memory-journal.ts";

export const id = merchantQrId("kiosk-7");

export class RememberingPanel implements Panel {
  readonly facts = {
    id: "twin",
    widthPx: 400,
    heightPx: 300,
    liveCountdown: false,
    providerQrSizePx: 300,
    hasGlass: true,
  };
  readonly scenes: Scene[] = [];
  readonly rehearsed: Scene[] = [];
  outcome: ShowOutcome | Error = { kind: "shown" };
  codeFit: CodeFit = { fits: true, moduleSizePx: 5, moduleSizeMm: 1, scanDistanceMm: 400 };
  /** Why no picture of the provider's can be shown. */
  pictures: string | undefined;
  present = true;

  async start(): Promise<void> {}

  async show(scene: Scene): Promise<ShowOutcome> {
    this.scenes.push(scene);
    if (this.outcome instanceof Error) throw this.outcome;
    return this.outcome;
  }

  fit(): CodeFit {
    return this.codeFit;
  }

  pictureFault(): string | undefined {
    return this.pictures;
  }

  isPresent(): boolean {
    return this.present;
  }

  absence(): string | undefined {
    return this.present ? undefined : "unplugged";
  }

  rehearse(scene: Scene): void {
    this.rehearsed.push(scene);
  }

  async screenshot(): Promise<Uint8Array> {
    return Uint8Array.of(1, 2, 3);
  }

  async stop(): Promise<void> {
    this.scenes.push({ kind: "out-of-service", reason: "stopped" });
  }
}

export class RememberingLink implements Link {
  /** What is larger does not fit into a reply. */
  pngBytesMax = 1_000_000;
  readonly states: Omit<StateMessage, "session">[] = [];
  readonly health: Readonly<Record<string, unknown>>[] = [];
  readonly replies: CommandReply[] = [];
  readonly sales = new Map<string, Readonly<Record<string, unknown>>>();
  /** Why the broker does not take this sale or reply. */
  faultOf: (id: string) => Error | undefined = () => undefined;
  #listener: LinkListener | undefined;
  #isConnected = false;

  async start(listener: LinkListener): Promise<void> {
    this.#listener = listener;
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  tries(): number {
    return 1;
  }

  setConnected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#listener?.connection(isConnected);
    this.setRelay(isConnected);
  }

  setRelay(isThere: boolean): void {
    this.#listener?.relay({ alive: isThere, registered: isThere });
  }

  /** Rejects when the broker would keep the message. */
  async deliver(message: LinkMessage): Promise<void> {
    if (this.#listener === undefined) throw new Error("nobody listens");
    await this.#listener.message(message);
  }

  publishState(state: Omit<StateMessage, "session">): void {
    this.states.push(state);
  }

  async publishSale(saleId: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const fault = this.faultOf(saleId);
    if (fault !== undefined) throw fault;
    this.sales.set(saleId, body);
  }

  publishHealth(body: Readonly<Record<string, unknown>>): void {
    this.health.push(body);
  }

  reply(reply: CommandReply): void {
    this.replies.push(reply);
  }

  fits(reply: CommandReply): boolean {
    return reply.outcome !== "done" || (reply.png?.byteLength ?? 0) <= this.pngBytesMax;
  }

  async publishReply(reply: CommandReply): Promise<void> {
    const fault = this.faultOf(reply.id);
    if (fault !== undefined) throw fault;
    this.replies.push(reply);
  }

  async stop(): Promise<void> {}
}

export const lost = {
  kind: "unknown",
  reason: "no answer",
  status: undefined,
  code: undefined,
  retryAfterMs: undefined,
} as const;

/** A provider that does what it is asked, until the test sets `next`. */
export class ObedientProvider implements Payments, MerchantQrs {
  readonly views = new Map<Reference, PaymentView>();
  readonly requests: PaymentRequest[] = [];
  readonly calls: string[] = [];
  /** Answers every call while it is set. */
  fault: Extract<CallOutcome<never>, { kind: "refused" | "unknown" }> | undefined;
  /** Approves what is created as soon as it is looked at. */
  approvesAtOnce = true;

  async create(request: PaymentRequest, key: string): Promise<CallOutcome<CreatedPayment>> {
    this.calls.push(`create ${key}`);
    this.requests.push(request);
    if (this.fault !== undefined) return this.fault;
    const { reference, amount } = request;
    this.views.set(reference, {
      reference,
      state: "CREATED",
      currency: amount.currency,
      amount: amount.minor,
      authorized: noMinor,
      captured: noMinor,
      cancelled: noMinor,
      refunded: noMinor,
    });
    const qr = request.flow === "qr" ? ({ kind: "content", text: `pay ${reference}` } as const) : undefined;
    return { kind: "ok", value: { reference, qr } };
  }

  async get(reference: Reference): Promise<CallOutcome<PaymentView>> {
    this.calls.push("get");
    const view = this.views.get(reference);
    if (this.fault !== undefined) return this.fault;
    if (view === undefined) return { kind: "refused", status: 404, code: undefined, detail: "not found" };
    if (view.state !== "CREATED" || !this.approvesAtOnce) return { kind: "ok", value: view };
    return this.#change(reference, () => ({ state: "AUTHORIZED", authorized: view.amount }));
  }

  capture(reference: Reference, amount: { readonly minor: number }, key: string): Promise<CallOutcome<PaymentView>> {
    this.calls.push(`capture ${amount.minor} ${key}`);
    return this.#adjust(reference, ({ captured }) => ({ captured: addMinor(captured, minor(amount.minor)) }));
  }

  refund(reference: Reference, amount: { readonly minor: number }, key: string): Promise<CallOutcome<PaymentView>> {
    this.calls.push(`refund ${amount.minor} ${key}`);
    return this.#adjust(reference, ({ refunded }) => ({ refunded: addMinor(refunded, minor(amount.minor)) }));
  }

  cancel(reference: Reference, transactionOnly: boolean, key: string): Promise<CallOutcome<PaymentView>> {
    this.calls.push(`cancel${transactionOnly ? " transaction only" : ""} ${key}`);
    return this.#adjust(reference, ({ state, authorized, captured }) =>
      state === "CREATED" ? { state: "TERMINATED" } : { cancelled: minor(authorized - captured) },
    );
  }

  async register(): Promise<CallOutcome<CallbackQr>> {
    return this.check();
  }

  async check(): Promise<CallOutcome<CallbackQr>> {
    const qr = { kind: "content", text: "https://qr.vipps.no/28/callback" } as const;
    return this.fault ?? { kind: "ok", value: { merchantQrId: id, locationDescription: "Test", qr } };
  }

  async #adjust(
    reference: Reference,
    change: (view: PaymentView) => Partial<PaymentView>,
  ): Promise<CallOutcome<PaymentView>> {
    return this.fault ?? this.#change(reference, change);
  }

  #change(reference: Reference, change: (view: PaymentView) => Partial<PaymentView>): CallOutcome<PaymentView> {
    const view = this.views.get(reference);
    if (view === undefined) return { kind: "refused", status: 404, code: undefined, detail: "not found" };
    const value = { ...view, ...change(view) };
    this.views.set(reference, value);
    return { kind: "ok", value };
  }
}

export class KioskRig {
  readonly clock = new SimulatedClock();
  readonly panel = new RememberingPanel();
  readonly link = new RememberingLink();
  readonly provider = new ObedientProvider();
  readonly journal: MemoryJournal;
  readonly lines: LogLine[] = [];
  readonly drops: DroppedThing[] = [];
  readonly host: SimulatedHost;
  readonly updates: Updates;
  readonly machine: SimulatedMachine;
  readonly kiosk: Kiosk;
  #commands = 0;

  constructor({
    journal = new MemoryJournal(),
    policy: changes = {},
    settings = {},
    host = new SimulatedHost(),
    updates = new SimulatedUpdates(),
  }: {
    readonly journal?: MemoryJournal;
    readonly policy?: Partial<SalePolicy>;
    readonly settings?: Partial<KioskSettings>;
    readonly host?: SimulatedHost;
    readonly updates?: Updates;
  } = {}) {
    const { clock, panel, link, provider } = this;
    this.journal = journal;
    this.host = host;
    this.updates = updates;
    const entropy = createSeededEntropy(1);
    this.machine = createSimulatedMachine({ clock, entropy, deliveryMs: 2_000, drops: this.drops });
    this.kiosk = createKiosk(
      {
        merchantQrId: id,
        locationDescription: "Test",
        version: "1",
        policy: { ...policy, ...changes },
        catalogue,
        lineFault: () => undefined,
        deliverMs: 20_000,
        shopQr: () => undefined,
        isQuiet: () => false,
        probeMs: 20_000,
        ...settings,
      },
      {
        journal,
        payments: provider,
        merchantQrs: provider,
        panel,
        machine: this.machine,
        link,
        clock,
        entropy,
        log: createMemoryLog(this.lines),
        freshReference: () => referenceOf(id, createUlid(clock, entropy)),
        host,
        updates,
        recentLog: () => ({ since: "2026-11-23T12:00:00.000Z", lines: [{ level: "info", msg: "hello" }] }),
      },
    );
  }

  /** Started, connected, ready. */
  async start(): Promise<this> {
    await this.kiosk.start();
    this.link.setConnected(true);
    await settle();
    return this;
  }

  get scene(): Scene["kind"] {
    return this.kiosk.scene().kind;
  }

  /** A signed command as the link hands it on; resolves with its reply. */
  async command(order: CommandOrder, changes: Partial<Command> = {}): Promise<CommandReply | undefined> {
    this.#commands += 1;
    const command: Command = {
      id: `command-${this.#commands}`,
      counter: this.#commands,
      deadlineWallMs: this.clock.wallMs() + 60_000,
      order,
      ...changes,
    };
    await this.link.deliver({ kind: "command", command });
    await settle();
    return this.link.replies.findLast((reply) => reply.id === command.id);
  }

  /** A button, an approval, a product. */
  async sell(line = "A1"): Promise<Reference> {
    this.machine.press(line);
    await settle();
    const reference = this.provider.requests.at(-1)?.reference;
    if (reference === undefined) throw new Error("nothing was ordered");
    await this.clock.advance(20_000);
    return reference;
  }
}
