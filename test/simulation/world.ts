/**
 * The simulated world: the real sale core, kiosk, journal, client, link, reception and drivers against the simulated provider, hardware,
 * broker, panel and disk, in one process on a virtual clock. A seed decides everything: machine, customers, back office, network, provider,
 * clock, power cuts.
 */
import { createHash } from "node:crypto";
import { SimulatedDisk } from "../../src/journal/simulated-disk.ts";
import { checkedInSchema } from "../../src/link/messages.ts";
import { simulatedClientId } from "../../src/link/simulated-link.ts";
import { SimulatedBus } from "../../src/link/simulated-bus.ts";
import { machineTopic } from "../../src/link/topics.ts";
import type { DroppedThing } from "../../src/machine/simulated.ts";
import type { Scene } from "../../src/panel/port.ts";
import type { Catalogue } from "../../src/sale/catalogue.ts";
import { merchantQrId } from "../../src/sale/ids.ts";
import { money } from "../../src/sale/money.ts";
import type { SalePolicy } from "../../src/sale/policy.ts";
import { createSeededEntropy } from "../../src/service/entropy.ts";
import type { Entropy } from "../../src/service/port.ts";
import { SimulatedClock } from "../../src/service/simulated-clock.ts";
import type { Fault } from "../../src/simulator/faults.ts";
import { createProvider, type Provider } from "../../src/simulator/provider.ts";
import { BackOffice } from "./back-office.ts";
import { Cloud, msn, registrations } from "./cloud.ts";
import { Daemon } from "./daemon.ts";
import { DeviceClock } from "./device-clock.ts";
import { Duties } from "./duties.ts";
import { FrailGlass } from "./frail-panel.ts";
import { type Gateways, gatewaysOf } from "./gateways.ts";
import { rigOf } from "./machines/draw.ts";
import { type MachineKind, machineKinds, type Rig, type Surroundings } from "./machines/port.ts";
import { Readers } from "./machines/readers.ts";
import type { Tally } from "./progress.ts";
import { Outlets } from "./outlets.ts";
import { canPayAtOnce, drawFault, drawPolicy, payingAtOnce } from "./policy.ts";
import { Releases } from "./releases.ts";
import { Rival } from "./rival.ts";
import type { Sabotage } from "./sabotage-port.ts";
import { type Dice, diceOf, type Traits, traitsOf } from "./traits.ts";
import { Weeks } from "./weeks.ts";

const id = merchantQrId("sim-1");
const address = { msn, merchantQrId: id };
const retentionMs = 40 * 86_400_000;

/** Days on which calendars and clocks are odd: the end of a month and of a year, both clock changes, a leap day. */
const beginnings = [
  Date.UTC(2026, 10, 23, 12),
  Date.UTC(2026, 10, 23, 12),
  Date.UTC(2026, 10, 30, 23, 50),
  Date.UTC(2026, 11, 31, 22, 50),
  Date.UTC(2027, 2, 28, 0, 50),
  Date.UTC(2027, 9, 31, 0, 50),
  Date.UTC(2028, 1, 28, 23, 50),
  Date.UTC(2028, 1, 29, 23, 50),
];

export interface StoryLine {
  readonly atMs: number;
  readonly text: string;
}

