/**
 * Goal: whatever step of the start or of the stop throws or hangs, and at whatever step a signal comes, the daemon ends, says what was wrong,
 * and leaves nothing behind: no state that says ready, no output on, no code on the glass, nothing that still runs.
 * Method: the composition over twins, each of whose steps is one that the test can spoil, on a clock that the test moves.
 */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/schema.ts";
import { runParts } from "../../../src/daemon/daemon.ts";
import type { DaemonParts } from "../../../src/daemon/parts.ts";
import { stopBudget } from "../../../src/daemon/stop-budget.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";
import type { Link, LinkListener, StateMessage } from "../../../src/link/port.ts";
import type { Machine } from "../../../src/machine/port.ts";
import { createSimulatedMachine, type DroppedThing } from "../../../src/machine/simulated.ts";
import type { Scene } from "../../../src/panel/port.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import type { LogExcerpt } from "../../../src/service/port.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { SimulatedHost } from "../../../src/service/simulated-host.ts";
import { SimulatedUpdates } from "../../../src/update/simulated-updates.ts";
import type { MerchantQrs, Payments } from "../../../src/vipps/port.ts";
import { PanelTwin } from "../../simulation/twins.ts";

/** Every step that can fail, in the order in which a start takes them. */
const buildSteps = ["journal", "panel", "boot count", "link", "provider", "machine", "sockets"] as const;
const startSteps = ["machine.start", "panel.start", "reconcile", "link.start", "ready"] as const;
const stopSteps = ["sockets.close", "machine.stop", "link.stop", "panel.stop", "journal.close"] as const;
type Step = (typeof buildSteps)[number] | (typeof startSteps)[number] | (typeof stopSteps)[number];

/** What a step does besides its work: throws, aborts, or never ends. */
type Spoil = (step: Step) => Promise<void> | void;

const panelMs = 40_000;
const planted = (step: Step): Error => new Error(`planted: ${step}`);

