/**
 * Goal: the daemon sells on a real kernel's /dev/fb0, over a console that paints there too. Method: an emulated machine runs the built
 * daemon as it is delivered; provider and broker run here; a camera looks at the emulated glass.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { readCode } from "../../../src/demo/camera.ts";
import { isPayableCode, readLedger, usePhone } from "../../../src/demo/clients.ts";
import { freePort } from "../../../src/demo/network.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { canEmulate, EmulatedMachine } from "./machine.ts";
import { patienceMs, until as untilFound } from "../patience.ts";

/** Every look costs the emulated machine something. */
function until<T>(find: () => Promise<T | undefined>, withinMs: number): Promise<T | undefined> {
  return untilFound(find, withinMs, 500);
}

const bundle = inject("kvittBundle");
const bridge = new URL("bridge.ts", import.meta.url).pathname;
const scanner = new URL("uhid-scanner.ts", import.meta.url).pathname;

/** A screenshot as the display's memory has it: blue, green, red, nothing. */
async function glassAsXrgb(png: Uint8Array): Promise<Buffer> {
  const image = await loadImage(Buffer.from(png));
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const bytes = Buffer.alloc(data.length);
  for (let at = 0; at < data.length; at += 4)
    bytes.writeUInt32LE(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0), at);
  return bytes;
}

/** XRGB8888 without the byte that means nothing. */
function withoutX(xrgb: Buffer): Buffer {
  return Buffer.from(xrgb.map((byte, at) => (at % 4 === 3 ? 0 : byte)));
}

/** The demo's machine, with the kernel's first display for a panel. */
function configOf(providerPort: number, brokerPort: number): string {
  const url = `http://127.0.0.1:${providerPort}`;
  return kioskToml({ folder: "/run", providerUrl: url, wireUrl: url, brokerPort, relayPort: 1 })
    .replace('output = "image"', 'output = "framebuffer"')
    .replace('image_file = "/run/panel.png"\n', "")
    .replace("width_px = 600\nheight_px = 360", "width_px = 1280\nheight_px = 800")
    .replace("pay_s = 60", "pay_s = 300").concat(`
[[input]]
kind = "keypad"
vendor_id = "0627"
product_id = "0001"

[[input]]
kind = "scanner"
`);
}

