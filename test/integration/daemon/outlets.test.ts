/**
 * Goal: several outlets on one machine sell beside each other, each by its own code, and a power cut in the middle of one's sale while another
 * runs ends every payment, each by what its own outlet did. Method: provider, relay and daemon as processes, a real broker, customers who scan
 * stickers and the glass.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as z from "zod";
import { type LedgerRowView, usePhone } from "../../../src/demo/clients.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { Rig } from "../kill/rig.ts";
import { kvittArgs } from "../kvitt.ts";
import { until as find, untilTrue } from "../patience.ts";
import { type Washer, washerTables } from "./washers.ts";

const run = promisify(execFile);

const beacon = "beacon-7";
/** Has a sticker from before, too. */
const w1: Washer = { id: "w1", priceMinor: 4_000, runsMin: 0.1, qrId: beacon };
/** Runs longer than these tests. */
const w2: Washer = { id: "w2", priceMinor: 4_001, runsMin: 600 };
const w3: Washer = { id: "w3", priceMinor: 4_002, runsMin: 0.1 };

/** The demo's machine, with washers in place of its products. */
function laundry(demo: string, washers: readonly Washer[]): string {
  // A coil that turns for so long that the power can go meanwhile.
  const before = demo.slice(0, demo.indexOf("[[product]]")).replace("delivery_ms = 250", "delivery_ms = 1000");
  return [before, ...washers.map(washerTables)].join("");
}

let rig: Rig;
let configFile: string;
let watcher: mqtt.MqttClient;
let newestState = "";

beforeAll(async () => {
  rig = await Rig.start(createSeededEntropy(5), (demo) => laundry(demo, [w1, w2, w3]));
  configFile = join(rig.folder, "kiosk.toml");
  watcher = await mqtt.connectAsync(rig.brokerUrl);
  watcher.on("message", (_topic, payload) => (newestState = payload.toString()));
  await watcher.subscribeAsync("kvitt/v1/123456/demo-1/state", { qos: 1 });
});
afterAll(async () => {
  await watcher.endAsync(true);
  expect(await rig.close()).toEqual([]);
});

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const isSo = await untilTrue(isTrue);
  const said = isSo ? "" : `; the machine said: ${rig.machine.said.slice(-30).join("")}`;
  expect(isSo, `${what}${said}`).toBe(true);
}

const isForSale = async (): Promise<boolean> => (await rig.state())?.kiosk.state === "ready";

const stateMessage = z.object({
  state: z.string(),
  stations: z.record(z.string(), z.object({ state: z.string(), until: z.iso.datetime().optional() })).optional(),
});

/** What the machine says upstream of this outlet; undefined while it starts, and where there is none. */
function told({ id }: Washer): { readonly state: string; readonly untilMs: number } | undefined {
  const { state, stations } = stateMessage.parse(JSON.parse(newestState));
  const station = state === "ready" || state === "selling" ? stations?.[id] : undefined;
  return station === undefined ? undefined : { state: station.state, untilMs: Date.parse(station.until ?? "") };
}

async function qr(...args: readonly string[]): Promise<string> {
  return (await run(process.execPath, kvittArgs("qr", ...args, "--config", configFile))).stdout;
}

/** What is printed on this code's sticker. */
async function contentOf(id: string): Promise<string> {
  const content = await find(async () => /^content\s+(\S+)/m.exec(await qr("callback", "get", id))?.[1]);
  if (content === undefined) throw new Error(`${id} has no code`);
  return content;
}

const sticker = ({ id }: Washer): Promise<string> => contentOf(`demo-1--${id}`);

/** Each customer has a phone of her own, and scans again when it says no: an outlet is registered a moment after its neighbour, and runs after a sale. */
async function scan(who: string, text: string): Promise<void> {
  await until(async () => {
    const { screen } = await usePhone(rig.providerUrl, who, "view");
    if (screen === "request") return true;
    if (screen !== "connecting" && screen !== "waiting") await usePhone(rig.providerUrl, who, "scan", text);
    return false;
  }, "the request is in the app");
}

const pay = (who: string): Promise<unknown> => usePhone(rig.providerUrl, who, "approve");

const ownsReference = ({ id }: Washer, reference = ""): boolean => reference.startsWith(`demo-1--${id}-`);