export class World implements Surroundings {
  readonly entropy: Entropy;
  readonly clock: SimulatedClock;
  /** What the machine believes the time to be. */
  readonly deviceClock: DeviceClock;
  disk = new SimulatedDisk();
  readonly rig: Rig;
  readonly #drops: DroppedThing[] = [];
  readonly story: StoryLine[] = [];
  readonly violations: string[] = [];
  /** What the broker was given, by its upstream id. */
  readonly sales = new Map<string, string>();
  readonly provider: Provider;
  readonly policy: SalePolicy;
  readonly bus: SimulatedBus;
  readonly cloud: Cloud;
  readonly office: BackOffice;
  readonly duties: Duties;
  readonly daemon: Daemon;
  /** For all that was added to the world later. */
  readonly dice: Dice;
  readonly traits: Traits;
  readonly releases: Releases;
  readonly weeks: Weeks;
  readonly gateways: Gateways | undefined;
  readonly glass: FrailGlass | undefined;
  readonly rival: Rival | undefined;
  readonly readers: Readers | undefined;
  readonly outlets: Outlets | undefined;
  /** Every code that was ever held to the scanner. */
  readonly heldUp = new Set<string>();
  readonly id = id;
  readonly retentionMs = retentionMs;
  /** References about which the relay said something; what it said proves nothing. */
  readonly hinted = new Set<string>();
  /** Payments that the operator touched in the provider's portal. */
  readonly portal = new Set<string>();
  readonly portalCancelled = new Set<string>();
  /** Payments and service vends of a computer that is gone with its disk. */
  readonly orphaned = new Set<string>();
  /** Probability that one request to the provider goes wrong. */
  faultiness = 0;
  /** An operation of the provider ("capture payment") most of whose answers get lost while anything is faulty. */
  lossyOperation: string | undefined;
  isPartitioned = false;
  isBrokerUp = true;
  /** The operator acts in the provider's portal on what was approved a moment ago. */
  portalActs = false;
  /** What the configuration says now, where it was changed since the world began. */
  catalogue: Catalogue;
  /** How often something may have lost an answer: lives that ended, broker's sessions that were forgotten. */
  interruptions = 0;
  bytesWritten = 0;
  /** Wall time, of the machine, in which nothing is sold. */
  readonly quietMs: { readonly from: number; readonly to: number } | undefined;
  readonly sabotage: Sabotage;
  readonly #happened: Record<string, number> = {};

