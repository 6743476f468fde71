/**
 * What makes a world richer than its first draw. It is drawn from a generator of its own, in a fixed order: a seed of which nothing is drawn here goes
 * on as it always did, and a trait that is added at the end changes no seed but its own.
 */
import { createSeededEntropy } from "../../src/service/entropy.ts";
import type { Entropy } from "../../src/service/port.ts";

export class Dice {
  readonly entropy: Entropy;

  constructor(seed: number) {
    this.entropy = createSeededEntropy(seed);
  }

  fraction(): number {
    return this.entropy.fraction();
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.fraction() * choices.length)];
    if (choice === undefined) throw new Error("nothing to choose from");
    return choice;
  }
}

export interface Traits {
  /** One product, and a scan asks for its price. */
  readonly paysAtOnce: boolean;
  /** Releases are ordered, tried, kept and taken back; an older one wrote what is in the journal. */
  readonly isUpdated: boolean;
  /** The relay has the merchant's keys, and the machine its own identity. */
  readonly hasGateway: boolean;
  /** The panel is slow, does not take every picture, and is unplugged. */
  readonly hasFrailPanel: boolean;
  /** Another computer has this machine's id. */
  readonly hasRival: boolean;
  /** Scanner and keypad are devices on USB. */
  readonly hasReaders: boolean;
  /** Several outlets in one machine. */
  readonly hasOutlets: boolean;
}

/** Nothing of it: for what is looked for in the first draw. */
export const plain: Traits = {
  paysAtOnce: false,
  isUpdated: false,
  hasGateway: false,
  hasFrailPanel: false,
  hasRival: false,
  hasReaders: false,
  hasOutlets: false,
};

/** Far from the seeds of the worlds themselves. */
const [traitsFrom, diceFrom] = [0x5eed_0000_0000, 0xd1ce_0000_0000];

export function traitsOf(seed: number): Traits {
  const dice = new Dice(seed + traitsFrom);
  return {
    paysAtOnce: dice.chance(0.15),
    isUpdated: dice.chance(0.2),
    hasGateway: dice.chance(0.2),
    hasFrailPanel: dice.chance(0.2),
    hasRival: dice.chance(0.1),
    hasReaders: dice.chance(0.3),
    hasOutlets: dice.chance(0.3),
  };
}

export function diceOf(seed: number): Dice {
  return new Dice(seed + diceFrom);
}
