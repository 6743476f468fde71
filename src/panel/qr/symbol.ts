/** A QR Code symbol (ISO/IEC 18004) as a square of modules, made by the `qrcode` package. */
import QRCode, { type QRCodeSegment } from "qrcode";
import { segmentsOf } from "./segments.ts";

export type ErrorCorrection = "L" | "M" | "Q" | "H";

export interface QrSymbol {
  /** 1 … 40. */
  readonly version: number;
  readonly errorCorrection: ErrorCorrection;
  /** Modules per side: version × 4 + 17. */
  readonly size: number;
  readonly isDark: (row: number, column: number) => boolean;
}

/**
 * How many modules per side the text needs at this level; undefined if it fits no symbol. Much cheaper than making the symbol, which spends most of
 * its time on trying eight mask patterns; here one is given.
 */
export function symbolSize(text: string, errorCorrection: ErrorCorrection): number | undefined {
  if (text.length === 0) return undefined;
  try {
    return QRCode.create(parts(text), { errorCorrectionLevel: errorCorrection, maskPattern: 0 }).modules.size;
  } catch {
    return undefined;
  }
}

/** Undefined if the text fits no symbol at this level. */
export function createSymbol(text: string, errorCorrection: ErrorCorrection): QrSymbol | undefined {
  if (text.length === 0) return undefined;
  try {
    const { modules, version } = QRCode.create(parts(text), { errorCorrectionLevel: errorCorrection });
    const { data, size } = modules;
    return { version, errorCorrection, size, isDark: (row, column) => data[row * size + column] === 1 };
  } catch {
    return undefined;
  }
}

/** Segments are passed ready-made, because the package's own search through a graph takes longer than everything else. */
function parts(text: string): QRCodeSegment[] {
  return segmentsOf(text).map(({ mode, data }): QRCodeSegment => {
    if (mode === "byte") return { mode, data: new TextEncoder().encode(data) };
    return { mode, data };
  });
}
