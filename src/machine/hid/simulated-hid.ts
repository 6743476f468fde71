/** Simulated USB ports: devices are plugged in and pulled out, scan and type. They send reports, as real ones do. */
import type { HidBus, HidInfo, HidListener } from "./bus.ts";
import { type KeyStroke, type LayoutName, strokesOf } from "./layouts.ts";
import { posUsagePage } from "./hid-input.ts";

export interface SimulatedHid {
  readonly bus: HidBus;
  plug(info: HidInfo): void;
  unplug(path: string): void;
  /** Makes opening any device fail with this; undefined lets it work again. */
  setOpenFault(reason: string | undefined): void;
  isOpen(path: string): boolean;
  send(path: string, report: Uint8Array): void;
  /** Scans, in the device's mode. `isEnded`: whether a scanner that types sends Enter. */
  scan(path: string, text: string, layout?: LayoutName, isEnded?: boolean): void;
  /** Presses and releases one key after the other. */
  type(path: string, usages: readonly number[]): void;
}

const enter = 0x28;
const dataMax = 56;

/** The reports of a scanner in HID POS mode. */
export function posReports(text: string, aim = "]Q1"): readonly Uint8Array[] {
  const bytes = Buffer.from(text, "utf8");
  const count = Math.max(1, Math.ceil(bytes.length / dataMax));
  return Array.from({ length: count }, (_, index) => {
    const data = bytes.subarray(index * dataMax, (index + 1) * dataMax);
    const report = Buffer.alloc(64);
    report[0] = 0x02;
    report[1] = data.length;
    report.write(aim, 2, "latin1");
    data.copy(report, 5);
    report[63] = index < count - 1 ? 0x01 : 0x00;
    return Uint8Array.from(report);
  });
}

/** The reports of a keyboard that types this text: each key down, then up. */
export function keyReports(text: string, layout: LayoutName): readonly Uint8Array[] {
  const strokes = strokesOf(layout);
  return Array.from(text).flatMap((character) => {
    const stroke = strokes.get(character);
    if (stroke === undefined) throw new RangeError(`the layout ${layout} has no "${character}"`);
    return [keyReport(stroke), noKeyReport];
  });
}

const modifierBits = { nothing: 0, control: 0x01, shift: 0x02, alt: 0x04, altGr: 0x40 } as const;

/** The report of one key that is down. */
export function keyReport({ usage, held }: KeyStroke): Uint8Array {
  return Uint8Array.from([modifierBits[held], 0, usage, 0, 0, 0, 0, 0]);
}

const noKeyReport = keyReport({ usage: 0, held: "nothing" });

/** The reports of a number typed on the numeric pad while the left Alt key is down: one character, by its number. */
export function altNumberReports(digits: string): readonly Uint8Array[] {
  const typed = Array.from(digits, (digit) => [
    keyReport({ usage: digit === "0" ? 0x62 : 0x58 + Number(digit), held: "alt" }),
    keyReport({ usage: 0, held: "alt" }),
  ]);
  return [...typed.flat(), noKeyReport];
}

/** The reports of a scanner that types every character by its number, whatever the host's layout. */
export function altCodeReports(text: string): readonly Uint8Array[] {
  return Array.from(text).flatMap((character) =>
    altNumberReports(String(character.codePointAt(0) ?? 0).padStart(4, "0")),
  );
}

export function createSimulatedHid(): SimulatedHid {
  const plugged = new Map<string, HidInfo>();
  const listeners = new Map<string, HidListener>();
  let openFault: string | undefined;
  const send = (path: string, report: Uint8Array): void => listeners.get(path)?.report(report);
  const type = (path: string, usages: readonly number[]): void => {
    for (const usage of usages) {
      send(path, keyReport({ usage, held: "nothing" }));
      send(path, noKeyReport);
    }
  };
  return {
    bus: {
      list: async () => [...plugged.values()],
      open: async (path, listener) => {
        if (openFault !== undefined) throw new Error(openFault);
        if (!plugged.has(path)) throw new Error(`${path} is not there`);
        listeners.set(path, listener);
        return { close: async () => void listeners.delete(path) };
      },
    },
    plug: (info) => void plugged.set(info.path, info),
    unplug: (path) => {
      plugged.delete(path);
      const listener = listeners.get(path);
      listeners.delete(path);
      listener?.closed("unplugged");
    },
    setOpenFault: (reason) => (openFault = reason),
    isOpen: (path) => listeners.has(path),
    send,
    scan: (path, text, layout = "us", isEnded = true) => {
      const isPos = plugged.get(path)?.usagePage === posUsagePage;
      for (const report of isPos ? posReports(text) : keyReports(text, layout)) send(path, report);
      if (!isPos && isEnded) type(path, [enter]);
    },
    type,
  };
}
