/** A serial port whose other end is the simulated vending machine: a pseudo-terminal that python3 holds, because Node has none. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { SimulatedVmc } from "../../../src/machine/mdb/simulated-vmc.ts";

const holder = `
import os, pty, select, sys, tty
master, slave = pty.openpty()
tty.setraw(slave)
sys.stderr.write(os.ttyname(slave) + "\\n")
sys.stderr.flush()
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if 0 in ready:
        data = os.read(0, 4096)
        if not data: break
        os.write(master, data)
    if master in ready:
        os.write(1, os.read(master, 4096))
`;

export function hasPython(): boolean {
  try {
    execFileSync("python3", ["-c", "import pty"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export interface PseudoTerminal {
  /** As the driver opens it. */
  readonly path: string;
  /** The adapter is pulled out: the port is gone. */
  unplug(): Promise<void>;
}

export async function plugIn(vmc: SimulatedVmc): Promise<PseudoTerminal> {
  const child: ChildProcess = spawn("python3", ["-c", holder], { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error("python3 has no pipes");
  const path = await new Promise<string>((resolve, reject) => {
    createInterface({ input: stderr }).once("line", resolve);
    child.once("error", reject);
  });
  const toVmc = vmc.wire((chunk) => void stdin.write(chunk));
  stdout.setEncoding("latin1").on("data", (chunk: string) => toVmc(chunk));
  stdin.on("error", () => {});
  return {
    path,
    unplug: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}
