/**
 * SSD1677: Waveshare 4.26" and 13.3" K. As SSD168x, but RAM X addresses are pixels in 16 bits and the booster has values of its own.
 * The 3.7" is not covered: its waveform comes from the host.
 */
import type { Controller } from "./controller.ts";
import { createSsdController, ssdParameters, type SsdParameters } from "./ssd-family.ts";

/** RAM X addresses count pixels. */
export const ssd1677Parameters = ssdParameters;

export function createSsd1677(widthPx: number, heightPx: number, parameters: SsdParameters): Controller {
  return createSsdController("ssd1677", widthPx, heightPx, parameters, "pixel");
}
