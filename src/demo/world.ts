/**
 * The demo's world: provider, relay and kiosk as processes of their own, a broker, a phone, a customer's hands, and switches that break
 * things. Everything that the page and the scripts do goes through here. It is over 400 lines because it is all that they can do, in one place.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText } from "../kit/error-text.ts";
import { createReadableLog } from "../service/service-log.ts";
import { createOwned } from "../service/owned.ts";
import { descriptionOf } from "../panel/png.ts";
import type { Happening, Speaker } from "./happening.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { readCode } from "./camera.ts";
import {
  askKiosk,
  type KioskStateView,
  type LedgerRowView,
  type PhoneStateView,
  readLedger,
  sayServiced,
  setUnit,
  usePhone,
} from "./clients.ts";
import { openDemoMachine } from "./machines/machines.ts";
import type { DemoMachine, Drop, MachineKind, SwitchName } from "./machines/port.ts";
import { type Cuttable, freePort, startBroker, startWire } from "./network.ts";
import { createDemoProcess, type DemoProcess, stopWithinMs, untilAnswers } from "./process.ts";
import { type DemoPlaces, writeConfigs } from "./setup.ts";
import { isEnded, switchNames, type WorldState } from "./world-state.ts";
import { Tray } from "./tray.ts";
import { WorldLog } from "./world-log.ts";

const user = "kari";
/** As the configuration says it. */
const panelLanguage = "en";

export interface DemoOptions {
  readonly kind?: MachineKind;
  /** Aborted when the demo should not start any further. */
  readonly signal?: AbortSignal;
  /** Aborted when it should not wait for its processes to end. */
  readonly hurry?: AbortSignal;
}

/** More than a process of the demo is given to end by itself. */
const stopProcessMs = stopWithinMs + 5_000;

export class DemoWorld {
  readonly folder: string;
  readonly providerUrl: string;
  readonly #broker: Cuttable;
  readonly #wire: Cuttable;
  readonly #relay: DemoProcess;
  readonly #kiosk: DemoProcess;
  readonly #broken = new Set<SwitchName>();
  readonly #log = new WorldLog(() => this.touch());
  readonly #places: DemoPlaces;
  readonly #tray = new Tray();
  /** How often anything has changed. */
  #revision = 0;
  /** Payments that had ended when somebody started over: the page does not show them. */
  #before: ReadonlySet<string> = new Set();
  #machine: DemoMachine;
  #kioskState: KioskStateView | undefined;
  /** Machines that stood here, each with a journal of its own. */
  readonly #journals = new Set<MachineKind>();
  #phone: PhoneStateView | undefined;
  #phoneNote: string | undefined;
  #ledger: readonly LedgerRowView[] = [];
  #png: Uint8Array | undefined;
  #read: { readonly png: Uint8Array; readonly text: Promise<string | undefined> } | undefined;
  #version = 0;
  /** How often the power was cut. */
  #cuts = 0;
  #isClosed = false;
  #polling: Promise<void> = Promise.resolve();
  #turning: Promise<void> = Promise.resolve();
  #owned: AsyncDisposable | undefined;
  #isServiceDue = false;

  private constructor(parts: {
    readonly broker: Cuttable;
    readonly wire: Cuttable;
    readonly places: DemoPlaces;
    readonly machine: DemoMachine;
    readonly hurry: AbortSignal | undefined;
  }) {
    this.folder = parts.places.folder;
    this.providerUrl = parts.places.providerUrl;
    this.#places = parts.places;
    this.#machine = parts.machine;
    this.#journals.add(parts.machine.kind);
    this.#broker = parts.broker;
    this.#wire = parts.wire;
    const kvitt = (who: Speaker, args: readonly string[]): DemoProcess =>
      createDemoProcess({
        args,
        onLine: (line) => this.#log.hear(who, line),
        onExit: () => this.touch(),
        hurry: parts.hurry,
      });
    this.#relay = kvitt("relay", ["relay", "--config", join(this.folder, "relay.toml"), "--json"]);
    this.#kiosk = kvitt("machine", ["run", "--config", join(this.folder, "kiosk.toml")]);
  }