  constructor(seed: number, sabotage: Sabotage = {}) {
    this.entropy = createSeededEntropy(seed);
    this.sabotage = sabotage;
    this.dice = diceOf(seed);
    this.traits = { ...traitsOf(seed), ...sabotage.traits };
    this.clock = new SimulatedClock(this.pick(beginnings));
    this.weeks = new Weeks(this, retentionMs);
    this.deviceClock = new DeviceClock(this.clock);
    const quietFromMs = this.clock.wallMs() + 300_000;
    this.quietMs = this.chance(0.1) ? { from: quietFromMs, to: quietFromMs + 240_000 } : undefined;
    if (this.quietMs !== undefined) this.count("quiet hours");
    const drawn: MachineKind = this.pick(["gpio", ...machineKinds]);
    const kind = sabotage.kind ?? drawn;
    this.duties = new Duties(this);
    this.daemon = new Daemon(this, sabotage);
    this.releases = new Releases(this, this.dice, this.traits.isUpdated);
    const isOnHeader = kind === "gpio" || kind === "parking" || kind === "timed";
    this.readers = this.traits.hasReaders && isOnHeader ? new Readers(this.dice) : undefined;
    const rig = rigOf(kind, this, this.readers);
    const isOne = this.traits.paysAtOnce && canPayAtOnce(rig);
    this.rig = isOne ? payingAtOnce(rig, this.dice) : rig;
    const isSeveral = this.traits.hasOutlets && canPayAtOnce(rig) && !isOne;
    this.outlets = isSeveral ? new Outlets(this, this.dice, rig.lines) : undefined;
    this.catalogue = this.rig.catalogue;
    this.policy = drawPolicy(this, this.rig, this.duties, sabotage.policy ?? {});
    this.bus = new SimulatedBus(this.clock, this.entropy, {
      delayMs: { min: 20, max: this.pick([60, 400, 4_000]) },
      duplicate: this.pick([0, 0.15]),
      loss: this.pick([0, 0, 0.03]),
    });
    const relays = this.chance(0.3) ? 2 : 1;
    this.cloud = new Cloud({
      bus: this.bus,
      clock: this.clock,
      relays,
      forgetsRefusals: sabotage.forgetsRefusals === true,
    });
    this.provider = createProvider({
      clock: this.clock,
      entropy: this.entropy,
      send: ({ url, headers, body }) => this.#receive(url, headers, body),
      faultFor: (operation) => this.#drawFault(operation),
      tell: (text) => this.tell(`provider: ${text}`),
    });
    for (const one of registrations) this.provider.state.registrations.set(one.id, one);
    this.provider.addUnit({ msn, pushApproved: this.chance(0.5), partialCapture: this.chance(0.8) });
    this.provider.switches.forgetIdempotencyKeys = this.chance(0.2);
    this.provider.switches.createdVisibleAfterMs = this.chance(0.2) ? 4_000 : 0;
    this.provider.addUser({ id: "customer 0", age: this.pick([16, 30]) });
    if (isOne || isSeveral) this.provider.addUser({ id: "customer 1", age: 16 });
    this.glass = this.traits.hasFrailPanel ? new FrailGlass(this.dice) : undefined;
    const clientId = simulatedClientId({ msn, merchantQrId: id });
    this.rival = this.traits.hasRival ? new Rival(this, clientId, this.dice.chance(0.5)) : undefined;
    this.gateways = this.traits.hasGateway ? gatewaysOf(this, { msn, count: relays, sabotage }) : undefined;
    this.office = new BackOffice({
      world: this,
      provider: this.provider,
      address,
      catalogue: this.rig.catalogue,
      lines: this.rig.lines,
      publish: (message) => {
        if (this.isBrokerUp) this.bus.publish(message);
        return this.isBrokerUp;
      },
      deviceClock: this.deviceClock,
      interruptions: () => this.interruptions,
      isSelling: () => this.daemon.state === "selling",
      isSingle: this.policy.checkInStyle === "pay-at-once",
      outcomeOfUpdate: (commandId) => this.releases.outcomeOf(commandId),
    });
    this.bus.watch(({ topic, payload }) => {
      if (topic === machineTopic(address, "command/reply")) this.office.heard(payload);
      if (topic === machineTopic(address, "sale")) this.#heardSale(payload);
      if (topic === machineTopic(address, "event/checked-in"))
        this.duties.published(checkedInSchema.parse(JSON.parse(payload)).data.customerToken);
    });
    this.count(`world: ${kind}`);
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

  /** What would be said every second is said once. */
  lie(text: string): void {
    if (!this.violations.includes(text)) this.violate(text);
  }

  fell(thing: DroppedThing): void {
    this.tell(`fell: ${thing.what} for ${thing.priceMinor}`);
    this.#drops.push(thing);
  }

  /** All that ever fell. */
  get drops(): readonly DroppedThing[] {
    this.rig.collect();
    return this.#drops;
  }

  /** A delivery that nobody pays for here: a command, or something that was paid in the web shop. */
  isService(deliveryId: string): boolean {
    const command = this.office.sent.get(deliveryId);
    return deliveryId.startsWith("shop:") || (command?.order.kind === "deliver" && command.isGenuine);
  }

  isQuiet(wallMs: number): boolean {
    return this.quietMs !== undefined && wallMs >= this.quietMs.from && wallMs < this.quietMs.to;
  }

  /** How old one has to be for what is on this line. */
  ageOf(line: string): number {
    return this.rig.catalogue.products.find((product) => product.line === line)?.minimumAge ?? 0;
  }

  #drawFault(operation: string): Fault | undefined {
    if (this.isPartitioned) return { kind: "no-connection" };
    if (operation === this.lossyOperation && this.faultiness > 0 && this.chance(0.6)) return { kind: "lost-answer" };
    if (!this.chance(this.faultiness)) return undefined;
    const fault = drawFault(this);
    this.tell(`fault: ${JSON.stringify(fault)}`);
    this.count(`provider: ${fault.kind}`);
    return fault;
  }

  // ── between provider and machine ─────────────────────────────────────────────────────────────────────────────────────

