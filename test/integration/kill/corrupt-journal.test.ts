/**
 * Goal: a daemon that finds its journal damaged neither sells nor starts over nor dies: panel and back office are told, the evidence stays as
 * it is, and a mended journal is taken up again. Method: the real daemon, a real broker, and one byte turned over in its newest file.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import * as z from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { hasMosquitto } from "../link/brokers.ts";
import { untilTrue } from "../patience.ts";
import { Rig } from "./rig.ts";

const stateMessage = z.looseObject({ state: z.string(), reason: z.string().nullish() });

function largestFile(folder: string): string {
  const [largest] = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error("there is no journal");
  return largest;
}

describe.skipIf(!hasMosquitto())("a daemon with a damaged journal", () => {
  const states: z.infer<typeof stateMessage>[] = [];
  let rig: Rig;
  let path = "";
  let whole: Buffer;
  let damaged: Buffer;
  let client: Awaited<ReturnType<typeof connectAsync>>;

  beforeAll(async () => {
    rig = await Rig.start(createSeededEntropy(1));
    if (!(await untilTrue(async () => (await rig.state())?.kiosk.scene === "idle")))
      throw new Error(`it does not start: ${rig.machine.said.join("")}`);
    if (!(await untilTrue(async () => (await rig.code()) !== undefined))) throw new Error("it shows no code");
    await rig.machine.end("SIGKILL");
    path = largestFile(rig.journalFolder);
    whole = readFileSync(path);
    damaged = Buffer.from(whole);
    damaged[20] = (damaged[20] ?? 0) ^ 0xff;
    writeFileSync(path, damaged);
    client = await connectAsync(rig.brokerUrl);
    client.on("message", (_topic, payload) => states.push(stateMessage.parse(JSON.parse(payload.toString()))));
    await client.subscribeAsync("kvitt/v1/123456/demo-1/state", { qos: 1 });
    rig.machine.start();
  });

  afterAll(async () => {
    await client.endAsync();
    await rig.close();
  });

  it("says upstream that it is out of service, and why", async () => {
    const isTold = await untilTrue(() =>
      states.some((one) => one.state === "out-of-service" && one.reason === "journal"),
    );
    expect(isTold, JSON.stringify([states, rig.machine.said.slice(-3)])).toBe(true);
  });

  it("takes the code off the glass", async () => {
    expect(await untilTrue(async () => (await rig.code()) === undefined)).toBe(true);
  });

  it("lives on, and changes nothing of the evidence", async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(rig.machine.exitCode).toBeUndefined();
    expect(readFileSync(path)).toEqual(damaged);
  });

  it("sells again once a person has mended it", async () => {
    writeFileSync(path, whole);
    expect(await untilTrue(async () => (await rig.state())?.kiosk.scene === "idle")).toBe(true);
    expect(await untilTrue(async () => (await rig.code()) !== undefined)).toBe(true);
  });
});
