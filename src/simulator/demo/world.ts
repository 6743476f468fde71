/**
 * The demo's world: provider, relay and kiosk as processes of their own, a broker, a phone, a customer's hands, and switches that break
 * things. Everything that the page and the scripts do goes through here.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCode } from "./camera.ts";
import {
  askMachine,
  type LedgerRowView,
  type MachineStateView,
  type PhoneStateView,
  readLedger,
  setUnit,
  usePhone,
} from "./clients.ts";
import { type Cuttable, freePort, startBroker, startWire } from "./network.ts";
import { createDemoProcess, type DemoProcess } from "./process.ts";
import { products, writeConfigs } from "./setup.ts";
import { plainWords } from "./words.ts";

export type SwitchName = "network" | "mqtt" | "relay" | "jam" | "sensor" | "power" | "clock" | "door";

interface SwitchText {
  readonly name: SwitchName;
  readonly label: string;
  readonly text: string;
  readonly brokenText: string;
}

export const switchTexts: readonly SwitchText[] = [
  { name: "network", label: "Network to the provider", text: "connected", brokenText: "cut: no payment can be made" },
  { name: "mqtt", label: "MQTT broker", text: "connected", brokenText: "gone: no check-in can arrive" },
  { name: "relay", label: "Relay", text: "running", brokenText: "killed: scans are refused" },
  { name: "jam", label: "Coils", text: "turn freely", brokenText: "jammed: nothing comes out" },
  { name: "sensor", label: "Drop sensor", text: "sees what falls", brokenText: "blind: nobody knows" },
  { name: "power", label: "Power", text: "on", brokenText: "cut (SIGKILL)" },
  { name: "clock", label: "Clock", text: "right", brokenText: "a day wrong" },
  { name: "door", label: "Door", text: "shut", brokenText: "open: somebody refills" },
];

export interface LogEntry {
  readonly n: number;
  readonly who: string;
  readonly level: string;
  readonly text: string;
}

export interface WorldState {
  readonly panel: { readonly version: number; readonly powered: boolean; readonly scene: string };
  readonly machine: {
    readonly lamp: boolean;
    readonly state: string;
    readonly tray: readonly { readonly id: string; readonly name: string }[];
    readonly products: readonly {
      readonly line: string;
      readonly name: string;
      readonly price: number;
      readonly currency: string;
      readonly soldOut: boolean;
    }[];
  };
  readonly phone: PhoneStateView & { readonly screen: string };
  readonly switches: readonly (SwitchText & { readonly broken: boolean })[];
  readonly ledger: readonly (LedgerRowView & { readonly ended: boolean })[];
  readonly log: readonly LogEntry[];
}

/** A payment that nobody has to do anything about any more. */
export function isEnded(row: LedgerRowView): boolean {
  switch (row.state) {
    case "CREATED":
      return false;
    case "AUTHORIZED":
      return row.authorized === row.captured + row.cancelled;
    case "ABORTED":
    case "EXPIRED":
    case "TERMINATED":
      return true;
  }
}

const user = "kari";
const logLength = 400;
const wrongByMs = 86_400_000;

export class DemoWorld {
  readonly folder: string;
  readonly providerUrl: string;
  readonly #broker: Awaited<ReturnType<typeof startBroker>>;
  readonly #wire: Cuttable;
  readonly #provider: DemoProcess;
  readonly #relay: DemoProcess;
  readonly #kiosk: DemoProcess;
  readonly #broken = new Set<SwitchName>();
  readonly #log: LogEntry[] = [];
  readonly #drops = new Map<string, MachineStateView["drops"][number]>();
  readonly #taken = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #machine: MachineStateView | undefined;
  #phone: PhoneStateView | undefined;
  #phoneNote: string | undefined;
  #ledger: readonly LedgerRowView[] = [];
  #png: Uint8Array | undefined;
  #version = 0;
  #lines = 0;
  #isClosed = false;
  #polling: Promise<void> = Promise.resolve();

  private constructor(parts: {
    readonly folder: string;
    readonly providerUrl: string;
    readonly broker: Awaited<ReturnType<typeof startBroker>>;
    readonly wire: Cuttable;
    readonly provider: DemoProcess;
  }) {
    this.folder = parts.folder;
    this.providerUrl = parts.providerUrl;
    this.#broker = parts.broker;
    this.#wire = parts.wire;
    this.#provider = parts.provider;
    const kvitt = (who: string, args: readonly string[]): DemoProcess =>
      createDemoProcess(
        args,
        (line) => this.#hear(who, line),
        () => this.#changed(),
      );
    this.#relay = kvitt("relay", ["relay", "--config", join(this.folder, "relay.toml"), "--json"]);
    this.#kiosk = kvitt("machine", ["run", "--config", join(this.folder, "kiosk.toml")]);
  }