function config(): Config {
  const places = { folder: "/nowhere", providerUrl: "http://127.0.0.1:1", wireUrl: "http://127.0.0.1:1" };
  const toml = kioskToml({ ...places, brokerPort: 1, relayPort: 2 });
  const loaded = parseConfig(toml.replace("deliver_s = 10", "deliver_s = 300"));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

/** The broker keeps what was said last, whatever becomes of the machine. */
class RetainingLink implements Link {
  readonly #spoil: Spoil;
  #state: Omit<StateMessage, "session"> | undefined;
  #isConnected = false;
  retained: string | undefined;
  listener: LinkListener | undefined;

  constructor(spoil: Spoil) {
    this.#spoil = spoil;
  }

  async start(listener: LinkListener): Promise<void> {
    await this.#spoil("link.start");
    this.listener = listener;
    this.#isConnected = true;
    this.#send();
    listener.connection(true);
    listener.relay({ alive: true, registered: true });
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  tries(): number {
    return 1;
  }

  publishState(state: Omit<StateMessage, "session">): void {
    this.#state = state;
    this.#send();
  }

  async publishSale(): Promise<void> {}

  publishHealth(): void {}

  reply(): void {}

  fits(): boolean {
    return true;
  }

  async publishReply(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#spoil("link.stop");
    if (this.#isConnected) this.retained = "out-of-service";
    this.#isConnected = false;
  }

  #send(): void {
    if (this.#isConnected && this.#state !== undefined) this.retained = this.#state.state;
  }
}

class SpoiltPanel extends PanelTwin {
  readonly #spoil: Spoil;
  readonly #scenes: Scene[];
  isClosed = false;

  constructor(scenes: Scene[], spoil: Spoil) {
    super((scene) => {
      if (!this.isClosed) scenes.push(scene);
    });
    this.#scenes = scenes;
    this.#spoil = spoil;
  }

  override async start(): Promise<void> {
    await this.#spoil("panel.start");
    await super.start();
  }

  override async stop(): Promise<void> {
    await this.#spoil("panel.stop");
    if (!this.isClosed) this.#scenes.push({ kind: "out-of-service", reason: "stopped" });
    this.isClosed = true;
  }
}

function spoiltJournal(journal: Journal, spoil: Spoil): Journal {
  let commits = 0;
  return {
    commit: async (changes) => {
      commits += 1;
      if (commits === 1) await spoil("boot count");
      await journal.commit(changes);
    },
    carry: (changes) => journal.carry(changes),
    get: (table, key) => journal.get(table, key),
    secret: (key) => journal.secret(key),
    entries: (table) => {
      if (table === "settlement") void spoil("reconcile");
      return journal.entries(table);
    },
    close: async () => {
      await spoil("journal.close");
      await journal.close();
    },
  };
}

function spoiltMachine(machine: Machine, spoil: Spoil): Machine {
  return {
    start: async (onEvent) => {
      await spoil("machine.start");
      await machine.start(onEvent);
    },
    readiness: () => machine.readiness(),
    deliver: (order, signal) => machine.deliver(order, signal),
    resume: (order) => machine.resume(order),
    openSession: (funds) => machine.openSession(funds),
    closeSession: () => machine.closeSession(),
    identify: () => machine.identify(),
    stop: async () => {
      await spoil("machine.stop");
      await machine.stop();
    },
  };
}

const noPayments: Payments = {
  create: () => Promise.reject(new Error("nobody pays here")),
  get: () => Promise.reject(new Error("nobody pays here")),
  capture: () => Promise.reject(new Error("nobody pays here")),
  cancel: () => Promise.reject(new Error("nobody pays here")),
  refund: () => Promise.reject(new Error("nobody pays here")),
};

const qr = {
  kind: "ok",
  value: {
    merchantQrId: merchantQrId("demo-1"),
    locationDescription: "Demo machine",
    qr: { kind: "content", text: "https://qr.vipps.no/28/2/05/031/abcdefghi" },
  },
} as const;
const merchantQrs: MerchantQrs = { register: async () => qr, check: async () => qr };

function rig(spoil: Spoil = () => {}, disk = new SimulatedDisk()) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const entropy = createSeededEntropy(1);
  const stop = new AbortController();
  const hurry = new AbortController();
  const scenes: Scene[] = [];
  const drops: DroppedThing[] = [];
  const said: string[] = [];
  const open = { sockets: 0, journals: 0 };
  const link = new RetainingLink(spoil);
  const machine = createSimulatedMachine({ clock, entropy, deliveryMs: 3_000, drops });
  const whole = config();
  const parts: DaemonParts = {
    async openJournal() {
      await spoil("journal");
      const journal = await openJournal({ disk, wallMs: () => clock.wallMs(), retentionMs: 1e12 });
      open.journals += 1;
      return spoiltJournal(
        { ...bound(journal), close: () => journal.close().finally(() => (open.journals -= 1)) },
        spoil,
      );
    },
    async openPanel() {
      await spoil("panel");
      return { panel: new SpoiltPanel(scenes, spoil), stopMs: panelMs };
    },
    async openLink() {
      await spoil("link");
      return link;
    },
    async openProvider() {
      await spoil("provider");
      return { payments: noPayments, merchantQrs, shopQrs: undefined, close: () => {} };
    },
    openMachine() {
      void spoil("machine");
      return { machine: spoiltMachine(machine, spoil), twin: undefined };
    },
    openDoctor: (subjects) => ({
      link: subjects.link,
      examine: async () => [],
      latest: () => [],
      start: () => {},
      stop: () => {},
    }),
    async openSockets({ closeMs }, owned) {
      await spoil("sockets");
      open.sockets += 1;
      owned.defer(
        "sockets",
        async () => {
          await spoil("sockets.close");
          open.sockets -= 1;
        },
        closeMs,
      );
    },
  };
  const notifier = {
    isActive: true,
    notify: (message: string) => {
      said.push(message);
      if (message === "READY=1") void spoil("ready");
    },
  };
  const recentLog = (): LogExcerpt => ({ since: "2026-11-23T12:00:00.000Z", lines: [] });
  const signals = { signal: stop.signal, hurry: hurry.signal };
  const options = { config: whole, env: {}, log, recentLog, version: "1", ...signals };
  const ended: { how: "runs" | "well" | { readonly error: unknown } } = { how: "runs" };
  const service = {
    clock,
    entropy,
    notifier,
    host: new SimulatedHost(),
    updates: new SimulatedUpdates(),
    setWallOffset: () => {},
  };
  const running = settle()
    .then(() => runParts(options, service, parts))
    .then(
      () => (ended.how = "well"),
      (error: unknown) => (ended.how = { error }),
    );
  const budget = stopBudget({ deliverMs: whole.sale.deliver_s * 1_000, panelMs });
  /** Never says ready again, from whatever was left running. */
  async function expectOver(isPainted = true): Promise<void> {
    await clock.advance(3_600_000);
    await running;
    expect(link.retained).not.toBe("ready");
    expect(link.retained).not.toBe("init");
    expect(machine.isMoving).toBe(false);
    if (isPainted) expect(scenes.at(-1)).toEqual({ kind: "out-of-service", reason: "stopped" });
    expect(clock.timers()).toEqual([]);
  }
  /** The error that was planted, or its text where several were told. */
  const errorText = (): string => {
    const texts = (error: unknown): readonly string[] =>
      error instanceof SuppressedError ? [...texts(error.suppressed), ...texts(error.error)] : [String(error)];
    return typeof ended.how === "string" ? ended.how : texts(ended.how.error).join("; ");
  };
  return {
    clock,
    stop,
    hurry,
    scenes,
    drops,
    said,
    open,
    link,
    machine,
    ended,
    running,
    budget,
    log,
    errorText,
    expectOver,
  };
}

function bound(journal: Journal): Omit<Journal, "close"> {
  return {
    commit: (changes) => journal.commit(changes),
    carry: (changes) => journal.carry(changes),
    get: (table, key) => journal.get(table, key),
    secret: (key) => journal.secret(key),
    entries: (table) => journal.entries(table),
  };
}

type Rig = ReturnType<typeof rig>;

async function untilReady({ clock, link }: Rig): Promise<void> {
  for (let seconds = 0; seconds < 60 && link.retained !== "ready"; seconds += 1) await clock.advance(1_000);
  expect(link.retained).toBe("ready");
}

/** A service vend: the machine moves without a payment. */
async function orderDelivery({ link, clock }: Rig): Promise<void> {
  const deadlineWallMs = clock.wallMs() + 60_000;
  const order = { kind: "deliver", line: "A1", orderId: undefined } as const;
  await link.listener?.message({ kind: "command", command: { id: "c1", counter: 1, deadlineWallMs, order } });
  await settle();
}

/** Resolves when it ended, within `withinMs` of virtual time. */
async function endsWithin({ clock, ended }: Rig, withinMs: number): Promise<void> {
  for (let passed = 0; passed < withinMs && ended.how === "runs"; passed += 500) await clock.advance(500);
  expect(ended.how).not.toBe("runs");
}

describe("a start", () => {
  it("without a fault is ready, and ends well when it is told to", async () => {
    const world = rig();
    await untilReady(world);
    world.stop.abort();
    await endsWithin(world, 5_000);
    expect(world.ended.how).toBe("well");
    expect(world.link.retained).toBe("out-of-service");
    expect(world.said).toEqual(expect.arrayContaining(["READY=1", "STOPPING=1"]));
    await world.expectOver();
    expect(world.open).toEqual({ sockets: 0, journals: 0 });
  });

  it.each([...buildSteps, ...startSteps])("whose step %s throws ends within seconds, and says why", async (step) => {
    const world = rig((now) => {
      if (now === step) throw planted(step);
    });
    await endsWithin(world, 5_000);
    expect(world.errorText()).toBe(`Error: planted: ${step}`);
    await world.expectOver(step !== "journal" && step !== "panel");
    expect(world.open).toEqual({ sockets: 0, journals: 0 });
  });

  it.each([...buildSteps])("that fails at %s has said nothing upstream and moved nothing", async (step) => {
    const touched: Step[] = [];
    const world = rig((now) => {
      touched.push(now);
      if (now === step) throw planted(step);
    });
    await endsWithin(world, 5_000);
    expect(world.link.retained).toBeUndefined();
    for (const one of ["machine.start", "panel.start", "link.start"] as const) expect(touched).not.toContain(one);
  });

  it.each([...buildSteps, ...startSteps])(
    "is stopped by a signal that comes at %s, and goes no further",
    async (step) => {
      const touched: Step[] = [];
      const world: Rig = rig((now) => {
        touched.push(now);
        if (now === step) world.stop.abort(new Error("stopped by SIGTERM"));
      });
      await endsWithin(world, 5_000);
      expect(world.errorText()).toBe("well");
      const further = touched
        .slice(touched.indexOf(step) + 1)
        .filter((one) => startSteps.some((start) => start === one));
      expect(further).toEqual([]);
      await world.expectOver();
      expect(world.open).toEqual({ sockets: 0, journals: 0 });
    },
  );
});

describe("a machine that cannot read its journal", () => {
  async function unreadable(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk();
    const journal = await openJournal({ disk, wallMs: () => 0, retentionMs: 1e12 });
    await journal.commit([{ kind: "put", table: "settlement", key: "x", value: { not: "a settlement" } }]);
    await journal.close();
    return disk;
  }

  it("stands out of service until it is told to stop", async () => {
    const world = rig(() => {}, await unreadable());
    await world.clock.advance(600_000);
    expect(world.link.retained).toBe("out-of-service");
    expect(world.scenes.at(-1)).toEqual({ kind: "out-of-service", reason: "journal" });
    world.stop.abort();
    await endsWithin(world, 10_000);
    expect(world.errorText()).toBe("well");
    await world.expectOver();
  });

  it.each(["panel", "link", "machine", "machine.start", "machine.stop", "panel.start", "link.start"] as const)(
    "ends when its second %s throws",
    async (step) => {
      let times = 0;
      const world = rig(
        (now) => {
          // The kiosk before it stops the machine twice: itself, and as a part.
          if (now === step && (times += 1) > (step === "machine.stop" ? 2 : step === "link.start" ? 0 : 1))
            throw planted(step);
        },
        await unreadable(),
      );
      await endsWithin(world, 10_000);
      expect(world.errorText()).toContain(`planted: ${step}`);
      await world.expectOver();
    },
  );
});

describe("a stop", () => {
  it.each(stopSteps)("whose step %s throws stops everything else, and says so", async (step) => {
    const world = rig((now) => {
      if (now === step) throw planted(step);
    });
    await untilReady(world);
    world.stop.abort();
    await endsWithin(world, 5_000);
    expect(world.errorText()).toContain("not everything was stopped");
    expect(world.errorText()).toContain(`planted: ${step}`);
    await world.expectOver();
  });

  it.each(stopSteps)(
    "whose step %s hangs stops everything else within the budget that systemd was told",
    async (step) => {
      const world = rig((now) => (now === step ? new Promise(() => {}) : undefined));
      await untilReady(world);
      const startedMs = world.clock.monotonicMs();
      world.stop.abort();
      await endsWithin(world, world.budget.totalMs + 1_000);
      expect(world.clock.monotonicMs() - startedMs).toBeLessThanOrEqual(world.budget.totalMs);
      expect(world.errorText()).toContain("did not end within");
      await world.expectOver();
    },
  );

  it.each(["full", "read-only", "io"] as const)("with a disk that is %s ends within seconds", async (fault) => {
    const disk = new SimulatedDisk();
    const world = rig(() => {}, disk);
    await untilReady(world);
    await orderDelivery(world);
    disk.fault = fault;
    world.stop.abort();
    await endsWithin(world, 20_000);
    await world.expectOver();
  });

  it("lets a delivery end", async () => {
    const world = rig();
    await untilReady(world);
    await orderDelivery(world);
    expect(world.machine.isMoving).toBe(true);
    world.stop.abort();
    await world.clock.advance(2_000);
    expect(world.ended.how).toBe("runs");
    await endsWithin(world, 5_000);
    expect(world.drops).toHaveLength(1);
    await world.expectOver();
  });

  it("that is hurried switches the outputs off under a delivery, and waits no longer", async () => {
    const world = rig();
    await untilReady(world);
    world.machine.setFault("slow");
    await orderDelivery(world);
    world.stop.abort();
    await world.clock.advance(2_000);
    expect([world.ended.how, world.machine.isMoving]).toEqual(["runs", true]);
    world.hurry.abort();
    await settle();
    expect(world.machine.isMoving).toBe(false);
    await endsWithin(world, 1_000);
    expect(world.ended.how).toBe("well");
    await world.expectOver();
  });

  it("asks systemd for time again and again while a delivery is on", async () => {
    const world = rig();
    await untilReady(world);
    world.machine.setFault("slow");
    await orderDelivery(world);
    const before = world.said.length;
    world.stop.abort();
    await endsWithin(world, world.budget.totalMs);
    const after = world.said.slice(before);
    expect(after[0]).toBe("STOPPING=1");
    expect(after.filter((message) => message.startsWith("EXTEND_TIMEOUT_USEC=")).length).toBeGreaterThanOrEqual(2);
    await world.expectOver();
  });
});
