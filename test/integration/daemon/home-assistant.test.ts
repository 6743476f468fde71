/** Goal: one section of the configuration puts the machine into Home Assistant, and without it nothing is said to it. Method: the link as the daemon builds it, on a broker. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { parseConfig } from "../../../src/config/load.ts";
import { noMemory } from "../../../src/daemon/journal.ts";
import { openLink } from "../../../src/daemon/link.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { startAedes } from "../link/brokers.ts";
import { realClock, realEntropy, until } from "../link/real-parts.ts";

const payloadSchema = z.object({
  device: z.object({ name: z.string(), serial_number: z.string() }),
  components: z.record(z.string(), z.object({ name: z.string() })),
});

/** What a link with this more in its configuration says outside of kvitt's own topics. */
async function saidOutside(more: string) {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-home-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const broker = await startAedes();
  onTestFinished(() => broker.close());
  const url = "http://127.0.0.1:1";
  const brokerPort = Number(new URL(broker.url).port);
  const toml = kioskToml({ folder, providerUrl: url, wireUrl: url, brokerPort, relayPort: 2 });
  const loaded = parseConfig(`${toml}\n${more}`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const watcher = await mqtt.connectAsync(broker.url);
  onTestFinished(() => watcher.endAsync(true));
  const said: { readonly topic: string; readonly payload: string }[] = [];
  watcher.on("message", (topic, payload) => said.push({ topic, payload: payload.toString() }));
  await watcher.subscribeAsync("#", { qos: 1 });
  const parts = { env: {}, version: "1.2.3", clock: realClock, entropy: realEntropy, log: createMemoryLog() };
  const link = await openLink(loaded.config, 1, noMemory, parts);
  await link.start({ message: async () => {}, connection: () => {}, relay: () => {}, rival: () => {} });
  await until("connected", () => link.isConnected());
  // What is said with a connection is on its way before the farewell.
  await link.publishReply({ id: "after", outcome: "done" });
  await link.stop();
  await until("the farewell", () => said.some(({ payload }) => payload.includes('"stopped"')));
  return { config: loaded.config, outside: said.filter(({ topic }) => !topic.startsWith("kvitt/")) };
}

it("an empty section is enough: name, machine, and a sensor for each line", async () => {
  const { config, outside } = await saidOutside("[home_assistant]");
  const { id, location } = config.machine;
  expect(outside.map(({ topic }) => topic)).toEqual([`homeassistant/device/${config.vipps.msn}/${id}/config`]);
  const { device, components } = payloadSchema.parse(JSON.parse(outside[0]?.payload ?? ""));
  expect(device).toMatchObject({ name: location, serial_number: id });
  const names = Object.values(components).map(({ name }) => name);
  expect(config.product.length).toBeGreaterThan(0);
  expect(names).toEqual(expect.arrayContaining(config.product.map(({ line }) => `Line ${line}`)));
});

it("has the prefix that is configured", async () => {
  const { outside } = await saidOutside('[home_assistant]\ndiscovery_prefix = "ha"');
  expect(outside.map(({ topic }) => topic.split("/")[0])).toEqual(["ha"]);
});

it("is not said where the configuration has no such section", async () => {
  expect((await saidOutside("")).outside).toEqual([]);
});
