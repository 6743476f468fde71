/** A front end for tests: the daemon as a process with the local API, the simulated provider, and calls whose answers are held against the document. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as z from "zod";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { readCode } from "../../../src/demo/camera.ts";
import { usePhone } from "../../../src/demo/clients.ts";
import { freePort } from "../../../src/demo/network.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import openApiDocument from "../../../docs/kiosk-api.openapi.json" with { type: "json" };
import { type Broker, startAedes } from "../link/brokers.ts";
import { kvittArgs } from "../kvitt.ts";
import { until } from "../patience.ts";

export const token = "0123456789abcdef0123456789abcdef";
export const user = "kari";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
}

const ajv = new Ajv2020({ strict: false, formats: { "date-time": true } });
ajv.addSchema({ $id: "api", ...openApiDocument });

/** Which schema the document names for the answer to this call; undefined when the document has no such answer. */
function schemaOf(method: string, path: string, status: number): string | undefined {
  const found = Object.entries(openApiDocument.paths).find(([template]) =>
    new RegExp(`^${template.replaceAll("{id}", "[^/]+")}$`).test(path),
  );
  if (found === undefined) return undefined;
  const operation: unknown = Object.entries<unknown>(found[1]).find(([name]) => name === method.toLowerCase())?.[1];
  const { responses } = z.object({ responses: z.record(z.string(), z.unknown()) }).parse(operation);
  const response = JSON.stringify(responses[String(status)] ?? {});
  if (response.includes("responses/Problem")) return "Problem";
  return /#\/components\/schemas\/(\w+)/.exec(response)?.[1];
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return z.record(z.string(), z.unknown()).safeParse(value).data;
  } catch {
    return undefined;
  }
}

function check(method: string, path: string, { status, body }: Answer): void {
  const name = schemaOf(method, path, status);
  if (name === undefined) throw new Error(`${method} ${path} answered ${status}, which the document does not have`);
  const validate = ajv.getSchema(`api#/components/schemas/${name}`);
  if (validate === undefined) throw new Error(`the document has no schema ${name}`);
  if (validate(body) !== true)
    throw new Error(`${method} ${path} ${status}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
}

export class FrontEnd {
  readonly folder: string;
  readonly simulator: SimulatorServer;
  readonly port: number;
  readonly #broker: Broker;
  #daemon: ChildProcess | undefined;
  /** What the customer scanned last: until a busy computer has drawn the next scene, it still stands on the panel. */
  #scanned: string | undefined;
  readonly said: string[] = [];

  private constructor(folder: string, simulator: SimulatorServer, broker: Broker, port: number) {
    this.folder = folder;
    this.simulator = simulator;
    this.#broker = broker;
    this.port = port;
  }

  /** `confirmS`: how long the front end has for its word about a delivery. */
  static async start(confirmS: number): Promise<FrontEnd> {
    const folder = await mkdtemp(join(tmpdir(), "kvitt-kiosk-"));
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    const simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(3), msn: "123456" });
    const broker = await startAedes();
    const port = await freePort();
    const { url } = simulator;
    const places = { folder, providerUrl: url, wireUrl: url, brokerPort: broker.port, relayPort: 1 };
    const toml = kioskToml(places).replace("deliver_s = 20", `deliver_s = ${confirmS + 10}`);
    const start = toml.indexOf("[delivery]");
    await writeFile(
      join(folder, "kiosk.toml"),
      `${toml.slice(0, start)}[delivery]
driver = "kiosk"
socket = "${join(folder, "kiosk.sock")}"
port = ${port}
token_file = "${join(folder, "token")}"
confirm_s = ${confirmS}
`,
      { mode: 0o600 },
    );
    await writeFile(join(folder, "token"), token, { mode: 0o600 });
    const frontEnd = new FrontEnd(folder, simulator, broker, port);
    frontEnd.switchOn();
    return frontEnd;
  }

  switchOn(): void {
    const daemon = spawn(process.execPath, kvittArgs("run", "--config", join(this.folder, "kiosk.toml")), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [daemon.stdout, daemon.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.said.push(text);
        if (this.said.length > 300) this.said.shift();
      });
    this.#daemon = daemon;
  }

  async cutPower(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || daemon.exitCode !== null) return;
    const gone = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await this.cutPower();
    await this.simulator.close();
    await this.#broker.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Over the Unix socket; the answer has to be one of the document's. */
  async call(path: string, { method = "GET", headers = {}, body }: Call = {}): Promise<Answer> {
    const answer = await this.raw({ socketPath: join(this.folder, "kiosk.sock") }, path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    check(method, path.split("?")[0] ?? "", answer);
    return answer;
  }

  raw(
    where: { readonly socketPath: string } | { readonly port: number },
    path: string,
    { method = "GET", headers = {}, body }: Call = {},
  ): Promise<Answer> {
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    const typed = typeof body === "object" ? { "content-type": "application/json", ...headers } : headers;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: "127.0.0.1", ...where, path, method, headers: typed, timeout: 70_000 },
        (response) => {
          let received = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => (received += part));
          response.on("end", () => {
            const { statusCode = 0, headers: answered } = response;
            const parsed = objectOf(received);
            if (parsed === undefined) reject(new Error(`no JSON: ${received.slice(0, 200)}`));
            else resolve({ status: statusCode, headers: answered, body: parsed });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(text);
    });
  }

  async until<T>(find: () => Promise<T | undefined>): Promise<T> {
    const found = await until(find);
    if (found === undefined) throw new Error(`it never happened: ${this.said.slice(-8).join("")}`);
    return found;
  }

  /** Waits until orders are taken. */
  async ready(): Promise<void> {
    await this.until(async () => ((await this.call("/v1/machine")).body["takesOrders"] === true ? true : undefined));
  }

  async order(id: string, amount = 4_900, more: object = {}): Promise<Answer> {
    await this.ready();
    return this.call("/v1/payments", {
      method: "POST",
      body: { id, amount, currency: "NOK", title: "Lunch", ...more },
    });
  }

  /** The customer scans what is on the glass and approves. */
  async approve(): Promise<void> {
    const code = await this.until(async () => {
      const shown = await this.code();
      return shown === this.#scanned ? undefined : shown;
    });
    this.#scanned = code;
    await usePhone(this.simulator.url, user, "scan", code);
    await usePhone(this.simulator.url, user, "approve");
  }

  /** It stays paid for as long as the front end may take for its word. */
  async pay(id: string): Promise<Answer> {
    await this.approve();
    return this.becomes(`/v1/payments/${id}`, "paid");
  }

  async code(): Promise<string | undefined> {
    return readCode(new Uint8Array(await readFile(join(this.folder, "panel.png"))));
  }

  /** Waits with the API's own long poll. */
  async becomes(path: string, state: string): Promise<Answer> {
    let version = "";
    return this.until(async () => {
      const answer = await this.call(`${path}?wait=2&after=${version}`);
      version = String(answer.body["version"]);
      return answer.body["state"] === state ? answer : undefined;
    });
  }

  say(path: string, word: string, body: object = {}): Promise<Answer> {
    return this.call(`${path}/${word}`, { method: "POST", body });
  }

  /** What the provider's books say of a payment. */
  ledger(reference: unknown) {
    return this.simulator.provider.ledger().find((row) => row.reference === reference);
  }
}
