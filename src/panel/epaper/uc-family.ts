/** What the UltraChip controllers share. Codes and names: UC8179 and UC8176 data sheets, command tables. BUSY_N is low while busy. */
import { command, delay, idle, reset, type Step } from "./steps.ts";

export const uc = {
  PANEL_SETTING: 0x00,
  POWER_SETTING: 0x01,
  POWER_OFF: 0x02,
  POWER_ON: 0x04,
  BOOSTER_SOFT_START: 0x06,
  DEEP_SLEEP: 0x07,
  DATA_START_TRANSMISSION_1: 0x10,
  DISPLAY_REFRESH: 0x12,
  DATA_START_TRANSMISSION_2: 0x13,
  DUAL_SPI: 0x15,
  PLL_CONTROL: 0x30,
  VCOM_AND_DATA_INTERVAL: 0x50,
  TCON_SETTING: 0x60,
  RESOLUTION_SETTING: 0x61,
  GATE_SOURCE_START: 0x65,
  VCM_DC_SETTING: 0x82,
  PARTIAL_WINDOW: 0x90,
  PARTIAL_IN: 0x91,
  PARTIAL_OUT: 0x92,
  CASCADE_SETTING: 0xe0,
  POWER_SAVING: 0xe3,
  FORCE_TEMPERATURE: 0xe5,
} as const;

/** The charge pump is up well within this. */
export const powerTimeoutMs = 3_000;
/** No glass is driven in less; the vendor's example itself waits 100 ms before it looks at BUSY. */
const refreshAtLeastMs = 150;

export function ucReset(): Step {
  return reset(2, 20);
}

export function powerOn(): Step[] {
  return [command(uc.POWER_ON), delay(100), idle("power on", powerTimeoutMs)];
}

export function resolution(widthPx: number, heightPx: number): Step {
  return command(uc.RESOLUTION_SETTING, widthPx >> 8, widthPx & 0xff, heightPx >> 8, heightPx & 0xff);
}

export function refreshSteps(timeoutMs: number): Step[] {
  return [command(uc.DISPLAY_REFRESH), delay(100), idle("refresh", timeoutMs, refreshAtLeastMs)];
}

/** `floatingBorder` is the interval setting that lets the border float, so that no voltage stays on it. */
export function ucSleep(floatingBorder: number): Step[] {
  return [
    command(uc.VCOM_AND_DATA_INTERVAL, floatingBorder),
    command(uc.POWER_OFF),
    delay(10),
    idle("power off", powerTimeoutMs),
    // 0xA5 is the check code; anything else is ignored.
    command(uc.DEEP_SLEEP, 0xa5),
  ];
}
