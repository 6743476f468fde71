/**
 * Goal: two outlets on the header that are paid in the same moment both get their credits, one after the other, and each its own. Method: provider,
 * relay, daemon and guard as processes, lines that are files, customers who scan stickers of a machine without a panel.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { usePhone } from "../../../src/demo/clients.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { Rig } from "../kill/rig.ts";
import { kvittArgs } from "../kvitt.ts";
import { until, untilTrue } from "../patience.ts";
import { washerTables } from "./washers.ts";

const run = promisify(execFile);
const washers = [
  { id: "w1", relay: 12, price: 4_000 },
  { id: "w2", relay: 13, price: 3_000 },
] as const;
type Washer = (typeof washers)[number];
const creditValue = 1_000;

/** The demo's machine with pulse outputs in place of its coils, and no glass. */
function laundry(demo: string): string {
  const folder = /directory = "(.*)\/journal"/.exec(demo)?.[1] ?? "";
  const lines = washers.map(
    ({ id, relay }) => `
[[delivery.lines]]
line = "${id}"
form = "pulse"
relay = ${relay}
on_ms = 200
credit_value = ${creditValue}
`,
  );
  const sold = washers.map(({ id, price }) => washerTables({ id, priceMinor: price }));
  const before = demo.slice(0, demo.indexOf("[panel]")).replace("show_code = true", "");
  const panel = `[panel]\noutput = "none"\nlanguages = ["en"]\n\n`;
  const delivery = `[delivery]\ndriver = "gpio"\nback_end = "simulated"\nsimulated_folder = "${join(folder, "gpio")}"\n`;
  return [before, panel, delivery, ...lines, ...sold].join("");
}

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start(createSeededEntropy(7), laundry);
});
afterAll(async () => {
  expect(await rig.close()).toEqual([]);
});

/** How often the output went on. */
function pulses({ relay }: Washer): number {
  const file = join(rig.folder, "gpio", String(relay));
  return existsSync(file) ? [...readFileSync(file, "utf8").matchAll(/01/g)].length : 0;
}

async function comesTo({ id }: Washer): Promise<void> {
  const args = kvittArgs("qr", "callback", "get", `demo-1--${id}`, "--config", join(rig.folder, "kiosk.toml"));
  const code = await until(async () => /^content\s+(\S+)/m.exec((await run(process.execPath, args)).stdout)?.[1]);
  const isAsked = await untilTrue(async () => {
    const { screen } = await usePhone(rig.providerUrl, id, "view");
    if (screen !== "request" && screen !== "connecting" && screen !== "waiting")
      await usePhone(rig.providerUrl, id, "scan", code ?? "no code");
    return screen === "request";
  });
  expect(isAsked, rig.machine.said.slice(-20).join("")).toBe(true);
}

it("both customers get the credits that they paid for", async () => {
  for (const washer of washers) await comesTo(washer);
  await Promise.all(washers.map(({ id }) => usePhone(rig.providerUrl, id, "approve")));
  const isPaid = await untilTrue(async () => (await rig.sold()) === washers.length);
  expect(isPaid, rig.machine.said.slice(-20).join("")).toBe(true);
  for (const washer of washers) expect(pulses(washer), washer.id).toBe(washer.price / creditValue);
  const rows = await rig.ledger();
  for (const { id, price } of washers)
    expect(
      rows.filter(({ reference }) => reference.startsWith(`demo-1--${id}-`)).map(({ captured }) => captured),
    ).toEqual([price]);
});