  async #receive(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<{ readonly status: number }> {
    const event: unknown = JSON.parse(new TextDecoder().decode(body));
    this.outlets?.heard(event);
    const answer = await this.cloud.receive((choices) => this.pick(choices), url, headers, body);
    if (typeof event !== "object" || event === null) return answer;
    if ("reference" in event && answer.status === 200) this.hinted.add(String(event.reference));
    if ("customerToken" in event && answer.status >= 300) {
      this.count("check-in refused by a relay");
      this.duties.refused(String(event.customerToken));
    } else if ("customerToken" in event) this.count("check-in forwarded");
    return answer;
  }

  /** A payment event that somebody made up, or an old one that comes again. */
  hint(reference: string, eventId: string): void {
    this.hinted.add(reference);
    this.bus.publish({
      topic: machineTopic(address, "event/payment"),
      payload: JSON.stringify({
        specversion: "1.0",
        id: createHash("sha256").update(eventId).digest("hex"),
        source: `/kvitt/v1/${msn}`,
        subject: id,
        time: new Date(this.clock.wallMs()).toISOString(),
        datacontenttype: "application/json",
        schema: "kvitt.payment/1",
        type: "kvitt.payment.v1",
        data: { reference, name: "AUTHORIZED", publishedAt: new Date(this.clock.wallMs()).toISOString(), ageMs: 0 },
      }),
      qos: 1,
      retain: false,
      contentType: "application/json",
    });
  }

  #heardSale(payload: string): void {
    const body: unknown = JSON.parse(payload);
    const key = typeof body === "object" && body !== null && "id" in body ? String(body.id) : "";
    const before = this.sales.get(key);
    if (before !== undefined && before !== payload)
      this.violate(`an entry of the books changes after it was sent: ${before} became ${payload}`);
    this.sales.set(key, payload);
    this.count("sale sent upstream");
  }

  /** The broker was started anew and remembers nobody. */
  forgetSessions(): void {
    this.interruptions += 1;
    this.bus.forget();
  }

  /** Nothing goes on any more that would end by itself. */
  get isAtRest(): boolean {
    return this.releases.isIdle && this.daemon.illness === undefined;
  }

  /** SIGKILL: with a relay goes its gateway. */
  killRelay(index: number): void {
    this.cloud.kill(index);
    this.gateways?.kill(index);
  }

  startRelays(): void {
    this.cloud.startDead();
    this.gateways?.startDead();
  }

  setBrokerUp(up: boolean): void {
    this.isBrokerUp = up;
    this.bus.setUp(up);
  }

  /** What stands on the glass. */
  get scene(): Scene {
    return this.daemon.scene;
  }

  /** Looks at the glass once a second, for as long as the world turns, and every half minute for what must not be on the disk. */
  watchGlass(seconds = 0): void {
    this.clock.startTimer("glass", 1_000, () => {
      this.daemon.look();
      if (seconds % 30 === 0) this.duties.checkTokens();
      this.watchGlass(seconds + 1);
    });
  }

  // ── what happens to the computer ─────────────────────────────────────────────────────────────────────────────────────

  /** Another computer, with an empty disk, is put in this one's place. */
  async replace(): Promise<void> {
    this.daemon.cutPower();
    this.tell("another computer with an empty disk takes its place");
    this.count("machine replaced");
    for (const { reference } of this.provider.ledger()) this.orphaned.add(reference);
    for (const { id, outcome } of this.office.sent.values()) if (outcome !== undefined) this.orphaned.add(id);
    this.duties.forgetTaken();
    this.office.machineReplaced();
    this.releases.forget();
    this.bytesWritten += this.disk.bytesWritten;
    this.#goneDisks.push(this.disk);
    this.disk = new SimulatedDisk();
    await this.daemon.powerOn();
  }

  /** What a computer sent in its last moment may be under way when another one has its place: then the disk that is gone had it. */
  isOfGoneDisk(id: string): boolean {
    return this.#goneDisks.some((disk) => disk.holds(id));
  }

  readonly #goneDisks: SimulatedDisk[] = [];

  /** The configuration has other prices, or another currency, at the next start. */
  changeConfiguration(): void {
    const { catalogue } = this;
    const currency =
      // A gateway serves one currency of each sales unit.
      this.rig.kind === "vending" && this.gateways === undefined && this.chance(0.5)
        ? catalogue.currency === "NOK"
          ? "DKK"
          : "NOK"
        : catalogue.currency;
    const dearer = this.pick([0, 400]);
    if (this.outlets !== undefined && this.dice.chance(0.5)) this.outlets.change();
    this.catalogue = {
      currency,
      version: `${catalogue.version}+`,
      products: catalogue.products.map((product) => ({
        ...product,
        price: money(product.price.minor + dearer, currency),
      })),
    };
    const unit = this.provider.state.units.get(msn);
    if (unit !== undefined) this.provider.state.units.set(msn, { ...unit, currency });
    this.count(`configuration changed: ${currency === catalogue.currency ? "prices" : "currency"}`);
  }
}
