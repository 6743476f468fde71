/** The relay's bundle as a process, with a broker, a provider that does nothing, and the yardsticks beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, createHmac, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { authorizationOf, publicKeyText } from "../../../src/vipps/identity.ts";
import { type Broker, startMosquitto } from "../../../test/integration/link/brokers.ts";
import { buildRelayBundle } from "../../build/relay.ts";
import type { Prepared } from "./load.ts";

const top = fileURLToPath(new URL("../../../", import.meta.url));
const listening = z.object({ port: z.number(), gatewayPort: z.number().optional() });
const publicUrl = "https://relay.example.com";
export const msn = "100000";

export class Measured {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  port = 0;
  gatewayPort = 0;

  private constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#gone = new Promise((resolve) => this.#child.once("exit", resolve));
  }

  /** Started, and listening. */
  static async start(args: readonly string[]): Promise<Measured> {
    const measured = new Measured(args);
    const line = await new Promise<string>((resolve, reject) => {
      let said = "";
      measured.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("}")) resolve(said);
      });
      void measured.#gone.then(() => reject(new Error(`it ended before it listened: ${args.join(" ")}`)));
    });
    const { port, gatewayPort = 0 } = listening.parse(JSON.parse(line));
    measured.port = port;
    measured.gatewayPort = gatewayPort;
    return measured;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#gone;
  }
}

export interface Setting {
  readonly broker: Broker;
  readonly bare: Measured;
  readonly provider: Measured;
  readonly pass: Measured;
  /** @param nodeArgs as --cpu-prof */
  relay(units: number, nodeArgs?: readonly string[]): Promise<Measured>;
  /** Payment events of the provider, each another one, as they arrive at the relay. */
  webhooks(count: number): Promise<readonly Prepared[]>;
  /** Signed requests of machines, each about another payment. */
  machineRequests(kind: "get" | "capture", count: number): readonly Prepared[];
  close(): Promise<void>;
}

const stored = z.object({ registrations: z.array(z.object({ id: z.string(), url: z.string(), secret: z.string() })) });
/** A machine may ask 300 times a minute. */
const machinesCount = 1_000;

export async function openSetting(): Promise<Setting> {
  const cache = join(top, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "kvitt-bench-relay-"));
  await buildRelayBundle(top, folder);
  await writeFile(join(folder, "package.json"), '{"type":"module","version":"0.0.0"}\n');
  const broker = await startMosquitto();
  const standIn = (...args: readonly string[]): Promise<Measured> =>
    Measured.start([fileURLToPath(new URL("stand-in.ts", import.meta.url)), ...args]);
  const provider = await standIn("provider");
  const bare = await standIn("bare");
  const pass = await standIn("pass", String(provider.port));
  const machines = Array.from({ length: machinesCount }, (_, index) => {
    const { privateKey } = generateKeyPairSync("ed25519");
    return { id: `m-${index}`, privateKey };
  });
  const lines = machines.map(({ id, privateKey }) => `machine ${id} ${msn} ${publicKeyText(privateKey)}\n`);
  await writeFile(join(folder, "identities"), lines.join(""), { mode: 0o600 });
  const registrations = join(folder, "registrations");
  await mkdir(registrations, { mode: 0o700 });
  for (const part of ["client-id", "client-secret", "subscription-key"])
    await writeFile(join(folder, `vipps-${part}`), "secret\n", { mode: 0o600 });

  async function configFile(units: number): Promise<string> {
    const path = join(folder, `relay-${units}.toml`);
    const sections = Array.from(
      { length: units },
      (_, index) => `[[unit]]\nmsn = "${Number(msn) + index}"\ncurrency = "NOK"\n`,
    );
    const text = `[vipps]\nbase_url = "http://127.0.0.1:${provider.port}"\ncredentials_dir = "${folder}"
[mqtt]\nurl = "${broker.url}"\n[relay]\nlisten_port = 0\npublic_url = "${publicUrl}"\nregistration_dir = "${registrations}"
[gateway]\nlisten_port = 0\npublic_urls = ["https://gateway.example.com"]\nidentities_file = "${join(folder, "identities")}"
${sections.join("")}`;
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  let reference = 0;
  const nextReference = (machine: string): string => `${machine}-${String((reference += 1)).padStart(26, "0")}`;

  return {
    broker,
    bare,
    provider,
    pass,
    async relay(units, nodeArgs = []) {
      return Measured.start([
        ...nodeArgs,
        join(folder, "kvitt-relay.js"),
        "relay",
        "--json",
        "--config",
        await configFile(units),
      ]);
    },
    async webhooks(count) {
      const { registrations: known } = stored.parse(
        JSON.parse(await readFile(join(registrations, `${msn}.json`), "utf8")),
      );
      const hook = known.find(({ url }) => url.endsWith("/payment"));
      if (hook === undefined) throw new Error("the relay has not registered its webhook for payments");
      return Array.from({ length: count }, (_, index) =>
        paymentEvent(hook, nextReference(`m-${index % machinesCount}`)),
      );
    },
    machineRequests(kind, count) {
      return Array.from({ length: count }, (_, index) => {
        const { id, privateKey } = machines[index % machinesCount] ?? {
          id: "",
          privateKey: generateKeyPairSync("ed25519").privateKey,
        };
        return machineRequest(kind, { id, privateKey }, nextReference(id));
      });
    },
    async close() {
      for (const one of [pass, bare, provider]) await one.end();
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As the provider's page on webhooks says. */
function paymentEvent({ id, url, secret }: { id: string; url: string; secret: string }, reference: string): Prepared {
  const body = JSON.stringify({
    msn,
    reference,
    pspReference: randomUUID(),
    name: "AUTHORIZED",
    amount: { currency: "NOK", value: 2_500 },
    timestamp: new Date().toISOString(),
    idempotencyKey: randomUUID(),
    success: true,
  });
  const { host, pathname } = new URL(url);
  const date = new Date().toUTCString();
  const hash = createHash("sha256").update(body).digest("base64");
  const signature = createHmac("sha256", secret).update(`POST\n${pathname}\n${date};${host};${hash}`).digest("base64");
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "x-ms-date": date,
    "x-ms-content-sha256": hash,
    authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
  };
  return { method: "POST", path: pathname, headers, body };
}

function machineRequest(
  kind: "get" | "capture",
  { id, privateKey }: { readonly id: string; readonly privateKey: KeyObject },
  reference: string,
): Prepared {
  const [method, leaf] = kind === "get" ? (["GET", ""] as const) : (["POST", "/capture"] as const);
  const path = `/epayment/v1/payments/${reference}${leaf}`;
  const body = kind === "get" ? "" : JSON.stringify({ modificationAmount: { currency: "NOK", value: 2_500 } });
  const idempotencyKey = kind === "get" ? undefined : randomUUID();
  const time = new Date().toISOString();
  const signed = { msn, machine: id, method, target: path, body: Buffer.from(body), idempotencyKey, time };
  const headers = {
    authorization: authorizationOf(signed, privateKey),
    accept: "application/json, application/problem+json",
    "vipps-system-name": "kvitt",
    "vipps-system-version": "1",
    "vipps-system-plugin-name": "kvitt",
    "vipps-system-plugin-version": "1",
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey, "content-type": "application/json" }),
  };
  return { method, path, headers, body };
}
