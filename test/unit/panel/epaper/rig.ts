/** A panel on the table: controller, wires and a model of the chip that knows its data sheet. Time passes only while somebody waits. */
import { createWiredBus, type EpaperBus } from "../../../../src/panel/epaper/bus.ts";
import type { Controller, Planes } from "../../../../src/panel/epaper/controller.ts";
import { createController } from "../../../../src/panel/epaper/controllers.ts";
import { packPlanes } from "../../../../src/panel/epaper/rows.ts";
import type { SimulatedGlass } from "../../../../src/panel/epaper/simulated-glass.ts";
import { createSimulatedWires, type SimulatedWires } from "../../../../src/panel/epaper/simulated-spi.ts";
import { SimulatedSsd } from "../../../../src/panel/epaper/simulated-ssd.ts";
import { SimulatedUc } from "../../../../src/panel/epaper/simulated-uc.ts";
import type { Frame } from "../../../../src/panel/frame.ts";
import type { Rotation } from "../../../../src/panel/geometry.ts";
import type { Log } from "../../../../src/service/port.ts";
import { settle, SimulatedClock } from "../../../../src/service/simulated-clock.ts";

export interface Rig {
  readonly clock: SimulatedClock;
  readonly chip: SimulatedSsd | SimulatedUc;
  readonly glass: SimulatedGlass;
  readonly controller: Controller;
  readonly wires: SimulatedWires;
  readonly bus: EpaperBus;
}

type MakeChip = (clock: SimulatedClock, widthPx: number, heightPx: number) => SimulatedSsd | SimulatedUc;

export interface Model {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly description: unknown;
  readonly chip: MakeChip;
}

/** Small glasses behave as large ones: the sizes are the panel's own where a size matters (122 in 128). */
export const models: Readonly<Record<string, Model>> = {
  "2.13 V4": {
    widthPx: 122,
    heightPx: 250,
    description: {
      name: "ssd168x",
      parameters: {
        updateControl1: [0x00, 0x80],
        updateControl1Partial: [0x00, 0x80],
        partial: true,
        fastTemperature: [0x64, 0x00],
      },
    },
    chip: (clock, widthPx, heightPx) =>
      new SimulatedSsd({ clock, widthPx, heightPx, xUnit: "byte", sourceFromS8: true, otp: { partial: true } }),
  },
  "2.13 B V4": {
    widthPx: 122,
    heightPx: 250,
    description: {
      name: "ssd168x",
      parameters: { updateControl1: [0x00, 0x80], red: true, refreshTimeoutMs: 60_000 },
    },
    chip: (clock, widthPx, heightPx) =>
      new SimulatedSsd({
        clock,
        widthPx,
        heightPx,
        xUnit: "byte",
        sourceFromS8: true,
        hasRed: true,
        times: { fullMs: 15_000 },
      }),
  },
  "4.2 V2": {
    widthPx: 400,
    heightPx: 300,
    description: {
      name: "ssd168x",
      parameters: { updateControl1: [0x40, 0x00], partial: true, fastTemperature: [0x6e] },
    },
    chip: (clock, widthPx, heightPx) =>
      new SimulatedSsd({ clock, widthPx, heightPx, xUnit: "byte", otp: { partial: true } }),
  },
  "4.26": {
    widthPx: 800,
    heightPx: 480,
    description: {
      name: "ssd1677",
      parameters: {
        updateControl1: [0x40, 0x00],
        border: 0x01,
        gateScan: 0x02,
        gatesReversed: true,
        booster: [0xae, 0xc7, 0xc3, 0xc0, 0x80],
        partial: true,
        fastTemperature: [0x5a],
      },
    },
    chip: (clock, widthPx, heightPx) =>
      new SimulatedSsd({ clock, widthPx, heightPx, xUnit: "pixel", gatesReversed: true, otp: { partial: true } }),
  },
  "7.5 V2": {
    widthPx: 800,
    heightPx: 480,
    description: { name: "uc8179", parameters: { fastTemperature: 0x5a, partialTemperature: 0x6e } },
    chip: (clock, widthPx, heightPx) =>
      new SimulatedUc({ clock, chip: "uc8179", widthPx, heightPx, partialFromCelsius: 0x6e }),
  },
  "7.5 B V2": {
    widthPx: 800,
    heightPx: 480,
    description: { name: "uc8179", parameters: { red: true, refreshTimeoutMs: 60_000 } },
    chip: (clock, widthPx, heightPx) =>
      new SimulatedUc({ clock, chip: "uc8179", widthPx, heightPx, hasRed: true, times: { fullMs: 16_000 } }),
  },
  "4.2 V1": {
    widthPx: 400,
    heightPx: 300,
    description: { name: "uc8176", parameters: {} },
    chip: (clock, widthPx, heightPx) => new SimulatedUc({ clock, chip: "uc8176", widthPx, heightPx }),
  },
};

export function createRig(name: string, size: { widthPx?: number; heightPx?: number } = {}): Rig {
  const model = models[name];
  if (model === undefined) throw new Error(`no model "${name}"`);
  const widthPx = size.widthPx ?? model.widthPx;
  const heightPx = size.heightPx ?? model.heightPx;
  const clock = new SimulatedClock();
  const chip = model.chip(clock, widthPx, heightPx);
  const controller = createController(model.description, widthPx, heightPx);
  const wires = createSimulatedWires(chip, clock);
  const bus = createWiredBus({ spi: wires.spi, lines: wires.lines, busyLevel: controller.busyLevel });
  return { clock, chip, glass: chip.glass, controller, wires, bus };
}

/** Lets time pass until the work is done. */
export async function finish<T>(clock: SimulatedClock, work: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = () => {
    state.isOver = true;
  };
  work.then(over, over);
  for (let turn = 0; turn < 100_000; turn += 1) {
    await settle();
    if (state.isOver) return work;
    clock.fireNext();
  }
  throw new Error("the work never ends");
}

const inks: Readonly<Record<string, readonly [number, number, number]>> = {
  "#": [0, 0, 0],
  " ": [255, 255, 255],
  R: [220, 20, 20],
};

/** `#` black, space white, `R` red. */
export function picture(rows: readonly string[]): Frame {
  const widthPx = rows[0]?.length ?? 0;
  const rgba = new Uint8ClampedArray(widthPx * rows.length * 4);
  for (const [y, row] of rows.entries())
    for (const [x, character] of Array.from(row).entries())
      rgba.set([...(inks[character] ?? [128, 128, 128]), 255], (y * widthPx + x) * 4);
  return { widthPx, heightPx: rows.length, rgba };
}

export function planesOf(rig: Rig, rows: readonly string[], rotation: Rotation = 0): Planes {
  return packPlanes(picture(rows), rig.controller.geometry, { rotation, codeArea: undefined });
}

/** A picture without symmetry, so that a mirrored, turned or shifted one is another. */
export function wedge(widthPx: number, heightPx: number, offset = 0): string[] {
  return Array.from({ length: heightPx }, (_, y) =>
    Array.from({ length: widthPx }, (_unused, x) =>
      (x * 3 + y * 7 + offset) % 11 < 4 && x + 2 * y > 4 ? "#" : " ",
    ).join(""),
  );
}

export const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};
