/** From a frame's RGBA to a controller's planes: one bit a pixel, rows of whole bytes. */
import type { ControllerGeometry, Planes } from "./controller.ts";
import { pixelWords, type RgbaPicture, type Rotation, scanOf } from "../rotation.ts";

export type { RgbaPicture, Rotation } from "../rotation.ts";

/** In the picture's pixels, before it is turned. */
export interface PixelRect {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface PackOptions {
  /** How far the glass is turned clockwise against the picture. */
  readonly rotation: Rotation;
  /** Where red ink may be used: nowhere, everywhere, or everywhere but in this part of the picture (the code with its quiet zone). */
  readonly red: "never" | "anywhere" | { readonly except: PixelRect };
}

/** Half of full luminance: what is drawn black on white needs no better. */
const whiteFrom = 128 * 1000;
/** Red enough to be meant: a saturated red, not the brown edge of smoothed type. */
const redFrom = 160;
const otherBelow = 96;

/** @throws RangeError when the picture, turned, is not the size of the glass. */
export function packPlanes(picture: RgbaPicture, geometry: ControllerGeometry, options: PackOptions): Planes {
  const isTurned = options.rotation === 90 || options.rotation === 270;
  const [widthPx, heightPx] = isTurned ? [picture.heightPx, picture.widthPx] : [picture.widthPx, picture.heightPx];
  if (widthPx !== geometry.widthPx || heightPx !== geometry.heightPx)
    throw new RangeError(
      `a frame of ${picture.widthPx}×${picture.heightPx} turned by ${options.rotation}° does not fit a glass of ${geometry.widthPx}×${geometry.heightPx}`,
    );
  const rowBytes = geometry.ramWidthPx / 8;
  const blackWhite = new Uint8Array(rowBytes * heightPx).fill(0xff);
  const red = geometry.hasRed ? new Uint8Array(rowBytes * heightPx) : undefined;
  const step = scanOf(picture, options.rotation);
  const { rgba } = picture;
  const words = pixelWords(rgba);
  for (let y = 0; y < heightPx; y += 1) {
    let pixel = (step.start + y * step.row) / 4;
    const rowAt = y * rowBytes;
    for (let x = 0; x < widthPx; x += 1, pixel += step.column / 4) {
      const word = words[pixel] ?? opaqueWhite;
      // Most of a panel is paper, and most of the rest is ink.
      if (word === opaqueWhite) continue;
      const byteAt = rowAt + (x >> 3);
      const mask = 0x80 >> (x & 7);
      if (word !== opaqueBlack) {
        const r = word & 0xff;
        const g = (word >> 8) & 0xff;
        const b = (word >> 16) & 0xff;
        const isRed = r >= redFrom && g < otherBelow && b < otherBelow;
        if (red !== undefined && isRed && mayBeRed(options.red, pixel, picture.widthPx)) {
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

function mayBeRed(red: PackOptions["red"], pixel: number, widthPx: number): boolean {
  if (typeof red === "string") return red === "anywhere";
  const { except } = red;
  const x = pixel % widthPx;
  const y = Math.floor(pixel / widthPx);
  const isInside = x >= except.x && x < except.x + except.widthPx && y >= except.y && y < except.y + except.heightPx;
  return !isInside;
}

export function samePlanes(one: Planes, other: Planes): boolean {
  return sameBytes(one.blackWhite, other.blackWhite) && sameBytes(one.red, other.red);
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