  /**
   * Starts everything; resolves when the processes run (the machine then boots by itself). When something does not start, or the signal aborts,
   * all that was started is stopped before it rejects.
   */
  static async start({ kind = "vending", signal, hurry }: DemoOptions = {}): Promise<DemoWorld> {
    const owned = createOwned({
      clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
      log: createReadableLog("error", (line) => process.stderr.write(`${line}\n`)),
    });
    await using started = new AsyncDisposableStack();
    started.use(owned);
    const folder = await mkdtemp(join(tmpdir(), "kvitt-demo-"));
    owned.defer("folder", () => rm(folder, { recursive: true, force: true }));
    const broker = await startBroker();
    owned.defer("broker", () => broker.close());
    const early: string[] = [];
    let tell = (line: string): void => void early.push(line);
    const providerPort = await freePort();
    const provider = createDemoProcess({
      args: ["simulator", "--port", String(providerPort), "--json", "--log"],
      onLine: (line) => tell(line),
      onExit: () => {},
      hurry,
    });
    owned.defer("provider", () => provider.stop(), stopProcessMs);
    provider.start();
    const providerUrl = `http://127.0.0.1:${providerPort}`;
    await untilAnswers(providerUrl, provider, () => early.at(-1), signal);
    const wire = await startWire(providerPort);
    owned.defer("wire", () => wire.cut());
    const relayPort = await freePort();
    const places: DemoPlaces = {
      folder,
      providerUrl,
      wireUrl: `http://127.0.0.1:${wire.port}`,
      brokerPort: broker.port,
      relayPort,
    };
    const machine = await openDemoMachine(kind, { folder, port: await freePort() });
    const world = new DemoWorld({ broker, wire, places, machine, hurry });
    // Whichever stands there then.
    owned.defer("machine", () => world.#machine.close());
    await writeConfigs({ ...places, journal: journalOf(kind) }, machine.config);
    await setUnit(providerUrl, { msn: "123456", pushApproved: true });
    tell = (line) => world.#log.hear("provider", line);
    for (const line of early) tell(line);
    signal?.throwIfAborted();
    owned.defer("relay", () => world.#relay.stop(), stopProcessMs);
    world.#relay.start();
    owned.defer("kiosk", () => world.#kiosk.stop(), stopProcessMs);
    world.#kiosk.start();
    owned.defer("watching", () => world.#stopWatching());
    world.#polling = world.#poll();
    world.#owned = owned;
    started.move();
    return world;
  }

  /** Another number after every change. */
  get revision(): number {
    return this.#revision;
  }

  get png(): Uint8Array | undefined {
    return this.#broken.has("power") ? undefined : this.#png;
  }

  get kiosk(): KioskStateView | undefined {
    return this.#kioskState;
  }

  get drops(): readonly Drop[] {
    return this.#tray.drops;
  }

  get ledger(): readonly LedgerRowView[] {
    return this.#ledger;
  }

  /** Asks the machine how it is, and comes back with its answer: then it has come round to everything that was there before. */
  async look(): Promise<void> {
    await askKiosk(join(this.folder, "state.sock"));
  }

  /** Every scene that a machine has shown here, also those that were over before anybody looked. Oldest first. */
  get scenes(): readonly string[] {
    return this.#log.scenes;
  }

  /** What the camera reads from the glass now. */
  async code(): Promise<string | undefined> {
    const { png } = this;
    if (png === undefined) return undefined;
    // A picture is read once, however often it is looked at: reading takes a tenth of a second.
    if (this.#read?.png !== png) this.#read = { png, text: readCode(png) };
    return this.#read.text;
  }

  state(): WorldState {
    const isOn = this.#kiosk.isRunning && !this.#broken.has("power");
    return {
      panel: {
        // None stands there while the machine starts.
        version: this.#png === undefined ? undefined : this.#version,
        powered: isOn,
        scene: this.#kioskState?.scene ?? "dark",
        text: this.#png === undefined ? "" : (descriptionOf(this.#png) ?? ""),
        language: panelLanguage,
      },
      machine: {
        kind: this.#machine.kind,
        hasScanner: this.#machine.holdUp !== undefined,
        lamp: isOn && this.#kioskState?.state === "ready",
        state: this.#kioskState?.state ?? "off",
        things: this.#tray.things(),
        controls: this.#machine.controls(),
      },
      phone: this.#phoneState(),
      switches: this.#switches().map((name) => ({ name, broken: this.#broken.has(name) })),
      ledger: this.#ledger
        .filter(({ reference }) => !this.#before.has(reference))
        .map((row) => ({ ...row, ended: isEnded(row) })),
      log: { from: this.#log.from, last: this.#log.last, entries: this.#log.entries },
    };
  }

  /** Those that this machine has. */
  #switches(): readonly SwitchName[] {
    return switchNames.filter((name) => this.#machine.switches.includes(name));
  }

  #phoneState(): PhoneStateView {
    const phone = this.#phone ?? { user, screen: "home", personalQr: "" };
    if (this.#phoneNote !== undefined) return { ...phone, screen: this.#phoneNote };
    return {
      ...phone,
      screen: phone.screen === "approved" ? "paid" : phone.screen === "connecting" ? "waiting" : phone.screen,
    };
  }

  // ── what a customer does ─────────────────────────────────────────────────────────────────────────────────────────────

  /** @param id of a control, as the machine names it */
  async use(id: string): Promise<void> {
    const control = this.#machine.controls().find((one) => one.id === id);
    if (control === undefined) throw new Error(`this machine has no "${id}" to press`);
    if (control.look !== "key") this.say("you", { kind: "pressed", id, label: control.label, word: control.word });
    await this.#machine.use(id);
    this.touch();
  }

  take(): void {
    this.#tray.takeAll();
    this.say("you", { kind: "took" });
  }

  async scan(): Promise<string | undefined> {
    return this.scanText(await this.code());
  }

  /** What a phone's camera has read: the simulated one's, or a visitor's. */
  async scanText(text: string | undefined): Promise<string | undefined> {
    this.#phoneNote = text === undefined ? "nothing-to-scan" : undefined;
    this.say("you", { kind: text === undefined ? "no-code-to-scan" : "scanned" });
    if (text !== undefined) this.#phone = await usePhone(this.providerUrl, user, "scan", text);
    this.touch();
    return text;
  }

  async phone(action: "approve" | "decline" | "home" | "expire"): Promise<void> {
    this.#phoneNote = undefined;
    const deeds = { approve: "approved", decline: "declined", home: "put-away", expire: "waited-too-long" } as const;
    this.say("you", { kind: deeds[action] });
    this.#phone = await usePhone(this.providerUrl, user, action);
    this.touch();
  }

  async holdUp(): Promise<void> {
    const { personalQr } = await usePhone(this.providerUrl, user, "view");
    const { holdUp } = this.#machine;
    this.say("you", { kind: holdUp === undefined ? "no-scanner" : "held-up" });
    await holdUp?.(personalQr);
  }

  // ── what breaks ──────────────────────────────────────────────────────────────────────────────────────────────────────

  turn(name: SwitchName, broken: boolean): Promise<void> {
    return this.#oneByOne(async () => {
      if (this.#broken.has(name) === broken) return;
      if (broken) this.#broken.add(name);
      else this.#broken.delete(name);
      this.say("you", { kind: "switched", name, broken });
      await this.#turn(name, broken);
      this.touch();
    });
  }

  /** A fault that is put back after a power cut does not overtake somebody who mends it in that moment. */
  #oneByOne(work: () => Promise<void>): Promise<void> {
    const done = this.#turning.then(work);
    this.#turning = done.catch(() => {});
    return done;
  }

  async #turn(name: SwitchName, broken: boolean): Promise<void> {
    switch (name) {
      case "network":
        return broken ? this.#wire.cut() : this.#wire.mend();
      case "mqtt":
        return broken ? this.#broker.cut() : this.#broker.mend();
      case "relay":
        if (broken) return this.#relay.kill();
        return this.#relay.start();
      case "power":
        if (broken) {
          await this.#kiosk.kill();
          this.#cuts += 1;
          this.#log.darken();
          this.#kioskState = undefined;
          this.#png = undefined;
          await rm(join(this.folder, "panel.png"), { force: true });
          return;
        }
        return this.#kiosk.start();
      case "jam":
        await this.#machine.turn(name, broken);
        this.#isServiceDue = !broken;
        return this.#sayServiced();
      case "sensor":
      case "door":
      case "clock":
        return this.#machine.turn(name, broken);
    }
  }

  /** A line that jammed is not sold before somebody says that it was mended; a machine without power is told when it is on again. */
  async #sayServiced(): Promise<void> {
    if (!this.#isServiceDue) return;
    const lines = await sayServiced(join(this.folder, "service.sock"));
    if (lines === undefined) return;
    this.#isServiceDue = false;
    if (lines.length > 0) this.say("you", { kind: "serviced", lines });
  }

  /** Another machine stands there; the provider, its ledger and the phone stay. */
  async changeMachine(kind: MachineKind): Promise<void> {
    if (kind === this.#machine.kind) return;
    await this.mendAll();
    await this.#kiosk.stop();
    const old = this.#machine;
    const machine = await openDemoMachine(kind, { folder: this.folder, port: await freePort() });
    await writeConfigs({ ...this.#places, journal: journalOf(kind) }, machine.config);
    this.#journals.add(kind);
    this.#machine = machine;
    this.#kioskState = undefined;
    await old.close();
    this.#tray.takeAll();
    this.say("you", { kind: "other-machine", machine: kind });
    this.#kiosk.start();
    this.touch();
  }

  async mendAll(): Promise<void> {
    for (const name of switchNames) await this.turn(name, false);
  }

  /** Everything is mended, the tray is empty and the phone put away; what has ended is forgotten by the page, and by nobody else. */
  async reset(): Promise<void> {
    await this.mendAll();
    if (this.#machine.controls().some(({ id }) => id === "cancel")) await this.#machine.use("cancel");
    this.#tray.takeAll();
    this.#phoneNote = undefined;
    this.#phone = await usePhone(this.providerUrl, user, "home");
    this.#before = new Set(this.#ledger.filter(isEnded).map(({ reference }) => reference));
    this.#log.clear();
    this.say("you", { kind: "reset" });
  }

  /** After a power cut the new process knows nothing of faults: they are put back. */
  #restoreFaults(): Promise<void> {
    return this.#oneByOne(async () => {
      for (const name of ["jam", "sensor", "clock", "door"] as const)
        if (this.#broken.has(name)) await this.#turn(name, true);
      await this.#sayServiced();
    });
  }

  // ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #pollMachine(): Promise<void> {
    const state = await askKiosk(join(this.folder, "state.sock"));
    if (this.#broken.has("power")) return;
    const wasOff = this.#kioskState === undefined;
    this.#kioskState = state;
    for (const drop of await this.#machine.drops()) {
      if (this.#tray.has(drop)) continue;
      await this.#tray.add(drop, () => readLedger(this.providerUrl));
      this.say("machine", { kind: "fell", what: drop.what });
    }
    if (wasOff && state !== undefined) await this.#restoreFaults();
  }

  async #poll(): Promise<void> {
    while (!this.#isClosed) {
      const seen = (): string =>
        JSON.stringify([
          this.#kioskState,
          this.#machine.controls(),
          this.#tray.drops.length,
          this.#phone,
          this.#ledger,
        ]);
      const before = seen();
      await this.#pollMachine().catch((error: unknown) =>
        this.say("machine", { kind: "line", text: errorText(error) }, "error"),
      );
      await this.#pollProvider();
      await this.#pollPicture();
      if (before !== seen()) this.touch();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  }

  async #pollProvider(): Promise<void> {
    try {
      this.#phone = await usePhone(this.providerUrl, user, "view");
      this.#ledger = await readLedger(this.providerUrl);
    } catch (error) {
      if (!this.#isClosed) {
        this.say("provider", { kind: "line", text: `does not answer: ${errorText(error)}` }, "error");
      }
    }
  }

  async #pollPicture(): Promise<void> {
    const cuts = this.#cuts;
    const png = await readFile(join(this.folder, "panel.png")).catch(() => undefined);
    // A picture that was read while the power went is not on the glass of the machine that boots after it.
    if (png === undefined || cuts !== this.#cuts || (this.#png !== undefined && png.equals(this.#png))) return;
    this.#png = new Uint8Array(png);
    this.#version += 1;
    this.touch();
  }

  say(who: Speaker, what: Happening, level = "info"): void {
    this.#log.say(who, what, level);
  }

  /** Something has changed that is shown. */
  touch(): void {
    this.#revision += 1;
  }

  async #stopWatching(): Promise<void> {
    this.#isClosed = true;
    await this.#polling;
  }

  /** Stops everything, in reverse order. Idempotent. @throws StopError when something did not stop */
  async close(): Promise<void> {
    const owned = this.#owned;
    this.#owned = undefined;
    await owned?.[Symbol.asyncDispose]();
  }

  /** For the checks at the end of a script: the journals of all machines that stood here. */
  get journalFolders(): readonly string[] {
    return [...this.#journals].map((kind) => join(this.folder, journalOf(kind)));
  }
}

/** A machine has a journal of its own: what one sold is no business of the next. */
function journalOf(kind: MachineKind): string {
  return `journal-${kind}`;
}
