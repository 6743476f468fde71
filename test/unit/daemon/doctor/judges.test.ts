/**
 * Goal: the doctor finds what is wrong, says what to do, and cries about nothing else. Method: the facts of a machine that is well, with one fault
 * planted; that check alone has to speak up.
 */
import { describe, expect, it } from "vitest";
import { examine } from "../../../../src/daemon/doctor/doctor.ts";
import type { CheckName, Facts } from "../../../../src/daemon/doctor/facts.ts";
import { exitCodeOf, type Finding, findingsText, type Verdict } from "../../../../src/daemon/doctor/finding.ts";
import { simulatedProbes, wellFacts } from "../../../../src/daemon/doctor/simulated-facts.ts";
import { SimulatedClock } from "../../../../src/service/simulated-clock.ts";

const never = new AbortController().signal;
const lookAt = (facts: Facts): Promise<readonly Finding[]> =>
  examine(simulatedProbes(facts), new SimulatedClock(), never);

const [wellBroker] = wellFacts.broker;
const trial = wellBroker?.outcome;
if (wellBroker === undefined || trial?.kind !== "connected") throw new Error("the twin is connected");
const broker = (change: Partial<typeof trial>): Partial<Facts> => ({
  broker: [{ ...wellBroker, outcome: { ...trial, ...change } }],
});
const journal = (change: Partial<Facts["journal"]>): Partial<Facts> => ({
  journal: { ...wellFacts.journal, ...change },
});
const clock = (change: Partial<Facts["clock"]>): Partial<Facts> => ({ clock: { ...wellFacts.clock, ...change } });
const daemon = (change: Partial<Facts["daemon"]>): Partial<Facts> => ({ daemon: { ...wellFacts.daemon, ...change } });
const epaper = {
  ...wellFacts.panel,
  kind: "epaper",
  model: "waveshare-7.5-v2",
  device: "/dev/spidev0.0",
  canSetSpeed: true,
  busyLevel: 1,
  controller: "uc8179",
} as const;
const framebuffer = {
  kind: "framebuffer",
  wanted: { name: "vc4drmfb", widthPx: 800, heightPx: 480 },
  found: { kind: "found", device: "fb0", widthPx: 800, heightPx: 480 },
  access: "ok",
} as const;
const refused = (status: number) => ({ kind: "refused", status, code: undefined, detail: "no" }) as const;
const relay = { instance: "relay-1", alive: true, registered: true, ageS: 20, validForS: 180 };
const noAnswer = {
  kind: "unknown",
  reason: "no route",
  status: undefined,
  code: undefined,
  retryAfterMs: undefined,
} as const;

type Planted = readonly [
  what: string,
  change: Partial<Facts>,
  check: CheckName,
  verdict: Verdict,
  found: RegExp,
  todo: RegExp,
];

