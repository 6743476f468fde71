/** The ways to the header: which chip it is, what the kernel's answers mean for people, and the bytes of the character device. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  packLineRequest,
  packValues,
  readChipInfo,
  readEvents,
  readValues,
  requests,
} from "../../../src/machine/gpio/cdev-abi.ts";
import { type CdevCalls, openCdevLines } from "../../../src/machine/gpio/cdev-lines.ts";
import { inputDriver } from "../../../src/machine/gpio/folder-lines.ts";
import { headerBase } from "../../../src/machine/gpio/header.ts";
import type { Edge } from "../../../src/machine/gpio/lines.ts";
import { openLines } from "../../../src/machine/gpio/open-lines.ts";
import { type OpenPin, openSysfsLines } from "../../../src/machine/gpio/sysfs-lines.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

const chip = (label: string, base: number, lines = 54) => ({ entry: `gpiochip${base}`, label, base, lines });

describe("where the header begins", () => {
  it.each([
    ["Pi 3, kernel 6.1", [chip("pinctrl-bcm2835", 0), chip("raspberrypi-exp-gpio", 504, 8)], 0],
    ["Pi 3, kernel 6.6", [chip("pinctrl-bcm2835", 512), chip("raspberrypi-exp-gpio", 566, 8)], 512],
    ["Pi 4, kernel 6.6", [chip("raspberrypi-exp-gpio", 504, 8), chip("pinctrl-bcm2711", 512, 58)], 512],
    ["Pi 5, kernel 6.1", [chip("gpio-brcmstb@107d508500", 512, 32), chip("pinctrl-rp1", 399)], 399],
    ["Pi 5, kernel 6.12", [chip("gpio-brcmstb@107d517c00", 512, 32), chip("pinctrl-rp1", 569)], 569],
    [
      "a label that nobody knows yet, by its number of lines",
      [chip("pinctrl-new", 600), chip("expander", 700, 16)],
      600,
    ],
  ])("%s", (_name, chips, base) => {
    expect(headerBase(chips, undefined)).toBe(base);
  });

  it("says what it looked for, what it found, and what to write", () => {
    const find = (): number => headerBase([chip("a", 1), chip("b", 60)], undefined);
    expect(find).toThrow(/pinctrl-rp1.*found a at 1, b at 60.*base = NUMBER/);
  });
});

describe("lines over sysfs", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kvitt-sysfs-"));
    mkdirSync(join(folder, "gpiochip512"));
    for (const [name, text] of [
      ["label", "pinctrl-bcm2711"],
      ["base", "512"],
      ["ngpio", "58"],
    ] as const)
      // prettier-ignore
      writeFileSync(join(folder, "gpiochip512", name), `${text}\n`);
    mkdirSync(join(folder, "chip0"));
    writeFileSync(join(folder, "export"), "");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const line = (number: number): void => {
    mkdirSync(join(folder, `gpio${number}`));
    for (const name of ["direction", "value", "edge"]) writeFileSync(join(folder, `gpio${number}`, name), "0");
  };
  const spec = { name: "slot 3", bcm: 17, activeLow: false };

  it("opens an output by its number, off, in one step", async () => {
    line(529);
    const opened: unknown[][] = [];
    const openPin: OpenPin = (...args) => {
      opened.push(args);
      return { writeSync: () => {}, readSync: () => 0, watch: () => {}, unexport: () => {} };
    };
    const lines = await openSysfsLines({ base: undefined, clock: new SimulatedClock(), folder, openPin });
    await lines.openOutput(spec);
    await lines.openOutput({ ...spec, activeLow: true });
    expect(opened).toEqual([
      [529, "low", "none"],
      [529, "high", "none"],
    ]);
  });

  it("exports a line that is not there, waits for its files, and gives up in time", async () => {
    const clock = new SimulatedClock();
    const openPin: OpenPin = () => ({ writeSync: () => {}, readSync: () => 1, watch: () => {}, unexport: () => {} });
    const lines = await openSysfsLines({ base: undefined, clock, folder, openPin });
    /** Lets virtual time go on whenever the driver waits for it, so that slow files cost none; what the promise said. */
    async function untilSettled(promise: Promise<unknown>, onStep: (step: number) => void): Promise<string> {
      const said: string[] = [];
      void promise.then(() => said.push("open"), (error: unknown) => said.push(String(error))); // prettier-ignore
      for (let step = 0; step < 400 && said.length === 0;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!clock.fireNext()) continue;
        onStep(step);
        step += 1;
      }
      return said[0] ?? "nothing";
    }
    expect(await untilSettled(lines.openOutput(spec), (step) => step === 5 && line(529))).toBe("open");
    expect(readFileSync(join(folder, "export"), "utf8")).toBe("529");
    expect(await untilSettled(lines.openOutput({ ...spec, bcm: 18 }), () => {})).toContain(
      "slot 3 (BCM 18, GPIO 530 in sysfs)",
    );
  });

  it.each([
    ["EBUSY", /belongs to somebody else/],
    ["EINVAL", /base = NUMBER/],
    ["EACCES", /group gpio/],
    ["EIO", /could not be opened/],
  ])("tells a person what %s means", async (code, text) => {
    line(529);
    const openPin: OpenPin = () => {
      throw Object.assign(new Error(`${code}: write`), { code });
    };
    const lines = await openSysfsLines({ base: undefined, clock: new SimulatedClock(), folder, openPin });
    await expect(lines.openOutput(spec)).rejects.toThrow(text);
  });

  it("has no edges where nobody wants them", async () => {
    line(529);
    const opened: unknown[][] = [];
    const openPin: OpenPin = (...given) => {
      opened.push(given);
      return {
        writeSync: () => {},
        readSync: () => 1,
        watch: () => expect.unreachable("a watch costs a thread's attention"),
        unexport: () => {},
      };
    };
    const lines = await openSysfsLines({ base: undefined, clock: new SimulatedClock(), folder, openPin });
    const busy = await lines.openInput(spec, undefined, () => {});
    expect(opened).toEqual([[529, "in", "none"]]);
    expect(busy.isActive()).toBe(true);
  });

  it("tells edges with their meaning, and a line that went away", async () => {
    line(529);
    let edge: Parameters<ReturnType<OpenPin>["watch"]>[0] = () => {};
    const openPin: OpenPin = () => ({
      writeSync: () => {},
      readSync: () => 0,
      watch: (callback) => (edge = callback),
      unexport: () => {},
    });
    const lines = await openSysfsLines({ base: undefined, clock: new SimulatedClock(), folder, openPin });
    const edges: boolean[] = [];
    const failures: string[] = [];
    await lines.openInput(
      { ...spec, activeLow: true },
      ({ active }) => edges.push(active),
      (error) => failures.push(error.message),
    );
    edge(null, 0);
    edge(null, 1);
    edge(Object.assign(new Error("ENODEV: read"), { code: "ENODEV" }), 0);
    expect(edges).toEqual([true, false]);
    expect(failures[0]).toContain("slot 3");
  });
});