describe.skipIf(!canEmulate())("the daemon on a real kernel", () => {
  let folder = "";
  let simulator: SimulatorServer;
  let broker: Broker;
  let machine: EmulatedMachine;
  let doorPort = 0;
  let memoryPort = 0;
  let scannerPort = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-guest-"));
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(1), msn: "123456" });
    broker = await startAedes();
    doorPort = await freePort();
    memoryPort = await freePort();
    scannerPort = await freePort();
    simulator.provider.state.units.forEach((unit) => (unit.pushApproved = true));
    const providerPort = Number(new URL(simulator.url).port);
    await writeFile(join(folder, "kiosk.toml"), configOf(providerPort, broker.port), { mode: 0o644 });
    const node = process.execPath;
    await writeFile(
      join(folder, "guest.sh"),
      `${node} ${bridge} in:${providerPort} in:${broker.port} out:${doorPort}:/run/machine.sock file:${memoryPort}:/dev/fb0 &
${node} ${scanner} ${scannerPort} &
cp ${join(folder, "kiosk.toml")} /run/kiosk.toml && chmod 600 /run/kiosk.toml
printf '\\033[2J\\033[HThe console paints here' > /dev/tty1
exec ${node} ${bundle} run --config /run/kiosk.toml
`,
    );
    machine = await EmulatedMachine.start({
      program: join(folder, "guest.sh"),
      ports: [doorPort, memoryPort, scannerPort],
    });
  });

  afterAll(async () => {
    await machine.stop();
    await simulator.close();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function order(body: object): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${doorPort}/`, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    return answer.text();
  }

  /** What /dev/fb0 holds, read as a file. */
  function memory(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      createConnection(memoryPort, "127.0.0.1")
        .on("data", (part) => parts.push(part))
        .once("error", reject)
        .once("close", () => resolve(withoutX(Buffer.concat(parts))));
    });
  }

  const isScene = (scene: string): Promise<true | undefined> =>
    until(
      async () => ((await order({ action: "state" })).includes(`"scene":"${scene}"`) ? true : undefined),
      patienceMs,
    );

  /** Ends whatever session stands: a key that was typed on a slow machine may arrive after the first "cancel". */
  const cancelUntilIdle = (): Promise<true | undefined> =>
    until(async () => {
      await order({ action: "cancel" });
      await sleep(3_000);
      return (await order({ action: "state" })).includes('"scene":"idle"') ? true : undefined;
    }, patienceMs);

  it("boots, finds /dev/fb0 and is for sale", async () => {
    const isUp = await until(
      async () => ((await order({ action: "state" })).includes('"idle"') ? true : undefined),
      2 * patienceMs,
    );
    expect(isUp, machine.said.slice(-4_000)).toBe(true);
  });

  it("shows a code that a camera reads and a customer can pay", async () => {
    await order({ action: "press", line: "A1" });
    const text = await until(async () => readCode(await machine.screen()), patienceMs);
    expect(text, machine.said.slice(-4_000)).toBeDefined();
    if (text === undefined) return;
    expect(await isPayableCode(simulator.url, text)).toBe(true);
    await usePhone(simulator.url, "kari", "scan", text);
    await usePhone(simulator.url, "kari", "approve");
    const sold = await until(async () => {
      const ledger = await readLedger(simulator.url);
      return ledger.some(({ captured }) => captured === 2_500) ? true : undefined;
    }, patienceMs);
    expect(sold, machine.said.slice(-4_000)).toBe(true);
  });

  it("a keypad on USB chooses, through the kernel's hidraw and node-hid itself", async () => {
    expect(await isScene("idle")).toBe(true);
    const code = await until(async () => {
      await machine.type("b", "1");
      return until(async () => {
        const text = await readCode(await machine.screen());
        return text !== undefined && (await isPayableCode(simulator.url, text)) ? text : undefined;
      }, 20_000);
    }, patienceMs);
    expect(code, machine.said.slice(-4_000)).toBeDefined();
  });

  it("a scanner in HID POS mode, found by its usage page, reads the customer's own code: paid without another scan", async () => {
    expect(await cancelUntilIdle(), machine.said.slice(-4_000)).toBe(true);
    const { personalQr } = simulator.provider.phone("kari");
    const request = await until(async () => {
      await order({ action: "press", line: "A2" });
      createConnection(scannerPort, "127.0.0.1")
        .on("error", () => {})
        .end(personalQr);
      return until(
        async () => ((await usePhone(simulator.url, "kari", "view")).screen === "request" ? true : undefined),
        15_000,
      );
    }, patienceMs);
    expect(request, machine.said.slice(-4_000)).toBe(true);
    await usePhone(simulator.url, "kari", "approve");
    const sold = await until(async () => {
      const ledger = await readLedger(simulator.url);
      return ledger.some(({ captured }) => captured === 3_200) ? true : undefined;
    }, patienceMs);
    expect(sold, machine.said.slice(-4_000)).toBe(true);
  });

  it("takes the code away when it is over", async () => {
    expect(await cancelUntilIdle(), machine.said.slice(-4_000)).toBe(true);
    const isGone = await until(
      async () => ((await readCode(await machine.screen())) === undefined ? true : undefined),
      patienceMs,
    );
    expect(isGone).toBe(true);
  });

  it("the glass shows what /dev/fb0 holds, to the pixel: the console has not painted over it", async () => {
    const isSame = await until(
      async () => (Buffer.compare(await glassAsXrgb(await machine.screen()), await memory()) === 0 ? true : undefined),
      patienceMs,
    );
    expect(isSame).toBe(true);
  });
});
