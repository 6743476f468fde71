/**
 * UC8179 / GD7965: Waveshare 7.5" V2, 5.83" V2, 7.5" B V2 and V3.
 * VCOM_AND_DATA_INTERVAL (0x50) byte 1:  7 BDZ border floats · 5:4 BDV border · 3 N2OCP copy new to old after refresh · 1:0 DDX data polarity.
 * DDX = 01 throughout: in the black-white planes 1 = white (black-white mode), and 1 = red in the red plane (three colours).
 */
import * as z from "zod";
import type { Controller, Planes, RefreshKind } from "./controller.ts";
import { command, image, type Step } from "./steps.ts";
import { powerOn, refreshSteps, resolution, uc, ucReset, ucSleep } from "./uc-family.ts";

const byte = z.int().min(0).max(255);

export const uc8179Parameters = z.strictObject({
  /** POWER_SETTING: 0x07 0x07 = ±20 V gates, 0x3F 0x3F = ±15 V sources. */
  power: z.array(byte).min(4).max(5).default([0x07, 0x07, 0x3f, 0x3f]),
  /** BOOSTER_SOFT_START; the chip's own values when absent. */
  booster: z.array(byte).length(4).optional(),
  /** Three-colour glass: PANEL_SETTING 0x0F instead of 0x1F. */
  red: z.boolean().default(false),
  /** FORCE_TEMPERATURE value for the short full waveform (0x5A on the 7.5" V2). */
  fastTemperature: byte.optional(),
  /** FORCE_TEMPERATURE value for the partial waveform (0x6E on the 7.5" V2). */
  partialTemperature: byte.optional(),
  refreshTimeoutMs: z.int().min(1_000).max(120_000).default(20_000),
});

export type Uc8179Parameters = z.infer<typeof uc8179Parameters>;

/** BDV = 10 (white border), N2OCP, DDX = 01. */
const intervalBlackWhite = 0x29;
/** The same with BDZ: the border floats and does not blink with each partial refresh. */
const intervalPartial = 0xa9;
/** BDV = 01, DDX = 01, no copying: the second plane is red. */
const intervalRed = 0x11;
/** CDI: 10 lines between VCOM and data, the chip's own value. */
const dataInterval = 0x07;

export function createUc8179(widthPx: number, heightPx: number, parameters: Uc8179Parameters): Controller {
  const { fastTemperature, partialTemperature, refreshTimeoutMs: timeoutMs } = parameters;
  const refreshes = new Set<RefreshKind>(["full"]);
  if (fastTemperature !== undefined) refreshes.add("fast");
  if (partialTemperature !== undefined) refreshes.add("partial");
  const wake = (interval: number) => wakeSteps(widthPx, heightPx, parameters, interval);
  const intervalFull = parameters.red ? intervalRed : intervalBlackWhite;
  return {
    name: "uc8179",
    geometry: { widthPx, heightPx, ramWidthPx: widthPx, hasRed: parameters.red },
    busyLevel: 0,
    refreshes,
    full: (planes) => [...wake(intervalFull), ...writePlanes(planes), ...refreshSteps(timeoutMs)],
    fast: (planes) =>
      fastTemperature === undefined
        ? undefined
        : [...wake(intervalFull), ...force(fastTemperature), ...writePlanes(planes), ...refreshSteps(timeoutMs)],
    partial: (before, after) =>
      partialTemperature === undefined
        ? undefined
        : [
            ...wake(intervalPartial),
            ...force(partialTemperature),
            command(uc.PARTIAL_IN),
            wholeWindow(widthPx, heightPx),
            image(uc.DATA_START_TRANSMISSION_1, before.blackWhite),
            image(uc.DATA_START_TRANSMISSION_2, after.blackWhite),
            ...refreshSteps(timeoutMs),
            command(uc.PARTIAL_OUT),
          ],
    sleep: () => ucSleep(0xf7),
  };
}

function wakeSteps(widthPx: number, heightPx: number, parameters: Uc8179Parameters, interval: number): Step[] {
  const steps: Step[] = [ucReset()];
  if (parameters.booster !== undefined) steps.push(command(uc.BOOSTER_SOFT_START, ...parameters.booster));
  steps.push(
    command(uc.POWER_SETTING, ...parameters.power),
    ...powerOn(),
    // REG = 0 waveform from OTP · KW/R 1 = black-white, 0 = three colours · scan up, shift right, booster on, no soft reset.
    command(uc.PANEL_SETTING, parameters.red ? 0x0f : 0x1f),
    resolution(widthPx, heightPx),
    command(uc.DUAL_SPI, 0x00),
    command(uc.VCOM_AND_DATA_INTERVAL, interval, dataInterval),
    command(uc.TCON_SETTING, 0x22),
  );
  return steps;
}

/** TSFIX (0x02) takes the temperature from FORCE_TEMPERATURE instead of the sensor, and with it a waveform of our choice. */
function force(temperature: number): Step[] {
  return [command(uc.CASCADE_SETTING, 0x02), command(uc.FORCE_TEMPERATURE, temperature)];
}

function writePlanes(planes: Planes): Step[] {
  const first = planes.blackWhite;
  // Black-white: old = complement of new, so that every pixel makes a whole transition and nothing of the last picture stays.
  const steps =
    planes.red === undefined
      ? [image(uc.DATA_START_TRANSMISSION_1, complement(first)), image(uc.DATA_START_TRANSMISSION_2, first)]
      : [image(uc.DATA_START_TRANSMISSION_1, first), image(uc.DATA_START_TRANSMISSION_2, planes.red)];
  return steps;
}

function complement(plane: Uint8Array): Uint8Array {
  return plane.map((value) => value ^ 0xff);
}

/** x in pixels (the low three bits are ignored), y in lines, both ends included; 01 scans inside and outside the window. */
function wholeWindow(widthPx: number, heightPx: number): Step {
  const x = widthPx - 1;
  const y = heightPx - 1;
  return command(uc.PARTIAL_WINDOW, 0, 0, x >> 8, x & 0xff, 0, 0, y >> 8, y & 0xff, 0x01);
}
