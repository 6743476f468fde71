/**
 * Gathers facts of the computer from the kernel's plain files and from Node. Nothing here judges. `root` is "" on a computer; a test has a tree of
 * files of its own.
 */
import { execFile } from "node:child_process";
import { lookup } from "node:dns/promises";
import { access, open, readdir, readFile, realpath, rm, stat, statfs } from "node:fs/promises";
import { machine as processor, networkInterfaces, release } from "node:os";
import { join } from "node:path";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { errorText } from "../../kit/error-text.ts";
import { readJournal } from "../../journal/journal.ts";
import { openNodeDiskToRead } from "../../journal/node-disk.ts";
import type { Clock } from "../../service/port.ts";
import type {
  ClockFacts,
  JournalFacts,
  NetworkFacts,
  PowerFacts,
  TemperatureFacts,
  VersionsFacts,
  WatchdogFacts,
} from "./facts.ts";

async function textOf(...path: readonly string[]): Promise<string | undefined> {
  return readFile(join(...path), "utf8").then(
    // Files of the device tree end in a NUL.
    (text) => text.replaceAll("\0", "").trim(),
    () => undefined,
  );
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export interface ClockProbe {
  readonly root: string;
  readonly clock: Pick<Clock, "wallMs">;
  readonly floorMs: number;
  /** The `Date` of an answer over TLS; undefined where none came. */
  readonly serverDate: (signal: AbortSignal) => Promise<number | undefined>;
}

export async function probeClock(
  { root, clock, floorMs, serverDate }: ClockProbe,
  signal: AbortSignal,
): Promise<ClockFacts> {
  const serverMs = await serverDate(signal);
  const isTimesyncd = await isThere(join(root, "/run/systemd/timesync"));
  const isChrony = await isThere(join(root, "/run/chrony"));
  const wallMs = clock.wallMs();
  return {
    wallMs,
    floorMs,
    keeper: isTimesyncd ? "systemd-timesyncd" : isChrony ? "chrony" : undefined,
    isSynchronized:
      (await isThere(join(root, "/run/systemd/timesync/synchronized"))) || (await kernelSaysSynchronized(signal)),
    hasRtc: await isThere(join(root, "/sys/class/rtc/rtc0")),
    aheadOfServerMs: serverMs === undefined ? undefined : wallMs - serverMs,
  };
}

/** The kernel's own word, whoever keeps the clock (timedatectl(1), NTPSynchronized). */
async function kernelSaysSynchronized(signal: AbortSignal): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)("timedatectl", ["show", "--property=NTPSynchronized", "--value"], {
      signal,
      timeout: 5_000,
    });
    return stdout.trim() === "yes";
  } catch {
    return false;
  }
}

/** @param hosts names that have to be found */
export async function probeNetwork(root: string, hosts: readonly string[]): Promise<NetworkFacts> {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
    all
      .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
      .map(({ address }) => `${name} ${address}`),
  );
  const names = await Promise.all(
    hosts
      .filter((host) => isIP(host) === 0)
      .map(async (host) => ({
        host,
        fault: await lookup(host).then(
          () => undefined,
          (error: unknown) => errorText(error),
        ),
      })),
  );
  return { addresses, hasDefaultRoute: await hasDefaultRoute(root), names };
}

/** /proc/self/net/route and ipv6_route (proc(5); /proc/net is not there for a unit with ProcSubset=pid): destination 0 with mask 0, by something that is not loopback. */
async function hasDefaultRoute(root: string): Promise<boolean> {
  const [v4 = "", v6 = ""] = [
    await textOf(root, "/proc/self/net/route"),
    await textOf(root, "/proc/self/net/ipv6_route"),
  ];
  return /^(?!lo\s)\S+\t00000000\t\S+\t(?:\S+\t){4}00000000/m.test(v4) || /^0{32} 00 .*\s(?!lo$)\S+$/m.test(v6);
}

const fileSystems: Readonly<Record<number, string>> = {
  // linux/magic.h
  0xef53: "ext4",
  0x01021994: "tmpfs",
  0x858458f6: "ramfs",
  0x794c7630: "overlayfs",
  0xf2f52010: "f2fs",
  0x9123683e: "btrfs",
  0x58465342: "xfs",
  0x4d44: "FAT",
};

const probeName = "doctor.probe";

export interface JournalProbe {
  readonly root: string;
  readonly folder: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Whether a write is tried and all of the journal read: not while the machine idles, for the sake of the card. */
  readonly isThorough: boolean;
  /** The block device's folder in sysfs; without it the one under the journal's folder is found. */
  readonly device?: string | undefined;
}

