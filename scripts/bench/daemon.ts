/** What the whole daemon costs: memory, processor and disk while nobody comes, and memory after a minute of sales. Linux with Mosquitto. */
import { readFile } from "node:fs/promises";
import { createSeededEntropy } from "../../src/service/entropy.ts";
import { hasMosquitto } from "../../test/integration/link/brokers.ts";
import { Rig } from "../../test/integration/kill/rig.ts";

const idleMs = 60_000;
const sellMs = 60_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Usage {
  readonly residentMb: number;
  readonly processorMs: number;
  readonly writtenBytes: number;
}

/** proc(5): `VmRSS` of status, `utime` and `stime` of stat in ticks of 10 ms, `write_bytes` of io. */
async function usageOf(pid: number): Promise<Usage> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, "utf8");
  const [status, stat, io] = [await read("status"), await read("stat"), await read("io")];
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    residentMb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_000,
    processorMs: (Number(fields[11]) + Number(fields[12])) * 10,
    writtenBytes: Number(/^write_bytes: (\d+)/m.exec(io)?.[1]),
  };
}

async function untilIdle(rig: Rig): Promise<void> {
  const end = Date.now() + 60_000;
  while ((await rig.state())?.kiosk.scene !== "idle") {
    if (Date.now() > end) throw new Error("the machine did not become idle within a minute");
    await pause(250);
  }
}

export async function run(print: (line: string) => void): Promise<void> {
  if (process.platform !== "linux" || !hasMosquitto()) return print("daemon: needs Linux and Mosquitto; not measured");
  const rig = await Rig.start(createSeededEntropy(1));
  try {
    await untilIdle(rig);
    await pause(10_000);
    const { pid } = rig.machine;
    if (pid === undefined) throw new Error("the machine did not start");
    const before = await usageOf(pid);
    await pause(idleMs);
    const after = await usageOf(pid);
    const load = ((after.processorMs - before.processorMs) / idleMs) * 100;
    print(
      `daemon, idle for ${idleMs / 1_000} s: ${after.residentMb.toFixed(0)} MB resident, ${load.toFixed(1)} % of a core, ${after.writtenBytes - before.writtenBytes} bytes written`,
    );
    const living = rig.live();
    await pause(sellMs);
    rig.stopLiving();
    await living;
    const sold = (await rig.ledger()).filter(({ captured }) => captured > 0).length;
    const later = await usageOf(pid);
    print(`daemon, after ${sold} sales in ${sellMs / 1_000} s: ${later.residentMb.toFixed(0)} MB resident`);
  } finally {
    await rig.close();
  }
}
