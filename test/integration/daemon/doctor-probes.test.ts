/** Goal: the probes read what the kernel writes. Method: trees of files as a Raspberry Pi has them, and this computer's own disk. */
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  probeClock,
  probeJournal,
  probeNetwork,
  probePower,
  probeTemperature,
  probeVersions,
  probeWatchdog,
} from "../../../src/daemon/doctor/probe-computer.ts";
import { probeAdapter, probeInputs, probeLines, probePanel } from "../../../src/daemon/doctor/probe-machine.ts";
import { probeCredentials } from "../../../src/daemon/doctor/probe-outside.ts";
import { applyFix, fixesFor, pathFact, wantedPaths } from "../../../src/daemon/doctor/fix.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import { openNodeDisk } from "../../../src/journal/node-disk.ts";
import { setUp } from "../../../src/config/setup/plan.ts";
import { panelFolder } from "../../../src/panel/assets.ts";
import { listPanels } from "../../../src/panel/panel-file.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kvitt-doctor-"));
  const made = root;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const panels = await listPanels(panelFolder(import.meta.url));
function configOf(trade: string, change: (text: string) => string = (text) => text) {
  const made = setUp({ trade, id: "m-1", location: "Here", msn: "123456", broker: "mqtts://b.example.com" }, panels);
  if (!made.ok) throw new Error(made.faults.join());
  const loaded = parseConfig(change(made.text));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}
const never = new AbortController().signal;

describe("power", () => {
  const hwmon = { "sys/class/hwmon/hwmon0/name": "cpu_thermal\n", "sys/class/hwmon/hwmon1/name": "rpi_volt\n" };
  const alarm = "sys/class/hwmon/hwmon1/in0_lcrit_alarm";
  const throttled = "sys/devices/platform/soc/soc:firmware/get_throttled";
  it.each([
    ["hwmon, well", { ...hwmon, [alarm]: "0\n" }, { isLowNow: false, wasLow: false }],
    ["hwmon, low", { ...hwmon, [alarm]: "1\n" }, { isLowNow: true, wasLow: true }],
    ["the firmware, well", { [throttled]: "0\n" }, { isLowNow: false, wasLow: false }],
    ["the firmware, low now", { [throttled]: "50005\n" }, { isLowNow: true, wasLow: true }],
    ["the firmware, low before", { [throttled]: "50000\n" }, { isLowNow: false, wasLow: true }],
    ["the firmware, hot but fed", { [throttled]: "80008\n" }, { isLowNow: false, wasLow: false }],
    ["both, low before", { ...hwmon, [alarm]: "0\n", [throttled]: "10000\n" }, { isLowNow: false, wasLow: true }],
    ["neither", {}, undefined],
  ])("by %s", async (_what, files, facts) => {
    await put(files);
    expect(await probePower(root)).toEqual(facts);
  });
});

it("temperature, watchdog and versions", async () => {
  expect(await probeTemperature(root)).toBeUndefined();
  expect(await probeWatchdog(root)).toEqual({ state: undefined, timeoutS: undefined });
  await put({
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/class/watchdog/watchdog0/state": "active\n",
    "sys/class/watchdog/watchdog0/timeout": "14\n",
    "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
  });
  expect(await probeTemperature(root)).toEqual({ celsius: 48.312 });
  expect(await probeWatchdog(root)).toEqual({ state: "active", timeoutS: 14 });
  expect(await probeVersions(root, "1.2.3")).toMatchObject({
    kvitt: "1.2.3",
    node: process.versions.node,
    system: "Debian GNU/Linux 13 (trixie)",
    board: "Raspberry Pi 4 Model B Rev 1.5",
  });
});

describe("the clock", () => {
  const clock = new SimulatedClock(5_000);
  const probe = (serverMs: number | undefined) =>
    probeClock({ root, clock, floorMs: 1, serverDate: async () => serverMs }, never);
  it("of timesyncd", async () => {
    await put({ "run/systemd/timesync/synchronized": "", "sys/class/rtc/rtc0/name": "rpi-rtc" });
    expect(await probe(4_000)).toEqual({
      wallMs: 5_000,
      floorMs: 1,
      keeper: "systemd-timesyncd",
      isSynchronized: true,
      hasRtc: true,
      aheadOfServerMs: 1_000,
    });
  });

  it("of chrony, and of nobody", async () => {
    expect(await probe(undefined)).toMatchObject({ keeper: undefined, hasRtc: false, aheadOfServerMs: undefined });
    await put({ "run/chrony/chronyd.pid": "1" });
    expect(await probe(undefined)).toMatchObject({ keeper: "chrony" });
  });
});