const planted: readonly Planted[] = [
  [
    "a fault of the configuration",
    { configuration: { file: "k.toml", faults: ["sale.pay_s = 1\n    at least 20"], warnings: [] } },
    "configuration",
    "bad",
    /sale\.pay_s = 1: at least 20/,
    /kvitt config check k\.toml --here/,
  ],
  [
    "a warning of the configuration",
    { configuration: { file: "k.toml", faults: [], warnings: ["a\n b"] } },
    "configuration",
    "look",
    /a: b/,
    /config check/,
  ],
  [
    "a missing key",
    {
      credentials: [
        { name: "vipps-client-id", isNeeded: true, state: { kind: "missing", places: ["/x/vipps-client-id"] } },
      ],
    },
    "credentials",
    "bad",
    /vipps-client-id is missing/,
    /\/x\/vipps-client-id, mode 600/,
  ],
  [
    "a key that others can read",
    { credentials: [{ name: "command-key", isNeeded: false, state: { kind: "wrong", reason: "mode 644" } }] },
    "credentials",
    "bad",
    /command-key: mode 644/,
    /--fix/,
  ],
  ["no daemon", daemon({ isRunning: false }), "daemon", "look", /does not run/, /systemctl start/],
  [
    "out of service for its machine",
    daemon({ state: "out-of-service", reason: "machine", missing: ["machine"], machine: "the door is open" }),
    "daemon",
    "bad",
    /out-of-service: machine: the door is open/,
    /adapter/,
  ],
  [
    "no code for a scan, while it sells by another",
    daemon({ missing: ["relay"] }),
    "daemon",
    "look",
    /ready: relay/,
    /broker below/,
  ],
  [
    "a jammed line",
    daemon({ lines: [{ line: "A1", state: "jammed", action: "free it" }] }),
    "daemon",
    "look",
    /line A1 is jammed/,
    /free it/,
  ],
  ["a clock before the build", clock({ wallMs: 0 }), "clock", "bad", /1970.*before this version/, /timedatectl/],
  [
    "a clock that is minutes off",
    clock({ aheadOfServerMs: -180_000 }),
    "clock",
    "bad",
    /180 s behind the provider/,
    /timedatectl/,
  ],
  [
    "a clock that nothing confirms",
    clock({ isSynchronized: false, aheadOfServerMs: undefined }),
    "clock",
    "bad",
    /nothing confirms/,
    /port 123/,
  ],
  [
    "a clock that only the provider confirms",
    clock({ isSynchronized: false, keeper: undefined }),
    "clock",
    "look",
    /no time service runs here/,
    /timedatectl/,
  ],
  ["no address", { network: { ...wellFacts.network, addresses: [] } }, "network", "bad", /no interface/, /nmcli/],
  [
    "no way out",
    { network: { ...wellFacts.network, hasDefaultRoute: false } },
    "network",
    "bad",
    /no default route/,
    /router/,
  ],
  [
    "a name that is not found",
    { network: { ...wellFacts.network, names: [{ host: "b.example", fault: "ENOTFOUND" }] } },
    "network",
    "bad",
    /b\.example is not found: ENOTFOUND/,
    /resolvectl/,
  ],
  [
    "keys that are refused",
    { provider: { ...wellFacts.provider, qr: refused(401) } },
    "provider",
    "bad",
    /QR is refused \(401\)/,
    /one sales unit/,
  ],
  [
    "payments that are refused",
    { provider: { ...wellFacts.provider, payment: refused(403) } },
    "provider",
    "bad",
    /payment is refused \(403\)/,
    /switched on/,
  ],
  [
    "a request that is refused",
    { provider: { ...wellFacts.provider, qr: refused(400) } },
    "provider",
    "bad",
    /refused \(400\)/,
    /provider\.md/,
  ],
  [
    "no answer",
    { provider: { ...wellFacts.provider, payment: noAnswer } },
    "provider",
    "bad",
    /no answer: no route/,
    /network and clock/,
  ],
  [
    "a broker that refuses",
    { broker: [{ url: "mqtts://b", outcome: { kind: "failed", fault: "user or password" } }] },
    "broker",
    "bad",
    /mqtts:\/\/b: user or password/,
    /link\.md/,
  ],
  [
    "one of several brokers that is away",
    { broker: [wellBroker, { url: "mqtts://b", outcome: { kind: "failed", fault: "nobody listens" } }] },
    "broker",
    "look",
    /mqtts:\/\/b: nobody listens; the machine goes to another/,
    /link\.md/,
  ],
  [
    "an ACL that is too narrow to read",
    broker({ refused: ["kvitt/v1/1/m/event/#"] }),
    "broker",
    "bad",
    /refuses kvitt/,
    /kvitt fleet acl/,
  ],
  [
    "an ACL that is too narrow to write",
    broker({ mayWriteOwn: false }),
    "broker",
    "bad",
    /own topics/,
    /kvitt fleet acl/,
  ],
  [
    "an ACL that is too wide to read",
    broker({ foreign: ["kvitt/v1/1/other/state"] }),
    "broker",
    "bad",
    /another's: kvitt\/v1\/1\/other/,
    /kvitt fleet acl/,
  ],
  [
    "an ACL that is too wide to write",
    broker({ mayWriteForeign: true }),
    "broker",
    "bad",
    /write on another/,
    /kvitt fleet acl/,
  ],
  ["no relay ever", broker({ relays: [] }), "broker", "bad", /no relay has ever spoken/, /kvitt relay/],
  [
    "a dead relay",
    broker({ relays: [{ ...relay, alive: false }] }),
    "broker",
    "bad",
    /last heard of: relay-1/,
    /kvitt relay/,
  ],
  [
    "a relay that fell silent",
    broker({ relays: [{ ...relay, ageS: 181 }] }),
    "broker",
    "bad",
    /no relay is alive/,
    /kvitt relay/,
  ],
  [
    "a relay without registration",
    broker({ relays: [{ ...relay, registered: false }] }),
    "broker",
    "bad",
    /not registered/,
    /webhooks list/,
  ],
  ["no SPI", { panel: { ...epaper, access: "missing" } }, "panel", "bad", /no \/dev\/spidev0\.0/, /dtparam=spi=on/],
  [
    "SPI of another group",
    { panel: { ...epaper, access: "forbidden" } },
    "panel",
    "bad",
    /may not be used/,
    /usermod -aG spi/,
  ],
  [
    "no way to set the speed",
    { panel: { ...epaper, canSetSpeed: false } },
    "panel",
    "bad",
    /speed cannot be set/,
    /spi-tools/,
  ],
  ["BUSY that never rests, UC", { panel: { ...epaper, busyLevel: 0 } }, "panel", "look", /busy although/, /sticker/],
  [
    "BUSY that never rests, SSD",
    { panel: { ...epaper, controller: "ssd168x", busyLevel: 1 } },
    "panel",
    "look",
    /busy although/,
    /sticker/,
  ],
  [
    "a picture that cannot be written",
    { panel: { kind: "image", file: "/x/p.png", access: "missing" } },
    "panel",
    "bad",
    /p\.png cannot/,
    /image_file/,
  ],
  [
    "no display",
    { panel: { ...framebuffer, found: { kind: "absent", reason: "no framebuffer" } } },
    "panel",
    "bad",
    /no framebuffer/,
    /plug it in/,
  ],
  [
    "a mode that cannot be drawn in",
    { panel: { ...framebuffer, found: { kind: "unusable", reason: "8 bits" } } },
    "panel",
    "bad",
    /8 bits/,
    /cmdline/,
  ],
  [
    "a display in another mode",
    { panel: { ...framebuffer, found: { kind: "found", device: "fb0", widthPx: 1_024, heightPx: 768 } } },
    "panel",
    "bad",
    /1024 × 768.*800 × 480/,
    /video=HDMI-A-1:800x480/,
  ],
  [
    "a display of another group",
    { panel: { ...framebuffer, access: "forbidden" } },
    "panel",
    "bad",
    /\/dev\/fb0 may not/,
    /video/,
  ],
  ["no GPIO", { lines: { ...wellFacts.lines, backEnd: undefined } }, "lines", "bad", /no GPIO/, /Raspberry Pi/],
  [
    "a line of the kernel's",
    { lines: { backEnd: "sysfs", lines: [{ name: "door", bcm: 7, level: 1, holder: "spi0 CS1" }] } },
    "lines",
    "bad",
    /door, GPIO7, belongs to spi0 CS1/,
    /overlay/,
  ],
  [
    "no HID library",
    { inputs: { fault: "node-hid could not be loaded", inputs: [] } },
    "inputs",
    "bad",
    /node-hid/,
    /libusb/,
  ],
  [
    "a scanner that is not there",
    { inputs: { fault: undefined, inputs: [{ name: "scanner", ids: "0c2e:any", isThere: false }] } },
    "inputs",
    "bad",
    /scanner \(0c2e:any\) is not/,
    /plug it in/,
  ],
  [
    "no adapter",
    { adapter: { device: "/dev/ttyACM0", access: "missing" } },
    "adapter",
    "bad",
    /no \/dev\/ttyACM0/,
    /plug the adapter in/,
  ],
  [
    "an adapter of another group",
    { adapter: { device: "/dev/ttyACM0", access: "forbidden" } },
    "adapter",
    "bad",
    /may not be used/,
    /dialout/,
  ],
  [
    "a journal that cannot be written",
    journal({ fault: "EROFS: read-only file system" }),
    "journal",
    "bad",
    /EROFS/,
    /own the folder/,
  ],
  [
    "a journal that cannot be read",
    journal({ unreadable: "journal.log is corrupt at byte 7" }),
    "journal",
    "bad",
    /cannot be read: journal\.log is corrupt/,
    /keep a copy/,
  ],
  ["a journal in memory", journal({ fileSystem: "tmpfs" }), "journal", "bad", /forgotten when the power goes/, /ext4/],
  ["a journal on an overlay", journal({ fileSystem: "overlayfs" }), "journal", "bad", /forgotten/, /ext4/],
  ["a full disk", journal({ freeBytes: 10e6 }), "journal", "bad", /9 MiB free/, /vacuum/],
  ["a disk that fills", journal({ freeBytes: 200e6 }), "journal", "look", /190 MiB free/, /make room/],
  [
    "a sync that does nothing",
    journal({ reachedDevice: false }),
    "journal",
    "bad",
    /did not reach the device/,
    /nobarrier/,
  ],
  ["a slow card", journal({ syncMs: 900 }), "journal", "look", /900 ms/, /endurance/],
  ["a worn card", journal({ wearTenths: 10 }), "journal", "look", /90 to 100 %/, /next visit/],
  ["too little voltage", { power: { isLowNow: true, wasLow: true } }, "power", "bad", /too low now/, /5\.1 V/],
  [
    "too little voltage some time ago",
    { power: { isLowNow: false, wasLow: true } },
    "power",
    "look",
    /since the last boot/,
    /cable/,
  ],
  ["heat", { temperature: { celsius: 81 } }, "temperature", "bad", /81 °C and is slowed/, /heat sink/],
  ["warmth", { temperature: { celsius: 76 } }, "temperature", "look", /76 °C/, /cabinet/],
  [
    "no watchdog",
    { watchdog: { state: undefined, timeoutS: undefined } },
    "watchdog",
    "look",
    /no hardware watchdog/,
    /dtparam/,
  ],
  [
    "a watchdog that nobody feeds",
    { watchdog: { state: "inactive", timeoutS: 15 } },
    "watchdog",
    "look",
    /not fed/,
    /RuntimeWatchdogSec/,
  ],
  [
    "an old Node",
    { versions: { ...wellFacts.versions, node: "20.1.0" } },
    "versions",
    "bad",
    /Node 20\.1\.0/,
    /Node 24/,
  ],
];

