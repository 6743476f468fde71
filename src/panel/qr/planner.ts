/**
 * Plans a symbol for a given panel and space: version, error correction, whole-pixel modules, quiet zone, and the distance from which phones can
 * read it. Refuses what no phone would read: better an error during configuration than one in front of a customer.
 */
import { type PanelGeometry, pxToMm } from "../geometry.ts";
import { createSymbol, type ErrorCorrection, type QrSymbol, symbolSize } from "./symbol.ts";

/** ISO/IEC 18004: the quiet zone of a QR Code symbol is 4 modules wide on all four sides. */
export const quietZoneModules = 4;

export interface QrSpace {
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface QrPlan {
  readonly symbol: QrSymbol;
  readonly moduleSizePx: number;
  readonly moduleSizeMm: number;
  /** The whole square, quiet zone included. */
  readonly sidePx: number;
  /** The offset of the square, which is centred in its space. */
  readonly xPx: number;
  readonly yPx: number;
  /** Ten times the symbol's width, the usual rule of thumb. */
  readonly scanDistanceMm: number;
}

export type QrPlanning =
  | { readonly kind: "planned"; readonly plan: QrPlan }
  | { readonly kind: "refused"; readonly reason: string; readonly advice: string };

export interface QrPolicy {
  /** Smaller modules are not shown. 0.33 mm is what a phone camera resolves at 15 cm with two pixels per module. */
  readonly moduleMmMin: number;
  /** One-pixel modules bleed on e-paper and shimmer on LCDs. */
  readonly modulePxMin: number;
}

export const defaultQrPolicy: QrPolicy = { moduleMmMin: 0.33, modulePxMin: 2 };

const higherLevels: readonly ErrorCorrection[] = ["M", "Q", "H"];

interface Candidate {
  readonly level: ErrorCorrection;
  readonly size: number;
  readonly modulePx: number;
}

/**
 * The largest module wins; among equals the symbol with the fewest modules; among those the highest error correction, which then costs nothing. This
 * was measured (docs/panels.md): cameras are short of pixels per module, and a screen has no scratches to correct. If nothing is readable, the
 * smallest symbol shows what the panel lacks.
 */
function best(text: string, sidePx: number): Candidate | undefined {
  // The lowest level has the fewest modules, so no other level has larger ones. What remains is to find the highest level of the same size.
  const size = symbolSize(text, "L");
  if (size === undefined) return undefined;
  let level: ErrorCorrection = "L";
  for (const higher of higherLevels) {
    if (symbolSize(text, higher) !== size) break;
    level = higher;
  }
  return { level, size, modulePx: Math.floor(sidePx / (size + 2 * quietZoneModules)) };
}

export function planQr(
  text: string,
  geometry: PanelGeometry,
  space: QrSpace,
  policy: QrPolicy = defaultQrPolicy,
): QrPlanning {
  const sidePx = Math.min(space.widthPx, space.heightPx);
  const isReadable = (modulePx: number): boolean =>
    modulePx >= policy.modulePxMin && pxToMm(geometry, modulePx) >= policy.moduleMmMin;
  const winner = best(text, sidePx);
  if (winner === undefined)
    return {
      kind: "refused",
      reason: `a text of ${Buffer.byteLength(text)} bytes fits no QR symbol`,
      advice: "show a shorter address",
    };
  const { modulePx, size, level } = winner;
  if (!isReadable(modulePx)) {
    const modules = size + 2 * quietZoneModules;
    const neededPx = modules * policy.modulePxMin;
    return {
      kind: "refused",
      reason: `${modules} modules on ${sidePx} px leave ${modulePx} px (${pxToMm(geometry, modulePx).toFixed(2)} mm) a module, and no phone reads less than ${policy.modulePxMin} px and ${policy.moduleMmMin} mm`,
      advice: `this content needs a panel with at least ${neededPx} px and ${Math.ceil(modules * policy.moduleMmMin)} mm on its short side, or a shorter content`,
    };
  }
  const symbol = createSymbol(text, level);
  if (symbol === undefined) throw new Error(`the QR encoder took ${size} modules back at level ${level}`);
  const wholePx = (symbol.size + 2 * quietZoneModules) * modulePx;
  return {
    kind: "planned",
    plan: {
      symbol,
      moduleSizePx: modulePx,
      moduleSizeMm: pxToMm(geometry, modulePx),
      sidePx: wholePx,
      xPx: Math.floor((space.widthPx - wholePx) / 2),
      yPx: Math.floor((space.heightPx - wholePx) / 2),
      scanDistanceMm: Math.round(10 * symbol.size * pxToMm(geometry, modulePx)),
    },
  };
}
