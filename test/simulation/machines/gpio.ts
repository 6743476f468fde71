/**
 * A machine on the GPIO header: the product's driver and its guard on simulated lines, and behind the lines coils, a coin mechanism, a relay
 * with an acknowledge contact and a timed output, as they are built.
 */
import { createGpioMachine } from "../../../src/machine/gpio/gpio-driver.ts";
import type { InputSpec, OutputSpec } from "../../../src/machine/gpio/lines.ts";
import type { LineSettings, MachineWide } from "../../../src/machine/gpio/settings.ts";
import { SimulatedHeader } from "../../../src/machine/gpio/simulated-lines.ts";
import { withInputs } from "../../../src/machine/combined.ts";
import { createGuardedActuators } from "../../../src/machine/guard/guarded-actuators.ts";
import { createSimulatedGuard } from "../../../src/machine/guard/simulated-guard.ts";
import type { DeliveryOrder, DeliveryOutcome, Key, Machine, MachineEvent } from "../../../src/machine/port.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import type { Timer } from "../../../src/service/port.ts";
import type { Life } from "../process.ts";
import type { Rig, Surroundings } from "./port.ts";
import type { Readers } from "./readers.ts";
import { flatTimeSales } from "./tariff.ts";

const input = (name: string, bcm: number): InputSpec => ({ name, bcm, activeLow: false });
const output = (name: string, bcm: number): OutputSpec => ({ name, bcm, activeLow: false });
const buttons: Readonly<Record<string, number>> = { A1: 5, A2: 6, A3: 13, A4: 19 };
const [cancelBcm, inhibitBcm, doorBcm, dropBcm, acknowledgeBcm] = [26, 20, 21, 16, 12];
const maxOnMs = 3_600_000;
const creditMinor = 400;
const timedMs = 45_000;

const product = (id: string, minor: number, line: string) => ({
  id,
  name: id,
  price: money(minor, "NOK"),
  vatRate: 1_500,
  line,
});

const vendingLines: readonly LineSettings[] = [
  {
    form: "motor",
    line: "A1",
    button: input("button A1", 5),
    output: output("A1", 2),
    confirm: "drop",
    home: undefined,
    homeStableMs: 20,
    drop: input("drop", dropBcm),
    dropMinMs: 3,
    leaveMs: 1_500,
    turnMs: 4_000,
    dropWaitMs: 2_000,
    jogs: 1,
  },
  {
    form: "pulse",
    line: "A2",
    button: input("button A2", 6),
    output: output("A2", 3),
    onMs: 100,
    offMs: 100,
    creditValue: creditMinor,
    pulses: 1,
    maxPulses: 50,
    acknowledge: undefined,
  },
  {
    form: "relay",
    line: "A3",
    button: input("button A3", 13),
    output: output("A3", 4),
    onMs: 500,
    acknowledge: { input: input("acknowledge", acknowledgeBcm), windowMs: 3_000, minMs: 5, without: "not-delivered" },
  },
  {
    form: "timed",
    line: "A4",
    button: input("button A4", 19),
    output: output("A4", 17),
    onMs: timedMs,
    creditValue: undefined,
  },
];

const timeLine: LineSettings = {
  form: "timed",
  line: "T",
  button: undefined,
  output: output("T", 17),
  onMs: undefined,
  creditValue: undefined,
};

const wide: MachineWide = {
  inhibit: input("inhibit", inhibitBcm),
  inhibitWaitMs: 5_000,
  door: input("door", doorBcm),
  cancelButton: input("cancel", cancelBcm),
  lamp: output("lamp", 27),
  postDelayMs: 500,
  maxOnMs,
  stableMs: 25,
};

type GpioKind = "gpio" | "parking" | "timed";

const linesOf: Readonly<Record<GpioKind, readonly LineSettings[]>> = {
  gpio: vendingLines,
  parking: [],
  timed: [timeLine],
};

