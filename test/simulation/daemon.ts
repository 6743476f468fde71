/** The daemon of the simulated world: one life after the other, between power cuts and restarts, on the same disk and the same hardware. */
import { countBoot } from "../../src/daemon/journal.ts";
import { JournalError } from "../../src/journal/disk.ts";
import { openJournal } from "../../src/journal/journal.ts";
import type { Journal } from "../../src/journal/port.ts";
import { createKiosk, type Kiosk } from "../../src/kiosk/kiosk.ts";
import type { KioskSettings } from "../../src/kiosk/port.ts";
import type { Link, StateMessage } from "../../src/link/port.ts";
import type { SimulatedLink } from "../../src/link/simulated-link.ts";
import type { Machine } from "../../src/machine/port.ts";
import type { Panel, Scene } from "../../src/panel/port.ts";
import { type MerchantQrId, type Reference, referenceOf } from "../../src/sale/ids.ts";
import { createMemoryLog } from "../../src/service/log.ts";
import type { Host, Updates } from "../../src/service/port.ts";
import { settle } from "../../src/service/simulated-clock.ts";
import { createUlid } from "../../src/service/ulid.ts";
import { createVippsClient } from "../../src/vipps/client.ts";
import { credentials } from "../../src/vipps/credentials.ts";
import { createMerchantQrs, createPayments } from "../../src/vipps/payments.ts";
import type { HttpTransport } from "../../src/vipps/transport.ts";
import { msn } from "./cloud.ts";
import { linkOf } from "./daemon-link.ts";
import { FrailPanel } from "./frail-panel.ts";
import { Glass } from "./glass.ts";
import { forPeople } from "./outlets.ts";
import { Life } from "./process.ts";
import type { Sabotage } from "./sabotage-port.ts";
import { PanelTwin } from "./twins.ts";
import type { World } from "./world.ts";

const providerUrl = "https://apitest.vipps.no";

export class Daemon {
  kiosk: Kiosk | undefined;
  machine: Machine | undefined;
  link: Link | undefined;
  scene: Scene = { kind: "starting" };
  readonly #world: World;
  readonly #sabotage: Sabotage;
  readonly #glass: Glass;
  #life: Life | undefined;
  #journal: Journal | undefined;
  #simulatedLink: SimulatedLink | undefined;
  #state: StateMessage["state"] | undefined;
  #reason: StateMessage["reason"];
  #computerBoots = 1;

  constructor(world: World, sabotage: Sabotage) {
    this.#world = world;
    this.#sabotage = sabotage;
    this.#glass = new Glass((text) => world.lie(text));
  }

