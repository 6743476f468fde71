/** A model of UC8179/GD7965 and UC8176 with a given glass: it takes the bytes on the wire and yields the picture. Data sheets as in uc-family.ts. */
import type { Box } from "../frame.ts";
import type { Level } from "./lines.ts";
import { type CommandSet, hex, type SimulatedChipOptions, SimulatedController } from "./simulated-chip.ts";
import { inkOf } from "./simulated-glass.ts";
import type { SimulatedRam } from "./simulated-ram.ts";
import { uc } from "./uc-family.ts";

export interface SimulatedUcOptions extends SimulatedChipOptions {
  readonly chip: "uc8179" | "uc8176";
  readonly hasRed?: boolean;
  /** The forced temperature from which this OTP supplies its partial waveform; undefined if it has none. */
  readonly partialFromCelsius?: number;
}

/** GET_STATUS, the only command that is allowed while BUSY. */
const getStatus = 0x71;
/** No room is this warm. From this value on the OTP supplies its short waveform. */
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

/** The first plane is the previous picture (black-white glass) or black and white; the second is the new picture or red. */
function commandsOf(chip: SimulatedUcOptions["chip"]): CommandSet {
  return {
    lengths: lengths[chip],
    firstRam: uc.DATA_START_TRANSMISSION_1,
    secondRam: uc.DATA_START_TRANSMISSION_2,
    deepSleep: uc.DEEP_SLEEP,
    status: getStatus,
  };
}

interface Registers {
  panel: number | undefined;
  interval: number | undefined;
  hasResolution: boolean;
  fixedTemperature: boolean;
  temperature: number | undefined;
  partialMode: boolean;
  window: Box | undefined;
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

export class SimulatedUc extends SimulatedController {
  readonly #options: SimulatedUcOptions;
  #registers = powerOnRegisters();

  constructor(options: SimulatedUcOptions) {
    super(options, commandsOf(options.chip));
    this.#options = options;
  }

  /** Whether the charge pump is off and the chip asleep, as it must be between refreshes. */
  get isAsleep(): boolean {
    return this.isInDeepSleep;
  }

  /** BUSY_N: low while busy. */
  busyLevel(): Level {
    return this.busy.isBusy() ? 0 : 1;
  }

  protected clearRegisters(): void {
    this.#registers = powerOnRegisters();
  }

  protected afterReset(): void {}

  protected begin(code: number): void {
    const registers = this.#registers;
    if (code === uc.POWER_ON || code === uc.POWER_OFF) {
      registers.powerOn = code === uc.POWER_ON;
      this.busy.start(this.times.powerMs);
    } else if (code === uc.DISPLAY_REFRESH) this.#refresh();
    else if (code === uc.PARTIAL_IN) registers.partialMode = true;
    else if (code === uc.PARTIAL_OUT) registers.partialMode = false;
    else if (code === uc.DATA_START_TRANSMISSION_1 || code === uc.DATA_START_TRANSMISSION_2) this.#checkReadyForData();
  }

  #checkReadyForData(): void {
    if (!this.#registers.powerOn) this.violate("image data without power-on");
    if (!this.#registers.hasResolution) this.violate("image data without RESOLUTION_SETTING since the reset");
  }

  protected apply(code: number, data: readonly number[]): void {
    const at = (index: number) => data[index] ?? 0;
    const registers = this.#registers;
    if (code === uc.PANEL_SETTING) registers.panel = at(0);
    else if (code === uc.VCOM_AND_DATA_INTERVAL) registers.interval = at(0);
    else if (code === uc.CASCADE_SETTING) registers.fixedTemperature = (at(0) & 0x02) !== 0;
    else if (code === uc.FORCE_TEMPERATURE) registers.temperature = at(0);
    else if (code === uc.RESOLUTION_SETTING) this.#setResolution((at(0) << 8) | at(1), (at(2) << 8) | at(3));
    else if (code === uc.PARTIAL_WINDOW) this.#setWindow(data);
    else if (code === uc.DEEP_SLEEP) {
      if (at(0) !== 0xa5) this.violate(`DEEP_SLEEP with ${hex(at(0))} instead of the check code 0xa5`);
      if (registers.powerOn) this.violate("deep sleep with the power still on");
      this.fallAsleep("loses-ram");
    }
  }

  #setResolution(widthPx: number, heightPx: number): void {
    this.#registers.hasResolution = true;
    if (widthPx !== this.#options.widthPx || heightPx !== this.#options.heightPx)
      this.violate(
        `RESOLUTION_SETTING ${widthPx}×${heightPx}, the glass has ${this.#options.widthPx}×${this.#options.heightPx}`,
      );
  }

  #setWindow(data: readonly number[]): void {
    const word = (index: number) => ((data[index] ?? 0) << 8) | (data[index + 1] ?? 0);
    // The low three bits of x are fixed: 000 at the start, 111 at the end.
    const x = word(0) & ~7;
    const window = { xPx: x, yPx: word(4), widthPx: (word(2) | 7) + 1 - x, heightPx: word(6) + 1 - word(4) };
    const fits =
      window.widthPx > 0 &&
      window.heightPx > 0 &&
      x + window.widthPx <= this.#options.widthPx &&
      window.yPx + window.heightPx <= this.#options.heightPx;
    if (fits) this.#registers.window = window;
    else this.violate("PARTIAL_WINDOW outside the glass");
  }