  /** Starts everything; resolves when the processes run (the machine then boots by itself). */
  static async start(): Promise<DemoWorld> {
    const folder = await mkdtemp(join(tmpdir(), "kvitt-demo-"));
    const broker = await startBroker();
    const early: string[] = [];
    let tell = (line: string): void => void early.push(line);
    const providerPort = await freePort();
    const provider = createDemoProcess(
      ["simulator", "--port", String(providerPort), "--json", "--log"],
      (line) => tell(line),
      () => {},
    );
    provider.start();
    const providerUrl = `http://127.0.0.1:${providerPort}`;
    await untilAnswers(providerUrl);
    const wire = await startWire(providerPort);
    const relayPort = await freePort();
    await writeConfigs({
      folder,
      providerUrl,
      wireUrl: `http://127.0.0.1:${wire.port}`,
      brokerPort: broker.port,
      relayPort,
    });
    await setUnit(providerUrl, { msn: "123456", pushApproved: true });
    const world = new DemoWorld({ folder, providerUrl, broker, wire, provider });
    tell = (line) => world.#hear("provider", line);
    for (const line of early) tell(line);
    world.#relay.start();
    world.#kiosk.start();
    world.#polling = world.#poll();
    return world;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get png(): Uint8Array | undefined {
    return this.#broken.has("power") ? undefined : this.#png;
  }

  get machine(): MachineStateView | undefined {
    return this.#machine;
  }

  get drops(): readonly MachineStateView["drops"][number][] {
    return [...this.#drops.values()];
  }

  get ledger(): readonly LedgerRowView[] {
    return this.#ledger;
  }

  /** What the camera reads from the glass now. */
  async code(): Promise<string | undefined> {
    return this.png === undefined ? undefined : readCode(this.png);
  }

  state(): WorldState {
    const isOn = this.#kiosk.isRunning && !this.#broken.has("power");
    return {
      panel: { version: this.#version, powered: isOn, scene: this.#machine?.kiosk.scene ?? "dark" },
      machine: {
        lamp: isOn && this.#machine?.kiosk.state === "ready",
        state: this.#machine?.kiosk.state ?? "off",
        tray: [...this.#drops.values()]
          .filter(({ deliveryId }) => !this.#taken.has(deliveryId))
          .map((drop) => ({
            id: drop.deliveryId,
            name: products.find(({ line }) => line === drop.what)?.name ?? drop.what,
          })),
        products: products.map((one) => ({
          line: one.line,
          name: one.name,
          price: one.price,
          currency: "NOK",
          soldOut: false,
        })),
      },
      phone: this.#phoneState(),
      switches: switchTexts.map((one) => ({ ...one, broken: this.#broken.has(one.name) })),
      ledger: this.#ledger.map((row) => ({ ...row, ended: isEnded(row) })),
      log: this.#log,
    };
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

  async press(line: string): Promise<void> {
    this.say("you", `press ${line} (${products.find((one) => one.line === line)?.name ?? "?"})`);
    await this.#order({ action: "press", line });
  }

  async cancel(): Promise<void> {
    this.say("you", "press cancel");
    await this.#order({ action: "cancel" });
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
    this.say("you", "hold the personal code to the scanner");
    await this.#order({ action: "scan", text: personalQr });
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
      case "jam":
      case "sensor":
        return this.#order({ action: "fault", fault: broken ? (name === "jam" ? "jam" : "no-sensor") : "none" });
      case "power":
        if (broken) {
          await this.#kiosk.kill();
          this.#machine = undefined;
          this.#png = undefined;
          await rm(join(this.folder, "panel.png"), { force: true });
          return;
        }
        return this.#kiosk.start();
      case "door":
        return this.#order({ action: "door", open: broken });
      case "clock":
        return this.#order({ action: "clock", offsetMs: broken ? wrongByMs : 0 });
    }
  }

  async #order(order: object): Promise<void> {
    const state = await askMachine(join(this.folder, "machine.sock"), order);
    if (state !== undefined) this.#take(state);
    this.#changed();
  }

  /** After a power cut the new process knows nothing of faults: they are put back. */
  async #restoreFaults(): Promise<void> {
    for (const name of ["jam", "sensor", "clock", "door"] as const)
      if (this.#broken.has(name)) await this.#turn(name, true);
  }

  // ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #take(state: MachineStateView): void {
    const wasOff = this.#machine === undefined;
    this.#machine = state;
    for (const drop of state.drops) {
      if (!this.#drops.has(drop.deliveryId)) this.say("machine", `something falls into the tray: ${drop.what}`);
      this.#drops.set(drop.deliveryId, drop);
    }
    if (wasOff) void this.#restoreFaults();
  }

  async #poll(): Promise<void> {
    while (!this.#isClosed) {
      const before = JSON.stringify([this.#machine, this.#phone, this.#ledger]);
      const state = await askMachine(join(this.folder, "machine.sock"), { action: "state" });
      if (state !== undefined && !this.#broken.has("power")) this.#take(state);
      await this.#pollProvider();
      await this.#pollPicture();
      if (before !== JSON.stringify([this.#machine, this.#phone, this.#ledger])) this.#changed();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  }

  async #pollProvider(): Promise<void> {
    try {
      this.#phone = await usePhone(this.providerUrl, user, "view");
      this.#ledger = await readLedger(this.providerUrl);
    } catch (error) {
      if (!this.#isClosed)
        this.say("provider", `does not answer: ${error instanceof Error ? error.message : String(error)}`, "error");
    }
  }

  async #pollPicture(): Promise<void> {
    const png = await readFile(join(this.folder, "panel.png")).catch(() => undefined);
    if (png === undefined || (this.#png !== undefined && png.equals(this.#png))) return;
    this.#png = new Uint8Array(png);
    this.#version += 1;
    this.#changed();
  }

  #hear(who: string, line: string): void {
    const words = plainWords(line);
    if (words !== undefined) this.say(who, words.text, words.level);
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

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#polling;
    await Promise.all([this.#kiosk.stop(), this.#relay.stop()]);
    await this.#provider.stop();
    await this.#wire.cut();
    await this.#broker.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** For the checks at the end of a script: the folder of the journal. */
  get journalFolder(): string {
    return join(this.folder, "journal");
  }
}

const answersWithinMs = 20_000;

async function untilAnswers(url: string): Promise<void> {
  const until = Date.now() + answersWithinMs;
  for (;;) {
    try {
      await readLedger(url);
      return;
    } catch (error) {
      if (Date.now() > until) throw new Error("the simulated provider did not start", { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
