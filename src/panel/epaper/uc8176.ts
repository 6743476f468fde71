/**
 * UC8176 / IL0398: Waveshare 4.2" V1. Full refresh with the waveform from OTP; its partial and four-grey waveforms come from the host and are not covered.
 * VCOM_AND_DATA_INTERVAL (0x50): 7:6 VBD border · 5:4 DDX, 01 = 1 is white · 3:0 CDI.
 */
import * as z from "zod";
import type { Controller } from "./controller.ts";
import { command, image } from "./steps.ts";
import { powerOn, refreshSteps, resolution, uc, ucReset, ucSleep } from "./uc-family.ts";

const byte = z.int().min(0).max(255);

export const uc8176Parameters = z.strictObject({
  power: z.array(byte).min(4).max(5).default([0x03, 0x00, 0x2b, 0x2b]),
  booster: z.array(byte).length(3).default([0x17, 0x17, 0x17]),
  /** PLL_CONTROL: 0x3C = 50 Hz. */
  pll: byte.default(0x3c),
  refreshTimeoutMs: z.int().min(1_000).max(120_000).default(15_000),
});

export type Uc8176Parameters = z.infer<typeof uc8176Parameters>;

export function createUc8176(widthPx: number, heightPx: number, parameters: Uc8176Parameters): Controller {
  return {
    name: "uc8176",
    geometry: { widthPx, heightPx, ramWidthPx: Math.ceil(widthPx / 8) * 8, hasRed: false },
    busyLevel: 0,
    refreshes: new Set(["full"]),
    full: (planes) => [
      ucReset(),
      command(uc.POWER_SETTING, ...parameters.power),
      command(uc.BOOSTER_SOFT_START, ...parameters.booster),
      ...powerOn(),
      // As on the UC8179: waveform from OTP, black-white.
      command(uc.PANEL_SETTING, 0x1f),
      command(uc.PLL_CONTROL, parameters.pll),
      resolution(widthPx, heightPx),
      // VBD = 10 (white border), DDX = 01, CDI = 0111.
      command(uc.VCOM_AND_DATA_INTERVAL, 0x97),
      // Old = complement of new: every pixel makes a whole transition.
      image(
        uc.DATA_START_TRANSMISSION_1,
        planes.blackWhite.map((value) => value ^ 0xff),
      ),
      image(uc.DATA_START_TRANSMISSION_2, planes.blackWhite),
      ...refreshSteps(parameters.refreshTimeoutMs),
    ],
    fast: () => undefined,
    partial: () => undefined,
    sleep: () => ucSleep(0xf7),
  };
}
