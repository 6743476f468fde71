/** A panel's lines on the GPIO header, over whichever way to it this kernel has: the same back ends as the machine's lines. */
import type { Clock } from "../../service/port.ts";
import type { DigitalOutput, EpaperLines, Level } from "./lines.ts";

interface PinSpec {
  readonly name: string;
  readonly bcm: number;
  readonly activeLow: boolean;
}

/** What is needed of a way to the header; the machine's `GpioLines` fit. An output that is opened is off from the start. */
export interface HeaderLines {
  openOutput(spec: PinSpec): Promise<{ set(on: boolean): void }>;
  /** Of an input whose edges nobody wants. */
  openInput(spec: PinSpec, onEdge: undefined, onFailure: (error: Error) => void): Promise<{ isActive(): boolean }>;
  close(): Promise<void>;
}

/** BCM numbers. */
export interface PanelPins {
  readonly reset: number;
  readonly dataCommand: number;
  readonly busy: number;
  readonly power?: number | undefined;
}

export interface GpioEpaperLines extends EpaperLines {
  /** Returns the lines to the kernel. */
  close(): Promise<void>;
}

/** BUSY is polled: a refresh takes seconds, and sysfs loses edges. */
const busyLookMs = 10;

/** @throws GpioError of the header, after what was opened is given back */
export async function createEpaperLines(header: HeaderLines, pins: PanelPins, clock: Clock): Promise<GpioEpaperLines> {
  try {
    // RST is active low: off is high, and the controller runs. D/C and PWR are low when off.
    const reset = await header.openOutput({ name: "RST of the panel", bcm: pins.reset, activeLow: true });
    const dataCommand = await header.openOutput({ name: "DC of the panel", bcm: pins.dataCommand, activeLow: false });
    const power =
      pins.power === undefined
        ? undefined
        : await header.openOutput({ name: "PWR of the panel", bcm: pins.power, activeLow: false });
    const busySpec = { name: "BUSY of the panel", bcm: pins.busy, activeLow: false };
    // A line that goes away fails when it is read.
    const busy = await header.openInput(busySpec, undefined, () => {});
    const read = async (): Promise<Level> => (busy.isActive() ? 1 : 0);
    return {
      reset: { set: async (level) => reset.set(level === 0) },
      dataCommand: outputOf(dataCommand),
      power: power === undefined ? undefined : outputOf(power),
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
      close: () => header.close(),
    };
  } catch (error) {
    await header.close();
    throw error;
  }
}

function outputOf(line: { set(on: boolean): void }): DigitalOutput {
  return { set: async (level) => line.set(level === 1) };
}
