/**
 * A machine that is for sale and for killing: provider, relay and daemon as processes of their own, a real broker, a customer who never
 * gives up, and a tray on disk that remembers what fell whoever died.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { Entropy } from "../../../src/service/port.ts";
import { readCode } from "../../../src/demo/camera.ts";
import {
  askMachine,
  type LedgerRowView,
  type MachineStateView,
  readLedger,
  setUnit,
  usePhone,
} from "../../../src/demo/clients.ts";
import { products } from "../../../src/demo/machines/products.ts";
import { kioskToml, relayToml } from "../../../src/demo/setup.ts";
import { type Broker, startMosquitto } from "../link/brokers.ts";
import { freePort } from "../../../src/demo/network.ts";
import { kvittArgs } from "../kvitt.ts";
import { untilTrue } from "../patience.ts";

const move = z.object({
  kind: z.enum(["starts", "falls"]),
  thing: z.object({
    deliveryId: z.string(),
    what: z.string(),
    reference: z.string().optional(),
    priceMinor: z.number(),
  }),
});
export type Move = z.infer<typeof move>;

const user = "kari";
/** An end that takes as long as systemd would wait for it is stuck. */
const stopWithinMs = 90_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

class Child {
  readonly #args: readonly string[];
  #running: ChildProcess | undefined;
  /** The last that it said, for a test that fails. */
  readonly said: string[] = [];
  /** Ends that had to be forced. */
  readonly stuck: string[] = [];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  start(): void {
    const started = spawn(process.execPath, kvittArgs(...this.#args), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running = started;
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.said.push(text);
        if (this.said.length > 400) this.said.shift();
      });
  }

  /** Undefined while it runs. */
  get exitCode(): number | null | undefined {
    return this.#running?.exitCode ?? (this.#running?.signalCode === null ? undefined : null);
  }

  /** Undefined before its start. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    const isLate = setTimeout(() => {
      this.stuck.push(`${this.#args[0] ?? ""} did not end on ${signal}: ${this.said.slice(-8).join("")}`);
      running.kill("SIGKILL");
    }, stopWithinMs);
    await gone;
    clearTimeout(isLate);
  }
}

/** The last customer is done, and the next may begin. */
function isOver(scene: string | undefined): boolean {
  return ["idle", "thanks", "sorry"].includes(scene ?? "");
}

export class Rig {
  readonly folder: string;
  readonly #entropy: Entropy;
  readonly #broker: Broker;
  readonly #url: string;
  readonly #provider: Child;
  readonly #relay: Child;
  readonly machine: Child;
  /** How long the customer looks at a machine that does nothing: it may be a dead one. */
  customerWaitsMs = 2_500;
  #isClosed = false;

  private constructor(folder: string, entropy: Entropy, broker: Broker, url: string, provider: Child) {
    this.folder = folder;
    this.#entropy = entropy;
    this.#broker = broker;
    this.#url = url;
    this.#provider = provider;
    this.#relay = new Child(["relay", "--config", join(folder, "relay.toml")]);
    this.machine = new Child(["run", "--config", join(folder, "kiosk.toml")]);
  }