describe("a machine on which everything is well", () => {
  it("has a good finding for each check, and nothing to do", async () => {
    const found = await lookAt(wellFacts);
    expect(found.filter(({ verdict, todo }) => verdict !== "good" || todo !== undefined)).toEqual([]);
    expect(new Set(found.map(({ check }) => check))).toEqual(new Set(Object.keys(wellFacts)));
    expect(exitCodeOf(found)).toBe(0);
  });

  it.each<readonly [string, Partial<Facts>]>([
    ["a code that is not registered yet", { provider: { ...wellFacts.provider, qr: refused(404) } }],
    ["BUSY that cannot be read", { panel: { ...epaper, busyLevel: undefined } }],
    ["an SSD panel at rest", { panel: { ...epaper, controller: "ssd168x", busyLevel: 0 } }],
    ["a display", { panel: framebuffer }],
    ["a card that tells nothing", journal({ wearTenths: undefined, reachedDevice: undefined, syncMs: undefined })],
    ["MQTT 3.1.1", broker({ version: "3.1.1", mayWriteOwn: undefined, mayWriteForeign: undefined })],
    ["a second relay that is down", broker({ relays: [{ ...relay, instance: "relay-2", alive: false }, relay] })],
    [
      "quiet lines",
      { lines: { backEnd: "cdev", lines: [{ name: "door", bcm: 5, level: undefined, holder: undefined }] } },
    ],
  ])("may have %s", async (_what, change) => {
    expect((await lookAt({ ...wellFacts, ...change })).filter(({ verdict }) => verdict !== "good")).toEqual([]);
  });
});

