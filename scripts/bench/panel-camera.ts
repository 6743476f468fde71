/** A phone's camera before a panel, as arithmetic: perspective, resolution, blur, contrast, glare, noise, ghosts. Seeded: same seed, same picture. */
import type { Entropy } from "../../src/service/port.ts";

export interface Luma {
  readonly widthPx: number;
  readonly heightPx: number;
  /** 0 … 255 a pixel. */
  readonly levels: Float32Array;
}

/** Preview frames that phones decode: 1280 pixels across 65 degrees. */
const cameraPxAcross = 1_280;
const fieldOfView = (65 * Math.PI) / 180;
/** The decoders are given the part of the preview where the panel stands. */
const marginPx = 24;
const focalPx = cameraPxAcross / (2 * Math.tan(fieldOfView / 2));

export interface Shot {
  readonly distanceMm: number;
  /** About the vertical and the horizontal axis, and in the plane; radians. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Of the blur, camera pixels. */
  readonly blurPx: number;
  /** What is left of the contrast, 0 … 1. */
  readonly contrast: number;
  /** Standard deviation in levels. */
  readonly noise: number;
  readonly glare: { readonly x: number; readonly y: number; readonly radius: number; readonly strength: number };
  /** Of the picture before, 0 … 1. */
  readonly ghost: number;
  /** What lies on the glass, in shares of the square: the level there, or undefined where the picture can be seen. */
  readonly cover?: Cover;
}

export type Cover = (u: number, v: number) => number | undefined;

/** One way to hold a phone at about this distance. */
export function randomShot(entropy: Entropy, distanceMm: number, isEpaper: boolean): Shot {
  const between = (low: number, high: number): number => low + (high - low) * entropy.fraction();
  return {
    distanceMm: distanceMm * between(0.8, 1.25),
    yaw: between(-0.6, 0.6),
    pitch: between(-0.6, 0.6),
    roll: between(-0.5, 0.5),
    blurPx: between(0.4, 1.3),
    contrast: between(0.35, 1),
    noise: between(2, 14),
    glare: { x: between(0.1, 0.9), y: between(0.1, 0.9), radius: between(0.05, 0.18), strength: between(0, 160) },
    ghost: isEpaper ? between(0, 0.18) : 0,
  };
}

/** What the camera delivers of a panel's square `side` that is `sideMm` wide. `before` stood there earlier. */
export function photograph(panel: Luma, before: Luma, sideMm: number, shot: Shot, entropy: Entropy): Photo {
  const shotPx = Math.ceil((sideMm / shot.distanceMm) * focalPx * 1.25) + 2 * marginPx;
  const projected = project(panel, before, sideMm, shot, shotPx);
  const blurred = blur(projected, shot.blurPx, shotPx);
  const rgba = new Uint8ClampedArray(shotPx * shotPx * 4);
  for (let y = 0; y < shotPx; y += 1)
    for (let x = 0; x < shotPx; x += 1) {
      const at = y * shotPx + x;
      const away = Math.hypot(x / shotPx - shot.glare.x, y / shotPx - shot.glare.y) / shot.glare.radius;
      const glare = shot.glare.strength * Math.exp(-away * away);
      const level = 128 + ((blurred[at] ?? 0) - 128) * shot.contrast + glare + shot.noise * gaussian(entropy);
      rgba.fill(level, at * 4, at * 4 + 3);
      rgba[at * 4 + 3] = 255;
    }
  return { sidePx: shotPx, rgba };
}

