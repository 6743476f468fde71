/** How large things are on this panel: type by the reading distance, margins by the short side. Pure. */
import { mmToPx, type PanelGeometry } from "../geometry.ts";

export interface Metrics {
  /** The size of running text; all others are ratios of it. */
  readonly bodyPx: number;
  /** No text is smaller, unless it would not fit at all. */
  readonly smallestPx: number;
  /** Smaller text is always bold: on one-bit glass the stems of lighter type fall apart. */
  readonly boldBelowPx: number;
  readonly marginPx: number;
  readonly gapPx: number;
  /** Colour panels with room for it: the code and the products stand on white cards before a tinted backdrop. */
  readonly hasCards: boolean;
  /** The symbol never needs to be larger than this, quiet zone included. */
  readonly codeSidePxMax: number;
}

/** Type is read well when its size is about a hundredth of the distance (capital letters then span a quarter of a degree and more). */
const bodySizePerDistance = 1 / 85;
/** A symbol scans from ten times its width; this much wider leaves room for cheap cameras and for people who stand farther off. */
const codeWidthPerDistance = 2.4 / 10;

export function metricsOf(geometry: PanelGeometry): Metrics {
  const { widthPx, heightPx, readingDistanceMm, colours } = geometry;
  const shortPx = Math.min(widthPx, heightPx);
  const wanted = mmToPx(geometry, readingDistanceMm * bodySizePerDistance);
  const bodyPx = Math.max(Math.min(wanted, Math.max(shortPx * 0.07, 13)), shortPx * 0.04, 10);
  const isFine = colours === "colour" || colours === "grey";
  return {
    bodyPx,
    smallestPx: Math.min(bodyPx, Math.max(isFine ? 9 : 10, bodyPx * 0.62)),
    boldBelowPx: isFine ? 0 : 21,
    marginPx: Math.max(3, Math.round(shortPx * 0.045)),
    gapPx: Math.max(2, Math.round(bodyPx * 0.5)),
    hasCards: colours === "colour" && shortPx >= 400,
    codeSidePxMax: Math.ceil(mmToPx(geometry, readingDistanceMm * codeWidthPerDistance)),
  };
}
