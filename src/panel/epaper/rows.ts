/** Packs a frame's RGBA into a controller's planes: one bit per pixel, rows of whole bytes. */
import type { Box, Frame } from "../frame.ts";
import type { Rotation } from "../geometry.ts";
import { checkSize, pixelWords, scanOf } from "../rotation.ts";
import type { ControllerGeometry, Planes } from "./controller.ts";

export interface PackOptions {
  /** How far the glass is turned clockwise relative to the frame. */
  readonly rotation: Rotation;
  /** The part of the frame without red ink: the code and its quiet zone. Depending on the light, a camera sees red as dark or as bright. */
  readonly codeArea: Box | undefined;
}

/** Half of full luminance. What is drawn in black on white needs nothing better. */
const whiteFrom = 128 * 1000;
/** A saturated red that was meant as red, not the brownish edge of smoothed type. */
const redFrom = 160;
const otherBelow = 96;

/** @throws RangeError if the turned frame does not have the size of the glass. */
export function packPlanes(frame: Frame, geometry: ControllerGeometry, options: PackOptions): Planes {
  const { widthPx, heightPx } = geometry;
  checkSize(frame, options.rotation, { widthPx, heightPx, name: "a glass" });
  const rowBytes = geometry.ramWidthPx / 8;
  const blackWhite = new Uint8Array(rowBytes * heightPx).fill(0xff);
  const red = geometry.hasRed ? new Uint8Array(rowBytes * heightPx) : undefined;
  const step = scanOf(frame, options.rotation);
  const words = pixelWords(frame.rgba);
  for (let y = 0; y < heightPx; y += 1) {
    let pixel = (step.start + y * step.row) / 4;
    const rowAt = y * rowBytes;
    for (let x = 0; x < widthPx; x += 1, pixel += step.column / 4) {
      const word = words[pixel] ?? opaqueWhite;
      // Most pixels are paper, and most of the others are ink.
      if (word === opaqueWhite) continue;
      const byteAt = rowAt + (x >> 3);
      const mask = 0x80 >> (x & 7);
      if (word !== opaqueBlack) {
        const r = word & 0xff;
        const g = (word >> 8) & 0xff;
        const b = (word >> 16) & 0xff;
        const isRed = r >= redFrom && g < otherBelow && b < otherBelow;
        if (red !== undefined && isRed && !isInside(options.codeArea, pixel, frame.widthPx)) {
          red[byteAt] = (red[byteAt] ?? 0) | mask;
          continue;
        }
        // BT.601 luma in thousandths.
        if (299 * r + 587 * g + 114 * b >= whiteFrom) continue;
      }
      blackWhite[byteAt] = (blackWhite[byteAt] ?? 0) & ~mask;
    }
  }
  return { blackWhite, red };
}

const opaqueWhite = 0xffffffff;
const opaqueBlack = 0xff000000;

function isInside(area: Box | undefined, pixel: number, widthPx: number): boolean {
  if (area === undefined) return false;
  const x = (pixel % widthPx) - area.xPx;
  const y = Math.floor(pixel / widthPx) - area.yPx;
  return x >= 0 && x < area.widthPx && y >= 0 && y < area.heightPx;
}

export function samePlanes(one: Planes, other: Planes): boolean {
  return sameBytes(one.blackWhite, other.blackWhite) && sameBytes(one.red, other.red);
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
