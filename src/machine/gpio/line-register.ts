/**
 * Who has which line of the header in this process: whoever takes one claims it here first, and is refused when another has it. sysfs
 * refuses nobody, so that a panel's RST and a relay on the same wire would both be driven. Made by the composition and handed to each.
 */
import { GpioError } from "./header.ts";
import type { GpioLines } from "./lines.ts";

export interface LineClaim {
  /** BCM number. */
  readonly pin: number;
  /** What holds it, as people know it: "RST of the panel waveshare-7.5-v2", "output A1". */
  readonly holder: string;
}

/** One who takes lines. Claiming a line of its own again is no conflict. */
export interface LineOwner {
  /** All of them or none. @throws GpioError `line-in-use` that names who has the line. */
  claim(lines: readonly LineClaim[]): void;
  /** Gives back all that it has. Idempotent. */
  release(): void;
}

export interface LineRegister {
  /** Of buttons, sensors and outputs: the board's own lines are not for them. */
  owner(): LineOwner;
  /** Of a panel, a HAT or an adapter, which may be wired to what the board keeps for it (UART, I2C). */
  deviceOwner(): LineOwner;
  /** Every line that somebody has, by number; the board's own are not listed. */
  held(): readonly LineClaim[];
}

/** @param board lines that the board keeps for itself: the HAT's memory, buses with resistors on them */
export function createLineRegister(board: readonly LineClaim[]): LineRegister {
  const lines = new Map<number, LineClaim & { readonly by: symbol }>();
  const create = (reserved: readonly LineClaim[]): LineOwner => {
    const by = Symbol("owner");
    const holderOf = (pin: number): string | undefined => {
      const line = lines.get(pin);
      if (line !== undefined) return line.by === by ? undefined : line.holder;
      return reserved.find((one) => one.pin === pin)?.holder;
    };
    return {
      claim(wanted) {
        for (const { pin, holder } of wanted) {
          const other = holderOf(pin);
          if (other === undefined) continue;
          throw new GpioError(
            "line-in-use",
            `BCM ${pin} is ${other}: it cannot be ${holder} too. Choose another line: kvitt config check names a free one`,
          );
        }
        for (const { pin, holder } of wanted) lines.set(pin, { pin, holder, by });
      },
      release() {
        for (const [pin, line] of lines) if (line.by === by) lines.delete(pin);
      },
    };
  };
  return {
    owner: () => create(board),
    deviceOwner: () => create([]),
    held: () => [...lines.values()].map(({ pin, holder }) => ({ pin, holder })).toSorted((a, b) => a.pin - b.pin),
  };
}

/** The same way to the header, that claims each line before it is touched and gives all back when it is closed. */
export function withClaims(lines: GpioLines, owner: LineOwner): GpioLines {
  return {
    backEnd: lines.backEnd,
    openOutput: async (spec) => {
      owner.claim([{ pin: spec.bcm, holder: spec.name }]);
      return lines.openOutput(spec);
    },
    openInput: async (spec, onEdge, onFailure) => {
      owner.claim([{ pin: spec.bcm, holder: spec.name }]);
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
