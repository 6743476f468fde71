/** Goal: what a machine says to Home Assistant is made of keys that it documents, tells its devices apart, and asks for nothing but reading. */
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { homeAssistantDiscovery } from "../../../src/link/home-assistant.ts";
import { machineBeat } from "../../../src/link/freshness.ts";
import { stateSchema } from "../../../src/link/messages.ts";
import { machineTopic } from "../../../src/link/topics.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { machine, msn } from "./link-contract-facts.ts";

const address = { msn, merchantQrId: machine };
const lines = ["B4", "b4", "B 4", "B_4", "B.4", "B_2e_4", 'the "left" one', "å", "🍫"];
const of = (more: Partial<Parameters<typeof homeAssistantDiscovery>[0]> = {}) =>
  homeAssistantDiscovery({ ...address, prefix: "homeassistant", name: "Lobby", version: "1.2.3", lines, ...more });

/** https://www.home-assistant.io/integrations/sensor.mqtt/, configuration variables, and /integrations/mqtt/#device-discovery-payload; those that we use. */
const sensorSchema = z.strictObject({
  platform: z.literal("sensor"),
  unique_id: z.string(),
  name: z.string(),
  state_topic: z.string(),
  value_template: z.string(),
  device_class: z.enum(["enum", "timestamp", "temperature"]).optional(),
  options: z.array(z.string()).min(1).optional(),
  unit_of_measurement: z.literal("°C").optional(),
  state_class: z.literal("measurement").optional(),
  // "When set, the entity category must be diagnostic for sensors."
  entity_category: z.literal("diagnostic").optional(),
  json_attributes_topic: z.string().optional(),
  json_attributes_template: z.string().optional(),
  expire_after: z.int().min(1).optional(),
  availability_topic: z.string().optional(),
  availability_template: z.string().optional(),
});
const payloadSchema = z.strictObject({
  device: z.strictObject({
    identifiers: z.array(z.string()).length(1),
    name: z.string(),
    manufacturer: z.string(),
    serial_number: z.string(),
    sw_version: z.string(),
  }),
  origin: z.strictObject({ name: z.string(), sw_version: z.string() }),
  components: z.record(z.string().regex(/^[a-zA-Z0-9_-]+$/), sensorSchema),
  qos: z.literal(1),
});
const read = (message: ReturnType<typeof of>) => payloadSchema.parse(JSON.parse(message.payload));

describe("the machine in Home Assistant", () => {
  it("is announced retained, on a topic of its own", () => {
    expect(of()).toMatchObject({
      topic: `homeassistant/device/${msn}/${machine}/config`,
      retain: true,
      qos: 1,
      contentType: "application/json",
    });
    expect(of({ prefix: "ha" }).topic).toBe(`ha/device/${msn}/${machine}/config`);
  });

  it("has documented keys alone, none of them a command's", () => {
    expect(read(of()).device).toMatchObject({ name: "Lobby", sw_version: "1.2.3" });
    expect(of().payload).not.toContain("command");
  });

  it("reads what this machine writes", () => {
    const own = ["state", "sale", "health"] as const;
    const topics = own.map((leaf) => machineTopic(address, leaf));
    for (const sensor of Object.values(read(of()).components)) {
      expect(topics).toContain(sensor.state_topic);
      expect([undefined, topics[0]]).toContain(sensor.availability_topic);
    }
  });

  it("says in options all that an enum can say, since every other value is ignored", () => {
    const { components } = read(of());
    expect(components["state"]?.options).toEqual(stateSchema.shape.state.options);
    for (const sensor of Object.values(components))
      expect(sensor.options !== undefined).toBe(sensor.device_class === "enum");
  });

  it("does not show for ever what a machine said that went with its broker", () => {
    for (const sensor of Object.values(read(of()).components)) {
      // A sale is long ago by nature.
      const isRepeated = sensor.state_topic !== machineTopic(address, "sale");
      expect(sensor.expire_after !== undefined, sensor.name).toBe(isRepeated);
      if (sensor.state_topic === machineTopic(address, "state"))
        expect(sensor.expire_after).toBe(machineBeat.validForS);
    }
  });

  it("has a sensor for each line, and an id of its own for each, also beside another machine", () => {
    const ids = (message: ReturnType<typeof of>) => Object.values(read(message).components).map((one) => one.unique_id);
    const all = [of(), of({ merchantQrId: merchantQrId("vend-2") }), of({ msn: "654321" })].flatMap(ids);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(3 * (lines.length + 4));
  });
});
