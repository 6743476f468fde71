/** What docs/link.md shows is what runs: its ACL is the one the tests use, its configuration is accepted, its message can be read. */
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { expect, it } from "vitest";
import { mqttSchema } from "../../../src/config/mqtt.ts";
import { relayFileSchema } from "../../../src/config/relay.ts";
import { orderSchema } from "../../../src/link/command-message.ts";
import { relayHealthSchema, stateSchema } from "../../../src/link/messages.ts";

const page = readFileSync(new URL("../../../docs/link.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));
const json = (part: string): unknown => JSON.parse(blocks.find(({ text }) => text.includes(part))?.text ?? "");

it("shows the ACL that the broker tests use", () => {
  expect(page).toContain(readFileSync(new URL("../../fixtures/mosquitto.acl", import.meta.url), "utf8"));
});

it("shows configuration that is accepted", () => {
  const tomls = blocks.filter(({ language }) => language === "toml").map(({ text }) => parse(text));
  expect(tomls).toHaveLength(3);
  for (const toml of tomls) expect(mqttSchema.safeParse(toml["mqtt"]).success).toBe(true);
  expect(relayFileSchema.safeParse(tomls[2]).success).toBe(true);
});

it("shows messages that can be read", () => {
  expect(stateSchema.safeParse(json('"state": "ready"')).success).toBe(true);
  expect(relayHealthSchema.safeParse(json('"registered": true')).success).toBe(true);
  const command = json('"counter": 17');
  expect(command).toMatchObject({ order: { kind: "deliver", line: "B4" } });
  for (const order of orderSchema.options) expect(page).toContain(`\`${order.shape.kind.value}\``);
});
