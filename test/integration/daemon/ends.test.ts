/**
 * Goal: a process that cannot start ends, says what to mend, and has said nothing upstream; one that is told to stop ends, whenever that is.
 * Method: real processes, a real broker, ports and folders that are taken or missing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { describe, expect, it, onTestFinished } from "vitest";
import { kioskToml, relayToml } from "../../../src/demo/setup.ts";
import { listenOnPort } from "../../../src/service/listen.ts";
import { kvittArgs } from "../kvitt.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { patienceMs, untilTrue } from "../patience.ts";

interface Running {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

function kvitt(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, kvittArgs(...args), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, said, ended };
}

/** How it ended; "still running" when it did not. */
async function endOf({ ended }: Running): Promise<number | NodeJS.Signals | "still running" | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"still running">((resolve) => {
    timer = setTimeout(() => resolve("still running"), patienceMs);
  });
  const end = await Promise.race([ended, late]);
  clearTimeout(timer);
  return end;
}

async function until(isTrue: () => boolean): Promise<void> {
  if (!(await untilTrue(isTrue))) throw new Error("it did not come to pass");
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-ends-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return listenOnPort(server, { host: "127.0.0.1", port: 0 });
}

/** A broker that keeps what it was told, and everything that was said on it. */
async function listeningBroker(): Promise<{ readonly broker: Broker; readonly said: Map<string, string> }> {
  const broker = await startAedes();
  onTestFinished(() => broker.close());
  const watcher = await mqtt.connectAsync(broker.url);
  onTestFinished(() => watcher.endAsync(true));
  const said = new Map<string, string>();
  watcher.on("message", (topic, payload) => void said.set(topic, payload.toString()));
  await watcher.subscribeAsync("kvitt/#", { qos: 1 });
  return { broker, said };
}

async function configs(change: (toml: string) => string = (toml) => toml, relayPort = 0) {
  const folder = await newFolder();
  const { broker, said } = await listeningBroker();
  // Nobody answers there: nothing of this needs the provider.
  const providerUrl = `http://127.0.0.1:${await takenPort()}`;
  const places = { folder, providerUrl, wireUrl: providerUrl, brokerPort: broker.port, relayPort };
  const machine = join(folder, "kiosk.toml");
  const relay = join(folder, "relay.toml");
  await writeFile(machine, change(kioskToml(places)), { mode: 0o600 });
  await writeFile(relay, change(relayToml(places)), { mode: 0o600 });
  return { folder, machine, relay, said };
}

const stateTopic = "kvitt/v1/123456/demo-1/state";

describe("a start that cannot be", () => {
  it.each([
    ["state_socket", (toml: string) => toml.replace(/state_socket = .*/, 'state_socket = "/no/such/folder/x.sock"')],
    [
      "control_socket",
      (toml: string) => toml.replace(/control_socket = .*/, 'control_socket = "/no/such/folder/x.sock"'),
    ],
  ])("of kvitt run with a %s in a missing folder ends, and has said nothing", async (_, change) => {
    const { machine, said } = await configs(change);
    const run = kvitt(["run", "--config", machine]);
    expect(await endOf(run)).toBe(1);
    expect(run.said.err).toContain("cannot listen on /no/such/folder/x.sock: there is no folder /no/such/folder");
    expect(said.get(stateTopic)).toBeUndefined();
  });

  it("of kvitt relay on a port that is in use ends, names the port, and has said nothing", async () => {
    const port = await takenPort();
    const { relay, said } = await configs(undefined, port);
    const run = kvitt(["relay", "--config", relay]);
    expect(await endOf(run)).toBe(1);
    expect(run.said.err).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect([...said.keys()]).toEqual([]);
  });

  it("of kvitt relay whose registrations have no folder ends, and says which", async () => {
    const { relay } = await configs((toml) =>
      toml.replace(/registration_file = .*/, 'registration_file = "/no/such/folder/relay.json"'),
    );
    const run = kvitt(["relay", "--config", relay]);
    expect(await endOf(run)).toBe(1);
    expect(run.said.err).toContain("there is no folder /no/such/folder");
  });

  it("of kvitt simulator on a port that is in use ends, and names the port", async () => {
    const port = await takenPort();
    const run = kvitt(["simulator", "--port", String(port)]);
    expect(await endOf(run)).toBe(1);
    expect(run.said.err).toContain(`port ${port} on 127.0.0.1 is in use`);
  });

  it("of kvitt demo on a port that is in use ends, names the port, and leaves nothing", async () => {
    const port = await takenPort();
    const folder = await newFolder();
    const run = kvitt(["demo", "--port", String(port)], { TMPDIR: folder });
    expect(await endOf(run)).toBe(1);
    expect(run.said.err).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a machine that is told to stop", () => {
  it.each([
    ["before its first line", () => true],
    ["once the log speaks", (said: Running["said"]) => said.out.includes("{")],
    ["once the kiosk runs", (said: Running["said"]) => said.out.includes("the kiosk runs")],
  ])("%s ends, and its state is not ready", async (_, isTime) => {
    const { machine, said } = await configs();
    const run = kvitt(["run", "--config", machine]);
    await until(() => isTime(run.said));
    run.child.kill("SIGTERM");
    // Before the first line of ours nothing was started, and the system ends it.
    expect([0, "SIGTERM"]).toContain(await endOf(run));
    expect(run.said.err).toBe("");
    expect(said.get(stateTopic) ?? "").not.toContain('"ready"');
  });

  it("says upstream that it has stopped, and stays silent", async () => {
    const { machine, said } = await configs();
    const run = kvitt(["run", "--config", machine]);
    await until(() => said.has(stateTopic));
    run.child.kill("SIGINT");
    expect(await endOf(run)).toBe(0);
    expect(said.get(stateTopic)).toContain('"out-of-service"');
    expect(said.get(stateTopic)).toContain('"stopped"');
  });
});

it.each([0, 1_500, 4_000])("a demo that is told to stop after %d ms ends, and leaves nothing", async (afterMs) => {
  const folder = await newFolder();
  const run = kvitt(["demo", "--port", "0"], { TMPDIR: folder });
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  run.child.kill("SIGTERM");
  expect([0, "SIGTERM"]).toContain(await endOf(run));
  expect(await readdir(folder)).toEqual([]);
});