  #area(): Box {
    const whole = { xPx: 0, yPx: 0, widthPx: this.firstRam.rowBytes * 8, heightPx: this.#options.heightPx };
    return this.#registers.partialMode ? (this.#registers.window ?? whole) : whole;
  }

  protected windowBytes(): number {
    const { widthPx, heightPx } = this.#area();
    return (widthPx / 8) * heightPx;
  }

  /** Bytes beyond the window are counted, and go nowhere. */
  protected writeRam(ram: SimulatedRam, value: number, index: number): void {
    if (index >= this.windowBytes()) return;
    const { xPx, yPx, widthPx } = this.#area();
    const rowBytes = widthPx / 8;
    ram.set(xPx / 8 + (index % rowBytes), yPx + Math.floor(index / rowBytes), value);
  }

  protected ramWritten(ram: SimulatedRam): void {
    if (ram === this.firstRam) this.#registers.oldWritten = true;
    else this.#registers.newWritten = true;
  }

  #refresh(): void {
    const registers = this.#registers;
    if (!registers.powerOn) this.violate("refresh without power-on");
    if (!registers.newWritten) this.violate("refresh without a new picture since the reset");
    this.#checkPanelSetting(registers.panel);
    const forced = registers.fixedTemperature ? registers.temperature : undefined;
    const { partialFromCelsius } = this.#options;
    const isPartial = forced !== undefined && partialFromCelsius !== undefined && forced >= partialFromCelsius;
    if (isPartial) {
      if (!registers.oldWritten) this.violate("partial refresh without the old picture since the reset");
      this.busy.start(this.times.partialMs, this.#partialEffect());
      return;
    }
    if (registers.partialMode) this.violate("partial window with the full waveform");
    const isFast = forced !== undefined && forced >= fastFromCelsius;
    this.busy.start(isFast ? this.times.fastMs : this.times.fullMs, this.#fullEffect());
  }

  #checkPanelSetting(panel: number | undefined): void {
    if (panel === undefined) {
      this.violate("refresh without PANEL_SETTING since the reset");
      return;
    }
    if ((panel & 0x20) !== 0) this.violate("PANEL_SETTING takes the waveform from registers, and none was written");
    if ((panel & 0x03) !== 0x03) this.violate("PANEL_SETTING switches the booster off or resets the chip");
    if (((panel & 0x10) === 0) !== (this.#options.hasRed ?? false))
      this.violate("PANEL_SETTING's colour mode does not fit this glass");
  }

  /** DDX[0]: 1 = a set bit is white. UC8179 has it in bits 1:0, UC8176 in 5:4. */
  #whiteIsOne(): boolean {
    const interval = this.#registers.interval;
    if (interval === undefined) this.violate("refresh without VCOM_AND_DATA_INTERVAL since the reset");
    return (((interval ?? 0) >> (this.#options.chip === "uc8179" ? 0 : 4)) & 1) === 1;
  }

  #fullEffect(): () => void {
    const whiteIsOne = this.#whiteIsOne();
    const [first, second] = [this.firstRam.snapshot(), this.secondRam.snapshot()];
    if (this.#options.hasRed === true)
      return () => this.glass.driveAll((x, y) => (second.bit(x, y) ? "red" : inkOf(first.bit(x, y) === whiteIsOne)));
    return () => {
      this.glass.driveAll((x, y) => inkOf(second.bit(x, y) === whiteIsOne));
      this.#copyNewToOld(second);
    };
  }

  #partialEffect(): () => void {
    const whiteIsOne = this.#whiteIsOne();
    const [first, second] = [this.firstRam.snapshot(), this.secondRam.snapshot()];
    const area = this.#area();
    return () => {
      this.glass.driveSome((x, y) => {
        const [column, row] = [x - area.xPx, y - area.yPx];
        const isInside = column >= 0 && column < area.widthPx && row >= 0 && row < area.heightPx;
        const bit = second.bit(x, y);
        return isInside && bit !== first.bit(x, y) ? inkOf(bit === whiteIsOne) : undefined;
      });
      this.#copyNewToOld(second);
    };
  }

  /** N2OCP, bit 3 of the UC8179's first interval byte. */
  #copyNewToOld(second: SimulatedRam): void {
    if (this.#options.chip === "uc8179" && ((this.#registers.interval ?? 0) & 0x08) !== 0)
      this.firstRam.copyFrom(second);
  }
}