/** What has begun or has fallen, by the tray. */
function moved(washer: Washer, kind: "starts" | "falls"): number {
  return rig.tray().filter((move) => move.kind === kind && ownsReference(washer, move.thing.reference)).length;
}

async function isPaidFor(washer: Washer): Promise<boolean> {
  const paid = (await rig.ledger()).filter(
    ({ reference, captured }) => captured > 0 && ownsReference(washer, reference),
  );
  return moved(washer, "falls") === 1 && paid.length === 1 && paid[0]?.captured === washer.priceMinor;
}

function isOver({ state, authorized, captured, cancelled }: LedgerRowView): boolean {
  if (state === "ABORTED" || state === "EXPIRED" || state === "TERMINATED") return true;
  return authorized > 0 && authorized === captured + cancelled;
}

async function untilAllIsOver(): Promise<void> {
  await until(async () => (await rig.ledger()).every(isOver), "every payment has ended");
  const fallen = rig.tray().filter(({ kind }) => kind === "falls");
  for (const { reference, captured } of await rig.ledger()) {
    const own = fallen.filter(({ thing }) => thing.reference === reference);
    expect(captured, reference).toBeLessThanOrEqual(own.reduce((sum, { thing }) => sum + thing.priceMinor, 0));
  }
}

it("a sticker starts its own washer, and its price is asked for at once", async () => {
  await until(isForSale, "the laundry is for sale");
  await scan("kari", await sticker(w2));
  const { description } = await usePhone(rig.providerUrl, "kari", "view");
  expect(description, "it says which washer").toBe("Demo machine, Washer w2: Wash");
  await pay("kari");
  await until(() => isPaidFor(w2), "w2 runs and is paid for");
  expect(rig.tray().map(({ thing }) => thing.what)).toEqual(["w2", "w2"]);
});

it("a press at another washer does not take the code from who is paying, nor her washer", async () => {
  await rig.order({ action: "press", line: w1.id });
  await until(async () => (await rig.state())?.kiosk.scene === "pay", "w1 asks for money");
  const code = await find(() => rig.code());
  await rig.order({ action: "press", line: w3.id });
  await scan("ola", code ?? "nothing is on the glass");
  await pay("ola");
  await until(() => isPaidFor(w1), "w1 runs and is paid for");
  expect(moved(w3, "starts")).toBe(0);
});

it("the power goes while w2 runs, w1 begins and w3 is paid: each payment ends by its own washer, and w2 runs on", async () => {
  const running = told(w2);
  expect(running?.state).toBe("in-use");
  const [first, third] = [await sticker(w1), await sticker(w3)];
  await scan("ola", third);
  await scan("kari", first);
  await pay("kari");
  await until(async () => moved(w1, "starts") === 2, "w1 begins");
  await pay("ola");
  await rig.machine.end("SIGKILL");
  newestState = `{"state":"lost"}`;
  rig.machine.start();
  await untilAllIsOver();
  await until(async () => told(w2) !== undefined, "it is for sale again");
  expect(told(w2)?.state, "nobody can pay for it meanwhile").toBe("in-use");
  // Of ten hours; the journal has the moment of the commit.
  expect(Math.abs((told(w2)?.untilMs ?? 0) - (running?.untilMs ?? 0)), "as long as before").toBeLessThan(60_000);
  await qr("mobilepay", beacon, "--location", "Washer w1");
  const fallen = moved(w1, "falls");
  await scan("kari", await contentOf(beacon));
  await pay("kari");
  await until(async () => moved(w1, "falls") > fallen, "w1 sells again, by the sticker from before");
  await untilAllIsOver();
});

it("an outlet that left the configuration ends what was open, and sells no more", async () => {
  await scan("ola", await sticker(w3));
  await rig.machine.end("SIGKILL");
  await pay("ola");
  const demo = await readFile(configFile, "utf8");
  await writeFile(configFile, laundry(demo, [w1, w2]), { mode: 0o600 });
  newestState = `{"state":"lost"}`;
  const before = moved(w3, "starts");
  rig.machine.start();
  await until(async () => told(w1) !== undefined, "it is for sale");
  await untilAllIsOver();
  expect(told(w3)).toBeUndefined();
  expect(moved(w3, "starts")).toBe(before);
});
