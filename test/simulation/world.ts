/**
 * The simulated world: the real sale core, kiosk, journal and client against the simulated provider, machine, panel, link and disk, in one
 * process on a virtual clock. A seed decides everything: customers, network, provider, machine, clock, power cuts.
 */
import { createHash } from "node:crypto";
import { openJournal } from "../../src/journal/journal.ts";
import type { Journal } from "../../src/journal/port.ts";
import { SimulatedDisk } from "../../src/journal/simulated-disk.ts";
import { createKiosk, type Kiosk } from "../../src/kiosk/kiosk.ts";
import { createSimulatedMachine, type DroppedThing, type SimulatedMachine } from "../../src/machine/simulated.ts";
import type { LinkMessage } from "../../src/link/port.ts";
import type { Machine } from "../../src/machine/port.ts";
import type { Panel, Scene } from "../../src/panel/port.ts";
import { admitCheckIn, AnsweredEvents } from "../../src/relay/admission.ts";
import { merchantQrId, referenceOf } from "../../src/sale/ids.ts";
import { money } from "../../src/sale/money.ts";
import type { SalePolicy } from "../../src/sale/policy.ts";
import { createSeededEntropy } from "../../src/service/entropy.ts";
import { SimulatedHost } from "../../src/service/simulated-host.ts";
import { createMemoryLog, type LogLine } from "../../src/service/log.ts";
import type { Entropy } from "../../src/service/port.ts";
import { settle, SimulatedClock } from "../../src/service/simulated-clock.ts";
import { createUlid } from "../../src/service/ulid.ts";
import type { Fault } from "../../src/simulator/faults.ts";
import { createProvider, type Provider } from "../../src/simulator/provider.ts";
import { createVippsClient } from "../../src/vipps/client.ts";
import { credentials } from "../../src/vipps/credentials.ts";
import { createMerchantQrs, createPayments } from "../../src/vipps/payments.ts";
import type { Payments } from "../../src/vipps/port.ts";
import type { HttpTransport } from "../../src/vipps/transport.ts";
import { verifyDelivery } from "../../src/vipps/signature.ts";
import { DeviceClock } from "./device-clock.ts";
import { Life } from "./process.ts";
import type { Tally } from "./progress.ts";
import { codeOf, LinkTwin, PanelTwin } from "./twins.ts";

const id = merchantQrId("sim-1");
const msn = "123456";
const relayUrl = "https://relay.example.test/hooks";

export interface StoryLine {
  readonly atMs: number;
  readonly text: string;
}

/** Deliberately broken parts, to show that the checks bite. Each is made afresh for every life of the daemon. */
export interface Sabotage {
  /** A world in which the mistake shows sooner. */
  readonly prepare?: (world: World) => void;
  readonly policy?: Partial<SalePolicy>;
  readonly payments?: (payments: Payments, world: World) => Payments;
  readonly machine?: (machine: Machine) => Machine;
  readonly panel?: (panel: Panel) => Panel;
  readonly journal?: (journal: Journal) => Journal;
  /** What a message from the relay becomes; undefined: it gets lost. */
  readonly message?: (message: LinkMessage) => LinkMessage | undefined;
  /** The relays remember nothing of what they answered. */
  readonly forgetsRefusals?: boolean;
  /** The broker is told that the message is safe before the kiosk has looked at it. */
  readonly acknowledgesEarly?: boolean;
}