export function gpioRig(world: Surroundings, kind: GpioKind, readers: Readers | undefined): Rig {
  const lines = linesOf[kind];
  const header = new SimulatedHeader(world.clock);
  const guard = createSimulatedGuard(world.clock, header);
  const behind = new BehindTheLines(world, header, lines);
  let keypad: ((event: MachineEvent) => void) | undefined;
  const press = (bcm: number): void => {
    header.drive(bcm, true);
    world.clock.startTimer("finger", 120, () => header.drive(bcm, false));
  };
  const type = (key: Key): void => {
    if (readers === undefined) keypad?.({ kind: "key", key });
    else readers.key(key);
  };
  const sellsTime = kind !== "gpio";
  const products = [product("coil", 2_500, "A1"), product("credit", 3_200, "A2"), product("relay", 1_000, "A3")];
  return {
    kind,
    catalogue: {
      currency: "NOK",
      version: "1",
      products: sellsTime ? [] : [...products, product("shower", 1_500, "A4")],
    },
    policy: sellsTime
      ? {
          timeSales: flatTimeSales(world, kind === "timed" ? 50 : 240),
          plateWanted: kind === "parking",
          timeLine: kind === "timed" ? "T" : undefined,
          checkInStyle: world.pick(["choose-then-pay", "off"]),
        }
      : {},
    lineFault: (line, price) => {
      if (!lines.some((one) => one.line === line)) return { key: "line", message: `there is no line "${line}"` };
      const isWhole = line !== "A2" || price % creditMinor === 0;
      return isWhole ? undefined : { key: "price", message: `${price} is no whole number of credits` };
    },
    deliverMs: 30_000,
    lines: sellsTime ? ["time"] : ["A1", "A2", "A3", "A4"],
    faults: kind === "gpio" ? ["jam", "blind", "guard killed", "guard frozen", "input gone"] : ["guard killed"],
    boot: (life: Life): Machine => {
      const log = createMemoryLog();
      const openLines = async () => {
        if (!life.isAlive) return new Promise<never>(() => {});
        const opened = header.open();
        life.onEnd(() => opened.abandon());
        return opened;
      };
      const actuators = createGuardedActuators({
        hello: {
          order: "hello",
          outputs: [...lines.map((line) => line.output), output("lamp", 27)],
          maxOnMs,
          lines: { backEnd: "simulated" },
        },
        startGuard: (events) => {
          if (!life.isAlive) return { send: () => {}, finish: () => {}, kill: () => {} };
          const process = guard.start({
            line: (text) => life.isAlive && events.line(text),
            gone: (reason) => life.isAlive && events.gone(reason),
          });
          return {
            send: (text) => life.isAlive && process.send(text),
            finish: () => life.isAlive && process.finish(),
            kill: () => life.isAlive && process.kill(),
          };
        },
        openLines,
        clock: life.clock,
        entropy: world.entropy,
        log,
      });
      const machine = createGpioMachine({ openInputs: openLines, actuators, lines, wide, clock: life.clock, log });
      const scanner = {
        name: "keypad and scanner",
        start: async (onEvent: (event: MachineEvent) => void) => {
          keypad = (event) => life.isAlive && onEvent(event);
        },
        status: () => ({ present: true, detail: "simulated" }),
        stop: async () => {},
      };
      return withInputs(machine, readers?.boot(life) ?? [scanner]);
    },
    attach: () => {},
    ordered: (order) => behind.ordered(order),
    ended: (order, outcome) => behind.ended(order, outcome),
    collect: () => {},
    choose: (line) => {
      const bcm = buttons[line];
      if (bcm !== undefined) press(bcm);
    },
    takeBack: () => (sellsTime ? type("cancel") : press(cancelBcm)),
    scan: (text) => {
      if (readers === undefined) keypad?.({ kind: "code-scanned", text });
      else readers.scan(text);
    },
    key: type,
    setFault: (fault) => {
      behind.fault = fault;
      if (fault === "guard killed") guard.kill();
      else if (fault === "guard frozen") guard.freeze();
      else if (fault === "input gone") header.remove(inhibitBcm);
      else header.restore(inhibitBcm);
    },
    setInhibited: (inhibited) => header.drive(inhibitBcm, inhibited),
    setDoorOpen: (open) => {
      header.drive(doorBcm, open);
      return true;
    },
    cutPower: () => {
      guard.kill();
      keypad = undefined;
      behind.cutPower();
    },
    faultsAtEnd: () => [
      ...guard.offences.map((text) => `guard: ${text}`),
      ...header.offences.map((text) => `header: ${text}`),
      ...behind.faultsAtEnd(),
    ],
  };
}

/** Coils and coin mechanisms: they see levels of lines and know nothing of payments. */
class BehindTheLines {
  fault: string | undefined;
  readonly #world: Surroundings;
  readonly #header: SimulatedHeader;
  readonly #lines: ReadonlyMap<number, LineSettings>;
  /** The order that moves a line: what happens on the line belongs to it. */
  readonly #orders = new Map<string, DeliveryOrder>();
  readonly #timers = new Map<string, Timer>();
  readonly #onSince = new Map<number, number>();
  readonly #credits = new Map<string, number>();
  #boughtMs = 0;
  #onMs = 0;

  constructor(world: Surroundings, header: SimulatedHeader, lines: readonly LineSettings[]) {
    this.#world = world;
    this.#header = header;
    this.#lines = new Map(lines.map((line) => [line.output.bcm, line]));
    header.onOutput = (bcm, high) => this.#changed(bcm, high);
  }

  ordered(order: DeliveryOrder): void {
    const { selection } = order;
    if (selection.kind === "time" && selection.line === undefined) {
      this.#fell(order, order.price.minor, "validity");
      return;
    }
    const line = selection.kind === "line" || selection.kind === "time" ? selection.line : undefined;
    if (line !== undefined) this.#orders.set(line, order);
  }