export async function probeJournal({
  root,
  folder,
  clock,
  isThorough,
  device: given,
}: JournalProbe): Promise<JournalFacts> {
  const space = await statfs(folder).catch((error: unknown) => errorText(error));
  const nothing = { unreadable: undefined, syncMs: undefined, reachedDevice: undefined, wearTenths: undefined };
  if (typeof space === "string")
    return { folder, fileSystem: "?", freeBytes: 0, totalBytes: 0, ...nothing, fault: space };
  const about = {
    folder,
    fileSystem: fileSystems[space.type] ?? `type ${space.type.toString(16)}`,
    freeBytes: space.bavail * space.bsize,
    totalBytes: space.blocks * space.bsize,
  };
  const device = given ?? (await deviceFolder(root, folder));
  const wearTenths = await wearOf(device);
  if (!isThorough) return { ...about, ...nothing, wearTenths, fault: undefined };
  const before = await writesOf(device);
  const tried = await trySync(join(folder, probeName), clock);
  const after = await writesOf(device);
  if (typeof tried === "string") return { ...about, ...nothing, fault: tried };
  const reachedDevice = before === undefined || after === undefined ? undefined : after > before;
  const unreadable = await readFault(folder);
  return { ...about, fault: undefined, unreadable, syncMs: tried, reachedDevice, wearTenths };
}

/** Reads all of it beside a daemon that may have it open; changes nothing. */
async function readFault(folder: string): Promise<string | undefined> {
  try {
    await readJournal(await openNodeDiskToRead(folder));
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** Milliseconds, or why it did not work. */
async function trySync(path: string, clock: Pick<Clock, "monotonicMs">): Promise<number | string> {
  try {
    const file = await open(path, "w", 0o600);
    try {
      const startMs = clock.monotonicMs();
      await file.writeFile(Buffer.alloc(4_096, 0x5a));
      await file.sync();
      return clock.monotonicMs() - startMs;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch (error) {
    return errorText(error);
  }
}

/** Of the block device under a folder: /sys/dev/block/MAJOR:MINOR. File systems without one have major 0 (tmpfs, overlay, btrfs). */
async function deviceFolder(root: string, folder: string): Promise<string | undefined> {
  const { dev } = await stat(folder);
  // glibc, sys/sysmacros.h: the low 12 bits of the major from bit 8 on; the minor's low byte, and the rest from bit 20 on.
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  return major === 0 ? undefined : realpath(join(root, "/sys/dev/block", `${major}:${minor}`)).catch(() => undefined);
}

/** Completed writes (Documentation/block/stat.rst, the fifth number). */
async function writesOf(device: string | undefined): Promise<number | undefined> {
  const text = device === undefined ? undefined : await textOf(device, "stat");
  const count = Number(text?.split(/\s+/)[4]);
  return Number.isSafeInteger(count) ? count : undefined;
}

/** JEDEC JESD84-B50, EXT_CSD DEVICE_LIFE_TIME_EST: "0x02 0x01", tenths used, of two kinds of cells. A partition's device is its disk's. */
async function wearOf(device: string | undefined): Promise<number | undefined> {
  if (device === undefined) return undefined;
  const text = (await textOf(device, "device/life_time")) ?? (await textOf(device, "../device/life_time"));
  const tenths = [...(text ?? "").matchAll(/0x[0-9a-f]{2}/gi)].map(([hex]) => Number(hex)).filter((one) => one > 0);
  return tenths.length === 0 ? undefined : Math.max(...tenths);
}

/** The firmware's word, by hwmon (drivers/hwmon/raspberrypi-hwmon.c) or its own file; undefined where there is neither. */
export async function probePower(root: string): Promise<PowerFacts | undefined> {
  const throttled = await textOf(root, "/sys/devices/platform/soc/soc:firmware/get_throttled");
  const bits = throttled === undefined ? undefined : Number.parseInt(throttled, 16);
  for (const entry of await readdir(join(root, "/sys/class/hwmon")).catch(() => [])) {
    const folder = join(root, "/sys/class/hwmon", entry);
    if ((await textOf(folder, "name")) !== "rpi_volt") continue;
    const alarm = (await textOf(folder, "in0_lcrit_alarm")) === "1";
    return { isLowNow: alarm || isSet(bits, 0), wasLow: alarm || isSet(bits, 16) };
  }
  return bits === undefined || Number.isNaN(bits) ? undefined : { isLowNow: isSet(bits, 0), wasLow: isSet(bits, 16) };
}

/** Bit 0: too low now; bit 16: it was since the boot (Raspberry Pi documentation, vcgencmd get_throttled). */
function isSet(bits: number | undefined, bit: number): boolean {
  return bits !== undefined && ((bits >> bit) & 1) === 1;
}

export async function probeTemperature(root: string): Promise<TemperatureFacts | undefined> {
  const text = await textOf(root, "/sys/class/thermal/thermal_zone0/temp");
  const milli = Number(text);
  return text === undefined || text === "" || Number.isNaN(milli) ? undefined : { celsius: milli / 1_000 };
}

export async function probeWatchdog(root: string): Promise<WatchdogFacts> {
  const folder = join(root, "/sys/class/watchdog/watchdog0");
  const timeout = Number(await textOf(folder, "timeout"));
  return { state: await textOf(folder, "state"), timeoutS: timeout > 0 ? timeout : undefined };
}

export async function probeVersions(root: string, kvitt: string): Promise<VersionsFacts> {
  const system = /^PRETTY_NAME="?(.*?)"?$/m.exec((await textOf(root, "/etc/os-release")) ?? "")?.[1];
  return {
    kvitt,
    node: process.versions.node,
    kernel: release(),
    system: system ?? "an unknown system",
    board:
      (await textOf(root, "/sys/firmware/devicetree/base/model")) ??
      (await textOf(root, "/proc/device-tree/model")) ??
      processor(),
  };
}
