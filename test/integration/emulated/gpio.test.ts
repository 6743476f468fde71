/**
 * Goal: onoff itself, over a real kernel's sysfs, presses, switches and fails safe, in the built daemon with its guard. Method: the kernel's own GPIO
 * simulator carries the header's label; levels are set and read where that kernel keeps them, on the far side of the driver.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { readCode } from "../../../src/demo/camera.ts";
import { isPayableCode, readLedger, usePhone } from "../../../src/demo/clients.ts";
import { freePort } from "../../../src/demo/network.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { canEmulate, canSimulateGpio, EmulatedMachine } from "./machine.ts";
import { patienceMs, until as untilFound } from "../patience.ts";

/** Every look costs the emulated machine something. */
function until<T>(find: () => Promise<T | undefined>, withinMs: number): Promise<T | undefined> {
  return untilFound(find, withinMs, 100);
}

const bundle = inject("kvittBundle");
const bridge = new URL("bridge.ts", import.meta.url).pathname;

const bcm = {
  buttonA1: 5,
  buttonA2: 6,
  buttonA3: 13,
  relayA1: 17,
  relayA2: 27,
  outputA3: 22,
  drop: 23,
  lamp: 24,
} as const;
type Line = keyof typeof bcm;

function configOf(providerPort: number, brokerPort: number): string {
  const url = `http://127.0.0.1:${providerPort}`;
  const whole = kioskToml({ folder: "/run", providerUrl: url, wireUrl: url, brokerPort, relayPort: 1 });
  return `${whole.slice(0, whole.indexOf("[delivery]"))}
[delivery]
driver = "gpio"
back_end = "sysfs"
lamp = ${bcm.lamp}
lamp_active_low = true
lines = [
  { line = "A1", button = ${bcm.buttonA1}, relay = ${bcm.relayA1}, on_ms = 4000 },
  { line = "A2", button = ${bcm.buttonA2}, relay = ${bcm.relayA2}, on_ms = 500, acknowledge = ${bcm.drop}, acknowledge_window_ms = 30000 },
  { line = "A3", form = "timed", button = ${bcm.buttonA3}, relay = ${bcm.outputA3}, on_s = 120 },
]

[[product]]
id = "water"
name = "Water"
price = 2500
vat_rate = 2500
line = "A1"

[[product]]
id = "nuts"
name = "Nuts"
price = 3500
vat_rate = 2500
line = "A2"

[[product]]
id = "shower"
name = "Shower"
price = 1200
vat_rate = 2500
line = "A3"
`
    .replace("show_code = true\n", "")
    .replace("pay_s = 60", "pay_s = 300")
    .replace("deliver_s = 20", "deliver_s = 60");
}

