/**
 * SSD1680, SSD1681, SSD1683 with waveforms from OTP: Waveshare 2.13" V4 and B V4, 2.9" V2 (full refresh only: its OTP has no partial waveform), 4.2" V2.
 * Panels that need a waveform from the host (2.13" V2 and V3; partial refresh of the 2.9" V2) are not covered: no table with a source we may use.
 */
import type { Controller } from "./controller.ts";
import { createSsdController, ssdParameters, type SsdParameters } from "./ssd-family.ts";

/** RAM X addresses count bytes. */
export const ssd168xParameters = ssdParameters;

export function createSsd168x(widthPx: number, heightPx: number, parameters: SsdParameters): Controller {
  return createSsdController("ssd168x", widthPx, heightPx, parameters, "byte");
}
