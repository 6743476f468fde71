/**
 * The header over the GPIO character device (Documentation/userspace-api/gpio/chardev.rst), by ioctl through koffi: for kernels whose
 * sysfs has no GPIO any more. Lines are found by the chip's label and freed by the kernel when their process dies.
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Timer } from "../../service/port.ts";
import {
  lineFd,
  type LineRequest,
  packLineRequest,
  packValues,
  readChipInfo,
  readEvents,
  readValues,
  requests,
  sizes,
} from "./cdev-abi.ts";
import { GpioError, headerLabels } from "./header.ts";
import type { Edge, GpioLines, InputLine, InputSpec, OutputLine, OutputSpec } from "./lines.ts";

/** The system calls that are needed; koffi's, or a test's. */
export interface CdevCalls {
  /** @throws Error with the name of the errno ("EBUSY") in its message. */
  ioctl(fd: number, request: number, bytes: Buffer): void;
  /** O_NONBLOCK, so that a read without an edge answers at once. */
  setNonBlocking(fd: number): void;
  readonly open: (path: string) => number;
  /** Undefined when there is nothing to read now. */
  readonly read: (fd: number, bytes: Buffer) => number | undefined;
  readonly close: (fd: number) => void;
  readonly chips: () => readonly string[];
  /** CLOCK_MONOTONIC, the clock by which the kernel stamps edges. */
  readonly nowNs: () => bigint;
}

const fSetFlags = 4; // F_SETFL, asm-generic/fcntl.h
const nonBlocking = 0o4000; // O_NONBLOCK on arm, arm64 and x86-64

/** Loads koffi when it is needed. @throws GpioError `no-cdev` that says what to install. */
export async function loadCdevCalls(): Promise<CdevCalls> {
  try {
    const { default: koffi } = await import("koffi");
    const libc = koffi.load(null);
    const ioctl = libc.func("int ioctl(int fd, unsigned long request, void *bytes)");
    const fcntl = libc.func("int fcntl(int fd, int command, int value)");
    const check = (result: unknown, what: string): void => {
      if (typeof result === "number" && result >= 0) return;
      const errno = koffi.errno();
      const name = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
      throw new Error(`${name}: ${what}`);
    };
    return {
      ioctl: (fd, request, bytes) => check(ioctl(fd, request, bytes), `ioctl 0x${request.toString(16)}`),
      setNonBlocking: (fd) => check(fcntl(fd, fSetFlags, nonBlocking), "fcntl"),
      open: (path) => openSync(path, "r+"),
      read: (fd, bytes) => {
        try {
          return readSync(fd, bytes, 0, bytes.length, null);
        } catch (error) {
          if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
          throw error;
        }
      },
      close: (fd) => closeSync(fd),
      chips: () =>
        readdirSync("/dev")
          .filter((name) => /^gpiochip\d+$/.test(name))
          .toSorted()
          .map((name) => join("/dev", name)),
      nowNs: () => process.hrtime.bigint(),
    };
  } catch (error) {
    throw new GpioError(
      "no-cdev",
      "this kernel has no GPIO in sysfs, and koffi, which speaks to /dev/gpiochip*, could not be loaded: run npm ci again without --omit=optional",
      { cause: error },
    );
  }
}

export interface CdevSettings {
  readonly clock: Clock;
  readonly calls?: CdevCalls;
  /** How often edges are fetched; the kernel keeps them, with their times. */
  readonly pollMs?: number;
}

const pollMsDefault = 5;
const consumer = "kvitt";

/** @throws GpioError when no chip is the header, or none may be opened. */
export async function openCdevLines(settings: CdevSettings): Promise<GpioLines> {
  const calls = settings.calls ?? (await loadCdevCalls());
  return new CdevLines(calls, openHeader(calls), settings.clock, settings.pollMs ?? pollMsDefault);
}

/** The chip whose label is the header's, opened. @throws GpioError when no chip is the header, or none may be opened */
export function openHeader(calls: Pick<CdevCalls, "chips" | "open" | "close" | "ioctl">): number {
  const found: string[] = [];
  const chips = new Map<string, string>();
  for (const path of calls.chips())
    try {
      const fd = calls.open(path);
      const info = Buffer.alloc(sizes.chipInfo);
      calls.ioctl(fd, requests.getChipInfo, info);
      calls.close(fd);
      const { label } = readChipInfo(info);
      found.push(`${label} (${path})`);
      chips.set(label, path);
    } catch (error) {
      found.push(`${path}: ${errorText(error)}`);
    }
  for (const label of headerLabels) {
    const path = chips.get(label);
    if (path !== undefined) return calls.open(path);
  }
  throw new GpioError(
    "no-header",
    `no GPIO header was found: looked for a chip labelled ${headerLabels.join(", ")}, found ${found.join(", ") || "no /dev/gpiochip*"}. The service's user has to be in the group gpio`,
  );
}

