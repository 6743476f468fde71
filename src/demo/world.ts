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
import { plainWords } from "./words.ts";
import { isEnded, type LogEntry, type SwitchText, switchTexts, type WorldState } from "./world-state.ts";

const user = "kari";
const logLength = 400;

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
  readonly #log: LogEntry[] = [];
  readonly #places: DemoPlaces;
  readonly #drops = new Map<string, Drop>();
  readonly #taken = new Set<string>();
  readonly #listeners = new Set<() => void>();
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
  #lines = 0;
  readonly #scenes: string[] = [];
  /** How often the power was cut. */
  #cuts = 0;
  #isClosed = false;
  #polling: Promise<void> = Promise.resolve();
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
    const kvitt = (who: string, args: readonly string[]): DemoProcess =>
      createDemoProcess({
        args,
        onLine: (line) => this.#hear(who, line),
        onExit: () => this.#changed(),
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
    tell = (line) => world.#hear("provider", line);
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

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get png(): Uint8Array | undefined {
    return this.#broken.has("power") ? undefined : this.#png;
  }

  get kiosk(): KioskStateView | undefined {
    return this.#kioskState;
  }

  get drops(): readonly Drop[] {
    return [...this.#drops.values()];
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
    return this.#scenes;
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
      panel: { version: this.#version, powered: isOn, scene: this.#kioskState?.scene ?? "dark" },
      machine: {
        kind: this.#machine.kind,
        hint: this.#machine.hint,
        hasScanner: this.#machine.holdUp !== undefined,
        lamp: isOn && this.#kioskState?.state === "ready",
        state: this.#kioskState?.state ?? "off",
        tray: {
          empty: this.#machine.tray,
          things: [...this.#drops.values()]
            .filter(({ deliveryId }) => !this.#taken.has(deliveryId))
            .map(({ deliveryId, what }) => ({ id: deliveryId, name: what })),
        },
        controls: this.#machine.controls(),
      },
      phone: this.#phoneState(),
      switches: this.#switchTexts().map((one) => ({ ...one, broken: this.#broken.has(one.name) })),
      ledger: this.#ledger.map((row) => ({ ...row, ended: isEnded(row) })),
      log: this.#log,
    };
  }

  /** Those that this machine has. */
  #switchTexts(): readonly SwitchText[] {
    return switchTexts.filter(({ name }) => this.#machine.switches.includes(name));
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
    if (control.look !== "key") this.say("you", `press ${control.label === "" ? id : control.label}`);
    await this.#machine.use(id);
    this.#changed();
  }

  take(): void {
    for (const id of this.#drops.keys()) this.#taken.add(id);
    this.say("you", "take everything out of the tray");
  }

  async scan(): Promise<string | undefined> {
    const text = await this.code();
    this.#phoneNote = text === undefined ? "nothing-to-scan" : undefined;
    this.say(
      "you",
      text === undefined ? "point the camera at the panel: there is no code" : "scan the code on the panel",
    );
    if (text !== undefined) this.#phone = await usePhone(this.providerUrl, user, "scan", text);
    this.#changed();
    return text;
  }

  async phone(action: "approve" | "decline" | "home" | "expire"): Promise<void> {
    this.#phoneNote = undefined;
    this.say(
      "you",
      {
        approve: "approve the payment",
        decline: "decline the payment",
        home: "put the phone away",
        expire: "wait too long",
      }[action],
    );
    this.#phone = await usePhone(this.providerUrl, user, action);
    this.#changed();
  }

  async holdUp(): Promise<void> {
    const { personalQr } = await usePhone(this.providerUrl, user, "view");
    const { holdUp } = this.#machine;
    this.say("you", holdUp === undefined ? "this machine has no scanner" : "hold the personal code to the scanner");
    await holdUp?.(personalQr);
  }

  // ── what breaks ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async turn(name: SwitchName, broken: boolean): Promise<void> {
    if (this.#broken.has(name) === broken) return;
    if (broken) this.#broken.add(name);
    else this.#broken.delete(name);
    const text = switchTexts.find((one) => one.name === name);
    this.say("you", `${text?.label ?? name}: ${broken ? text?.brokenText : text?.text}`);
    await this.#turn(name, broken);
    this.#changed();
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
          this.#scenes.push("dark");
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
    if (lines.length > 0) this.say("you", `kvitt machine serviced: ${lines.join(", ")} for sale again`);
  }

  /** Another machine stands there; the provider, its ledger and the phone stay. */
  async changeMachine(kind: MachineKind): Promise<void> {
    if (kind === this.#machine.kind) return;
    for (const { name } of switchTexts) await this.turn(name, false);
    await this.#kiosk.stop();
    const old = this.#machine;
    const machine = await openDemoMachine(kind, { folder: this.folder, port: await freePort() });
    await writeConfigs({ ...this.#places, journal: journalOf(kind) }, machine.config);
    this.#journals.add(kind);
    this.#machine = machine;
    this.#kioskState = undefined;
    await old.close();
    for (const id of this.#drops.keys()) this.#taken.add(id);
    this.say("you", `look at another machine: ${machine.title}`);
    this.#kiosk.start();
    this.#changed();
  }

  /** After a power cut the new process knows nothing of faults: they are put back. */
  async #restoreFaults(): Promise<void> {
    for (const name of ["jam", "sensor", "clock", "door"] as const)
      if (this.#broken.has(name)) await this.#turn(name, true);
    await this.#sayServiced();
  }

  // ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Something came out. Where the machine cannot know who paid, it is the newest payment that covers it and has nothing yet. */
  async #take(drop: Drop): Promise<void> {
    const given = new Set([...this.#drops.values()].map(({ reference }) => reference));
    const ledger = drop.reference === undefined ? await readLedger(this.providerUrl) : [];
    const payer = ledger.findLast(
      ({ reference, authorized }) => !given.has(reference) && authorized >= drop.priceMinor,
    );
    this.#drops.set(drop.deliveryId, { ...drop, reference: drop.reference ?? payer?.reference });
    this.say("machine", `comes out: ${drop.what}`);
  }

  async #pollMachine(): Promise<void> {
    const state = await askKiosk(join(this.folder, "state.sock"));
    if (this.#broken.has("power")) return;
    const wasOff = this.#kioskState === undefined;
    this.#kioskState = state;
    for (const drop of await this.#machine.drops()) if (!this.#drops.has(drop.deliveryId)) await this.#take(drop);
    if (wasOff && state !== undefined) await this.#restoreFaults();
  }

  async #poll(): Promise<void> {
    while (!this.#isClosed) {
      const seen = (): string =>
        JSON.stringify([this.#kioskState, this.#machine.controls(), this.#drops.size, this.#phone, this.#ledger]);
      const before = seen();
      await this.#pollMachine().catch((error: unknown) => this.say("machine", errorText(error), "error"));
      await this.#pollProvider();
      await this.#pollPicture();
      if (before !== seen()) this.#changed();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  }

  async #pollProvider(): Promise<void> {
    try {
      this.#phone = await usePhone(this.providerUrl, user, "view");
      this.#ledger = await readLedger(this.providerUrl);
    } catch (error) {
      if (!this.#isClosed) this.say("provider", `does not answer: ${errorText(error)}`, "error");
    }
  }

  async #pollPicture(): Promise<void> {
    const cuts = this.#cuts;
    const png = await readFile(join(this.folder, "panel.png")).catch(() => undefined);
    // A picture that was read while the power went is not on the glass of the machine that boots after it.
    if (png === undefined || cuts !== this.#cuts || (this.#png !== undefined && png.equals(this.#png))) return;
    this.#png = new Uint8Array(png);
    this.#version += 1;
    this.#changed();
  }

  #hear(who: string, line: string): void {
    const words = plainWords(line);
    if (words === undefined) return;
    if (words.scene !== undefined) this.#scenes.push(words.scene);
    this.say(who, words.text, words.level);
  }

  say(who: string, text: string, level = "info"): void {
    this.#log.push({ n: this.#lines, who, level, text });
    this.#lines += 1;
    if (this.#log.length > logLength) this.#log.shift();
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
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
