/**
 * Goal: whoever wires a machine can look at its lines, try each form of delivery, and be sure that everything is off. Method: the command as a
 * process, with its guard, on lines that are files; the coil behind the files is moved by the test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { kvittArgs } from "../kvitt.ts";
import { untilTrue } from "../patience.ts";

const lines = `
inhibit = 24
[[delivery.lines]]
line = "A1"
button = 5
relay = 17
on_ms = 200
[[delivery.lines]]
line = "B1"
form = "motor"
relay = 27
home = 22
drop = 23
drop_active_low = false
turn_ms = 20000
leave_ms = 2000
[[delivery.lines]]
line = "C1"
form = "pulse"
relay = 18
on_ms = 20
off_ms = 20
credit_value = 500
acknowledge = 25
acknowledge_window_ms = 300
[[delivery.lines]]
line = "D1"
relay = 19
active_low = true
on_ms = 60000
`;

const toml = (folder: string): string => `[machine]
id = "test-1"
location = "Test"
[vipps]
base_url = "http://127.0.0.1:9"
msn = "123456"
currency = "NOK"
client_id = "client-123456"
client_secret = "secret-123456"
subscription_key = "subscription-123456"
return_url = "https://example.com/look"
[mqtt]
url = "mqtt://127.0.0.1:9"
[panel]
output = "image"
image_file = "${folder}/panel.png"
width_px = 600
height_px = 360
width_mm = 115
height_mm = 69
[delivery]
driver = "gpio"
back_end = "simulated"
simulated_folder = "${folder}/gpio"
${lines}
[[product]]
id = "water"
name = "Water"
price = 2500
vat_rate = 1500
line = "A1"
`;

interface Run {
  readonly process: ChildProcess;
  readonly out: string[];
  readonly err: string[];
  readonly ended: Promise<number | null>;
}

describe("kvitt machine", () => {
  let folder = "";
  const pin = (bcm: number): string => join(folder, "gpio", String(bcm));
  /** Every level that an output has had, the last one now. */
  const levels = (bcm: number): string => (existsSync(pin(bcm)) ? readFileSync(pin(bcm), "utf8") : "");
  const isHigh = (bcm: number): boolean => levels(bcm).endsWith("1");
  const isLow = (bcm: number): boolean => levels(bcm).endsWith("0");
  const set = (bcm: number, high: boolean): void => writeFileSync(pin(bcm), high ? "1" : "0");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kvitt-machine-"));
    writeFileSync(join(folder, "kiosk.toml"), toml(folder), { mode: 0o600 });
    mkdirSync(join(folder, "gpio"));
    // The coil stands at home.
    set(22, false);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

  function start(...args: readonly string[]): Run {
    const child = spawn(process.execPath, kvittArgs("machine", ...args, "--config", join(folder, "kiosk.toml")), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const run = { process: child, out: [] as string[], err: [] as string[] };
    child.stdout.setEncoding("utf8").on("data", (text: string) => run.out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => run.err.push(text));
    onTestFinished(() => void child.kill("SIGKILL"));
    return { ...run, ended: new Promise((resolve) => child.once("close", resolve)) };
  }

  /** The coil behind the relay: while it turns, its switch leaves home and comes back, again and again; what falls lies in the sensor. */
  async function turnCoil(): Promise<void> {
    expect(await untilTrue(() => isHigh(27))).toBe(true);
    while (isHigh(27)) {
      set(22, true);
      await sleep(300);
      set(23, true);
      set(22, false);
      await sleep(300);
    }
  }

  it("test delivers once on a relay, and leaves everything off", async () => {
    const run = start("test", "A1");
    expect(await run.ended, run.err.join("")).toBe(0);
    expect(JSON.parse(run.out.join(""))).toMatchObject({ kind: "delivered" });
    expect([levels(17), levels(27), levels(18), levels(19)]).toEqual(["010", "0", "0", "1"]);
  });

  it("test turns a coil until it is home, and believes the drop sensor", async () => {
    const run = start("test", "B1");
    await turnCoil();
    expect(await run.ended, run.err.join("")).toBe(0);
    expect(JSON.parse(run.out.join(""))).toMatchObject({ kind: "delivered" });
    expect(isHigh(27)).toBe(false);
  });

  it("a coil that never leaves home is jammed: not delivered, and off", async () => {
    const run = start("test", "B1");
    expect(await run.ended, run.err.join("")).toBe(1);
    expect(JSON.parse(run.out.join(""))).toMatchObject({ kind: "not-delivered" });
    expect(isHigh(27)).toBe(false);
  });

  it("test sends the price in credits, and without the machine's word it is not delivered", async () => {
    const run = start("test", "C1", "--price", "2500");
    expect(await run.ended, run.err.join("")).toBe(1);
    expect(JSON.parse(run.out.join(""))).toMatchObject({ kind: "not-delivered" });
    expect(levels(18)).toBe("01010101010");
  });

  it("refuses a price that is not a whole number of credits, before anything moves", async () => {
    const run = start("test", "C1", "--price", "2600");
    expect(await run.ended).toBe(1);
    expect(run.out.join("")).toContain("not a whole number of credits");
    expect(isHigh(18)).toBe(false);
  });

  it("a machine that inhibits is not moved", async () => {
    const first = start("off");
    await first.ended;
    set(24, false);
    const run = start("test", "A1");
    expect(await run.ended).toBe(1);
    expect(run.err.join("")).toContain("inhibited");
    expect(isHigh(17)).toBe(false);
  });

  it("an output goes off when the process is killed in the middle of a delivery", async () => {
    const run = start("test", "D1");
    expect(await untilTrue(() => isLow(19))).toBe(true);
    run.process.kill("SIGKILL");
    expect(await untilTrue(() => isHigh(19))).toBe(true);
  });

  it("off switches every output off, also one that is active at a low level", async () => {
    expect(await start("off").ended).toBe(0);
    set(17, true);
    set(19, false);
    const run = start("off");
    expect(await run.ended, run.err.join("")).toBe(0);
    expect([isHigh(17), isHigh(27), isHigh(18), isHigh(19)]).toEqual([false, false, false, true]);
  });

  it("watch shows every edge, with how long it was there", async () => {
    const run = start("watch", "--json");
    const edge = z.object({ name: z.string(), active: z.boolean(), after_ms: z.number().nullable() });
    const edges = (): readonly z.infer<typeof edge>[] =>
      run.out
        .join("")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => edge.parse(JSON.parse(line)));
    expect(await untilTrue(() => edges().length === 5)).toBe(true);
    set(5, false);
    expect(await untilTrue(() => edges().length === 6)).toBe(true);
    set(5, true);
    expect(await untilTrue(() => edges().length === 7)).toBe(true);
    expect(edges().slice(5)).toMatchObject([
      { name: "button A1", active: true },
      { name: "button A1", active: false },
    ]);
    run.process.kill("SIGINT");
    expect(await run.ended, run.err.join("")).toBe(0);
  });

  it("lines names every line once, with its number", async () => {
    const run = start("lines", "--json");
    expect(await run.ended).toBe(0);
    const rows = z
      .array(z.object({ name: z.string(), kind: z.string(), bcm: z.number() }))
      .parse(JSON.parse(run.out.join("")));
    expect(rows.map(({ name, bcm }) => `${name} ${bcm}`)).toEqual([
      "A1 17",
      "B1 27",
      "C1 18",
      "D1 19",
      "inhibit 24",
      "button A1 5",
      "home B1 22",
      "drop sensor 23",
      "acknowledge C1 25",
    ]);
  });

  it("says which lines there are when it is asked for another", async () => {
    const run = start("test", "Z9");
    expect(await run.ended).toBe(1);
    expect(run.err.join("")).toContain("there are A1, B1, C1, D1");
  });
});
