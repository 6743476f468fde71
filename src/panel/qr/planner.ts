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

const levels: readonly ErrorCorrection[] = ["L", "M", "Q", "H"];

interface Candidate {
  readonly level: ErrorCorrection;
  readonly size: number;
  readonly modulePx: number;
}

/** A module of this size has pixels to spare for more error correction: measured, docs/qr-survival.md. */
const spareModulePx = 5;

/**
 * Level M where its modules keep `spareModulePx` and are readable, else L with the largest module; then the highest level of the same size, which
 * costs nothing. On small glass cameras are short of pixels per module; on larger glass what lies on it (glare, scratches, dirt) costs more readings
 * than somewhat smaller modules do. If nothing is readable, the smallest symbol shows what the panel lacks.
 */
function best(text: string, sidePx: number, isReadable: (modulePx: number) => boolean): Candidate | undefined {
  const modulePxOf = (size: number): number => Math.floor(sidePx / (size + 2 * quietZoneModules));
  const sizeOfL = symbolSize(text, "L");
  if (sizeOfL === undefined) return undefined;
  const sizeOfM = symbolSize(text, "M");
  const isSpare = (modulePx: number): boolean => modulePx >= spareModulePx && isReadable(modulePx);
  const hasSpare = sizeOfM !== undefined && isSpare(modulePxOf(sizeOfM));
  const size = hasSpare ? sizeOfM : sizeOfL;
  let level: ErrorCorrection = hasSpare ? "M" : "L";
  for (const higher of levels.slice(levels.indexOf(level) + 1)) {
    if (symbolSize(text, higher) !== size) break;
    level = higher;
  }
  return { level, size, modulePx: modulePxOf(size) };
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
  const winner = best(text, sidePx, isReadable);
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