describe("the network", () => {
  const head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
  const row = (name: string, destination: string, mask: string): string =>
    `${name}\t${destination}\t0102A8C0\t0003\t0\t0\t100\t${mask}\t0\t0\t0\n`;
  const zeros = "0".repeat(32);
  const v6 = (name: string, destination = zeros, length = "00"): string =>
    `${destination} ${length} ${zeros} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     ${name}\n`;
  it.each([
    ["by IPv4", { "proc/self/net/route": head + row("eth0", "00000000", "00000000") }, true],
    ["by IPv6", { "proc/self/net/route": head, "proc/self/net/ipv6_route": v6("wlan0") }, true],
    ["only within the house", { "proc/self/net/route": head + row("eth0", "0002A8C0", "00FFFFFF") }, false],
    ["to half of the world", { "proc/self/net/route": head + row("tun0", "00000000", "00000080") }, false],
    ["to nowhere (lo)", { "proc/self/net/route": head, "proc/self/net/ipv6_route": v6("lo") }, false],
    ["without files", {}, false],
  ])("has a way out %s", async (_what, files, has) => {
    await put(files);
    expect(await probeNetwork(root, [])).toMatchObject({ hasDefaultRoute: has, names: [] });
  });

  it("finds names, and says which it does not find; an address needs none", async () => {
    const { names } = await probeNetwork(root, ["localhost", "127.0.0.1", "::1", "no-such-name.invalid"]);
    expect(names.map(({ host }) => host)).toEqual(["localhost", "no-such-name.invalid"]);
    expect(names[0]?.fault).toBeUndefined();
    expect(names[1]?.fault).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
});

describe("the journal's disk", () => {
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  it("syncs, and leaves nothing behind", async () => {
    const facts = await probeJournal({ root: "/", folder: root, clock, isThorough: true });
    expect(facts).toMatchObject({ folder: root, fault: undefined });
    expect(facts.freeBytes).toBeGreaterThan(0);
    expect(facts.totalBytes).toBeGreaterThanOrEqual(facts.freeBytes);
    expect(facts.syncMs).toBeGreaterThanOrEqual(0);
    await expect(rm(join(root, "doctor.probe"))).rejects.toThrow(/ENOENT/);
  });

  it("is not written to where that is not wanted", async () => {
    await chmod(root, 0o500);
    expect(await probeJournal({ root: "/", folder: root, clock, isThorough: false })).toMatchObject({
      fault: undefined,
      syncMs: undefined,
    });
  });

  it("has a journal that can be read, and says where it cannot", async () => {
    const folder = join(root, "journal");
    const journal = await openJournal({ disk: await openNodeDisk(folder), wallMs: () => 1, retentionMs: 1e12 });
    const probe = { root: "/", folder, clock };
    // Beside the daemon, which has it open.
    expect(await probeJournal({ ...probe, isThorough: true })).toMatchObject({
      fault: undefined,
      unreadable: undefined,
    });
    await journal.close();
    const [log = ""] = (await readdir(folder)).filter((name) => name.endsWith(".log"));
    await writeFile(join(folder, log), "not a journal");
    expect((await probeJournal({ ...probe, isThorough: true })).unreadable).toMatch(/journal/i);
    expect(await probeJournal({ ...probe, isThorough: false })).toMatchObject({ unreadable: undefined });
  });

  it("has a device that counts writes, and tells its wear where it can", async () => {
    const stat = (writes: number): string => `  100 0 800 10 ${writes} 0 4000 50 0 60 60 0 0 0 0 0 0\n`;
    await put({
      "sys/block/mmcblk0/device/life_time": "0x02 0x09\n",
      "sys/block/mmcblk0/mmcblk0p2/stat": stat(7),
      "sys/block/sda/stat": stat(7),
    });
    const device = join(root, "sys/block/mmcblk0/mmcblk0p2");
    const probe = { root, folder: root, isThorough: true };
    const still = await probeJournal({ ...probe, clock, device });
    expect(still).toMatchObject({ reachedDevice: false, wearTenths: 9 });
    // The count grows while the file is synced: between the two looks at the clock.
    let looks = 0;
    const counting = {
      monotonicMs: () => {
        looks += 1;
        if (looks === 2) writeFileSync(join(device, "stat"), stat(9));
        return looks;
      },
    };
    expect(await probeJournal({ ...probe, clock: counting, device })).toMatchObject({ reachedDevice: true, syncMs: 1 });
    const disk = await probeJournal({ ...probe, clock, device: join(root, "sys/block/sda") });
    expect(disk).toMatchObject({ reachedDevice: false, wearTenths: undefined });
    const unknown = await probeJournal({ ...probe, clock, device: join(root, "sys/block/none") });
    expect(unknown).toMatchObject({ reachedDevice: undefined, wearTenths: undefined });
  });

  it("says that there is none", async () => {
    const facts = await probeJournal({ root: "/", folder: join(root, "gone"), clock, isThorough: true });
    expect(facts.fault).toMatch(/ENOENT/);
  });

  it("knows memory from a disk", async () => {
    expect(await probeJournal({ root: "/", folder: "/dev/shm", clock, isThorough: false })).toMatchObject({
      fileSystem: "tmpfs",
    });
  });
});

describe("the panel", () => {
  const env = { PATH: "" };
  it("e-paper: device and BUSY", async () => {
    const config = configOf("snack");
    expect(await probePanel({ root, config, env })).toMatchObject({
      kind: "epaper",
      access: "missing",
      busyLevel: undefined,
    });
    await put({
      "dev/spidev0.0": "",
      "sys/class/gpio/gpiochip512/label": "pinctrl-bcm2711",
      "sys/class/gpio/gpiochip512/base": "512",
      "sys/class/gpio/gpiochip512/ngpio": "58",
      "sys/class/gpio/gpio536/value": "1\n",
      "sys/class/gpio/gpio536/direction": "in\n",
    });
    expect(await probePanel({ root, config, env })).toMatchObject({
      access: "ok",
      model: "waveshare-7.5-v2",
      busyLevel: 1,
      controller: "uc8179",
    });
  });

  it("a display: its mode, also where it hangs on its side", async () => {
    const config = configOf("coffee", (text) => text.replace("[panel]", "[panel]\nrotation = 90"));
    expect(await probePanel({ root, config, env })).toMatchObject({
      kind: "framebuffer",
      found: { kind: "absent" },
      access: "missing",
    });
    await put({
      "sys/class/graphics/fb0/name": "vc4drmfb\n",
      "sys/class/graphics/fb0/virtual_size": "1024,768\n",
      "sys/class/graphics/fb0/bits_per_pixel": "32\n",
      "sys/class/graphics/fb0/stride": "4096\n",
      "dev/fb0": "",
    });
    expect(await probePanel({ root, config, env })).toEqual({
      kind: "framebuffer",
      wanted: { name: "vc4drmfb", widthPx: 800, heightPx: 480 },
      found: { kind: "found", device: "fb0", widthPx: 1_024, heightPx: 768 },
      access: "ok",
    });
  });
});

describe("the lines", () => {
  it("are told with level and holder, a shared one once", async () => {
    await put({
      "sys/class/gpio/export": "",
      "sys/class/gpio/gpiochip512/label": "pinctrl-rp1",
      "sys/class/gpio/gpiochip512/base": "512",
      "sys/class/gpio/gpiochip512/ngpio": "54",
      "sys/kernel/debug/gpio":
        " gpio-528 (GPIO16              |sysfs               ) out lo\n gpio-517 (GPIO5               |spi0 CS0            ) in  hi\n",
    });
    const facts = await probeLines({ root, config: configOf("snack"), env: {} });
    expect(facts?.backEnd).toBe("sysfs");
    expect(facts?.lines.filter(({ bcm }) => bcm === 12)).toHaveLength(1);
    expect(facts?.lines).toContainEqual({ name: "the output of A1", bcm: 16, level: 0, holder: "sysfs" });
    expect(facts?.lines).toContainEqual({ name: "the button of A1", bcm: 5, level: 1, holder: "spi0 CS0" });
  });

  it("are told by the character device where sysfs says nothing", async () => {
    await put({ "dev/gpiochip0": "" });
    const infos = async () => new Map([[16, { holder: "spi0 CS0", direction: "out" as const }]]);
    const facts = await probeLines({ root, config: configOf("shower"), env: {} }, infos);
    expect(facts?.lines).toContainEqual({ name: "the output of S1", bcm: 16, level: undefined, holder: "spi0 CS0" });
    const blind = await probeLines({ root, config: configOf("shower"), env: {} }, () =>
      Promise.reject(new Error("no koffi")),
    );
    expect(blind?.lines).toContainEqual({ name: "the output of S1", bcm: 16, level: undefined, holder: undefined });
  });

  it.each([
    ["by the character device where there is no sysfs", { "dev/gpiochip0": "" }, "cdev"],
    ["by nothing where there is neither", {}, undefined],
  ])("go %s", async (_what, files, backEnd) => {
    await put(files);
    expect((await probeLines({ root, config: configOf("shower"), env: {} }))?.backEnd).toBe(backEnd);
  });
});

it("input devices are looked for by their ids", async () => {
  const config = configOf("parking", (text) => text.replaceAll('"ffff"', '"1a2C"'));
  const probe = (hid: Parameters<typeof probeInputs>[1]) => probeInputs({ root, config, env: {} }, hid);
  expect(await probe(async () => ({ ids: ["1a2c:1a2c"] }))).toMatchObject({
    inputs: [{ ids: "1a2C:1a2C", isThere: true }],
  });
  expect(await probe(async () => ({ ids: ["1a2c:0001"] }))).toMatchObject({ inputs: [{ isThere: false }] });
  expect(await probe(async () => ({ fault: "no libusb" }))).toMatchObject({ fault: "no libusb" });
});

it("the adapter is looked for by its path", async () => {
  const config = configOf("coffee");
  expect(await probeAdapter({ root, config, env: {} })).toEqual({ device: "/dev/ttyACM0", access: "missing" });
  await put({ "dev/ttyACM0": "" });
  expect(await probeAdapter({ root, config, env: {} })).toEqual({ device: "/dev/ttyACM0", access: "ok" });
  expect(await probeAdapter({ root, config: configOf("snack"), env: {} })).toBeUndefined();
});

describe("credentials", () => {
  const inRoot = (text: string): string => text.replace("/etc/kvitt/credentials", join(root, "credentials"));
  const states = async (env: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> => {
    const facts = await probeCredentials(configOf("kiosk", inRoot), env);
    return Object.fromEntries(facts.map(({ name, state }) => [name, state.kind]));
  };

  it("are found in the unit's folder, in the configured one, and in the environment", async () => {
    await put({ "unit/vipps-client-id": "a", "credentials/vipps-client-secret": "b" });
    await chmod(join(root, "unit/vipps-client-id"), 0o600);
    await chmod(join(root, "credentials/vipps-client-secret"), 0o600);
    const env = { CREDENTIALS_DIRECTORY: join(root, "unit"), VIPPS_SUBSCRIPTION_KEY: "c" };
    expect(await states(env)).toEqual({
      "vipps-client-id": "there",
      "vipps-client-secret": "there",
      "vipps-subscription-key": "there",
      "mqtt-password": "missing",
      "command-key": "missing",
    });
  });

  it("are closed and their folder is made by --fix, which says so and does it once", async () => {
    const config = configOf("kiosk", (text) => `${inRoot(text)}[journal]\ndirectory = "${join(root, "var/kvitt")}"\n`);
    await put({ "credentials/command-key": "k" });
    await chmod(join(root, "credentials"), 0o755);
    await chmod(join(root, "credentials/command-key"), 0o644);
    expect((await states())["command-key"]).toBe("wrong");
    const wanted = wantedPaths(config);
    const fixes = async () => fixesFor(wanted, await Promise.all(wanted.map(({ path }) => pathFact(path))));
    const told: string[] = [];
    for (const fix of await fixes()) told.push(await applyFix(fix, undefined));
    expect(told).toEqual([
      `${root}/credentials: mode 0700 now`,
      `${root}/var/kvitt: made, mode 0700`,
      `${root}/credentials/command-key: mode 0600 now`,
    ]);
    expect((await states())["command-key"]).toBe("there");
    expect(await fixes()).toEqual([]);
  });

  it("a thing of another kind is left to a person", async () => {
    await symlink("/nowhere", join(root, "credentials"));
    await put({ "credentials2/command-key/x": "" });
    const wanted = [
      {
        path: join(root, "credentials2/command-key"),
        kind: "file",
        forbidden: 0o077,
        mode: 0o600,
        isMade: false,
        isDaemons: false,
      },
    ] as const;
    expect(fixesFor(wanted, [await pathFact(wanted[0].path)])).toEqual([]);
  });
});