export class World {
  readonly clock = new SimulatedClock();
  /** What the machine believes the time to be. */
  readonly deviceClock = new DeviceClock(this.clock);
  readonly entropy: Entropy;
  readonly disk = new SimulatedDisk();
  readonly drops: DroppedThing[] = [];
  readonly starts = new Map<string, number>();
  readonly story: StoryLine[] = [];
  readonly violations: string[] = [];
  readonly sales = new Map<string, Readonly<Record<string, unknown>>>();
  readonly provider: Provider;
  readonly policy: SalePolicy;
  /** Check-ins whose customers were told no, by token: nothing may ever be reserved for them. */
  readonly #relays: readonly AnsweredEvents[];
  readonly #refusedTokens = new Set<string>();
  /** References about which the relay said something; what it said proves nothing. */
  readonly hinted = new Set<string>();
  /** Probability that one request to the provider goes wrong. */
  faultiness = 0;
  /** An operation of the provider ("capture payment") most of whose answers get lost while anything is faulty. */
  lossyOperation: string | undefined;
  isPartitioned = false;
  isBrokerUp = true;
  /** The operator cancels in the provider's portal what was approved a moment ago. */
  portalCancels = false;
  readonly portalCancelled = new Set<string>();
  machine: SimulatedMachine | undefined;
  link: LinkTwin | undefined;
  kiosk: Kiosk | undefined;
  journal: Journal | undefined;
  scene: Scene = { kind: "starting" };
  #life: Life | undefined;
  readonly #sabotage: Sabotage;
  readonly log: LogLine[] = [];
  readonly #happened: Record<string, number> = {};

