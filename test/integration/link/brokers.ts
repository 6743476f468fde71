/** Real brokers for the tests: aedes in this process (MQTT 3.1.1), and a mosquitto process (MQTT 5). */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Aedes } from "aedes";

export interface Broker {
  readonly port: number;
  readonly url: string;
  /** Ends at once, without a word to the clients. */
  kill(): Promise<void>;
  /** The same broker again, with what it had kept. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

const opensslCommand = "openssl";
const mosquittoPath = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"].find((path) =>
  existsSync(path),
);

/** Mosquitto is there; where it must be (CI) and is not, tests fail instead of being skipped. */
export function hasMosquitto(): boolean {
  if (mosquittoPath === undefined && process.env["CI"] === "true")
    throw new Error("mosquitto is not installed: apt-get install mosquitto");
  if (mosquittoPath === undefined) console.warn("skipped: mosquitto is not installed (apt-get install mosquitto)");
  return mosquittoPath !== undefined;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

export async function startAedes(): Promise<Broker> {
  const port = await freePort();
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const listen = async (): Promise<void> => {
    const fresh = createServer((socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      aedes.handle(socket);
    });
    server = fresh;
    await new Promise<void>((resolve) => fresh.listen(port, "127.0.0.1", resolve));
  };
  const kill = async (): Promise<void> => {
    const old = server;
    server = undefined;
    for (const socket of sockets) socket.destroy();
    if (old !== undefined) await new Promise((resolve) => old.close(resolve));
  };
  await listen();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    kill,
    revive: listen,
    close: async () => {
      await kill();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
}

/** A broker in a process of its own. */
export interface BrokerProcess extends Broker {
  /** It is there and does nothing. */
  freeze(): void;
  thaw(): void;
}

export interface MosquittoOptions {
  /** Lines added to the configuration. */
  readonly config?: readonly string[];
  readonly scheme?: "mqtt" | "mqtts";
  readonly host?: string;
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<BrokerProcess> {
  const path = mosquittoPath;
  if (path === undefined) throw new Error("mosquitto is not installed");
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "kvitt-mosquitto-"));
  const lines = [
    `listener ${port} 127.0.0.1`,
    // Started by root it would become the user mosquitto, who may not read our files.
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    "persistence true",
    `persistence_location ${folder}/`,
    "autosave_on_changes true",
    "autosave_interval 1",
    ...(options.config ?? ["allow_anonymous true"]),
  ];
  writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
  let child: ChildProcess | undefined;
  const revive = async (): Promise<void> => {
    const started = spawn(path, ["-c", join(folder, "mosquitto.conf")], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    started.stderr.on("data", (text: Buffer) => (said += text.toString()));
    child = started;
    await waitForPort(port, () => (started.exitCode === null ? undefined : said));
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const old = child;
    child = undefined;
    if (old === undefined || old.exitCode !== null) return;
    const gone = new Promise((resolve) => old.once("exit", resolve));
    old.kill(signal);
    await gone;
  };
  await revive();
  return {
    port,
    url: `${options.scheme ?? "mqtt"}://${options.host ?? "127.0.0.1"}:${port}`,
    kill: () => end("SIGKILL"),
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    revive,
    close: async () => {
      await end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function waitForPort(port: number, failure: () => string | undefined): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const said = failure();
    if (said !== undefined) throw new Error(`mosquitto did not start: ${said}`);
    if (await canConnect(port)) return;
    await sleep(20);
  }
  throw new Error(`nobody listens on ${port}`);
}

/** Whether somebody listens there, on this computer. */
export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export interface Certificates {
  readonly folder: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly otherCa: string;
}

/** An authority, a certificate for `localhost`, one for a client, and an authority that signed nothing; all by openssl. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "kvitt-tls-"));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => void execFileSync(opensslCommand, args, { stdio: "pipe" });
  const authority = (name: string): void =>
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.crt`),
    );
  const signed = (name: string, subject: string, extension: string): void => {
    writeFileSync(at(`${name}.ext`), extension);
    openssl(
      "req",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      subject,
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.csr`),
    );
    openssl(
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      "-CA",
      at("ca.crt"),
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      at(`${name}.ext`),
      "-out",
      at(`${name}.crt`),
    );
  };
  authority("ca");
  authority("other-ca");
  signed("broker", "/CN=localhost", "subjectAltName=DNS:localhost");
  signed("client", "/CN=vend-1", "extendedKeyUsage=clientAuth");
  return {
    folder,
    ca: at("ca.crt"),
    cert: at("broker.crt"),
    key: at("broker.key"),
    clientCert: at("client.crt"),
    clientKey: at("client.key"),
    otherCa: at("other-ca.crt"),
  };
}
