/**
 * A model of SSD1680/81/83 and SSD1677 with a given glass: it takes the bytes on the wire and yields the picture. Data sheets as in ssd-family.ts.
 */
import type { Level } from "./lines.ts";
import { type CommandSet, hex, type SimulatedChipOptions, SimulatedController } from "./simulated-chip.ts";
import { inkOf } from "./simulated-glass.ts";
import type { SimulatedRam } from "./simulated-ram.ts";
import { ssd } from "./ssd-family.ts";

export interface SimulatedSsdOptions extends SimulatedChipOptions {
  /** RAM X addresses: bytes (SSD168x) or pixels in 16 bits (SSD1677). */
  readonly xUnit: "byte" | "pixel";
  readonly hasRed?: boolean;
  readonly otp?: { readonly partial: boolean };
  /** The glass is wired to sources S8.. (2.13" and 2.9"): DISPLAY_UPDATE_CONTROL_1's second byte must say so. */
  readonly sourceFromS8?: boolean;
  /** The last gate is the glass's top row (4.26"). */
  readonly gatesReversed?: boolean;
}

const lengths: Readonly<Record<number, readonly number[]>> = {
  [ssd.DRIVER_OUTPUT_CONTROL]: [3],
  [ssd.BOOSTER_SOFT_START_CONTROL]: [4, 5],
  [ssd.DEEP_SLEEP_MODE]: [1],
  [ssd.DATA_ENTRY_MODE_SETTING]: [1],
  [ssd.SW_RESET]: [0],
  [ssd.TEMPERATURE_SENSOR_CONTROL]: [1],
  [ssd.TEMPERATURE_SENSOR_WRITE]: [1, 2],
  [ssd.MASTER_ACTIVATION]: [0],
  [ssd.DISPLAY_UPDATE_CONTROL_1]: [1, 2],
  [ssd.DISPLAY_UPDATE_CONTROL_2]: [1],
  [ssd.BORDER_WAVEFORM_CONTROL]: [1],
  [ssd.SET_RAM_Y_START_END]: [4],
  [ssd.SET_RAM_Y_COUNTER]: [2],
};

/** The first plane is the new picture; the second is the previous one (black-white glass) or red. */
function commandsOf(xUnit: SimulatedSsdOptions["xUnit"]): CommandSet {
  const xBytes = xUnit === "pixel" ? 2 : 1;
  return {
    lengths: { ...lengths, [ssd.SET_RAM_X_START_END]: [2 * xBytes], [ssd.SET_RAM_X_COUNTER]: [xBytes] },
    firstRam: ssd.WRITE_RAM_BLACK_WHITE,
    secondRam: ssd.WRITE_RAM_RED,
    deepSleep: ssd.DEEP_SLEEP_MODE,
  };
}

/** No room is this warm. From this value on the OTP supplies its short waveform. */
const fastFromCelsius = 0x5a;

interface Registers {
  gates: number | undefined;
  entry: number;
  x: { start: number; end: number } | undefined;
  y: { start: number; end: number } | undefined;
  xCounter: number;
  yCounter: number;
  control1: readonly [number, number];
  control2: number | undefined;
  temperature: number | undefined;
  waveform: "none" | "normal" | "fast";
  analogOn: boolean;
}

function powerOnRegisters(): Registers {
  return {
    gates: undefined,
    entry: 0x03,
    x: undefined,
    y: undefined,
    xCounter: 0,
    yCounter: 0,
    control1: [0, 0],
    control2: undefined,
    temperature: undefined,
    waveform: "none",
    analogOn: false,
  };
}

export class SimulatedSsd extends SimulatedController {
  readonly #options: SimulatedSsdOptions;
  #registers = powerOnRegisters();

  constructor(options: SimulatedSsdOptions) {
    super(options, commandsOf(options.xUnit));
    this.#options = options;
  }

  /** Whether the charge pump is off and the chip asleep, as it must be between refreshes. */
  get isAsleep(): boolean {
    return this.isInDeepSleep && !this.#registers.analogOn;
  }

  busyLevel(): Level {
    // Deep sleep: "BUSY pad keeps output high" (SSD1680, command 0x10).
    return this.busy.isBusy() || this.isInDeepSleep ? 1 : 0;
  }

  protected clearRegisters(): void {
    this.#registers = powerOnRegisters();
  }

  protected afterReset(): void {
    this.busy.start(this.times.resetMs);
  }

  protected begin(code: number): void {
    if (code === ssd.MASTER_ACTIVATION) this.#activate();
    if (code !== ssd.SW_RESET) return;
    this.clearRegisters();
    this.afterReset();
  }

  protected apply(code: number, data: readonly number[]): void {
    const at = (index: number) => data[index] ?? 0;
    const word = (index: number) => at(index) | (at(index + 1) << 8);
    const registers = this.#registers;
    const isPixel = this.#options.xUnit === "pixel";
    if (code === ssd.DRIVER_OUTPUT_CONTROL) registers.gates = word(0) + 1;
    else if (code === ssd.DATA_ENTRY_MODE_SETTING) registers.entry = at(0);
    else if (code === ssd.SET_RAM_X_START_END)
      registers.x = isPixel ? { start: word(0) >> 3, end: word(2) >> 3 } : { start: at(0), end: at(1) };
    else if (code === ssd.SET_RAM_Y_START_END) registers.y = { start: word(0), end: word(2) };
    else if (code === ssd.SET_RAM_X_COUNTER) registers.xCounter = isPixel ? word(0) >> 3 : at(0);
    else if (code === ssd.SET_RAM_Y_COUNTER) registers.yCounter = word(0);
    else if (code === ssd.DISPLAY_UPDATE_CONTROL_1) registers.control1 = [at(0), at(1)];
    else if (code === ssd.DISPLAY_UPDATE_CONTROL_2) registers.control2 = at(0);
    else if (code === ssd.TEMPERATURE_SENSOR_WRITE) registers.temperature = at(0);
    else if (code === ssd.DEEP_SLEEP_MODE && at(0) !== 0) this.#enterDeepSleep(at(0));
  }