export interface Photo {
  readonly sidePx: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

function gaussian(entropy: Entropy): number {
  return Math.sqrt(-2 * Math.log(1 - entropy.fraction())) * Math.cos(2 * Math.PI * entropy.fraction());
}

/** From each camera pixel back to the glass (pinhole camera before a tilted plane), four samples a pixel. */
function project(panel: Luma, before: Luma, sideMm: number, shot: Shot, shotPx: number): Float32Array {
  const [cosYaw, sinYaw] = [Math.cos(shot.yaw), Math.sin(shot.yaw)];
  const [cosPitch, sinPitch] = [Math.cos(shot.pitch), Math.sin(shot.pitch)];
  const [cosRoll, sinRoll] = [Math.cos(shot.roll), Math.sin(shot.roll)];
  // The plane's axes in camera space: roll, then pitch, then yaw.
  const right = [
    cosYaw * cosRoll + sinYaw * sinPitch * sinRoll,
    cosPitch * sinRoll,
    -sinYaw * cosRoll + cosYaw * sinPitch * sinRoll,
  ];
  const down = [
    -cosYaw * sinRoll + sinYaw * sinPitch * cosRoll,
    cosPitch * cosRoll,
    sinYaw * sinRoll + cosYaw * sinPitch * cosRoll,
  ];
  const normal = cross(right, down);
  const [rightX = 0, rightY = 0, rightZ = 0] = right;
  const [downX = 0, downY = 0, downZ = 0] = down;
  const [normalX = 0, normalY = 0, normalZ = 0] = normal;
  const toPlane = normalZ * shot.distanceMm;
  const out = new Float32Array(shotPx * shotPx);
  for (let y = 0; y < shotPx; y += 1)
    for (let x = 0; x < shotPx; x += 1) {
      let sum = 0;
      for (let part = 0; part < 4; part += 1) {
        const rayX = x + 0.25 + (part & 1) * 0.5 - shotPx / 2;
        const rayY = y + 0.25 + (part >> 1) * 0.5 - shotPx / 2;
        const reach = toPlane / (normalX * rayX + normalY * rayY + normalZ * focalPx);
        const [hitX, hitY, hitZ] = [rayX * reach, rayY * reach, focalPx * reach - shot.distanceMm];
        const u = (hitX * rightX + hitY * rightY + hitZ * rightZ) / sideMm + 0.5;
        const v = (hitX * downX + hitY * downY + hitZ * downZ) / sideMm + 0.5;
        sum += shot.cover?.(u, v) ?? surface(panel, before, u, v, shot.ghost);
      }
      out[y * shotPx + x] = sum / 4;
    }
  return out;
}

function cross(a: readonly number[], b: readonly number[]): readonly number[] {
  const [ax = 0, ay = 0, az = 0] = a;
  const [bx = 0, by = 0, bz = 0] = b;
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
}

/** Around the code the panel is white, and around the panel stands a grey machine. */
function surface(panel: Luma, before: Luma, u: number, v: number, ghost: number): number {
  if (u < -0.06 || v < -0.06 || u > 1.06 || v > 1.06) return 90;
  if (u < 0 || v < 0 || u >= 1 || v >= 1) return 235;
  return (1 - ghost) * pixelAt(panel, u, v) + ghost * pixelAt(before, u, v);
}

function pixelAt(picture: Luma, u: number, v: number): number {
  const at = Math.floor(v * picture.heightPx) * picture.widthPx + Math.floor(u * picture.widthPx);
  return 20 + ((picture.levels[at] ?? 0) * 215) / 255;
}

function blur(levels: Float32Array, sigma: number, shotPx: number): Float32Array {
  const radius = Math.ceil(sigma * 2.5);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, index) =>
    Math.exp(-((index - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  return pass(pass(levels, kernel, radius, total, 1, shotPx), kernel, radius, total, shotPx, shotPx);
}

function pass(
  levels: Float32Array,
  kernel: readonly number[],
  radius: number,
  total: number,
  step: number,
  shotPx: number,
): Float32Array {
  const out = new Float32Array(levels.length);
  for (let at = 0; at < levels.length; at += 1) {
    const place = step === 1 ? at % shotPx : Math.floor(at / shotPx);
    let sum = 0;
    for (let offset = -radius; offset <= radius; offset += 1) {
      const other = Math.min(shotPx - 1, Math.max(0, place + offset));
      sum += (levels[at + (other - place) * step] ?? 0) * (kernel[offset + radius] ?? 0);
    }
    out[at] = sum / total;
  }
  return out;
}
