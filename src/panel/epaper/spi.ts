/**
 * /dev/spidevB.C from plain file writes (Linux, Documentation/spi/spidev.rst): a write is one transfer with CS low throughout, of at most `bufsiz` bytes.
 *
 * Speed is the one thing that a write cannot set, and the device tree's default is far too fast for a panel. It is set by ioctl through koffi where
 * that is installed; else by a child `spi-config -w` (Debian package spi-tools), which holds the device open: the kernel forgets the speed
 * when the last one closes it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { CodedError } from "../../kit/coded-error.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Log } from "../../service/port.ts";
import type { SpiPort } from "./bus.ts";
import { chunksOf } from "./chunks.ts";

export interface SpiOptions {
  /** "/dev/spidev0.0". */
  readonly path: string;
  /** The data sheets allow writes at 10 to 20 MHz; 4 MHz is what ribbon cables carry safely. */
  readonly speedHz: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the kernel tells the longest transfer. */
  readonly bufsizPath?: string;
  /** How the speed is set; by default ioctl, then spi-config. */
  readonly setSpeed?: (handle: FileHandle, path: string, speedHz: number) => Promise<SpeedHold>;
}

/** Keeps the speed while the port is open. */
export interface SpeedHold {
  readonly by: "ioctl" | "spi-config";
  release(): void;
}

export class SpiError extends CodedError<"spi-absent" | "spi-speed" | "spi-write"> {}

/** The module's own default. */
const bufsizDefault = 4_096;
const bufsizPathDefault = "/sys/module/spidev/parameters/bufsiz";

/** Opens the device at this speed, mode 0, 8 bits. @throws SpiError */
export async function openSpi(options: SpiOptions): Promise<SpiPort> {
  const bufsiz = await readBufsiz(options.bufsizPath ?? bufsizPathDefault);
  let handle: FileHandle;
  try {
    handle = await open(options.path, "r+");
  } catch (cause) {
    throw new SpiError(
      "spi-absent",
      `${options.path} cannot be opened: switch SPI on ("dtparam=spi=on" in config.txt) and put the service's user in the group "spi"`,
      { cause },
    );
  }
  let hold: SpeedHold;
  try {
    hold = await (options.setSpeed ?? ((file, path, hz) => setSpeed(file, path, hz, options.clock)))(
      handle,
      options.path,
      options.speedHz,
    );
  } catch (error) {
    await handle.close();
    throw error;
  }
  options.log.debug({ path: options.path, speedHz: options.speedHz, by: hold.by, bufsiz }, "SPI is open");
  return {
    write: (bytes) => writeChunks(handle, options.path, bytes, bufsiz),
    close: async () => {
      hold.release();
      await handle.close();
    },
  };
}

async function writeChunks(handle: FileHandle, path: string, bytes: Uint8Array, bufsiz: number): Promise<void> {
  for (const chunk of chunksOf(bytes, bufsiz)) {
    const { bytesWritten } = await handle.write(chunk);
    if (bytesWritten !== chunk.length)
      throw new SpiError("spi-write", `${path} took ${bytesWritten} of ${chunk.length} bytes in one transfer`);
  }
}

async function readBufsiz(path: string): Promise<number> {
  const text = await readFile(path, "utf8").catch(() => "");
  const value = Number.parseInt(text, 10);
  return Number.isSafeInteger(value) && value > 0 ? value : bufsizDefault;
}

async function setSpeed(handle: FileHandle, path: string, speedHz: number, clock: Clock): Promise<SpeedHold> {
  try {
    await setSpeedByIoctl(handle, speedHz);
    return { by: "ioctl", release: () => undefined };
  } catch (ioctlError) {
    try {
      return await setSpeedByTool(path, speedHz, clock);
    } catch (toolError) {
      throw new SpiError(
        "spi-speed",
        `the speed of ${path} cannot be set to ${speedHz} Hz: neither by ioctl (${errorText(ioctlError)}) nor by spi-config (${errorText(toolError)}); ` +
          `install the optional package koffi, or Debian's spi-tools`,
        { cause: toolError },
      );
    }
  }
}

/** linux/spi/spidev.h, _IOW('k', nr, size). */
const SPI_IOC_WR_MODE = 0x40016b01;
const SPI_IOC_WR_BITS_PER_WORD = 0x40016b03;
const SPI_IOC_WR_MAX_SPEED_HZ = 0x40046b04;

async function setSpeedByIoctl(handle: FileHandle, speedHz: number): Promise<void> {
  const { default: koffi } = await import("koffi");
  // Declared without "...": right on arm, arm64 and x64 Linux.
  const ioctl = koffi.load(null).func("int ioctl(int, unsigned long, void*)");
  const call = (name: string, request: number, value: Uint8Array) => {
    const answer: unknown = ioctl(handle.fd, request, value);
    if (answer !== 0) throw new Error(`${name} answered ${String(answer)}, errno ${koffi.errno()}`);
  };
  const speed = Buffer.alloc(4);
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] === 1) speed.writeUInt32LE(speedHz);
  else speed.writeUInt32BE(speedHz);
  call("SPI_IOC_WR_MODE", SPI_IOC_WR_MODE, Uint8Array.of(0));
  call("SPI_IOC_WR_BITS_PER_WORD", SPI_IOC_WR_BITS_PER_WORD, Uint8Array.of(8));
  call("SPI_IOC_WR_MAX_SPEED_HZ", SPI_IOC_WR_MAX_SPEED_HZ, speed);
}

/** Long enough for the tool to set the speed, or to fail. */
const toolSettleMs = 500;

async function setSpeedByTool(path: string, speedHz: number, clock: Clock): Promise<SpeedHold> {
  const child: ChildProcess = spawn("spi-config", ["-d", path, "-s", String(speedHz), "-w"], { stdio: "ignore" });
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`spi-config ended with ${code ?? "a signal"}`)));
  });
  await Promise.race([ended, clock.sleep(toolSettleMs)]);
  ended.catch(() => undefined);
  child.removeAllListeners("exit");
  return { by: "spi-config", release: () => void child.kill() };
}
