/** A model of UC8179/GD7965 and UC8176 on a given glass: consumes the bytes on the wire, yields the picture. Data sheets as in uc-family.ts. */
import type { Clock } from "../../service/port.ts";
import type { Level } from "./lines.ts";
import {
  Busy,
  type ChipTimes,
  chipTimes,
  hex,
  type Ink,
  noise,
  type SimulatedChip,
  SimulatedGlass,
} from "./simulated-chip.ts";
import { uc } from "./uc-family.ts";

export interface SimulatedUcOptions {
  readonly clock: Clock;
  readonly chip: "uc8179" | "uc8176";
  readonly widthPx: number;
  readonly heightPx: number;
  readonly hasRed?: boolean;
  /** The forced temperature from which this OTP gives its partial waveform; undefined: it has none. */
  readonly partialFromCelsius?: number;
  readonly times?: Partial<ChipTimes>;
}

/** GET_STATUS, the one command that may come while BUSY. */
const getStatus = 0x71;
const fastFromCelsius = 0x50;

const lengthsBoth: Readonly<Record<number, readonly number[]>> = {
  [uc.PANEL_SETTING]: [1, 2],
  [uc.POWER_SETTING]: [4, 5],
  [uc.POWER_OFF]: [0, 1],
  [uc.POWER_ON]: [0],
  [uc.DEEP_SLEEP]: [1],
  [uc.DISPLAY_REFRESH]: [0],
  [uc.PLL_CONTROL]: [1],
  [uc.RESOLUTION_SETTING]: [4],
  [uc.VCM_DC_SETTING]: [1],
  [uc.PARTIAL_WINDOW]: [9],
  [uc.PARTIAL_IN]: [0],
  [uc.PARTIAL_OUT]: [0],
  [getStatus]: [0],
};

const lengths: Readonly<Record<SimulatedUcOptions["chip"], Readonly<Record<number, readonly number[]>>>> = {
  uc8179: {
    ...lengthsBoth,
    [uc.BOOSTER_SOFT_START]: [4],
    [uc.DUAL_SPI]: [1],
    [uc.VCOM_AND_DATA_INTERVAL]: [1, 2],
    [uc.TCON_SETTING]: [1],
    [uc.GATE_SOURCE_START]: [4],
    [uc.CASCADE_SETTING]: [1],
    [uc.POWER_SAVING]: [1],
    [uc.FORCE_TEMPERATURE]: [1],
  },
  uc8176: { ...lengthsBoth, [uc.BOOSTER_SOFT_START]: [3], [uc.VCOM_AND_DATA_INTERVAL]: [1], [uc.TCON_SETTING]: [1] },
};

interface Window {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

interface Registers {
  panel: number | undefined;
  interval: number | undefined;
  hasResolution: boolean;
  fixedTemperature: boolean;
  temperature: number | undefined;
  partialMode: boolean;
  window: Window | undefined;
  powerOn: boolean;
  newWritten: boolean;
  oldWritten: boolean;
}

function powerOnRegisters(): Registers {
  return {
    panel: undefined,
    interval: undefined,
    hasResolution: false,
    fixedTemperature: false,
    temperature: undefined,
    partialMode: false,
    window: undefined,
    powerOn: false,
    newWritten: false,
    oldWritten: false,
  };
}

export class SimulatedUc implements SimulatedChip {
  readonly glass: SimulatedGlass;
  readonly violations: string[] = [];
  readonly #options: SimulatedUcOptions;
  readonly #times: ChipTimes;
  readonly #busy: Busy;
  readonly #rowBytes: number;
  #first: Uint8Array;
  #second: Uint8Array;
  #registers = powerOnRegisters();
  #asleep = false;
  #resetLevel: Level = 1;
  #command: number | undefined;
  #data: number[] = [];
  #written = 0;

  constructor(options: SimulatedUcOptions) {
    this.#options = options;
    this.#times = { ...chipTimes, ...options.times };
    this.#busy = new Busy(options.clock);
    this.glass = new SimulatedGlass(options.widthPx, options.heightPx);
    this.#rowBytes = Math.ceil(options.widthPx / 8);
    this.#first = noise(this.#rowBytes * options.heightPx);
    this.#second = noise(this.#rowBytes * options.heightPx);
  }

  /** Whether the charge pump is off and the chip sleeps: how it must be left between refreshes. */
  get isAsleep(): boolean {
    return this.#asleep;
  }

  /** BUSY_N: low while busy. */
  busyLevel(): Level {
    return this.#busy.isBusy() ? 0 : 1;
  }

  busyUntilMs(): number | undefined {
    return this.#busy.untilMs();
  }

  setPower(level: Level): void {
    if (level === 0) this.#restart();
  }

