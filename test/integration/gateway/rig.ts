/**
 * A machine without the sales unit's keys, as it is run: `kvitt run` in gateway mode, `kvitt relay` with its gateway, a broker, and the simulated provider in
 * this process. Enrolment and revocation go through the command line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCode } from "../../../src/demo/camera.ts";
import { askMachine, readLedger, usePhone } from "../../../src/demo/clients.ts";
import { kioskToml, relayToml } from "../../../src/demo/setup.ts";
import { startSimulator } from "../../../src/simulator/server.ts";
import { realClock, realEntropy, until } from "../link/real-parts.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { kvittArgs } from "../kvitt.ts";
import { untilTrue } from "../patience.ts";

export const msn = "123456";
const user = "kari";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Process {
  readonly #child: ChildProcess;
  readonly #gone: Promise<number | null>;
  out = "";
  err = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, kvittArgs(...args), {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
    this.#gone = new Promise((resolve) => this.#child.once("exit", resolve));
  }

  async ended(): Promise<Ended> {
    return { code: await this.#gone, out: this.out, err: this.err };
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#gone;
  }
}

export function kvitt(...args: readonly string[]): Promise<Ended> {
  return new Process(args).ended();
}

/** The machine's configuration without one key of the unit: what `join` printed stands in it. */
async function machineToml(toml: string, joined: string, folder: string): Promise<string> {
  const withoutKeys = toml.replace(
    /base_url = .*\nmsn = .*\ncurrency = .*\nclient_id = .*\nclient_secret = .*\nsubscription_key = .*\n/,
    () => {
      const [, vipps = ""] = joined.split("[vipps]\n");
      return `${vipps.split("\n\n", 1)[0]}\n`;
    },
  );
  const path = join(folder, "machine.toml");
  await writeFile(path, withoutKeys);
  return path;
}

export async function startRig() {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-gateway-"));
  const simulator = await startSimulator({ port: 0, clock: realClock, entropy: realEntropy, msn });
  const broker: Broker = await startAedes();
  const places = { folder, providerUrl: simulator.url, wireUrl: simulator.url, brokerPort: broker.port, relayPort: 0 };
  const operatorFile = join(folder, "operator.pem");
  const operator = await kvitt("gateway", "operator-key", operatorFile);
  const relayText = (instance: string, publicUrl: string, port: number): string =>
    `${relayToml(places)
      .replace('public_url = "http://127.0.0.1:0"', 'public_url = "http://127.0.0.1:8080"')
      .replace('instance = "demo-relay"', `instance = "${instance}"`)}
[gateway]
listen_port = ${port}
public_urls = ["http://127.0.0.1:1", "${publicUrl}"]
identities_file = "${join(folder, `identities-of-${instance}`)}"
${operator.out}`;

  async function startRelay(instance: string) {
    const file = join(folder, `${instance}.toml`);
    await writeFile(file, relayText(instance, "http://127.0.0.1:8081", 0), { mode: 0o600 });
    const relay = new Process(["relay", "--json", "--config", file]);
    await until("the relay listens", () => relay.out.includes("}"));
    const [, port = "", gatewayPort = ""] = /"port":(\d+),"gatewayPort":(\d+)/.exec(relay.out) ?? [];
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
    // From here on the file is read by the command line alone: the first of the two gateways is a dead one.
    await writeFile(file, relayText(instance, gatewayUrl, Number(gatewayPort)), { mode: 0o600 });
    return { relay, file, gatewayUrl, url: `http://127.0.0.1:${port}` };
  }
  const { relay, file: relayFile, gatewayUrl, url: relayUrl } = await startRelay("relay-1");
  // Another computer's: it has no file of identities, and hears of them on the broker alone.
  const other = await startRelay("relay-2");

  const enrolment = join(folder, "demo-1.enrolment");
  const toRelay = ["--config", relayFile, "--operator-key", operatorFile];
  const enrolled = await kvitt("gateway", "enrol", "demo-1", ...toRelay, "--out", enrolment);
  if (enrolled.code !== 0) throw new Error(enrolled.err);
  // The card of the machine: everything that is on it, and nothing else.
  const card = join(folder, "card");
  await mkdir(card);
  const joined = await kvitt("gateway", "join", enrolment, "--credentials", card);
  if (joined.code !== 0) throw new Error(joined.err);
  const toml = kioskToml(places).replace("delivery_ms = 1500", "delivery_ms = 250");
  const config = await machineToml(toml, joined.out, card);
  const machine = new Process(["run", "--config", config]);
  const socket = join(folder, "machine.sock");

  const scene = async (): Promise<string | undefined> => (await askMachine(socket, { action: "state" }))?.kiosk.scene;
  const code = async (): Promise<string | undefined> => {
    const png = await readFile(join(folder, "panel.png")).catch(() => undefined);
    return png === undefined ? undefined : readCode(new Uint8Array(png)).catch(() => undefined);
  };
  const isTrue = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    if (await untilTrue(check)) return;
    throw new Error(`it never happened: ${what}; ${machine.err.slice(-2_000)}; ${relay.err.slice(-2_000)}`);
  };

  return {
    folder,
    card,
    config,
    /** For `kvitt gateway`: the relay whose file is written, and the key with which it is published. */
    toRelay,
    relay,
    relayUrl,
    identitiesFile: join(folder, "identities-of-relay-1"),
    machine,
    gatewayUrl,
    /** The gateway that reads no file. */
    otherGatewayUrl: other.gatewayUrl,
    simulator,
    enrolment,
    ledger: () => readLedger(simulator.url),
    state: () => askMachine(socket, { action: "state" }),
    isTrue,
    /** Chooses, scans what is on the glass, approves. */
    async buy(line: string): Promise<void> {
      await isTrue("the machine is idle", async () => (await scene()) === "idle");
      await askMachine(socket, { action: "press", line });
      await isTrue("a code to pay", async () => (await scene()) === "pay");
      await isTrue("a request on the phone", async () => {
        const text = await code();
        if (text !== undefined) await usePhone(simulator.url, user, "scan", text);
        return (await usePhone(simulator.url, user, "view")).screen === "request";
      });
      await usePhone(simulator.url, user, "approve");
    },
    async close(): Promise<void> {
      await machine.end("SIGTERM");
      await relay.end("SIGTERM");
      await other.relay.end("SIGTERM");
      await broker.close();
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
