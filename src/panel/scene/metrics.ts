/** How large things are on a panel: type depends on the reading distance, margins on the short side. Pure. */
import { mmToPx, type PanelGeometry } from "../geometry.ts";

export interface Metrics {
  /** The size of running text. All other sizes are ratios of it. */
  readonly bodyPx: number;
  /** No text is smaller unless it would not fit at all. */
  readonly smallestPx: number;
  /** Smaller text is always bold: on one-bit glass the stems of lighter type break up. */
  readonly boldBelowPx: number;
  /** One-bit glass has no grey to draw half a pixel with: sizes are whole. */
  readonly isWholePx: boolean;
  readonly marginPx: number;
  readonly gapPx: number;
  /** Whether the code and the products are on white cards over a tinted backdrop: on colour panels with enough room. */
  readonly hasCards: boolean;
  /** The symbol never needs to be larger than this, quiet zone included. */
  readonly codeSidePxMax: number;
}

/** Type reads well at about a hundredth of the distance: capital letters then span a quarter of a degree or more. */
const bodySizePerDistance = 1 / 85;
/** A symbol scans from ten times its width. This much more leaves a margin for cheap cameras and for people who stand farther away. */
const codeWidthPerDistance = 2.4 / 10;

/** The setting for people who see badly, as far as the glass has room. */
const largeTypeScale = 1.3;

export function metricsOf(geometry: PanelGeometry): Metrics {
  const { widthPx, heightPx, readingDistanceMm, colours } = geometry;
  const shortPx = Math.min(widthPx, heightPx);
  const wanted = mmToPx(geometry, readingDistanceMm * bodySizePerDistance);
  const isFine = colours === "colour" || colours === "grey";
  const grown = geometry.isLargeType === true ? largeTypeScale : 1;
  const roomy = Math.max(Math.min(wanted * grown, Math.max(shortPx * 0.07, 13) * grown), shortPx * 0.04, 10);
  const bodyPx = isFine ? roomy : Math.floor(roomy);
  const smallest = Math.min(bodyPx, Math.max(isFine ? 9 : 11, bodyPx * 0.62));
  return {
    bodyPx,
    smallestPx: isFine ? smallest : Math.ceil(smallest),
    isWholePx: !isFine,
    boldBelowPx: isFine ? 0 : 21,
    marginPx: Math.max(3, Math.round(shortPx * 0.045)),
    gapPx: Math.max(2, Math.round(bodyPx * 0.5)),
    hasCards: colours === "colour" && shortPx >= 400,
    codeSidePxMax: Math.ceil(mmToPx(geometry, readingDistanceMm * codeWidthPerDistance)),
  };
}