  /** @param changed the machine's configuration, made from the demo's */
  static async start(entropy: Entropy, changed = (toml: string): string => toml): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), "kvitt-kill-"));
    const broker = await startMosquitto();
    const providerPort = await freePort();
    const url = `http://127.0.0.1:${providerPort}`;
    const provider = new Child(["simulator", "--port", String(providerPort)]);
    provider.start();
    const isThere = await untilTrue(() => readLedger(url).then(() => true));
    if (!isThere) throw new Error(`the simulator did not start: ${provider.said.join("")}`);
    await setUnit(url, { msn: "123456", pushApproved: true });
    const places = { folder, providerUrl: url, wireUrl: url, brokerPort: broker.port, relayPort: await freePort() };
    // Quick coils, so that many sales lie under the knife.
    const toml = kioskToml(places).replace(
      "delivery_ms = 1500",
      `delivery_ms = 250\ntray_file = "${join(folder, "tray")}"`,
    );
    await writeFile(join(folder, "kiosk.toml"), changed(toml), { mode: 0o600 });
    await writeFile(join(folder, "relay.toml"), relayToml(places), { mode: 0o600 });
    const rig = new Rig(folder, entropy, broker, url, provider);
    rig.#relay.start();
    rig.machine.start();
    return rig;
  }

  state(): Promise<MachineStateView | undefined> {
    return this.order({ action: "state" });
  }

  ledger(): Promise<readonly LedgerRowView[]> {
    return readLedger(this.#url);
  }

  /** How many sales were paid for. */
  async sold(): Promise<number> {
    return (await this.ledger()).filter(({ captured }) => captured > 0).length;
  }

  /** The simulated provider's. */
  get providerUrl(): string {
    return this.#url;
  }

  get brokerUrl(): string {
    return this.#broker.url;
  }

  /** The code on the glass, as a camera reads it. */
  async code(): Promise<string | undefined> {
    const png = await readFile(join(this.folder, "panel.png")).catch(() => undefined);
    return png === undefined ? undefined : readCode(new Uint8Array(png)).catch(() => undefined);
  }

  get journalFolder(): string {
    return join(this.folder, "journal");
  }

  tray(): readonly Move[] {
    const path = join(this.folder, "tray");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => move.parse(JSON.parse(line)));
  }

  /** What somebody does at the machine. */
  order(order: object): Promise<MachineStateView | undefined> {
    return askMachine(join(this.folder, "machine.sock"), order);
  }

  async setFault(fault: "none" | "jam" | "no-sensor"): Promise<void> {
    await this.order({ action: "fault", fault });
  }

  async #scene(): Promise<string | undefined> {
    return (await this.state())?.kiosk.scene;
  }

  /** The camera reads what is on the glass, also when it is a dead machine's. */
  async #scan(): Promise<boolean> {
    const text = await this.code();
    if (text === undefined) return false;
    await usePhone(this.#url, user, "scan", text);
    return true;
  }

  async #hasRequest(): Promise<boolean> {
    return (await usePhone(this.#url, user, "view")).screen === "request";
  }

  #chance(probability: number): boolean {
    return this.#entropy.fraction() < probability;
  }

  #line(): string {
    return products[Math.floor(this.#entropy.fraction() * products.length)]?.line ?? "A1";
  }

  /** Whether the customer sees it. Nobody waits for what a machine promised that was killed since: the sale of the dead one is over. */
  async #sees(isTrue: () => Promise<boolean>): Promise<boolean> {
    const { pid } = this.machine;
    let hasSeen = false;
    await untilTrue(async () => {
      hasSeen = await isTrue();
      return hasSeen || this.machine.pid !== pid;
    }, this.customerWaitsMs);
    return hasSeen;
  }

  async #selectAndPay(): Promise<void> {
    // Pressed again, perhaps elsewhere: one that boots takes no press, nor does a line that is jammed.
    const canPay = await this.#sees(async () => {
      const scene = await this.#scene();
      if (isOver(scene)) await this.order({ action: "press", line: this.#line() });
      return scene === "pay";
    });
    if (!canPay) return;
    // What the kiosk says of its scene is ahead of the glass.
    await this.#sees(() => this.#scan());
    if (await this.#hasRequest()) await usePhone(this.#url, user, this.#chance(0.1) ? "decline" : "approve");
    if (this.#chance(0.15)) await this.order({ action: "cancel" });
  }

  async #checkIn(): Promise<void> {
    if (!(await this.#sees(async () => (await this.#scene()) === "idle"))) return;
    await this.#scan();
    if (await this.#sees(async () => (await this.#scene()) === "choose"))
      await this.order({ action: "press", line: this.#line() });
    if (await this.#sees(() => this.#hasRequest())) await usePhone(this.#url, user, "approve");
  }

  /** Buys until the rig is closed, whatever dies around. */
  async live(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#chance(0.05)) await this.setFault(this.#chance(0.5) ? "jam" : "no-sensor");
      if (this.#chance(0.1)) await this.serve();
      await (this.#chance(0.7) ? this.#selectAndPay() : this.#checkIn());
      await this.#sees(async () => isOver(await this.#scene()));
      await pause(this.#entropy.fraction() * 300);
    }
  }

  stopLiving(): void {
    this.#isClosed = true;
  }

  /** Somebody opens the door, mends what is jammed, and shuts it. */
  async serve(): Promise<void> {
    await this.setFault("none");
    await this.order({ action: "door", open: true });
    await this.order({ action: "door", open: false });
  }

  /** Ends everything. Resolves to what did not end by itself. */
  async close(): Promise<readonly string[]> {
    this.#isClosed = true;
    await this.machine.end("SIGTERM");
    await this.#relay.end("SIGTERM");
    await this.#provider.end("SIGTERM");
    await this.#broker.close();
    await rm(this.folder, { recursive: true, force: true });
    return [this.machine, this.#relay, this.#provider].flatMap(({ stuck }) => stuck);
  }
}