  #enterDeepSleep(mode: number): void {
    if (this.#registers.analogOn) this.violate("deep sleep with the analog part still on");
    this.fallAsleep((mode & 0x03) === 0x01 ? "keeps-ram" : "loses-ram");
  }

  protected writeRam(ram: SimulatedRam, value: number, index: number): void {
    const { x, y, xCounter, yCounter } = this.#registers;
    if (x === undefined || y === undefined) {
      if (index === 0) this.violate("RAM written without a window since the reset");
      return;
    }
    if (!ram.set(xCounter, yCounter, value))
      this.violate(`RAM written outside the glass at x byte ${xCounter}, y ${yCounter}`);
    this.#step(x, y);
  }

  /** DATA_ENTRY_MODE_SETTING: bit 0 x up, bit 1 y up, bit 2 = y first. */
  #step(x: { start: number; end: number }, y: { start: number; end: number }): void {
    const registers = this.#registers;
    const stepX = () => {
      const wraps = registers.xCounter === x.end;
      registers.xCounter = wraps ? x.start : registers.xCounter + ((registers.entry & 1) === 1 ? 1 : -1);
      return wraps;
    };
    const stepY = () => {
      const wraps = registers.yCounter === y.end;
      registers.yCounter = wraps ? y.start : registers.yCounter + ((registers.entry & 2) === 2 ? 1 : -1);
      return wraps;
    };
    if ((registers.entry & 4) === 0) {
      if (stepX()) stepY();
    } else if (stepY()) stepX();
  }

  protected windowBytes(): number | undefined {
    const { x, y } = this.#registers;
    if (x === undefined || y === undefined) return undefined;
    return (Math.abs(x.end - x.start) + 1) * (Math.abs(y.end - y.start) + 1);
  }

  protected ramWritten(): void {}

  #activate(): void {
    const registers = this.#registers;
    const stages = registers.control2;
    if (stages === undefined) {
      this.violate("MASTER_ACTIVATION without DISPLAY_UPDATE_CONTROL_2 since the reset");
      return;
    }
    if ((stages & 0x80) === 0) this.violate(`update ${hex(stages)} without the clock`);
    if ((stages & 0x40) !== 0) registers.analogOn = true;
    if ((stages & 0x20) !== 0) registers.temperature = 20;
    if ((stages & 0x10) !== 0)
      registers.waveform = (registers.temperature ?? 20) >= fastFromCelsius ? "fast" : "normal";
    let durationMs = this.times.loadMs;
    let effect: (() => void) | undefined;
    if ((stages & 0x04) !== 0) {
      this.#checkDisplay(stages);
      const isPartial = (stages & 0x08) !== 0;
      durationMs = isPartial ? this.times.partialMs : this.times[registers.waveform === "fast" ? "fastMs" : "fullMs"];
      effect = isPartial ? this.#partialEffect() : this.#fullEffect();
    }
    if ((stages & 0x02) !== 0) registers.analogOn = false;
    this.busy.start(durationMs, effect);
  }

  #checkDisplay(stages: number): void {
    const { analogOn, waveform, gates, control1 } = this.#registers;
    if (!analogOn) this.violate("display without power-on (analog off)");
    if (waveform === "none") this.violate("display without a waveform loaded since the reset");
    if (gates !== this.#options.heightPx)
      this.violate(`DRIVER_OUTPUT_CONTROL says ${gates ?? "nothing"}, the glass has ${this.#options.heightPx} gates`);
    if (((control1[1] & 0x80) !== 0) !== (this.#options.sourceFromS8 ?? false))
      this.violate("source output mode does not fit this glass: the picture is shifted by 8 px");
    if ((stages & 0x08) === 0) return;
    if (this.#options.otp?.partial !== true) this.violate("display mode 2, but this OTP has no partial waveform");
    if (control1[0] !== 0) this.violate("display mode 2 with a RAM bypassed: nothing to compare with");
  }

  #fullEffect(): () => void {
    const redOption = this.#registers.control1[0] >> 4;
    const [newRam, oldRam] = [this.firstRam.snapshot(), this.secondRam.snapshot()];
    const hasRed = this.#options.hasRed ?? false;
    if (!hasRed && redOption === 0 && !newRam.equals(oldRam))
      this.violate("full refresh of a black-white glass with different RAMs: the old one counts as red");
    return () =>
      this.glass.driveAll((x, y) => {
        if (hasRed && redOption !== 4 && this.#bit(oldRam, x, y) !== (redOption === 8)) return "red";
        return inkOf(this.#bit(newRam, x, y));
      });
  }

  #partialEffect(): () => void {
    const [newRam, oldRam] = [this.firstRam.snapshot(), this.secondRam.snapshot()];
    return () =>
      this.glass.driveSome((x, y) => {
        const bit = this.#bit(newRam, x, y);
        return bit === this.#bit(oldRam, x, y) ? undefined : inkOf(bit);
      });
  }

  #bit(ram: SimulatedRam, x: number, y: number): boolean {
    return ram.bit(x, this.#options.gatesReversed === true ? this.#options.heightPx - 1 - y : y);
  }
}