describe.skipIf(!canEmulate() || !canSimulateGpio())("onoff on a real kernel", () => {
  let folder = "";
  let simulator: SimulatorServer;
  let broker: Broker;
  let machine: EmulatedMachine;
  let shellPort = 0;
  let panelPort = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-guest-"));
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(1), msn: "123456" });
    broker = await startAedes();
    shellPort = await freePort();
    panelPort = await freePort();
    const providerPort = Number(new URL(simulator.url).port);
    await writeFile(join(folder, "kiosk.toml"), configOf(providerPort, broker.port), { mode: 0o644 });
    const node = process.execPath;
    // The log goes through a pipe: at a terminal, as the console is one, it would be written in words for a person.
    // The label is a Pi 4's; the numbers in sysfs begin wherever this kernel puts them. Buttons have pull-ups, the acknowledging contact too.
    await writeFile(
      join(folder, "guest.sh"),
      `mount -t configfs config /sys/kernel/config
bank=/sys/kernel/config/gpio-sim/pi/bank0
mkdir -p $bank && echo 58 > $bank/num_lines && echo pinctrl-bcm2711 > $bank/label && echo 1 > /sys/kernel/config/gpio-sim/pi/live
for line in ${bcm.buttonA1} ${bcm.buttonA2} ${bcm.buttonA3} ${bcm.drop}; do for pull in /sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio$line/pull; do echo pull-up > $pull; done; done
${node} ${bridge} in:${providerPort} in:${broker.port} shell:${shellPort} file:${panelPort}:/run/panel.png &
cp ${join(folder, "kiosk.toml")} /run/kiosk.toml && chmod 600 /run/kiosk.toml
mkfifo /run/log
while [ ! -e /run/stop ]; do cat /run/log & ${node} ${bundle} run --config /run/kiosk.toml > /run/log 2>&1; echo "the daemon ended: $?"; sleep 1; done
sleep 600
`,
    );
    machine = await EmulatedMachine.start({ program: join(folder, "guest.sh"), ports: [shellPort, panelPort] });
  });

  afterAll(async () => {
    await machine.stop();
    await simulator.close();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });

  function read(port: number, sent?: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const socket = createConnection(port, "127.0.0.1")
        .setTimeout(patienceMs, () => socket.destroy(new Error("the guest does not answer")))
        .on("data", (part) => parts.push(part))
        .once("error", reject)
        .once("close", () => resolve(Buffer.concat(parts)));
      if (sent !== undefined) socket.end(sent);
    });
  }
  const shell = async (script: string): Promise<string> => (await read(shellPort, script)).toString("utf8").trim();
  const far = (line: Line): string => `/sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio${bcm[line]}`;
  /** The level on the wire. */
  const level = (line: Line): Promise<string> => shell(`cat ${far(line)}/value`);
  const hasLevel = (line: Line, wanted: string, withinMs: number): Promise<true | undefined> =>
    until(async () => ((await level(line)) === wanted ? true : undefined), withinMs);
  const code = async (): Promise<string | undefined> => readCode(await read(panelPort));
  /** Sets what pulls an input, one after the other; a word that is a number is a pause in seconds. A shell expands no pattern behind ">". */
  const pull = (line: Line, words: string): Promise<string> =>
    shell(
      `for file in ${far(line)}/pull; do for one in ${words}; do case $one in up|down) echo pull-$one > $file;; *) sleep $one;; esac; done; done`,
    );
  /** A finger: down for a second, on a contact that bounces. */
  const press = (line: Line): Promise<string> => pull(line, "down up down up down 1 up down up");

  /** Chooses with the button, pays with the phone. Returns the reference of that payment. */
  async function buy(button: Line): Promise<string> {
    const known = new Set((await readLedger(simulator.url)).map(({ reference }) => reference));
    // Emulated, a computer that has much else to do may sleep through a press, and people press again.
    const text = await until(async () => {
      await press(button);
      return until(async () => {
        const found = await code();
        return found !== undefined && (await isPayableCode(simulator.url, found)) ? found : undefined;
      }, 15_000);
    }, patienceMs);
    expect(text, machine.said.slice(-4_000)).toBeDefined();
    await usePhone(simulator.url, "kari", "scan", text ?? "");
    await usePhone(simulator.url, "kari", "approve");
    const fresh = (await readLedger(simulator.url)).filter(({ reference }) => !known.has(reference));
    expect(fresh).toHaveLength(1);
    return fresh[0]?.reference ?? "";
  }

  async function ended(reference: string): Promise<{ readonly captured: number; readonly cancelled: number }> {
    const row = await until(async () => {
      const found = (await readLedger(simulator.url)).find((one) => one.reference === reference);
      return found !== undefined && found.authorized > 0 && found.authorized === found.captured + found.cancelled
        ? found
        : undefined;
    }, patienceMs);
    expect(row, machine.said.slice(-4_000)).toBeDefined();
    return { captured: row?.captured ?? -1, cancelled: row?.cancelled ?? -1 };
  }

  /** Ready to sell: the last customer is gone, nothing is shown to be paid. */
  const isIdle = (): Promise<true | undefined> =>
    until(
      async () =>
        (await shell("cat /run/panel.png | wc -c")) !== "0" && (await code()) === undefined ? true : undefined,
      patienceMs,
    );

  it("finds the header by its label, and puts outputs off before anything else: high where they are active low", async () => {
    expect(await until(async () => ((await shell("echo up")) === "up" ? true : undefined), 2 * patienceMs)).toBe(true);
    expect(await hasLevel("lamp", "1", patienceMs), machine.said.slice(-4_000)).toBe(true);
    expect([await level("relayA1"), await level("relayA2"), await level("outputA3")]).toEqual(["0", "0", "0"]);
    expect(await shell("cat /sys/class/gpio/gpiochip*/label")).toContain("pinctrl-bcm2711");
    const base = Number(await shell("cat /sys/class/gpio/gpiochip*/base"));
    expect(base).toBeGreaterThan(0);
    expect(await shell(`cat /sys/class/gpio/gpio${base + bcm.relayA1}/direction`)).toBe("out");
  });

  it("`kvitt machine lines` names each line, its number and its level", async () => {
    const listed = await shell(`${process.execPath} ${bundle} machine lines --config /run/kiosk.toml`);
    expect(listed).toMatch(/A1.*\b17\b/);
    expect(listed).toMatch(/\b24\b/);
  });

  it("a button that bounces chooses once; the relay closes for its time, and only when it is paid", async () => {
    const isForSale = async (): Promise<true | undefined> =>
      machine.said.includes('"missing":["relay"],"msg":"readiness changed"') ? true : undefined;
    expect(await until(isForSale, patienceMs), machine.said.slice(-4_000)).toBe(true);
    const reference = await buy("buttonA1");
    expect(await hasLevel("relayA1", "1", patienceMs), machine.said.slice(-4_000)).toBe(true);
    expect(await hasLevel("relayA1", "0", patienceMs)).toBe(true);
    expect(await ended(reference)).toEqual({ captured: 2_500, cancelled: 0 });
    expect(await isIdle()).toBe(true);
  });

  it("the machine's own contact, five milliseconds and more, makes it delivered", async () => {
    const reference = await buy("buttonA2");
    expect(await hasLevel("relayA2", "1", patienceMs)).toBe(true);
    await pull("drop", "down 0.2 up");
    expect(await ended(reference)).toEqual({ captured: 3_500, cancelled: 0 });
    expect(await isIdle()).toBe(true);
  });

  it("and when it does not come, nobody pays", async () => {
    const reference = await buy("buttonA2");
    expect(await ended(reference)).toEqual({ captured: 0, cancelled: 3_500 });
    expect(await isIdle()).toBe(true);
  });

  it(
    "a daemon that is killed leaves nothing on; the next one gives the rest of the time",
    { timeout: 4 * patienceMs },
    async () => {
      const reference = await buy("buttonA3");
      expect(await hasLevel("outputA3", "1", patienceMs), machine.said.slice(-4_000)).toBe(true);
      await shell("kill -9 $(pgrep -f 'kvitt.js run')");
      expect(await hasLevel("outputA3", "0", 20_000)).toBe(true);
      expect(await hasLevel("outputA3", "1", patienceMs), machine.said.slice(-4_000)).toBe(true);
      expect(await ended(reference)).toEqual({ captured: 1_200, cancelled: 0 });
      expect(await hasLevel("outputA3", "0", patienceMs)).toBe(true);
    },
  );

  it("at its end every output is off", async () => {
    await shell("touch /run/stop; kill -TERM $(pgrep -f 'kvitt.js run')");
    expect(await until(async () => (machine.said.includes("the daemon ended: 0") ? true : undefined), patienceMs)).toBe(
      true,
    );
    expect([await level("relayA1"), await level("relayA2"), await level("outputA3")]).toEqual(["0", "0", "0"]);
  });

  it("the character device does the same, by koffi: the line is held while it is used, and free after that", async () => {
    // Outputs stay exported, driven off: whoever changes the back end starts the computer anew, or frees them.
    await shell("for line in /sys/class/gpio/gpio[0-9]*; do echo ${line##*gpio} > /sys/class/gpio/unexport; done");
    await shell(
      "sed 's/back_end = .*/back_end = \"cdev\"/' /run/kiosk.toml > /run/cdev.toml; chmod 600 /run/cdev.toml",
    );
    const tested = shell(`${process.execPath} ${bundle} machine test A1 --config /run/cdev.toml 2>&1`);
    const wasOn = hasLevel("relayA1", "1", patienceMs);
    expect(await tested).toContain("delivered");
    expect(await wasOn).toBe(true);
    expect(await level("relayA1")).toBe("0");
  });
});
