/**
 * Who has which line of the header in this process: whoever takes one claims it here first, and is refused when another has it. sysfs
 * refuses nobody, so that a panel's RST and a relay on the same wire would both be driven. Made by the composition and handed to each.
 */
import { GpioError } from "./header.ts";
import type { GpioLines } from "./lines.ts";

export interface LineClaim {
  readonly bcm: number;
  /** What it is to its owner: "RST", "the output of A1". */
  readonly what: string;
}

export interface HeldLine extends LineClaim {
  readonly owner: string;
}

/** One who takes lines. Claiming a line of its own again is no conflict. */
export interface LineOwner {
  /** All of them or none. @throws GpioError `line-in-use` that names who has the line. */
  claim(lines: readonly LineClaim[]): void;
  /** Gives back all that it has. Idempotent. */
  release(): void;
}

export interface LineRegister {
  /** @param name as people know it: "the panel waveshare-7.5-v2", "the guard of the outputs" */
  owner(name: string): LineOwner;
  /** Every line that somebody has, by number. */
  held(): readonly HeldLine[];
}

export function createLineRegister(): LineRegister {
  const lines = new Map<number, HeldLine & { readonly by: symbol }>();
  return {
    owner(name) {
      const by = Symbol(name);
      return {
        claim(wanted) {
          for (const { bcm, what } of wanted) {
            const other = lines.get(bcm);
            if (other !== undefined && other.by !== by)
              throw new GpioError(
                "line-in-use",
                `BCM ${bcm} is ${other.what} of ${other.owner} and cannot be ${what} of ${name} too: choose another line`,
              );
          }
          for (const { bcm, what } of wanted) lines.set(bcm, { bcm, what, owner: name, by });
        },
        release() {
          for (const [bcm, line] of lines) if (line.by === by) lines.delete(bcm);
        },
      };
    },
    held: () =>
      [...lines.values()].map(({ bcm, what, owner }) => ({ bcm, what, owner })).toSorted((a, b) => a.bcm - b.bcm),
  };
}

/** The same way to the header, that claims each line before it is touched and gives all back when it is closed. */
export function withClaims(lines: GpioLines, owner: LineOwner): GpioLines {
  return {
    backEnd: lines.backEnd,
    openOutput: async (spec) => {
      owner.claim([{ bcm: spec.bcm, what: spec.name }]);
      return lines.openOutput(spec);
    },
    openInput: async (spec, onEdge, onFailure) => {
      owner.claim([{ bcm: spec.bcm, what: spec.name }]);
      return lines.openInput(spec, onEdge, onFailure);
    },
    close: async () => {
      try {
        await lines.close();
      } finally {
        owner.release();
      }
    },
  };
}