describe("the character device", () => {
  it("packs a request as linux/gpio.h lays it out", () => {
    const output = packLineRequest({ offset: 17, consumer: "kvitt", activeLow: true, kind: "output" });
    expect(output.length).toBe(592);
    expect(output.readUInt32LE(0)).toBe(17);
    expect(output.toString("latin1", 256, 261)).toBe("kvitt");
    // OUTPUT | ACTIVE_LOW, one attribute: OUTPUT_VALUES 0, mask 1.
    expect(output.readBigUInt64LE(288)).toBe(0b1010n);
    expect([output.readUInt32LE(296), output.readUInt32LE(320)]).toEqual([1, 2]);
    expect([output.readBigUInt64LE(328), output.readBigUInt64LE(336)]).toEqual([0n, 1n]);
    expect(output.readUInt32LE(560)).toBe(1);
    const input = packLineRequest({ offset: 5, consumer: "kvitt", activeLow: false, kind: "input", bias: "pull-up" });
    // INPUT | EDGE_RISING | EDGE_FALLING | BIAS_PULL_UP.
    expect(input.readBigUInt64LE(288)).toBe(0b1_0011_0100n);
    expect(input.readUInt32LE(564)).toBeGreaterThan(0);
  });

  it("reads values, chips and events", () => {
    expect(readValues(packValues(true))).toBe(true);
    expect(readValues(packValues(false))).toBe(false);
    const info = Buffer.alloc(68);
    info.write("gpiochip4", 0);
    info.write("pinctrl-rp1", 32);
    info.writeUInt32LE(54, 64);
    expect(readChipInfo(info)).toEqual({ name: "gpiochip4", label: "pinctrl-rp1", lines: 54 });
    const events = Buffer.alloc(96);
    events.writeBigUInt64LE(5n, 0);
    events.writeUInt32LE(1, 8);
    events.writeBigUInt64LE(9n, 48);
    events.writeUInt32LE(2, 56);
    expect(readEvents(events)).toEqual([
      { timestampNs: 5n, active: true },
      { timestampNs: 9n, active: false },
    ]);
  });

  /** A kernel that knows one chip and counts what it is asked. */
  class Kernel implements CdevCalls {
    readonly levels = new Map<number, boolean>();
    readonly lineOf = new Map<number, number>();
    readonly queue = new Map<number, Buffer[]>();
    readonly busy = new Set<number>();
    #fds = 10;

    nowNs = (): bigint => 7_000_000_000n;
    chips = (): readonly string[] => ["/dev/gpiochip0", "/dev/gpiochip4"];
    open = (path: string): number => (path.endsWith("4") ? 4 : 3);
    close = (fd: number): void => void this.lineOf.delete(fd);
    setNonBlocking = (): void => {};
    read = (fd: number, bytes: Buffer): number | undefined => {
      const next = this.queue.get(fd)?.shift();
      if (next === undefined) return undefined;
      next.copy(bytes);
      return next.length;
    };

    ioctl = (fd: number, request: number, bytes: Buffer): void => {
      switch (request) {
        case requests.getChipInfo:
          bytes.write(fd === 4 ? "pinctrl-rp1" : "gpio-brcmstb@107d517c00", 32);
          return;
        case requests.getLine: {
          const offset = bytes.readUInt32LE(0);
          if (this.busy.has(offset)) throw new Error("EBUSY: ioctl");
          this.#fds += 1;
          this.lineOf.set(this.#fds, offset);
          this.levels.set(offset, false);
          bytes.writeInt32LE(this.#fds, 588);
          return;
        }
        case requests.setValues:
          this.levels.set(this.lineOf.get(fd) ?? -1, bytes.readBigUInt64LE(0) === 1n);
          return;
        case requests.getValues:
          bytes.writeBigUInt64LE(this.levels.get(this.lineOf.get(fd) ?? -1) === true ? 1n : 0n, 0);
      }
    };
  }

  it("finds the header by its label, drives outputs, and frees everything", async () => {
    const kernel = new Kernel();
    const lines = await openCdevLines({ clock: new SimulatedClock(), calls: kernel });
    const output = await lines.openOutput({ name: "slot 3", bcm: 17, activeLow: false });
    output.set(true);
    expect([kernel.levels.get(17), output.isOn()]).toEqual([true, true]);
    await lines.close();
    expect(kernel.levels.get(17)).toBe(false);
    expect(kernel.lineOf.size).toBe(0);
  });

  it("asks the kernel for no edges of a line whose level alone is wanted, and never fetches any", async () => {
    const kernel = new Kernel();
    const clock = new SimulatedClock();
    const lines = await openCdevLines({ clock, calls: kernel });
    const busy = await lines.openInput({ name: "BUSY", bcm: 24, activeLow: false }, undefined, () => {});
    expect(clock.timers()).toEqual([]);
    expect(busy.isActive()).toBe(false);
    kernel.levels.set(24, true);
    expect(busy.isActive()).toBe(true);
    await lines.close();
    expect(kernel.lineOf.size).toBe(0);
    const flags = packLineRequest({ offset: 24, consumer: "kvitt", activeLow: false, kind: "level" }).readBigUInt64LE(
      288,
    );
    // GPIO_V2_LINE_FLAG_INPUT alone (linux/gpio.h).
    expect(flags).toBe(4n);
  });

  it("hands out every edge that the kernel kept, in order, with its time", async () => {
    const kernel = new Kernel();
    const clock = new SimulatedClock();
    await clock.advance(60_000);
    const startMs = clock.monotonicMs();
    const lines = await openCdevLines({ clock, calls: kernel });
    const edges: Edge[] = [];
    await lines.openInput({ name: "drop", bcm: 5, activeLow: false }, (edge) => edges.push(edge), () => {}); // prettier-ignore
    const [fd] = kernel.lineOf.keys();
    const bytes = Buffer.alloc(96);
    const now = kernel.nowNs();
    bytes.writeBigUInt64LE(now - 30_000_000n, 0);
    bytes.writeUInt32LE(1, 8);
    bytes.writeBigUInt64LE(now - 10_000_000n, 48);
    bytes.writeUInt32LE(2, 56);
    kernel.queue.set(fd ?? -1, [bytes]);
    await clock.advance(20);
    // Fetched at the first poll, 5 ms later: 30 and 10 ms before that.
    expect(edges).toEqual([
      { active: true, monoMs: startMs + 5 - 30 },
      { active: false, monoMs: startMs + 5 - 10 },
    ]);
    await lines.close();
  });

  it("says who may hold a line that is taken, and which chips there are when none is the header", async () => {
    const kernel = new Kernel();
    kernel.busy.add(8);
    const lines = await openCdevLines({ clock: new SimulatedClock(), calls: kernel });
    await expect(lines.openOutput({ name: "slot 1", bcm: 8, activeLow: false })).rejects.toThrow(
      /slot 1 \(BCM 8\).*gpioinfo/,
    );
    kernel.chips = () => ["/dev/gpiochip0"];
    await expect(openCdevLines({ clock: new SimulatedClock(), calls: kernel })).rejects.toThrow(
      /pinctrl-rp1.*found gpio-brcmstb@107d517c00/,
    );
  });
});

describe("lines that are files", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kvitt-lines-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const press = { name: "button A1", bcm: 7, activeLow: true };

  it("an input tells what came and went while nobody looked, with its times; what was before it was opened is told to nobody", async () => {
    const drive = inputDriver(folder);
    for (const high of [false, true]) drive(press.bcm, high);
    const lines = await openLines({ backEnd: "simulated", simulatedFolder: folder }, new SimulatedClock());
    const edges: Edge[] = [];
    const line = await lines.openInput(
      press,
      (edge) => edges.push(edge),
      () => expect.unreachable(),
    );
    drive(press.bcm, false);
    // This process is away: the watcher's word waits until both have been.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    drive(press.bcm, true);
    expect(edges).toEqual([]);
    await vi.waitFor(() => expect(edges.length).toBe(2), { timeout: 30_000 });
    const [down, up] = edges;
    expect([down?.active, up?.active, line.isActive()]).toEqual([true, false, false]);
    expect((up?.monoMs ?? 0) - (down?.monoMs ?? 0)).toBeGreaterThanOrEqual(29);
    await lines.close();
  });

  it("an input takes a bare level, too", async () => {
    const lines = await openLines({ backEnd: "simulated", simulatedFolder: folder }, new SimulatedClock());
    const edges: Edge[] = [];
    const line = await lines.openInput(
      press,
      (edge) => edges.push(edge),
      () => expect.unreachable(),
    );
    writeFileSync(join(folder, "7"), "0\n");
    await vi.waitFor(() => expect(edges).toEqual([{ active: true, monoMs: 0 }]), { timeout: 30_000 });
    expect(line.isActive()).toBe(true);
    await lines.close();
  });
});

describe("which way is taken", () => {
  it("sysfs where it has export, else the character device", async () => {
    const clock = new SimulatedClock();
    const sysfsFolder = mkdtempSync(join(tmpdir(), "kvitt-sysfs-"));
    // Neither has a header on this machine: the message tells which way was tried.
    await expect(openLines({ backEnd: "auto", sysfsFolder }, clock)).rejects.toThrow(/gpiochip|koffi/);
    writeFileSync(join(sysfsFolder, "export"), "");
    await expect(openLines({ backEnd: "auto", sysfsFolder }, clock)).rejects.toThrow(/base = NUMBER/);
    rmSync(sysfsFolder, { recursive: true, force: true });
  });
});
