/** Randomness: from the kernel in production, from a seed in simulation. */
import { randomBytes } from "node:crypto";
import type { Entropy } from "./port.ts";

export function createSystemEntropy(): Entropy {
  return {
    bytes: (count) => new Uint8Array(randomBytes(count)),
    fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  };
}

/** sfc32 (Chris Doty-Humphrey, PractRand): small, fast, passes the usual tests; the same seed gives the same numbers everywhere. */
export function createSeededEntropy(seed: number): Entropy {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = Math.floor(seed / 2 ** 32) | 1;
  function next(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  }
  for (let round = 0; round < 16; round += 1) next();
  return {
    fraction: () => next() / 2 ** 32,
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  };
}