  constructor(seed: number, sabotage: Sabotage = {}) {
    this.entropy = createSeededEntropy(seed);
    this.#sabotage = sabotage;
    this.policy = { ...this.#drawPolicy(), ...sabotage.policy };
    this.provider = createProvider({
      clock: this.clock,
      entropy: this.entropy,
      send: ({ url, headers, body }) => this.#relay(url, headers, body),
      faultFor: (operation) => this.#drawFault(operation),
      tell: (text) => this.tell(`provider: ${text}`),
    });
    this.#relays = Array.from({ length: this.chance(0.3) ? 2 : 1 }, () => new AnsweredEvents(this.clock));
    this.#oddPrice = this.pick([151, 182, 186, 201, 1_500]);
    this.provider.addUnit({ msn, pushApproved: this.chance(0.5), partialCapture: this.chance(0.8) });
    this.provider.switches.forgetIdempotencyKeys = this.chance(0.2);
    this.provider.switches.createdVisibleAfterMs = this.chance(0.2) ? 4_000 : 0;
  }

  chance(probability: number): boolean {
    return this.entropy.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.entropy.fraction() * choices.length)];
    if (choice === undefined) throw new Error("nothing to choose from");
    return choice;
  }

  tell(text: string): void {
    this.story.push({ atMs: this.clock.monotonicMs(), text });
  }

  /** How often something of this kind happened. */
  count(what: string, times = 1): void {
    this.#happened[what] = (this.#happened[what] ?? 0) + times;
  }

  happened(): Tally {
    return { ...this.#happened, seed: 1, payment: this.provider.ledger().length, "thing that fell": this.drops.length };
  }

  violate(text: string): void {
    this.violations.push(text);
    this.tell(`VIOLATION: ${text}`);
  }

  #drawPolicy(): SalePolicy {
    return {
      currency: "NOK",
      checkInStyle: this.chance(0.5) ? "choose-then-pay" : "reserve-dearest",
      selectFirst: true,
      showCode: true,
      checkInFlow: this.chance(0.7) ? "web-redirect" : "push",
      unknownDelivery: this.chance(0.7) ? "release" : "attention",
      chooseMs: 40_000,
      payMs: 90_000,
      showMs: 6_000,
      freshnessMs: 20_000,
      merchantName: "Simulation",
      timeSales: undefined,
      plateWanted: false,
      timeLine: undefined,
      defaultVatRate: 2_500,
    };
  }

  #drawFault(operation: string): Fault | undefined {
    if (this.isPartitioned) return { kind: "no-connection" };
    if (operation === this.lossyOperation && this.faultiness > 0 && this.chance(0.6)) return { kind: "lost-answer" };
    if (!this.chance(this.faultiness)) return undefined;
    const fault = this.pick<Fault>([
      { kind: "no-connection" },
      { kind: "lost-answer" },
      { kind: "lost-answer" },
      { kind: "late", delayMs: 1_000 + this.entropy.fraction() * 30_000 },
      { kind: "bad-gateway", acts: this.chance(0.5) },
      { kind: "internal", acts: this.chance(0.5) },
      { kind: "throttled", retryAfterSeconds: 2 },
      { kind: "locked" },
      { kind: "revoked-token" },
      { kind: "hang", acts: this.chance(0.5) },
    ]);
    this.tell(`fault: ${JSON.stringify(fault)}`);
    return fault;
  }

  // ── the relay and the broker ─────────────────────────────────────────────────────────────────────────────────────────

  async #relay(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<{ readonly status: number }> {
    const registration = this.provider.state.registrations.get(headers["webhook-id"] ?? "");
    if (registration === undefined) return { status: 404 };
    if (verifyDelivery({ headers, rawBody: body }, new URL(url), registration.secret).kind !== "genuine")
      return { status: 401 };
    const event: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof event !== "object" || event === null) return { status: 400 };
    if (!this.isBrokerUp) return { status: 503 };
    if ("customerToken" in event) return this.#checkIn(event);
    if ("reference" in event && "pspReference" in event && "name" in event) {
      const eventId = `${String(event.pspReference)}.${String(event.name)}`;
      this.hint(String(event.reference), eventId);
    }
    return { status: 200 };
  }

  /** A payment event on its way to the machine: a real one, or one that somebody made up. */
  hint(reference: string, eventId: string): void {
    void this.#publish({ kind: "payment-event", eventId, reference: referenceOf(id, reference.slice(-26)) });
  }

  /** One or two relays, each with a memory of its own; the real decision. */
  #checkIn(event: object): { readonly status: number } {
    const token = "customerToken" in event ? String(event.customerToken) : "";
    const initiated = "initiatedAt" in event ? Date.parse(String(event.initiatedAt)) : 0;
    const eventId = createHash("sha256").update(token).digest("hex");
    const relay = this.pick(this.#relays);
    const ageMs = Math.max(0, this.clock.wallMs() - initiated);
    const admission = admitCheckIn({
      ageMs,
      knowsAll: this.#relays.length === 1,
      freshnessMs: 20_000,
      before: this.#sabotage.forgetsRefusals === true ? undefined : relay.recall(eventId),
      // The relay that tells is not always the one that the machine's state has reached.
      state: this.link?.state?.state,
    });
    const answer = admission.kind === "forward" ? "forwarded" : "refused";
    if (admission.kind === "settled") return { status: 200 };
    relay.remember({ id: eventId, answer });
    for (const other of this.#relays)
      if (other !== relay)
        this.clock.startTimer("relay", this.#travelMs(), () => other.remember({ id: eventId, answer }));
    if (admission.kind === "refuse") {
      this.#refusedTokens.add(token);
      void this.#publish({ kind: "check-in-refused", eventId });
      return { status: admission.status };
    }
    const published = this.clock.wallMs();
    void this.#publish({
      kind: "checked-in",
      eventId,
      customerToken: token,
      ageMs,
      initiatedAtWallMs: initiated,
      publishedAtWallMs: published,
    });
    return { status: 200 };
  }

  #travelMs(): number {
    return 20 + this.entropy.fraction() * (this.chance(0.1) ? 15_000 : 400);
  }

  /** QoS 1: late, doubled, and again until it is acknowledged. */
  async #publish(message: LinkMessage): Promise<void> {
    const copies = this.chance(0.15) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) void this.#publishOne(message);
  }

  async #publishOne(message: LinkMessage): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      await this.clock.sleep(tries === 0 ? this.#travelMs() : 5_000);
      if (await this.#deliver(message)) return;
    }
  }

  /** What the broker forgets has to be on the disk: the mark that this check-in was taken or refused. */
  async #deliver(message: LinkMessage): Promise<boolean> {
    const { link } = this;
    const changed = this.#sabotage.message === undefined ? message : this.#sabotage.message(message);
    if (link === undefined || !link.isConnected()) return false;
    if (changed === undefined) return true;
    if (changed.kind === "payment-event") this.hinted.add(changed.reference);
    const answer = link.deliver(changed);
    const isTaken = this.#sabotage.acknowledgesEarly === true ? true : await answer;
    if (isTaken && changed.kind !== "payment-event" && "eventId" in changed && !this.disk.holds(changed.eventId))
      this.violate(`a message was acknowledged before it was on the disk: ${changed.kind}`);
    return isTaken;
  }

  // ── one life of the daemon ───────────────────────────────────────────────────────────────────────────────────────────

  /** The wire: every request and every answer takes its time on the world's clock, whether or not somebody waits. */
  #transport(life: Life): HttpTransport {
    return (request) =>
      life.whileAlive(
        (async () => {
          await this.clock.sleep(10 + this.entropy.fraction() * 200);
          const { method, url, headers, body, signal } = request;
          this.#checkRequest(body);
          const answer = await this.provider.handle(
            { method, url: url.replace("https://apitest.vipps.no", ""), headers, body },
            signal,
          );
          if (method === "POST") this.#checkKept();
          await this.clock.sleep(10 + this.entropy.fraction() * 200);
          return answer;
        })(),
      );
  }

  #checkRequest(body: Uint8Array | undefined): void {
    if (body === undefined || this.#refusedTokens.size === 0) return;
    const text = new TextDecoder().decode(body);
    for (const token of this.#refusedTokens)
      if (text.includes(token)) this.violate("a customer whose check-in was refused is charged");
  }

  /** Promise 1 at every moment, not only in the end: never more is kept than what has fallen. */
  #checkKept(): void {
    for (const row of this.provider.state.payments.values()) {
      const kept = row.captured - row.refunded;
      if (kept === 0) continue;
      const value = this.drops
        .filter(({ reference }) => reference === row.reference)
        .reduce((sum, { priceMinor }) => sum + priceMinor, 0);
      if (kept > value && !this.#overcharged.has(row.reference)) {
        this.#overcharged.add(row.reference);
        this.violate(
          `nobody pays for nothing: payment …${row.reference.slice(-8)} kept ${kept} for ${value} for a while`,
        );
      }
    }
  }

  readonly #oddPrice: number;
  readonly #overcharged = new Set<string>();

  async boot(): Promise<void> {
    const life = new Life(this.clock, this.deviceClock);
    this.#life = life;
    this.tell("power on");
    const disk = life.disk(this.disk);
    const { entropy } = this;
    const log = createMemoryLog(this.log);
    const wrap = this.#sabotage;
    const opened = await openJournal({
      disk,
      wallMs: () => life.clock.wallMs(),
      isPlausible: () => life.clock.isPlausible(),
      retentionMs: 1e12,
    });
    const journal = wrap.journal?.(opened) ?? opened;
    this.journal = journal;
    const unit = this.provider.state.units.get(msn);
    if (unit === undefined) throw new Error("no unit");
    const client = createVippsClient({
      baseUrl: "https://apitest.vipps.no",
      msn,
      credentials: credentials(unit.clientId, unit.clientSecret, unit.subscriptionKey),
      system: { name: "kvitt", version: "1", pluginName: "simulation", pluginVersion: "1" },
      transport: this.#transport(life),
      clock: life.clock,
      entropy,
      log,
    });
    const presentation = {
      oneTimeRoute: "epayment",
      qrRendering: "own",
      qrSizePx: 300,
      returnUrl: "https://example.com/",
    } as const;
    const payments = createPayments(client, presentation);
    const machine = createSimulatedMachine({
      clock: life.clock,
      entropy,
      deliveryMs: 2_000,
      drops: this.drops,
      starts: this.starts,
    });
    const panel = new PanelTwin((scene) => life.isAlive && this.#shown(scene));
    const link = new LinkTwin(this.sales);
    this.machine = machine;
    this.link = link;
    const kiosk = createKiosk(
      {
        merchantQrId: id,
        locationDescription: "Simulation",
        version: "1",
        policy: this.policy,
        lineFault: () => undefined,
        catalogue: {
          currency: "NOK",
          version: "1",
          products: [
            { id: "water", name: "Water", price: money(2_500, "NOK"), vatRate: 1_500, line: "A1" },
            { id: "cola", name: "Cola", price: money(3_200, "NOK"), vatRate: 1_500, line: "A2" },
            { id: "gum", name: "Gum", price: money(1_000, "NOK"), vatRate: 1_500, line: "A3" },
            // Some of these amounts make the provider's test environment misbehave (facts 4.8).
            { id: "odd", name: "Odd", price: money(this.#oddPrice, "NOK"), vatRate: 1_500, line: "A4" },
          ],
        },
        deliverMs: 20_000,
        shopQr: () => undefined,
        isQuiet: () => false,
        probeMs: 20_000,
      },
      {
        journal,
        payments: wrap.payments?.(payments, this) ?? payments,
        merchantQrs: createMerchantQrs(client, presentation),
        panel: wrap.panel?.(panel) ?? panel,
        machine: this.#watched(wrap.machine?.(machine) ?? machine),
        link,
        clock: life.clock,
        entropy,
        log,
        freshReference: () => referenceOf(id, createUlid(life.clock, entropy)),
        host: new SimulatedHost(),
        recentLog: () => ({ since: "2026-11-23T12:00:00.000Z", lines: [] }),
      },
    );
    this.kiosk = kiosk;
    await kiosk.start();
    link.setConnected(this.isBrokerUp);
  }

  /** Promise 2, at the very moment: a delivery starts only for a payment that can be taken now. */
  #watched(machine: Machine): Machine {
    return {
      start: (onEvent) => machine.start(onEvent),
      readiness: () => machine.readiness(),
      deliver: (order, signal) => {
        const row = this.provider.ledger().find(({ reference }) => reference === order.reference);
        const left = row === undefined ? 0 : row.authorized - row.captured - row.cancelled - row.refunded;
        this.tell(`machine: delivery ${order.deliveryId} starts`);
        if (row?.state !== "AUTHORIZED" || left < order.price.minor)
          this.violate(
            `delivery ${order.deliveryId} started for a payment that cannot be taken: ${JSON.stringify(row)}`,
          );
        return machine.deliver(order, signal);
      },
      resume: (order) => machine.resume(order),
      openSession: (funds) => machine.openSession(funds),
      closeSession: () => machine.closeSession(),
      identify: () => machine.identify(),
      stop: () => machine.stop(),
    };
  }

  #shown(scene: Scene): void {
    const key = scene.kind === "idle" ? `idle ${scene.code === undefined ? "without" : "with"} a code` : scene.kind;
    if (key !== this.#shownKey) this.tell(`panel: ${key}`);
    this.#shownKey = key;
    this.scene = scene;
    this.#checkGlass();
  }

  #shownKey = "";
  /** Since when, on the world's clock, something is as it is: for how long a panel may not know it. */
  readonly #since = new Map<string, number>();

  #lasts(what: string, isSo: boolean): number {
    if (!isSo) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, this.clock.monotonicMs());
    return isSo ? this.clock.monotonicMs() - (this.#since.get(what) ?? 0) : 0;
  }

  /** Promise 4, every second: a code stands on the glass only while it can be paid, as far as the machine can know. */
  #checkGlass(): void {
    const code = this.isOn ? codeOf(this.scene) : undefined;
    const { scene } = this;
    const payment =
      scene.kind === "pay" && code !== undefined
        ? [...this.provider.state.payments.values()].find(({ qrContent }) => qrContent === code)
        : undefined;
    if (scene.kind === "pay" && code !== undefined && payment === undefined)
      this.violate("the panel shows a code that belongs to no payment");
    const isOver = payment !== undefined && payment.state !== "CREATED";
    // It polls every few seconds; with a provider that fails three requests in ten it may take a minute to hear of it.
    if (this.#lasts("over", isOver && !this.isPartitioned) > 60_000)
      this.#lie("the panel shows the code of a payment that is over");
    if (payment !== undefined && this.clock.monotonicMs() > payment.expiresMs + 5_000)
      this.#lie("the panel shows the code of a payment that has expired");
    const isCallback = this.isOn && scene.kind === "idle" && code !== undefined;
    if (this.#lasts("link", isCallback && this.link?.isConnected() !== true) > 3_000)
      this.#lie("the panel shows the callback code while nobody would hear of a scan");
    if (this.#lasts("machine", isCallback && this.machine?.readiness().ready !== true) > 3_000)
      this.#lie("the panel shows the callback code while the machine cannot sell");
    // The provider is probed every 20 s, and a request may take its whole deadline to fail.
    if (this.#lasts("provider", isCallback && this.isPartitioned) > 120_000)
      this.#lie("the panel shows the callback code while the provider is out of reach");
  }

  #lie(text: string): void {
    if (!this.violations.includes(text)) this.violate(text);
  }

  /** Looks at the glass once a second, for as long as the world turns. */
  watchGlass(): void {
    this.clock.startTimer("glass", 1_000, () => {
      this.#checkGlass();
      this.watchGlass();
    });
  }

  get isOn(): boolean {
    return this.#life?.isAlive === true;
  }

  cutPower(): void {
    if (!this.isOn) return;
    this.tell("POWER CUT");
    this.count("power cut");
    this.#life?.end();
    this.machine?.cutPower();
    this.link?.setConnected(false);
    this.link = undefined;
    this.disk.beforeChange = undefined;
    this.disk.cutPower();
    this.scene = { kind: "starting" };
    // Without a battery the clock stands while there is no power, and starts anywhere.
    if (this.chance(0.3)) this.deviceClock.lose(-this.entropy.fraction() * 400 * 86_400_000);
  }

  /** Power comes back; several times when the next cut comes while it boots. */
  async powerOn(): Promise<void> {
    if (this.isOn) return;
    this.disk.restorePower(this.entropy);
    if (!this.deviceClock.isPlausible())
      this.clock.startTimer("time server", this.entropy.fraction() * 60_000, () => {
        this.deviceClock.correct();
        this.tell("the machine's clock is right again");
      });
    await Promise.race([
      this.boot().catch((error: unknown) => this.violate(`it does not boot: ${String(error)}`)),
      this.#untilDead(),
    ]);
  }

  async #untilDead(): Promise<void> {
    await settle();
    while (this.isOn && this.kiosk === undefined) await settle();
  }

  /** The `n`-th write from now never happens: the plug is pulled at that very point. */
  cutAtWrite(n: number): void {
    let left = n;
    this.disk.beforeChange = () => {
      left -= 1;
      if (left > 0) return;
      this.cutPower();
      throw new Error("power");
    };
  }

  // ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────────

  press(line: string): void {
    this.tell(`customer presses ${line}`);
    if (this.isOn) this.machine?.press(line);
  }

  /** This user approves the request on the phone. */
  approve(user: string): void {
    const answer = this.provider.phone(user).approve();
    this.tell(`${user}: ${answer}`);
    if (!this.portalCancels || answer !== "approved" || !this.chance(0.3)) return;
    const { app } = this.provider.state.users.get(user) ?? {};
    const row =
      app?.kind === "approved"
        ? [...this.provider.state.payments.values()].find(({ reference }) => reference === app.reference)
        : undefined;
    if (row?.state !== "AUTHORIZED" || row.captured > 0) return;
    this.tell("the operator cancels it in the portal");
    row.cancelled = row.authorized;
    this.portalCancelled.add(row.reference);
  }

  /** The camera of this user's phone reads what is on the glass. */
  scan(user: string): boolean {
    const code = this.isOn ? codeOf(this.scene) : undefined;
    this.tell(`${user} scans: ${code === undefined ? "nothing there" : "a code"}`);
    if (code === undefined) return false;
    this.provider.phone(user).scan(code);
    return true;
  }

  /** A picture of the callback code, taken earlier: it can be scanned whatever the panel shows. */
  scanSticker(user: string): void {
    const [qr] = this.provider.state.callbackQrs.values();
    if (qr === undefined) return;
    this.tell(`${user} scans the sticker`);
    this.provider.phone(user).scan(qr.content);
  }

  async registerWebhooks(): Promise<void> {
    const client = this.provider;
    for (const [key, events] of [
      ["check-in", ["user.checked-in.v1"]],
      ["payment", ["epayments.payment.authorized.v1", "epayments.payment.aborted.v1", "epayments.payment.expired.v1"]],
    ] as const)
      client.state.registrations.set(key, {
        id: key,
        msn,
        url: `${relayUrl}/${key}`,
        events,
        secret: `secret of ${key}`,
      });
  }
}