  #changed(bcm: number, high: boolean): void {
    const line = this.#lines.get(bcm);
    if (line === undefined) return;
    const order = this.#orders.get(line.line);
    const nowMs = this.#world.clock.monotonicMs();
    if (!high) {
      const sinceMs = this.#onSince.get(bcm);
      this.#onSince.delete(bcm);
      if (sinceMs !== undefined) this.#wentOff(line, nowMs - sinceMs);
      return;
    }
    this.#onSince.set(bcm, nowMs);
    if (order === undefined) this.#world.violate(`line ${line.line} went on and nobody had ordered anything`);
    else this.#wentOn(line, order);
  }

  #later(name: string, delayMs: number, run: () => void): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(name, this.#world.clock.startTimer(name, delayMs, run));
  }

  #pulse(bcm: number): void {
    this.#header.drive(bcm, true);
    this.#world.clock.startTimer("sensor", 20, () => this.#header.drive(bcm, false));
  }

  #wentOn(line: LineSettings, order: DeliveryOrder): void {
    switch (line.form) {
      case "motor":
        if (this.fault === "jam") return;
        return this.#later("coil", 1_000, () => {
          // A coil that is turned again because its sensor saw nothing has nothing left in front.
          if (this.#paid.has(order.deliveryId)) return;
          this.#paid.add(order.deliveryId);
          this.#fell(order, order.price.minor, line.line);
          if (this.fault !== "blind") this.#pulse(dropBcm);
        });
      case "pulse":
        return this.#later("coin mechanism", 700, () => this.#credited(line.line, order));
      case "relay":
        if (this.fault === "jam") return;
        return this.#later("relay", 300, () => {
          this.#fell(order, order.price.minor, line.line);
          if (this.fault !== "blind") this.#pulse(acknowledgeBcm);
        });
      case "timed":
        return this.#switchedOn(order);
    }
  }

  readonly #paid = new Set<string>();

  #switchedOn(order: DeliveryOrder): void {
    const { deliveryId, selection, price } = order;
    if (this.#paid.has(deliveryId)) return;
    this.#paid.add(deliveryId);
    this.#boughtMs += selection.kind === "time" ? selection.minutes * 60_000 : timedMs;
    this.#fell(order, price.minor, "timed output");
  }

  /** An output that was on already stays on for longer: no level changes. */
  ended(order: DeliveryOrder, outcome: DeliveryOutcome): void {
    const { selection } = order;
    const name = selection.kind === "line" || selection.kind === "time" ? selection.line : undefined;
    for (const [bcm, line] of this.#lines)
      if (line.line === name && line.form === "timed" && outcome.kind === "delivered" && this.#header.isHigh(bcm))
        this.#switchedOn(order);
  }

  #wentOff(line: LineSettings, onMs: number): void {
    if (line.form === "timed") this.#onMs += onMs;
    if (line.form === "motor") this.#timers.get("coil")?.cancel();
    if (line.form === "relay" && onMs < 300) this.#timers.get("relay")?.cancel();
    if (line.form === "pulse" && onMs >= 50) {
      this.#credits.set(line.line, (this.#credits.get(line.line) ?? 0) + 1);
      const order = this.#orders.get(line.line);
      if (order === undefined) return;
      // It has what it wants: nothing more is waited for.
      const isPaid = (this.#credits.get(line.line) ?? 0) * creditMinor >= order.price.minor;
      if (isPaid) this.#timers.get("coin mechanism")?.cancel();
      if (isPaid) this.#credited(line.line, order);
      else this.#later("coin mechanism", 700, () => this.#credited(line.line, order));
    }
  }

  /** The train is over: so many credits it got. */
  #credited(line: string, order: DeliveryOrder): void {
    const credits = this.#credits.get(line) ?? 0;
    this.#credits.delete(line);
    if (credits * creditMinor > order.price.minor)
      this.#world.violate(`${credits} credits were sent for ${order.price.minor}`);
    if (credits > 0) this.#fell(order, credits * creditMinor, `${credits} credits`);
  }

  #fell({ deliveryId, reference }: DeliveryOrder, priceMinor: number, what: string): void {
    this.#world.count(`gpio: ${what.replace(/^\d+ /, "")}`);
    this.#world.fell({ deliveryId, reference, what, priceMinor });
  }

  /** The header is without power: every output falls off. */
  cutPower(): void {
    for (const bcm of this.#lines.keys()) {
      if (!this.#header.isHigh(bcm)) continue;
      this.#header.drive(bcm, false);
      this.#changed(bcm, false);
    }
  }

  faultsAtEnd(): readonly string[] {
    const nowMs = this.#world.clock.monotonicMs();
    let onMs = this.#onMs;
    for (const [bcm, sinceMs] of this.#onSince) if (this.#lines.get(bcm)?.form === "timed") onMs += nowMs - sinceMs;
    // A second for what is renewed after the guard was lost.
    const slackMs = 5_000;
    return onMs > this.#boughtMs + slackMs
      ? [`a timed output was on for ${onMs} ms, and ${this.#boughtMs} were paid`]
      : [];
  }
}