class CdevLines implements GpioLines {
  readonly backEnd = "cdev";
  readonly #calls: CdevCalls;
  readonly #chip: number;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #outputs: { readonly spec: OutputSpec; readonly fd: number }[] = [];
  readonly #inputs = new Set<{ readonly fd: number; readonly poll: () => void }>();
  /** Inputs without edges. */
  readonly #levels = new Set<number>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(calls: CdevCalls, chip: number, clock: Clock, pollMs: number) {
    this.#calls = calls;
    this.#chip = chip;
    this.#clock = clock;
    this.#pollMs = pollMs;
  }

  #request(spec: OutputSpec | InputSpec, kind: LineRequest["kind"]): number {
    const { bcm, activeLow, name } = spec;
    const bias = "bias" in spec ? spec.bias : undefined;
    const bytes = packLineRequest({ offset: bcm, consumer, activeLow, kind, bias });
    try {
      this.#calls.ioctl(this.#chip, requests.getLine, bytes);
      return lineFd(bytes);
    } catch (error) {
      const text = errorText(error);
      throw text.startsWith("EBUSY")
        ? new GpioError(
            "line-in-use",
            `${name} (BCM ${bcm}) belongs to somebody else: \`gpioinfo\` names the holder; choose another line, or switch its owner off. "sysfs" is a line that back_end = "sysfs" left exported: start the computer anew`,
            { cause: error },
          )
        : new GpioError("line", `${name} (BCM ${bcm}) could not be opened: ${text}`, { cause: error });
    }
  }

  #read(fd: number): boolean {
    const bytes = packValues(false);
    this.#calls.ioctl(fd, requests.getValues, bytes);
    return readValues(bytes);
  }

  async openOutput(spec: OutputSpec): Promise<OutputLine> {
    const fd = this.#request(spec, "output");
    this.#outputs.push({ spec, fd });
    return { spec, set: (on) => this.#set(spec, fd, on), isOn: () => this.#read(fd) };
  }

  #set(spec: OutputSpec, fd: number, on: boolean): void {
    try {
      this.#calls.ioctl(fd, requests.setValues, packValues(on));
    } catch (error) {
      throw new GpioError("line", `${spec.name} (BCM ${spec.bcm}) could not be switched ${on ? "on" : "off"}`, {
        cause: error,
      });
    }
  }

  async openInput(
    spec: InputSpec,
    onEdge: ((edge: Edge) => void) | undefined,
    onFailure: (error: Error) => void,
  ): Promise<InputLine> {
    const fd = this.#request(spec, onEdge === undefined ? "level" : "input");
    if (onEdge === undefined) {
      this.#levels.add(fd);
      return { spec, isActive: () => this.#read(fd) };
    }
    this.#calls.setNonBlocking(fd);
    const bytes = Buffer.alloc(sizes.lineEvent * 16);
    const input = {
      fd,
      poll: (): void => {
        try {
          const length = this.#calls.read(fd, bytes);
          if (length === undefined || length === 0) return;
          for (const { active, timestampNs } of readEvents(bytes.subarray(0, length)))
            onEdge({ active, monoMs: this.#toMonoMs(timestampNs) });
        } catch (error) {
          this.#inputs.delete(input);
          onFailure(new GpioError("line", `${spec.name} (BCM ${spec.bcm}) went away`, { cause: error }));
        }
      },
    };
    this.#inputs.add(input);
    this.#pollSoon();
    return { spec, isActive: () => this.#read(fd) };
  }

  /** Our clock may begin elsewhere than the kernel's. */
  #toMonoMs(timestampNs: bigint): number {
    const agoMs = Number(this.#calls.nowNs() - timestampNs) / 1e6;
    return this.#clock.monotonicMs() - Math.max(0, agoMs);
  }

  #pollSoon(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#clock.startTimer("gpio edges", this.#pollMs, () => {
      this.#timer = undefined;
      for (const { poll } of this.#inputs) poll();
      if (this.#inputs.size > 0) this.#pollSoon();
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    try {
      for (const { spec, fd } of this.#outputs) this.#set(spec, fd, false);
    } finally {
      for (const { fd } of [...this.#outputs, ...this.#inputs]) this.#calls.close(fd);
      for (const fd of this.#levels) this.#calls.close(fd);
      this.#outputs.length = 0;
      this.#inputs.clear();
      this.#levels.clear();
      this.#calls.close(this.#chip);
    }
  }
}