  setReset(level: Level): void {
    if (level === this.#resetLevel) return;
    this.#resetLevel = level;
    if (level === 1) {
      this.#restart();
      return;
    }
    this.#finish();
    if (!this.#busy.abort()) return;
    this.#violate("reset during a refresh");
    this.glass.spoil();
  }

  commandBytes(bytes: Uint8Array): void {
    for (const code of bytes) this.#begin(code);
  }

  dataBytes(bytes: Uint8Array): void {
    if (!this.#listens("data")) return;
    if (this.#command === uc.DATA_START_TRANSMISSION_1) this.#write(this.#first, bytes);
    else if (this.#command === uc.DATA_START_TRANSMISSION_2) this.#write(this.#second, bytes);
    else if (this.#command !== undefined) {
      this.#data.push(...bytes);
      if (this.#command === uc.DEEP_SLEEP) this.#finish();
    }
  }

  /** Deep sleep and power-off lose both RAMs and every register. */
  #restart(): void {
    if (this.#busy.abort()) this.glass.spoil();
    if (this.#asleep) {
      this.#first = noise(this.#first.length);
      this.#second = noise(this.#second.length);
    }
    this.#asleep = false;
    this.#registers = powerOnRegisters();
  }

  #begin(code: number): void {
    this.#finish();
    this.#command = undefined;
    if (code === getStatus && this.#resetLevel === 1 && !this.#asleep) return;
    if (!this.#listens(`command ${hex(code)}`)) return;
    this.#command = code;
    this.#data = [];
    this.#written = 0;
    const registers = this.#registers;
    if (code === uc.POWER_ON) {
      registers.powerOn = true;
      this.#busy.start(this.#times.powerMs);
    } else if (code === uc.POWER_OFF) {
      registers.powerOn = false;
      this.#busy.start(this.#times.powerMs);
    } else if (code === uc.DISPLAY_REFRESH) this.#refresh();
    else if (code === uc.PARTIAL_IN) registers.partialMode = true;
    else if (code === uc.PARTIAL_OUT) registers.partialMode = false;
    else if (code === uc.DATA_START_TRANSMISSION_1 || code === uc.DATA_START_TRANSMISSION_2) this.#checkReadyForData();
    else if (!Object.hasOwn(lengths[this.#options.chip], code))
      this.#violate(`command ${hex(code)} is not one of this controller`);
  }

  #listens(what: string): boolean {
    if (this.#resetLevel === 0) this.#violate(`${what} while RST is low`);
    else if (this.#asleep) this.#violate(`${what} in deep sleep`);
    else if (this.#busy.isBusy()) this.#violate(`${what} while BUSY`);
    else return true;
    return false;
  }

  #checkReadyForData(): void {
    if (!this.#registers.powerOn) this.#violate("image data without power-on");
    if (!this.#registers.hasResolution) this.#violate("image data without RESOLUTION_SETTING since the reset");
  }

  #finish(): void {
    const code = this.#command;
    this.#command = undefined;
    if (code === undefined) return;
    if (code === uc.DATA_START_TRANSMISSION_1 || code === uc.DATA_START_TRANSMISSION_2) {
      this.#checkWritten(code);
      return;
    }
    const allowed = lengths[this.#options.chip][code] ?? [];
    if (!allowed.includes(this.#data.length))
      this.#violate(`command ${hex(code)} with ${this.#data.length} bytes of data instead of ${allowed.join(" or ")}`);
    this.#apply(code, this.#data);
  }

  #apply(code: number, data: readonly number[]): void {
    const at = (index: number) => data[index] ?? 0;
    const registers = this.#registers;
    if (code === uc.PANEL_SETTING) registers.panel = at(0);
    else if (code === uc.VCOM_AND_DATA_INTERVAL) registers.interval = at(0);
    else if (code === uc.CASCADE_SETTING) registers.fixedTemperature = (at(0) & 0x02) !== 0;
    else if (code === uc.FORCE_TEMPERATURE) registers.temperature = at(0);
    else if (code === uc.RESOLUTION_SETTING) this.#setResolution((at(0) << 8) | at(1), (at(2) << 8) | at(3));
    else if (code === uc.PARTIAL_WINDOW) this.#setWindow(data);
    else if (code === uc.DEEP_SLEEP) {
      if (at(0) !== 0xa5) this.#violate(`DEEP_SLEEP with ${hex(at(0))} instead of the check code 0xa5`);
      if (registers.powerOn) this.#violate("deep sleep with the power still on");
      this.#asleep = true;
    }
  }

  #setResolution(widthPx: number, heightPx: number): void {
    this.#registers.hasResolution = true;
    if (widthPx !== this.#options.widthPx || heightPx !== this.#options.heightPx)
      this.#violate(
        `RESOLUTION_SETTING ${widthPx}×${heightPx}, the glass has ${this.#options.widthPx}×${this.#options.heightPx}`,
      );
  }

  #setWindow(data: readonly number[]): void {
    const word = (index: number) => ((data[index] ?? 0) << 8) | (data[index + 1] ?? 0);
    // The low three bits of x are fixed: 000 at the start, 111 at the end.
    const x = word(0) & ~7;
    const window = { x, y: word(4), widthPx: (word(2) | 7) + 1 - x, heightPx: word(6) + 1 - word(4) };
    const fits =
      window.widthPx > 0 &&
      window.heightPx > 0 &&
      x + window.widthPx <= this.#options.widthPx &&
      window.y + window.heightPx <= this.#options.heightPx;
    if (fits) this.#registers.window = window;
    else this.#violate("PARTIAL_WINDOW outside the glass");
  }

  #area(): Window {
    const whole = { x: 0, y: 0, widthPx: this.#rowBytes * 8, heightPx: this.#options.heightPx };
    return this.#registers.partialMode ? (this.#registers.window ?? whole) : whole;
  }

  #write(ram: Uint8Array, bytes: Uint8Array): void {
    const area = this.#area();
    const areaBytes = area.widthPx / 8;
    for (const value of bytes) {
      const y = area.y + Math.floor(this.#written / areaBytes);
      const x = area.x / 8 + (this.#written % areaBytes);
      this.#written += 1;
      if (y < area.y + area.heightPx) ram[y * this.#rowBytes + x] = value;
    }
  }

  #checkWritten(code: number): void {
    const area = this.#area();
    const expected = (area.widthPx / 8) * area.heightPx;
    if (this.#written !== expected)
      this.#violate(`the window holds ${expected} bytes, ${this.#written} were written with ${hex(code)}`);
    if (code === uc.DATA_START_TRANSMISSION_1) this.#registers.oldWritten = true;
    else this.#registers.newWritten = true;
  }

  #refresh(): void {
    const registers = this.#registers;
    if (!registers.powerOn) this.#violate("refresh without power-on");
    if (!registers.newWritten) this.#violate("refresh without a new picture since the reset");
    this.#checkPanelSetting(registers.panel);
    const forced = registers.fixedTemperature ? registers.temperature : undefined;
    const { partialFromCelsius } = this.#options;
    const isPartial = forced !== undefined && partialFromCelsius !== undefined && forced >= partialFromCelsius;
    if (isPartial) {
      if (!registers.oldWritten) this.#violate("partial refresh without the old picture since the reset");
      this.#busy.start(this.#times.partialMs, this.#partialEffect());
      return;
    }
    if (registers.partialMode) this.#violate("partial window with the full waveform");
    const isFast = forced !== undefined && forced >= fastFromCelsius;
    this.#busy.start(isFast ? this.#times.fastMs : this.#times.fullMs, this.#fullEffect());
  }

  #checkPanelSetting(panel: number | undefined): void {
    if (panel === undefined) {
      this.#violate("refresh without PANEL_SETTING since the reset");
      return;
    }
    if ((panel & 0x20) !== 0) this.#violate("PANEL_SETTING takes the waveform from registers, and none was written");
    if ((panel & 0x03) !== 0x03) this.#violate("PANEL_SETTING switches the booster off or resets the chip");
    if (((panel & 0x10) === 0) !== (this.#options.hasRed ?? false))
      this.#violate("PANEL_SETTING's colour mode does not fit this glass");
  }

  /** DDX[0]: 1 = a set bit is white. UC8179 has it in bits 1:0, UC8176 in 5:4. */
  #whiteIsOne(): boolean {
    const interval = this.#registers.interval;
    if (interval === undefined) this.#violate("refresh without VCOM_AND_DATA_INTERVAL since the reset");
    return (((interval ?? 0) >> (this.#options.chip === "uc8179" ? 0 : 4)) & 1) === 1;
  }

  #fullEffect(): () => void {
    const whiteIsOne = this.#whiteIsOne();
    const [first, second] = [this.#first.slice(), this.#second.slice()];
    if (this.#options.hasRed === true)
      return () =>
        this.glass.driveAll((x, y) => (this.#bit(second, x, y) ? "red" : inkOf(this.#bit(first, x, y) === whiteIsOne)));
    return () => {
      this.glass.driveAll((x, y) => inkOf(this.#bit(second, x, y) === whiteIsOne));
      this.#copyNewToOld(second);
    };
  }

  #partialEffect(): () => void {
    const whiteIsOne = this.#whiteIsOne();
    const [first, second] = [this.#first.slice(), this.#second.slice()];
    const area = this.#area();
    return () => {
      this.glass.driveSome((x, y) => {
        const inside = x >= area.x && x < area.x + area.widthPx && y >= area.y && y < area.y + area.heightPx;
        const bit = this.#bit(second, x, y);
        return inside && bit !== this.#bit(first, x, y) ? inkOf(bit === whiteIsOne) : undefined;
      });
      this.#copyNewToOld(second);
    };
  }

  /** N2OCP, bit 3 of the UC8179's first interval byte. */
  #copyNewToOld(second: Uint8Array): void {
    if (this.#options.chip === "uc8179" && ((this.#registers.interval ?? 0) & 0x08) !== 0) this.#first = second.slice();
  }

  #bit(ram: Uint8Array, x: number, y: number): boolean {
    return (((ram[y * this.#rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 1;
  }

  #violate(what: string): void {
    this.violations.push(what);
  }
}

function inkOf(isWhite: boolean): Ink {
  return isWhite ? "white" : "black";
}
