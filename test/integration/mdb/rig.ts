/** A vending machine with kvitt in it: daemon and relay as processes, provider and broker beside them, the machine's controller on a serial port. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSimulatedVmc, type SimulatedVmc, type VmcDrop } from "../../../src/machine/mdb/simulated-vmc.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { readCode } from "../../../src/demo/camera.ts";
import { usePhone } from "../../../src/demo/clients.ts";
import { freePort } from "../../../src/demo/network.ts";
import { kioskToml, relayToml } from "../../../src/demo/setup.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { plugIn, type PseudoTerminal } from "./pseudo-terminal.ts";
import { kvittArgs } from "../kvitt.ts";
import { until } from "../patience.ts";

const user = "kari";

/** `always-idle`: press first, then pay. `authorization-first`: check in, then press. */
export type SessionStyle = "always-idle" | "authorization-first";

export class MdbRig {
  readonly folder: string;
  readonly simulator: SimulatorServer;
  readonly vmc: SimulatedVmc;
  readonly drops: VmcDrop[];
  readonly #broker: Broker;
  readonly #children: ChildProcess[] = [];
  readonly said: string[] = [];
  #terminal: PseudoTerminal | undefined;

  private constructor(folder: string, simulator: SimulatorServer, broker: Broker, vmc: SimulatedVmc, drops: VmcDrop[]) {
    this.folder = folder;
    this.simulator = simulator;
    this.#broker = broker;
    this.vmc = vmc;
    this.drops = drops;
  }

  static async start(style: SessionStyle): Promise<MdbRig> {
    const folder = await mkdtemp(join(tmpdir(), "kvitt-mdb-"));
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    const simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(4), msn: "123456" });
    const broker = await startAedes();
    const drops: VmcDrop[] = [];
    const coils = [
      { item: 7, priceMinor: 2_500 },
      { item: 8, priceMinor: 3_200 },
    ];
    const vmc = createSimulatedVmc({ clock, drops, coils, deliveryMs: 300, canAlwaysIdle: style === "always-idle" });
    const rig = new MdbRig(folder, simulator, broker, vmc, drops);
    const { url } = simulator;
    const places = { folder, providerUrl: url, wireUrl: url, brokerPort: broker.port, relayPort: await freePort() };
    const toml = kioskToml(places);
    const reserving = 'check_in_style = "reserve-dearest"\npartial_capture = true\n';
    await writeFile(
      join(folder, "kiosk.toml"),
      `${toml
        .slice(0, toml.indexOf("[delivery]"))
        .replace("show_code = true\n", "")
        .replace("[sale]\n", `[sale]\n${style === "authorization-first" ? reserving : ""}`)}[delivery]
driver = "mdb"
device = "${join(folder, "adapter")}"
always_idle = ${style === "always-idle"}

[[product]]
id = "water"
name = "Water"
price = 2500
vat_rate = 1500
line = "7"

[[product]]
id = "cola"
name = "Cola"
price = 3200
vat_rate = 1500
line = "8"
`,
      { mode: 0o600 },
    );
    await writeFile(join(folder, "relay.toml"), relayToml(places), { mode: 0o600 });
    await rig.plug();
    rig.#spawn("relay", "relay.toml");
    rig.#spawn("run", "kiosk.toml");
    return rig;
  }

  #spawn(command: string, config: string): void {
    const args = kvittArgs(command, "--config", join(this.folder, config));
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.said.push(text);
        if (this.said.length > 300) this.said.shift();
      });
    this.#children.push(child);
  }

  /** The adapter's cable: the port has another number each time, and the same name. */
  async plug(): Promise<void> {
    this.#terminal = await plugIn(this.vmc);
    await rm(join(this.folder, "adapter"), { force: true });
    await symlink(this.#terminal.path, join(this.folder, "adapter"));
  }

  async unplug(): Promise<void> {
    await rm(join(this.folder, "adapter"), { force: true });
    await this.#terminal?.unplug();
    this.#terminal = undefined;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    await this.unplug();
    await this.simulator.close();
    await this.#broker.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async until<T>(find: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
    const found = await until(find);
    if (found !== undefined) return found;
    throw new Error(`${what} did not happen: ${JSON.stringify(this.vmc.view())}\n${this.said.slice(-10).join("")}`);
  }

  async #code(): Promise<string | undefined> {
    return readCode(new Uint8Array(await readFile(join(this.folder, "panel.png"))));
  }

  /** The code that is on the panel and was not there `before`. */
  code(before?: string): Promise<string> {
    return this.until(async () => {
      const found = await this.#code();
      return found === before ? undefined : found;
    }, "a code on the panel");
  }

  reader(status: string): Promise<true> {
    return this.until(() => (this.vmc.view().reader === status ? true : undefined), `the reader becoming ${status}`);
  }

  async scan(text: string): Promise<void> {
    await usePhone(this.simulator.url, user, "scan", text);
  }

  async approve(): Promise<void> {
    await this.until(
      async () => ((await usePhone(this.simulator.url, user, "view")).screen === "request" ? true : undefined),
      "a request in the app",
    );
    await usePhone(this.simulator.url, user, "approve");
  }

  /** Waits until the newest payment is over, and tells what became of the money. */
  settled() {
    return this.until(() => {
      const row = this.simulator.provider.ledger().at(-1);
      if (row === undefined || row.state === "CREATED") return undefined;
      const left = row.authorized - row.captured - row.cancelled;
      return row.state === "AUTHORIZED" && left > 0 ? undefined : row;
    }, "the end of the payment");
  }
}
