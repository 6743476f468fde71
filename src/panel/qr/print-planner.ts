/**
 * Plans a symbol for paper or film. Print has no pixels to fit, so the size is given and the module follows from it; what spoils a print is dirt, scratches
 * and wear, so the error correction is level Q at least. Refuses what would not scan at its size.
 */
import { quietZoneModules } from "./planner.ts";
import { createSymbol, type QrSymbol, symbolSize } from "./symbol.ts";

export interface PrintPlan {
  readonly medium: "print";
  readonly symbol: QrSymbol;
  readonly moduleMm: number;
  /** The symbol without its quiet zone. */
  readonly symbolMm: number;
  /** The whole square, quiet zone included. */
  readonly sideMm: number;
  /** Ten times the symbol's width, the usual rule of thumb. */
  readonly scanDistanceMm: number;
}

export type PrintPlanning =
  | { readonly kind: "planned"; readonly plan: PrintPlan }
  | { readonly kind: "refused"; readonly reason: string; readonly advice: string };

export interface PrintPolicy {
  /**
   * Four dots of a label printer with 8 dots a millimetre (200 dpi): DENSO WAVE, who made the QR Code, ask for four dots or more a module
   * (qrcode.com/en/howto/cell.html). GS1 takes 0.396 mm as the least at a till (General Specifications, 5.12.3.1).
   */
  readonly moduleMmMin: number;
  /** A smaller symbol would have to be scanned from nearer than 25 cm, the arm's rule of thumb turned round. */
  readonly symbolMmMin: number;
}

export const defaultPrintPolicy: PrintPolicy = { moduleMmMin: 0.5, symbolMmMin: 25 };

/** @param symbolMm the symbol's side, without its quiet zone */
export function planPrintedQr(text: string, symbolMm: number, policy: PrintPolicy = defaultPrintPolicy): PrintPlanning {
  const size = symbolSize(text, "Q");
  if (size === undefined)
    return {
      kind: "refused",
      reason: `a text of ${Buffer.byteLength(text)} bytes fits no QR symbol of level Q`,
      advice: "print a shorter address",
    };
  const neededMm = Math.max(policy.symbolMmMin, Math.ceil(size * policy.moduleMmMin));
  const advice = `print it ${neededMm} mm wide or wider`;
  // The negation also refuses what is no number.
  if (!(symbolMm >= policy.symbolMmMin))
    return {
      kind: "refused",
      reason: `${symbolMm} mm are less than the ${policy.symbolMmMin} mm of a sticker`,
      advice,
    };
  const moduleMm = symbolMm / size;
  if (moduleMm < policy.moduleMmMin)
    return {
      kind: "refused",
      reason: `${size} modules on ${symbolMm} mm are ${moduleMm.toFixed(2)} mm each, and less than ${policy.moduleMmMin} mm is not printed reliably`,
      advice,
    };
  const symbol = createSymbol(text, symbolSize(text, "H") === size ? "H" : "Q");
  if (symbol === undefined) throw new Error(`the QR encoder took ${size} modules back`);
  return {
    kind: "planned",
    plan: {
      medium: "print",
      symbol,
      moduleMm,
      symbolMm,
      sideMm: (size + 2 * quietZoneModules) * moduleMm,
      scanDistanceMm: Math.round(10 * symbolMm),
    },
  };
}
