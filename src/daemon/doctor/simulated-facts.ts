/** The twin of the probes: the facts of a machine on which everything is well, and probes that tell any others. */
import type { Facts, Probes } from "./facts.ts";

export const wellFacts: Facts = {
  configuration: { file: "/etc/kvitt/kvitt.toml", faults: [], warnings: [] },
  credentials: [
    {
      name: "vipps-client-id",
      isNeeded: true,
      state: { kind: "there", place: "/etc/kvitt/credentials/vipps-client-id" },
    },
    {
      name: "command-key",
      isNeeded: false,
      state: { kind: "missing", places: ["/etc/kvitt/credentials/command-key"] },
    },
  ],
  daemon: {
    isRunning: true,
    state: "ready",
    reason: undefined,
    missing: [],
    machine: undefined,
    panel: undefined,
    openSettlements: 0,
    unsent: 0,
    lines: [],
  },
  clock: {
    wallMs: Date.UTC(2027, 0, 1),
    floorMs: Date.UTC(2026, 10, 1),
    keeper: "systemd-timesyncd",
    isSynchronized: true,
    hasRtc: true,
    aheadOfServerMs: 300,
  },
  network: {
    addresses: ["eth0 192.168.1.7"],
    hasDefaultRoute: true,
    names: [{ host: "api.vipps.no", fault: undefined }],
  },
  provider: {
    environment: "test",
    qr: { kind: "ok", value: undefined },
    payment: { kind: "refused", status: 404, code: undefined, detail: "no such payment" },
  },
  broker: [
    {
      url: "mqtts://broker.example.com:8883",
      outcome: {
        kind: "connected",
        version: "5",
        isEncrypted: true,
        refused: [],
        mayWriteOwn: true,
        foreign: [],
        mayWriteForeign: false,
        relays: [{ instance: "relay-1", alive: true, registered: true, ageS: 20, validForS: 180 }],
      },
    },
  ],
  panel: {
    kind: "epaper",
    model: "waveshare-7.5-v2",
    device: "/dev/spidev0.0",
    access: "ok",
    canSetSpeed: true,
    busyLevel: 1,
    controller: "uc8179",
  },
  lines: {
    backEnd: "sysfs",
    lines: [{ name: "the output of A1", bcm: 16, level: 0, holder: "sysfs" }],
  },
  inputs: { fault: undefined, inputs: [{ name: "keypad", ids: "1a2c:2d43", isThere: true }] },
  adapter: { device: "/dev/ttyACM0", access: "ok" },
  journal: {
    folder: "/var/lib/kvitt",
    fault: undefined,
    unreadable: undefined,
    fileSystem: "ext4",
    freeBytes: 8e9,
    totalBytes: 16e9,
    syncMs: 12,
    reachedDevice: true,
    wearTenths: 1,
  },
  power: { isLowNow: false, wasLow: false },
  temperature: { celsius: 48 },
  watchdog: { state: "active", timeoutS: 14 },
  versions: { kvitt: "0.1.0", node: "24.21.0", kernel: "6.12.0", system: "Debian 13", board: "Raspberry Pi 4" },
};

/** Probes that answer with these facts. */
export function simulatedProbes(facts: Facts): Probes {
  return {
    configuration: async () => facts.configuration,
    credentials: async () => facts.credentials,
    daemon: async () => facts.daemon,
    clock: async () => facts.clock,
    network: async () => facts.network,
    provider: async () => facts.provider,
    broker: async () => facts.broker,
    panel: async () => facts.panel,
    lines: async () => facts.lines,
    inputs: async () => facts.inputs,
    adapter: async () => facts.adapter,
    journal: async () => facts.journal,
    power: async () => facts.power,
    temperature: async () => facts.temperature,
    watchdog: async () => facts.watchdog,
    versions: async () => facts.versions,
  };
}