  /** The wire: every request and every answer takes its time on the world's clock, whether or not somebody waits. */
  #transport(life: Life): HttpTransport {
    const { gateways } = this.#world;
    if (gateways !== undefined) {
      const hop = gateways.transport();
      return (request) => {
        this.#world.duties.request(request);
        return life.whileAlive(hop(request));
      };
    }
    return (request) =>
      life.whileAlive(
        (async () => {
          await this.#world.clock.sleep(10 + this.#world.entropy.fraction() * 200);
          const { method, url, headers, body, signal } = request;
          this.#world.duties.request(request);
          const answer = await this.#world.provider.handle(
            { method, url: url.replace(providerUrl, ""), headers, body },
            signal,
          );
          if (method === "POST") this.#world.duties.checkKept();
          await this.#world.clock.sleep(10 + this.#world.entropy.fraction() * 200);
          return answer;
        })(),
      );
  }

  async boot(): Promise<void> {
    const life = new Life(this.#world.clock, this.#world.deviceClock);
    this.#life = life;
    this.#world.duties.hasJournalFailed = false;
    this.#world.tell("power on");
    let opened: Journal | undefined;
    const { releases } = this.#world;
    const updates = releases.starts();
    try {
      const disk = releases.disk(life.disk(this.#world.disk));
      opened = await openJournal({
        disk: this.#sabotage.disk?.(disk) ?? disk,
        wallMs: () => life.clock.wallMs(),
        isPlausible: () => life.clock.isPlausible(),
        retentionMs: this.#world.retentionMs,
        readableFormat: releases.readableFormat,
      });
      if (releases.isJournalTooNew)
        this.#world.violate("a journal in a format that this release does not know is opened");
      const session = await countBoot(opened);
      await this.#start(life, releases.journal(opened), { session, updates });
    } catch (error) {
      await opened?.close();
      if (error instanceof JournalError && error.code === "version" && releases.isJournalTooNew) {
        this.#world.tell(`it does not boot: ${error.message}`);
        this.#world.count("downgrade: journal of a newer format refused");
        return this.#endLife();
      }
      if (!(error instanceof JournalError) || error.code !== "disk" || this.#world.disk.fault === undefined)
        throw error;
      this.#world.tell(`it does not boot: ${error.message}; trying again in a minute`);
      this.#world.count("boot without a disk");
      this.#endLife();
      this.#world.clock.startTimer("boot again", 60_000, () => void this.powerOn());
    }
  }

  async #start(
    life: Life,
    opened: Journal,
    { session, updates }: { readonly session: number; readonly updates: Updates },
  ): Promise<void> {
    const { entropy, catalogue } = this.#world;
    const log = createMemoryLog();
    const wrap = this.#sabotage;
    const clock = wrap.clock?.(life.clock) ?? life.clock;
    this.#journal = opened;
    const journal = this.#world.duties.journal(wrap.journal?.(opened, this.#world) ?? opened);
    const unit = this.#world.provider.state.units.get(msn);
    if (unit === undefined) throw new Error("no unit");
    const { gateways } = this.#world;
    const client = createVippsClient({
      baseUrl: gateways?.urls[0] ?? providerUrl,
      msn,
      credentials: gateways?.identity ?? credentials(unit.clientId, unit.clientSecret, unit.subscriptionKey),
      system: { name: "kvitt", version: "1", pluginName: "simulation", pluginVersion: "1" },
      transport: this.#transport(life),
      clock,
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
    const driver = this.#world.duties.hands(this.#world.rig.boot(life), this.#world.rig);
    const panel = this.#panelOf(life);
    const { inner, link } = linkOf({
      world: this.#world,
      sabotage: wrap,
      clock: life.clock,
      journal,
      session,
      onState: (state) => {
        this.#state = state.state;
        this.#reason = state.reason;
      },
    });
    this.#simulatedLink = inner;
    this.machine = driver;
    this.link = link;
    const settings: KioskSettings = {
      merchantQrId: this.#world.id,
      locationDescription: "Simulation",
      version: this.#world.releases.version,
      policy: { ...this.#world.policy, currency: catalogue.currency },
      lineFault: this.#world.rig.lineFault,
      catalogue,
      deliverMs: this.#world.rig.deliverMs,
      shopQr: () => undefined,
      isQuiet: (wallMs) => this.#world.isQuiet(wallMs),
      probeMs: 20_000,
    };
    const ports = {
      journal,
      payments: wrap.payments?.(payments, this.#world) ?? payments,
      merchantQrs: createMerchantQrs(client, presentation),
      panel: wrap.panel?.(panel, this.#world) ?? panel,
      machine: wrap.machine?.(driver, this.#world) ?? driver,
      link,
      clock,
      entropy,
      log,
      host: this.#hostOf(),
      // What becomes of one is files, which test/integration/update cuts the power of.
      updates: wrap.updates?.(updates) ?? updates,
      recentLog: () => ({ since: new Date(clock.wallMs()).toISOString(), lines: [] }),
    };
    const freshReference = (id: MerchantQrId): Reference => referenceOf(id, createUlid(life.clock, entropy));
    const kiosk =
      this.#world.outlets?.house(settings, ports, freshReference) ??
      createKiosk(settings, { ...ports, freshReference: () => freshReference(this.#world.id) });
    this.#world.rig.attach(kiosk.counter);
    this.kiosk = kiosk;
    await kiosk.start();
  }

  #panelOf(life: Life): Panel {
    const { glass } = this.#world;
    if (glass === undefined) return new PanelTwin((scene) => life.isAlive && this.#shown(scene));
    const panel = new FrailPanel({
      glass,
      clock: life.clock,
      onGlass: (scene, wantedMs) => {
        if (!life.isAlive) return;
        this.isGlassKnown = scene !== undefined;
        if (scene === undefined) this.#world.count("panel: a picture was not taken");
        if (scene === undefined && this.scene.kind === "pay") this.#world.count("panel: lost while somebody pays");
        this.#shown(scene ?? { kind: "starting" }, wantedMs);
      },
    });
    this.#panel = panel;
    return panel;
  }

  /** The computer under it, which is started anew in half a second. */
  #hostOf(): Host {
    const later = (why: string): void => void this.#world.clock.startTimer("host", 500, () => void this.restart(why));
    const bootId = String(this.#computerBoots);
    return {
      bootId: () => bootId,
      restartFault: () => undefined,
      restart: () => later("restart ordered"),
      reboot: async () => {
        this.#computerBoots += 1;
        later("reboot ordered");
        return { kind: "taken" };
      },
    };
  }

  #shown(scene: Scene, wantedMs = this.#world.clock.monotonicMs()): void {
    const key = scene.kind === "idle" ? `idle ${scene.code === undefined ? "without" : "with"} a code` : scene.kind;
    if (key !== this.#shownKey) this.#world.tell(`panel: ${key}${"reason" in scene ? ` (${scene.reason})` : ""}`);
    this.#shownKey = key;
    this.scene = scene;
    this.#wantedMs = wantedMs;
    this.#look();
  }

  #shownKey = "";
  /** Since when the scene is wanted that stands on the glass. */
  #wantedMs = 0;
  /** Whether anybody can tell what stands on the glass. */
  isGlassKnown = true;
  #panel: Panel | undefined;

  look(): void {
    if (this.isOn) this.#look();
  }

  #look(): void {
    this.#glass.look({
      monoMs: this.#world.clock.monotonicMs(),
      isOn: this.isOn,
      isGlassKnown: this.isGlassKnown,
      isPanelPresent: this.#panel?.isPresent() !== false,
      slackMs: 2 * (this.#world.glass?.refreshMs ?? 0),
      isShared: this.#world.outlets !== undefined,
      state: this.#state,
      hasRival: this.#world.rival?.isFighting === true,
      scene: this.scene,
      wantedMs: this.#wantedMs,
      payments: this.#world.provider.state.payments.values(),
      isPartitioned: this.#world.isPartitioned || this.#world.gateways?.isOutOfReach === true,
      isConnected: this.link?.isConnected() === true,
      readiness: this.machine?.readiness(),
      isAnyRelayAlive: this.#world.cloud.isAnyAlive,
      isClockPlausible: this.#world.deviceClock.isPlausible(),
      isOutOfService: this.#world.office.isOutForSure,
      isQuiet: this.#world.isQuiet(this.#world.deviceClock.wallMs()),
      hasJournalFailed: this.#world.duties.hasJournalFailed,
      paysAtOnce: this.#world.policy.checkInStyle === "pay-at-once",
      catalogue: this.#world.catalogue === this.#world.rig.catalogue ? this.#world.office.catalogueForSure : undefined,
    });
  }

  get isOn(): boolean {
    return this.#life?.isAlive === true;
  }

  /** What the machine says of itself upstream. */
  get state(): StateMessage["state"] | undefined {
    return this.#state;
  }

  /** And why. */
  get reason(): StateMessage["reason"] {
    return this.#reason;
  }

  /** Why it does not sell, where that is nobody's order and nobody's to mend. */
  get illness(): string | undefined {
    if (this.#state === "ready" || this.#state === "selling") return this.#world.outlets?.illness(this.kiosk);
    const isForPeople = this.#state === "out-of-service" && forPeople.has(this.#reason ?? "");
    return isForPeople ? undefined : `${this.#state ?? "nothing"}: ${this.#reason}`;
  }

  async tidyJournal(): Promise<void> {
    await this.#journal?.commit([]);
  }

  #endLife(): void {
    this.#world.interruptions += 1;
    this.#life?.end();
    this.#simulatedLink?.cutPower();
    this.#simulatedLink = undefined;
    this.#journal = undefined;
    this.link = undefined;
    this.kiosk = undefined;
    this.machine = undefined;
    this.#glass.forget();
    this.#panel = undefined;
    this.isGlassKnown = true;
    this.#state = undefined;
    this.#world.rival?.forgetSteals();
    this.#world.disk.beforeChange = undefined;
    this.scene = { kind: "starting" };
  }

  cutPower(): void {
    if (!this.isOn) return;
    this.#computerBoots += 1;
    this.#world.tell("POWER CUT");
    this.#world.count("power cut");
    this.#die();
    // Without a battery the clock stands while there is no power, and starts anywhere.
    if (!this.#world.chance(0.3)) return;
    this.#world.duties.wasClockLost = true;
    this.#world.deviceClock.lose(-this.#world.entropy.fraction() * 400 * 86_400_000);
  }

  #die(): void {
    this.#world.rig.cutPower();
    this.#endLife();
    this.#world.disk.cutPower();
  }

  /** The process dies, and is started anew a moment later. */
  crash(why: string): void {
    if (!this.isOn) return;
    this.#world.tell(why);
    this.#world.count("crash");
    this.#die();
    this.#world.clock.startTimer("start anew", 1_000, () => void this.powerOn());
  }

  /** Power comes back; several times when the next cut comes while it boots. */
  async powerOn(): Promise<void> {
    if (this.isOn) return;
    this.#world.disk.restorePower(this.#world.entropy);
    if (!this.#world.deviceClock.isPlausible())
      this.#world.clock.startTimer("time server", this.#world.entropy.fraction() * 60_000, () => {
        this.#world.deviceClock.correct();
        this.#world.tell("the machine's clock is right again");
      });
    await Promise.race([
      this.boot().catch((error: unknown) => this.#world.violate(`it does not boot: ${String(error)}`)),
      this.#untilDead(),
    ]);
  }

  async #untilDead(): Promise<void> {
    await settle();
    while (this.isOn && this.kiosk === undefined) await settle();
  }

  /** SIGTERM and a new start: nothing is torn, and what was said goodbye to is gone. */
  async restart(why: string): Promise<void> {
    const life = this.#life;
    const { kiosk } = this;
    const journal = this.#journal;
    if (kiosk === undefined || journal === undefined || life?.isAlive !== true) return;
    this.#world.tell(`the daemon stops: ${why}`);
    this.#world.count(`restart: ${why}`);
    await Promise.race([life.whileAlive(kiosk.stop().then(() => journal.close())), this.#untilEnded(life)]);
    if (!life.isAlive) return;
    this.#die();
    await this.powerOn();
  }

  async #untilEnded(life: Life): Promise<void> {
    while (life.isAlive) await this.#world.clock.sleep(1_000);
  }

  /** The `n`-th write from now never happens: the plug is pulled at that very point. */
  cutAtWrite(n: number): void {
    let left = n;
    this.#world.disk.beforeChange = () => {
      left -= 1;
      if (left > 0) return;
      this.#world.count(`power cut at a write, ${this.#state === "selling" ? "in mid-sale" : "idle"}`);
      this.cutPower();
      throw new Error("power");
    };
  }
}
