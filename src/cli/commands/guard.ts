/** `kvitt guard`: the process that holds the outputs. The daemon starts it; nobody else has a reason to. */
import { openLines } from "../../machine/gpio/open-lines.ts";
import { runGuardProcess } from "../../machine/guard/guard-process.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import type { CliCommand } from "../command.ts";

const usage = `kvitt guard

Holds the outputs for the daemon, which starts it: orders on standard input, replies on standard output, a line of JSON each. Every output goes
off when its time is over, when the input ends, or when a line is no order. SIGTERM, SIGINT, SIGHUP and SIGABRT are not taken: the daemon's end is its end.`;

export const command: CliCommand = {
  usage,
  run(_args, io) {
    // The terminal and systemd signal the whole group; outputs that a delivery needs stay on until the daemon has ended in good order.
    // SIGABRT is what systemd sends to all when its watchdog bites: who has to switch off must not be the first to go.
    for (const signal of ["SIGHUP", "SIGABRT"] as const) process.on(signal, () => {});
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    return runGuardProcess({
      input: process.stdin,
      write: io.out,
      openLines: (how) => openLines(how, clock),
      clock,
    });
  },
};
