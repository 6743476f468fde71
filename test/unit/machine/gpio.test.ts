/**
 * Goal: outputs are off first, presses are debounced, a relay cut short is unknown, and a missing header says what to do. Method: the driver on
 * pins in memory and the simulated clock; sysfs is a tree of files.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGpioMachine, type GpioPin } from "../../../src/machine/gpio/gpio-machine.ts";
import { type GpioChip, headerBase, readChips } from "../../../src/machine/gpio/header.ts";
import type { MachineEvent } from "../../../src/machine/port.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

const world = { folder: "" };

async function chip(entry: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(world.folder, entry), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(world.folder, entry, name), `${text}\n`);
}

beforeAll(async () => {
  world.folder = await mkdtemp(join(tmpdir(), "kvitt-gpio-"));
  await chip("gpiochip512", { label: "pinctrl-bcm2711", base: "512", ngpio: "58" });
  await chip("gpiochip570", { label: "raspberrypi-exp-gpio", base: "570", ngpio: "8" });
  // Kernels from 6.17 on have these beside the others.
  await chip("chip0", { label: "pinctrl-bcm2711", ngpio: "58" });
});
afterAll(() => rm(world.folder, { recursive: true, force: true }));

class Pin implements GpioPin {
  readonly writes: number[] = [];
  level: number;
  watcher: ((error: Error | null | undefined, value: number) => void) | undefined;
  isFree = false;

  constructor(level: number) {
    this.level = level;
  }

  writeSync(value: 0 | 1): void {
    this.level = value;
    this.writes.push(value);
  }

  readSync(): number {
    return this.level;
  }

  watch(callback: (error: Error | null | undefined, value: number) => void): void {
    this.watcher = callback;
  }

  unexport(): void {
    this.isFree = true;
  }

  /** An edge, as the kernel tells of it. */
  edge(level: number): void {
    this.level = level;
    this.watcher?.(null, level);
  }
}

async function setUp(activeLow = false) {
  const clock = new SimulatedClock();
  const pins = new Map<number, Pin>();
  const opened: string[] = [];
  const events: MachineEvent[] = [];
  const machine = createGpioMachine({
    lines: [{ line: "A1", button: 5, buttonActiveLow: true, relay: 17, activeLow, onMs: 500 }],
    base: undefined,
    clock,
    log: createMemoryLog(),
    sysfsFolder: world.folder,
    openPin: (number, direction) => {
      opened.push(`${number} ${direction}`);
      const pin = new Pin(direction === "low" ? 0 : 1);
      pins.set(number, pin);
      return pin;
    },
  });
  await machine.start((event) => events.push(event));
  const pin = (number: number): Pin => {
    const found = pins.get(number);
    if (found === undefined) throw new Error(`GPIO ${number} was not opened`);
    return found;
  };
  const order = {
    deliveryId: "d1",
    reference: undefined,
    selection: { kind: "line", line: "A1" },
    price: money(100, "NOK"),
  } as const;
  return { clock, opened, events, machine, order, button: pin(517), relay: pin(529) };
}

describe("the header's base", () => {
  const chips = (label: string, base: number): readonly GpioChip[] => [
    { entry: "gpiochip0", label: "brcmvirt-gpio", base: 0, lines: 2 },
    { entry: "gpiochipX", label, base, lines: 40 },
  ];
  it.each([
    ["Pi 5", "pinctrl-rp1", 571],
    ["Pi 4", "pinctrl-bcm2711", 512],
    ["Pi 3 and Zero 2", "pinctrl-bcm2835", 512],
    ["a kernel before 6.6", "pinctrl-bcm2835", 0],
  ])("is found by label on %s", (_name, label, base) => {
    expect(headerBase(chips(label, base), undefined)).toBe(base);
  });

  it("is what the configuration says, and otherwise names what was found and what to write", () => {
    expect(headerBase([], 399)).toBe(399);
    expect(() => headerBase(chips("something-else", 7), undefined)).toThrow(
      /pinctrl-rp1.*something-else at 7.*base = NUMBER/,
    );
  });

  it("reads gpiochip entries and passes over chipN", async () => {
    expect((await readChips(world.folder)).map(({ entry }) => entry)).toEqual(["gpiochip512", "gpiochip570"]);
    await expect(readChips(join(world.folder, "none"))).rejects.toMatchObject({ code: "no-sysfs" });
  });
});

describe("buttons and relays", () => {
  it.each([
    [false, "529 low"],
    [true, "529 high"],
  ])("outputs are off before any input is open (active low: %s)", async (activeLow, first) => {
    const { opened } = await setUp(activeLow);
    expect(opened).toEqual([first, "517 in"]);
  });

  it("a press counts once its level stood still; chatter does not", async () => {
    const { clock, events, button } = await setUp();
    for (const level of [0, 1, 0, 1, 0]) {
      button.edge(level);
      await clock.advance(5);
    }
    expect(events).toEqual([]);
    await clock.advance(30);
    expect(events).toEqual([{ kind: "selected", selection: { kind: "line", line: "A1" } }]);
    button.edge(1);
    await clock.advance(30);
    expect(events).toHaveLength(1);
  });

  it("a relay that was on for its time has delivered, and is off", async () => {
    const { clock, machine, order, relay } = await setUp();
    const outcome = machine.deliver(order, new AbortController().signal);
    expect(relay.level).toBe(1);
    await clock.advance(500);
    expect(await outcome).toMatchObject({ kind: "delivered" });
    expect(relay.writes).toEqual([1, 0]);
  });

  it("a relay that was cut short is unknown, and is off", async () => {
    const { clock, machine, order, relay } = await setUp();
    const stop = new AbortController();
    const outcome = machine.deliver(order, stop.signal);
    await clock.advance(100);
    stop.abort(new Error("stopped"));
    expect(await outcome).toMatchObject({ kind: "unknown" });
    expect(relay.level).toBe(0);
  });

  it("one delivery at a time, and none without an output", async () => {
    const { clock, machine, order } = await setUp();
    const { signal } = new AbortController();
    const first = machine.deliver(order, signal);
    expect(await machine.deliver({ ...order, deliveryId: "d2" }, signal)).toMatchObject({ kind: "not-delivered" });
    expect(await machine.deliver({ ...order, selection: { kind: "line", line: "Z9" } }, signal)).toMatchObject({
      kind: "not-delivered",
    });
    await clock.advance(500);
    expect(await first).toMatchObject({ kind: "delivered" });
  });

  it("stopping puts outputs off and frees the lines", async () => {
    const { machine, relay, button } = await setUp(true);
    await machine.stop();
    expect(relay.level).toBe(1);
    expect([relay.isFree, button.isFree]).toEqual([true, true]);
  });
});

it("a line that somebody else has is named, and the machine does not sell", async () => {
  const machine = createGpioMachine({
    lines: [{ line: "A1", button: undefined, buttonActiveLow: true, relay: 8, activeLow: false, onMs: 500 }],
    base: 0,
    clock: new SimulatedClock(),
    log: createMemoryLog(),
    sysfsFolder: world.folder,
    openPin: () => {
      throw new Error("EBUSY: resource busy or locked, write");
    },
  });
  await machine.start(() => {});
  expect(machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
  const { detail } = { detail: "", ...machine.readiness() };
  expect(detail).toMatch(/BCM 8.*belongs to somebody else/);
});
