/** A panel's lines on the GPIO header, through anything that opens pins (onoff's `Gpio` will do). */
import type { Clock } from "../../service/port.ts";
import type { DigitalOutput, EpaperLines, Level } from "./lines.ts";

export interface PanelPin {
  writeSync(value: Level): void;
  readSync(): number;
  unexport(): void;
}

/** `high` and `low` open an output that has that level from the start. */
export type OpenPanelPin = (number: number, direction: "in" | "high" | "low", edge: "none") => PanelPin;

export interface PanelPins {
  readonly reset: number;
  readonly dataCommand: number;
  readonly busy: number;
  readonly power?: number | undefined;
}

export interface GpioEpaperLines extends EpaperLines {
  /** Returns the lines to the kernel. */
  close(): void;
}

/** BUSY is polled: a refresh takes seconds, and sysfs loses edges. */
const busyLookMs = 10;

/** `base` is the number of the header's first line in sysfs; `pins` are BCM numbers. */
export function createEpaperLines(openPin: OpenPanelPin, base: number, pins: PanelPins, clock: Clock): GpioEpaperLines {
  const opened: PanelPin[] = [];
  const open = (bcm: number, direction: "in" | "high" | "low"): PanelPin => {
    const pin = openPin(base + bcm, direction, "none");
    opened.push(pin);
    return pin;
  };
  const output = (bcm: number, direction: "high" | "low"): DigitalOutput => {
    const pin = open(bcm, direction);
    return { set: async (level) => pin.writeSync(level) };
  };
  const busy = open(pins.busy, "in");
  const read = async (): Promise<Level> => (busy.readSync() === 0 ? 0 : 1);
  return {
    reset: output(pins.reset, "high"),
    dataCommand: output(pins.dataCommand, "low"),
    power: pins.power === undefined ? undefined : output(pins.power, "low"),
    busy: {
      read,
      async waitFor(level, timeoutMs) {
        const endMs = clock.monotonicMs() + timeoutMs;
        while ((await read()) !== level) {
          if (clock.monotonicMs() >= endMs) return false;
          await clock.sleep(busyLookMs);
        }
        return true;
      },
    },
    close() {
      for (const pin of opened) pin.unexport();
      opened.length = 0;
    },
  };
}