describe("a planted fault", () => {
  it.each(planted)("%s is found", async (_what, change, check, verdict, found, todo) => {
    const spoken = (await lookAt({ ...wellFacts, ...change })).filter((one) => one.verdict !== "good");
    expect(spoken.map((one) => [one.check, one.verdict])).toEqual([[check, verdict]]);
    expect(spoken[0]?.found).toMatch(found);
    expect(spoken[0]?.todo).toMatch(todo);
    expect(exitCodeOf(spoken)).toBe(verdict === "bad" ? 1 : 0);
  });

  it("there is one for each check", () => {
    expect(new Set(planted.map(([, , check]) => check))).toEqual(new Set(Object.keys(wellFacts)));
  });
});

describe("the round", () => {
  it("goes on when a probe fails, and says so", async () => {
    const probes = { ...simulatedProbes(wellFacts), power: () => Promise.reject(new Error("EACCES")) };
    const found = await examine(probes, new SimulatedClock(), never);
    const spoken = found.filter(({ verdict }) => verdict !== "good");
    expect(spoken).toMatchObject([{ check: "power", verdict: "unknown", found: "could not be looked at: EACCES" }]);
  });

  it("does not wait for ever for one", async () => {
    const time = new SimulatedClock();
    const probes = { ...simulatedProbes(wellFacts), broker: () => new Promise<undefined>(() => {}) };
    const looking = examine(probes, time, never);
    await time.advance(20_000);
    expect((await looking).find(({ check }) => check === "broker")?.found).toMatch(/no answer within 20 s/);
  });

  it("ends when it is told to", async () => {
    const probes = { ...simulatedProbes(wellFacts), broker: () => new Promise<undefined>(() => {}) };
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(examine(probes, new SimulatedClock(), signal)).rejects.toThrow("enough");
  });

  it("leaves out what this machine does not have", async () => {
    const probes = { ...simulatedProbes(wellFacts), adapter: async () => undefined };
    const found = await examine(probes, new SimulatedClock(), never);
    expect(found.some(({ check }) => check === "adapter")).toBe(false);
  });
});

it("findings are a line each, with what to do under it", () => {
  const text = findingsText([
    { check: "clock", verdict: "good", found: "it is noon" },
    { check: "temperature", verdict: "bad", found: "hot", todo: "shade" },
  ]);
  expect(text).toBe("ok    clock        it is noon\nBAD   temperature  hot\n                   → shade");
});
