/** What docs/link.md shows is what runs: its command writes the broker's rights, its configuration is accepted, its message can be read. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, it, onTestFinished } from "vitest";
import fleet from "../../../src/cli/commands/fleet.ts";
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

it("shows a command that writes the broker's rights", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kvitt-link-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [, line = ""] = /^kvitt fleet (acl [^]*?)\n```/m.exec(page) ?? [];
  const words = line.replaceAll("\\\n", " ").split(/\s+/);
  const files = ["--out", "--passwords", "--password-file"];
  const args = words.map((word, index) => (files.includes(words[index - 1] ?? "") ? join(folder, word) : word));
  const signal = new AbortController().signal;
  const silent = { out: () => {}, err: () => {}, env: {}, isTty: false, columns: 80, signal, hurry: signal };
  expect(await fleet.run(args, silent)).toBe(0);
  const users = ["vend-1", "relay-1", "office"];
  const rights = readFileSync(join(folder, "acl"), "utf8");
  expect([...rights.matchAll(/^user (.*)$/gm)].map(([, user]) => user)).toEqual(users);
  expect(readdirSync(join(folder, "passwords")).toSorted()).toEqual(users.toSorted());
  // The relay and the order of the page are those users'.
  expect(page).toContain('username = "relay-1"');
  expect(page).toContain("--username office");
});

it("no page has rights that were written by hand", () => {
  const folder = new URL("../../../docs/", import.meta.url);
  const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));
  const byHand = pages.filter((name) =>
    /^#? ?(?:pattern|topic) (?:read|write|readwrite) /m.test(readFileSync(new URL(name, folder), "utf8")),
  );
  expect(byHand).toEqual([]);
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
