/** From socket to socket: a check-in to the request of a payment, and a payment's event to the start of the delivery; beside a client that does nothing between. */
import { spawn } from "node:child_process";
import { readFileSync, watch } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import mqtt from "mqtt";
import { listenOnPort } from "../../../src/service/listen.ts";
import { type Device, type Installation, pause, startDevice, until, untilScene, usual } from "./device.ts";
import type { World } from "./world.ts";

/** The same MQTT client and Node's http, and nothing between them. */
export async function bareTimes(installation: Installation, world: World, times: number): Promise<readonly number[]> {
  const server = createServer();
  const port = await listenOnPort(server, { host: "127.0.0.1", port: 0 });
  let arrived = (): void => {};
  server.on("request", (incoming, outgoing) => {
    arrived();
    incoming.resume();
    outgoing.end();
  });
  const load = createRequire(import.meta.url);
  const program = `
    const { request, Agent } = require("node:http");
    const agent = new Agent({ keepAlive: true });
    const client = require(${JSON.stringify(load.resolve("mqtt"))}).connect(${JSON.stringify(world.brokerUrl)});
    client.on("message", (topic, payload) => {
      request({ port: ${port}, host: "127.0.0.1", method: "POST", agent }, (answer) => answer.resume()).end(payload);
    });
    client.subscribe("bench/bare", { qos: 1 }, () => console.log("ready"));`;
  const child = spawn(installation.node, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const client = await mqtt.connectAsync(world.brokerUrl);
  const found: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const came = new Promise<number>((resolve) => {
      arrived = () => resolve(performance.now());
    });
    const sentMs = performance.now();
    client.publish("bench/bare", "x".repeat(400), { qos: 1 });
    found.push((await came) - sentMs);
    await pause(20);
  }
  child.kill("SIGKILL");
  await client.endAsync(true);
  server.closeAllConnections();
  server.close();
  return found;
}

const create = /^\/epayment\/v1\/payments$/;
const look = /^\/epayment\/v1\/payments\/[^/]+$/;

/** Resolves with the time at which a coil began to turn. */
function nextStart(device: Device): Promise<number> {
  const before = countOf(device, "starts");
  return new Promise((resolve) => {
    const watcher = watch(device.tray, () => {
      if (countOf(device, "starts") === before) return;
      const nowMs = performance.now();
      watcher.close();
      resolve(nowMs);
    });
  });
}

function countOf(device: Device, kind: "starts" | "falls"): number {
  return readFileSync(device.tray, "utf8").split(`"kind":"${kind}"`).length - 1;
}

export interface Latencies {
  readonly checkInToRequest: readonly number[];
  /** From the event, and from the provider's answer to the look that follows it. */
  readonly eventToDelivery: readonly number[];
  readonly answerToDelivery: readonly number[];
  /** From the provider's answer to the picture with the code in its file; the same scene's drawing alone is measured by panel-speed. */
  readonly answerToGlass: readonly number[];
}

export async function latencies(installation: Installation, world: World, times: number): Promise<Latencies> {
  const sale = 'check_in_style = "reserve-dearest"\npartial_capture = true';
  const device = await startDevice(installation, world, { ...usual, deliveryMs: 50, sale });
  const found = {
    checkInToRequest: [] as number[],
    eventToDelivery: [] as number[],
    answerToDelivery: [] as number[],
    answerToGlass: [] as number[],
  };
  try {
    await untilScene(device, "idle");
    for (let round = 0; round < times; round += 1) {
      const asked = world.nextRequest("POST", create);
      world.checkIn();
      found.checkInToRequest.push((await asked).arrivedMs - world.publishedMs());
      await pause(50);
      world.approve();
      await untilScene(device, "choose");
      const falls = countOf(device, "falls");
      await device.order({ action: "press", line: "A1" });
      await until("the delivery", device, () => countOf(device, "falls") > falls);
      await untilScene(device, "idle");
    }
    for (let round = 0; round < times; round += 1) {
      const asked = world.nextRequest("POST", create);
      const falls = countOf(device, "falls");
      await device.order({ action: "press", line: "A2" });
      const shown = nextPicture(device);
      const { answeredMs } = await asked;
      found.answerToGlass.push((await shown) - answeredMs);
      // Longer than the first poll, so that the look belongs to the event.
      await pause(300);
      const looked = world.nextRequest("GET", look);
      const started = nextStart(device);
      world.pay();
      const looks = await looked;
      const startedMs = await started;
      found.eventToDelivery.push(startedMs - world.publishedMs());
      found.answerToDelivery.push(startedMs - looks.answeredMs);
      await until("the delivery", device, () => countOf(device, "falls") > falls);
      await untilScene(device, "idle");
    }
    return found;
  } finally {
    await device.stop();
  }
}

/** When the next picture has taken its place; "wait" comes before the code, so the last one within a moment counts. */
function nextPicture(device: Device): Promise<number> {
  return new Promise((resolve) => {
    let lastMs = 0;
    const watcher = watch(device.glass.slice(0, device.glass.lastIndexOf("/")), (_event, name) => {
      if (name === "panel.png") lastMs = performance.now();
    });
    setTimeout(() => {
      watcher.close();
      resolve(lastMs);
    }, 250);
  });
}
