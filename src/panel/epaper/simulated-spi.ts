/** Simulated wires: an SPI port and digital lines that lead to a simulated controller. */
import type { Clock } from "../../service/port.ts";
import type { SpiPort } from "./bus.ts";
import { chunksOf } from "./chunks.ts";
import type { EpaperLines, Level } from "./lines.ts";
import type { SimulatedChip } from "./simulated-chip.ts";

export interface SimulatedWireFaults {
  /** BUSY reads this level, whatever the controller does: a loose wire. */
  busyStuckAt?: Level | undefined;
  /** Each write fails with this. */
  writeError?: Error | undefined;
}

export interface SimulatedWires {
  readonly spi: SpiPort;
  readonly lines: EpaperLines;
  /** May be changed at any time. */
  readonly faults: SimulatedWireFaults;
  /** The lengths of the transfers so far. */
  readonly transfers: readonly number[];
}

/** As spidev's default; a longer transfer would answer EMSGSIZE. */
const bufsizDefault = 4_096;

export function createSimulatedWires(chip: SimulatedChip, clock: Clock, bufsiz = bufsizDefault): SimulatedWires {
  const faults: SimulatedWireFaults = {};
  const transfers: number[] = [];
  let dataCommand: Level = 0;
  const busy = (): Level => faults.busyStuckAt ?? chip.busyLevel();
  const lines: EpaperLines = {
    reset: { set: async (level) => Promise.resolve(chip.setReset(level)) },
    dataCommand: {
      set: async (level) => {
        await Promise.resolve();
        dataCommand = level;
      },
    },
    power: { set: async (level) => Promise.resolve(chip.setPower(level)) },
    busy: {
      read: () => Promise.resolve(busy()),
      waitFor: async (level, timeoutMs) => {
        const endMs = clock.monotonicMs() + timeoutMs;
        while (busy() !== level) {
          const leftMs = endMs - clock.monotonicMs();
          if (leftMs <= 0) return false;
          const untilMs = chip.busyUntilMs();
          const changeMs = untilMs === undefined ? leftMs : Math.max(1, untilMs - clock.monotonicMs());
          await clock.sleep(Math.min(leftMs, changeMs));
        }
        return true;
      },
    },
  };
  const spi: SpiPort = {
    write: async (bytes) => {
      await Promise.resolve();
      if (faults.writeError !== undefined) throw faults.writeError;
      for (const chunk of chunksOf(bytes, bufsiz)) {
        transfers.push(chunk.length);
        if (dataCommand === 0) chip.commandBytes(chunk);
        else chip.dataBytes(chunk);
      }
    },
    close: () => Promise.resolve(),
  };
  return { spi, lines, faults, transfers };
}
