/**
 * What the SSD16xx controllers share. Command names and codes: Solomon Systech SSD1680 rev 0.14 and SSD1677 rev 0.0 command tables, as used by the
 * vendor's examples (waveshareteam/e-Paper) and GxEPD2's constants. BUSY is high while busy.
 */
import * as z from "zod";
import type { Controller, ControllerGeometry, Planes, RefreshKind } from "./controller.ts";
import { command, delay, idle, image, reset, type Step } from "./steps.ts";

export const ssd = {
  DRIVER_OUTPUT_CONTROL: 0x01,
  BOOSTER_SOFT_START_CONTROL: 0x0c,
  DEEP_SLEEP_MODE: 0x10,
  DATA_ENTRY_MODE_SETTING: 0x11,
  SW_RESET: 0x12,
  TEMPERATURE_SENSOR_CONTROL: 0x18,
  TEMPERATURE_SENSOR_WRITE: 0x1a,
  MASTER_ACTIVATION: 0x20,
  DISPLAY_UPDATE_CONTROL_1: 0x21,
  DISPLAY_UPDATE_CONTROL_2: 0x22,
  WRITE_RAM_BLACK_WHITE: 0x24,
  WRITE_RAM_RED: 0x26,
  BORDER_WAVEFORM_CONTROL: 0x3c,
  SET_RAM_X_START_END: 0x44,
  SET_RAM_Y_START_END: 0x45,
  SET_RAM_X_COUNTER: 0x4e,
  SET_RAM_Y_COUNTER: 0x4f,
} as const;

/**
 * DISPLAY_UPDATE_CONTROL_2, one bit a stage:
 *   7 clock on · 6 analog on · 5 load temperature · 4 load waveform · 3 display mode 2 · 2 display · 1 analog off · 0 clock off
 */
export const updateStages = {
  full: 0xf7,
  partial: 0xff,
  displayOnly: 0xc7,
  loadTemperatureAndWaveform: 0xb1,
  loadWaveform: 0x91,
} as const;

const byte = z.int().min(0).max(255);

export const ssdParameters = z.strictObject({
  /** DISPLAY_UPDATE_CONTROL_1 for full refreshes: [RAM options, source output mode]. */
  updateControl1: z.tuple([byte, byte]),
  /** The same for partial ones: both RAMs in use. */
  updateControl1Partial: z.tuple([byte, byte]).default([0x00, 0x00]),
  /** BORDER_WAVEFORM_CONTROL for full refreshes. */
  border: byte.default(0x05),
  /** Third byte of DRIVER_OUTPUT_CONTROL: gate scan order. */
  gateScan: byte.default(0x00),
  /** The last gate line is the top row of the glass; rows are then written downwards in RAM. */
  gatesReversed: z.boolean().default(false),
  /** BOOSTER_SOFT_START_CONTROL, where the panel wants other values than the chip's own. */
  booster: z.array(byte).length(5).optional(),
  /** The third RAM is a red plane (three-colour glass). */
  red: z.boolean().default(false),
  /** Whether the OTP has a partial waveform. */
  partial: z.boolean().default(false),
  /** A temperature that makes the OTP give its short waveform, as written to TEMPERATURE_SENSOR_WRITE. */
  fastTemperature: z.array(byte).min(1).max(2).optional(),
  /** After this long, a refresh that has not ended is a fault. */
  refreshTimeoutMs: z.int().min(1_000).max(120_000).default(10_000),
});

export type SsdParameters = z.infer<typeof ssdParameters>;

/** RAM X addresses count bytes on SSD168x and pixels on SSD1677. */
export type XUnit = "byte" | "pixel";

/** Reset and SW_RESET take under 10 ms by the data sheet; a second means that nobody answers. */
const resetTimeoutMs = 1_000;
const loadTimeoutMs = 2_000;
/** No glass is driven in less: the shortest partial waveform known takes 200 ms. */
const refreshAtLeastMs = 100;
/** BUSY rises after MASTER_ACTIVATION within microseconds; a slow GPIO reader still must not look too early. */
const activationMs = 10;

