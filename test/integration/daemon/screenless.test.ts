/**
 * Goal: a machine without a panel sells by its stickers, before and after a power cut, and what cleans up the glass finds nothing to do. Method:
 * provider, relay and daemon as processes, a real broker, a customer who scans what is printed.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { usePhone } from "../../../src/demo/clients.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { Rig } from "../kill/rig.ts";
import { kvittArgs } from "../kvitt.ts";
import { until, untilTrue } from "../patience.ts";

const run = promisify(execFile);
const price = 3_000;

/** The demo's machine without its glass, with two chargers in place of its products. */
function chargers(demo: string): string {
  const tables = ["c1", "c2"].map(
    (id) => `
[[product]]
id = "hour-${id}"
name = "An hour"
price = ${price}
vat_rate = 2500
line = "${id}"

[[station]]
id = "${id}"
name = "Charger ${id}"
lines = ["${id}"]
`,
  );
  const panel = `[panel]\noutput = "none"\nlanguages = ["en"]\n\n`;
  const before = demo.slice(0, demo.indexOf("[[product]]"));
  const glass = before.slice(before.indexOf("[panel]"), before.indexOf("[delivery]"));
  return [before.replace(glass, panel).replace("show_code = true", ""), ...tables].join("");
}

let rig: Rig;
let configFile: string;
beforeAll(async () => {
  rig = await Rig.start(createSeededEntropy(6), chargers);
  configFile = join(rig.folder, "kiosk.toml");
});
afterAll(async () => {
  expect(await rig.close()).toEqual([]);
});

async function sell(charger: string, fallen: number): Promise<void> {
  const args = kvittArgs("qr", "callback", "get", `demo-1--${charger}`, "--config", configFile);
  const code = await until(async () => /^content\s+(\S+)/m.exec((await run(process.execPath, args)).stdout)?.[1]);
  const isAsked = await untilTrue(async () => {
    const { screen } = await usePhone(rig.providerUrl, "kari", "view");
    if (screen !== "request" && screen !== "connecting" && screen !== "waiting")
      await usePhone(rig.providerUrl, "kari", "scan", code ?? "no code");
    return screen === "request";
  });
  expect(isAsked, rig.machine.said.slice(-20).join("")).toBe(true);
  await usePhone(rig.providerUrl, "kari", "approve");
  const hasFallen = (): boolean => rig.tray().filter(({ kind }) => kind === "falls").length === fallen;
  expect(await untilTrue(hasFallen), rig.machine.said.slice(-20).join("")).toBe(true);
  expect(rig.tray().at(-1)?.thing).toMatchObject({ what: charger, priceMinor: price });
  expect(await untilTrue(async () => (await rig.sold()) === fallen)).toBe(true);
}

it("sells by the stickers, and a press alone starts nothing", async () => {
  await rig.order({ action: "press", line: "c2" });
  await sell("c1", 1);
  expect((await rig.ledger()).map(({ captured }) => captured)).toEqual([price]);
});

it("sells again after a power cut, and there is no glass to clean up", async () => {
  await rig.machine.end("SIGKILL");
  const { stdout, stderr } = await run(process.execPath, kvittArgs("panel", "out-of-service", "--config", configFile));
  expect([stdout, stderr]).toEqual(["", ""]);
  rig.machine.start();
  await sell("c2", 2);
});