export function createSsdController(
  name: string,
  widthPx: number,
  heightPx: number,
  parameters: SsdParameters,
  xUnit: XUnit,
): Controller {
  const geometry = { widthPx, heightPx, ramWidthPx: Math.ceil(widthPx / 8) * 8, hasRed: parameters.red };
  const refreshes = new Set<RefreshKind>(["full"]);
  if (parameters.fastTemperature !== undefined) refreshes.add("fast");
  if (parameters.partial) refreshes.add("partial");
  const wake = (partial: boolean) => wakeSteps(geometry, parameters, xUnit, partial);
  const full = (planes: Planes) => [
    ...wake(false),
    ...writeBoth(planes, planes),
    ...activate(updateStages.full, parameters),
  ];
  return {
    name,
    geometry,
    busyLevel: 1,
    refreshes,
    full,
    fast: (planes) =>
      parameters.fastTemperature === undefined
        ? undefined
        : [
            ...wake(false),
            ...loadFastWaveform(parameters.fastTemperature),
            ...writeBoth(planes, planes),
            ...activate(updateStages.displayOnly, parameters),
          ],
    partial: (before, after) =>
      parameters.partial
        ? [...wake(true), ...writeBoth(before, after), ...activate(updateStages.partial, parameters)]
        : undefined,
    // 0x01 is mode 1: RAM is kept. Nothing here relies on that: both RAMs are written before each refresh.
    sleep: () => [command(ssd.DEEP_SLEEP_MODE, 0x01)],
  };
}

function wakeSteps(geometry: ControllerGeometry, parameters: SsdParameters, xUnit: XUnit, partial: boolean): Step[] {
  const lastGate = geometry.heightPx - 1;
  const [ramOptions, sourceMode] = partial ? parameters.updateControl1Partial : parameters.updateControl1;
  const steps: Step[] = [
    // 2 ms: boards with a "clever reset" cut the panel's power when RST stays low for longer (GxEPD2, README).
    reset(2, 20),
    idle("reset", resetTimeoutMs),
    command(ssd.SW_RESET),
    delay(activationMs),
    idle("SW_RESET", resetTimeoutMs),
    command(ssd.TEMPERATURE_SENSOR_CONTROL, 0x80),
  ];
  if (parameters.booster !== undefined) steps.push(command(ssd.BOOSTER_SOFT_START_CONTROL, ...parameters.booster));
  steps.push(
    command(ssd.DRIVER_OUTPUT_CONTROL, lastGate & 0xff, lastGate >> 8, parameters.gateScan),
    // 0x80 holds the border where it is.
    command(ssd.BORDER_WAVEFORM_CONTROL, partial ? 0x80 : parameters.border),
    command(ssd.DISPLAY_UPDATE_CONTROL_1, ramOptions, sourceMode),
    ...windowSteps(geometry, parameters.gatesReversed, xUnit),
  );
  return steps;
}

function windowSteps(geometry: ControllerGeometry, gatesReversed: boolean, xUnit: XUnit): Step[] {
  const lastGate = geometry.heightPx - 1;
  const [first, last] = gatesReversed ? [lastGate, 0] : [0, lastGate];
  return [
    // ID = 11: x and y count up; ID = 01: x up, y down.
    command(ssd.DATA_ENTRY_MODE_SETTING, gatesReversed ? 0x01 : 0x03),
    xUnit === "byte"
      ? command(ssd.SET_RAM_X_START_END, 0, geometry.ramWidthPx / 8 - 1)
      : command(ssd.SET_RAM_X_START_END, 0, 0, (geometry.ramWidthPx - 1) & 0xff, (geometry.ramWidthPx - 1) >> 8),
    command(ssd.SET_RAM_Y_START_END, first & 0xff, first >> 8, last & 0xff, last >> 8),
    ...cursorSteps(first, xUnit),
  ];
}

function cursorSteps(row: number, xUnit: XUnit): Step[] {
  return [
    xUnit === "byte" ? command(ssd.SET_RAM_X_COUNTER, 0) : command(ssd.SET_RAM_X_COUNTER, 0, 0),
    command(ssd.SET_RAM_Y_COUNTER, row & 0xff, row >> 8),
  ];
}

/** The counters are back at the window's start after a whole picture, so the second RAM needs no new cursor. */
function writeBoth(before: Planes, after: Planes): Step[] {
  return [
    image(ssd.WRITE_RAM_RED, before.red ?? before.blackWhite),
    image(ssd.WRITE_RAM_BLACK_WHITE, after.blackWhite),
  ];
}

function loadFastWaveform(temperature: readonly number[]): Step[] {
  return [
    command(ssd.DISPLAY_UPDATE_CONTROL_2, updateStages.loadTemperatureAndWaveform),
    command(ssd.MASTER_ACTIVATION),
    delay(activationMs),
    idle("loading the temperature", loadTimeoutMs),
    command(ssd.TEMPERATURE_SENSOR_WRITE, ...temperature),
    command(ssd.DISPLAY_UPDATE_CONTROL_2, updateStages.loadWaveform),
    command(ssd.MASTER_ACTIVATION),
    delay(activationMs),
    idle("loading the waveform", loadTimeoutMs),
  ];
}

function activate(stages: number, parameters: SsdParameters): Step[] {
  return [
    command(ssd.DISPLAY_UPDATE_CONTROL_2, stages),
    command(ssd.MASTER_ACTIVATION),
    delay(activationMs),
    idle("refresh", parameters.refreshTimeoutMs, refreshAtLeastMs),
  ];
}
