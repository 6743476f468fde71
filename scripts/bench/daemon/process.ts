/** A process under measurement on Linux: what proc(5) says of it. */
import { readdirSync, readFileSync } from "node:fs";

export interface Memory {
  /** `Anonymous` of smaps_rollup: what no other process and no file can give back. */
  readonly anonymousMb: number;
  readonly pssMb: number;
  readonly residentMb: number;
}

/** Of the process itself. */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]) / 1_024;
  return { anonymousMb: mb("Anonymous"), pssMb: mb("Pss"), residentMb: mb("Rss") };
}

/** The process and all below it. */
export function familyOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ", 1)[0]));
  }
  const family = [pid];
  for (const one of family) for (const [child, parent] of parents) if (parent === one) family.push(child);
  return family;
}

/** Processor time of the process and its children so far: nanoseconds on a processor of each thread that is alive (sched-stats.rst). */
export function processorMsOf(pid: number): number {
  let ns = 0;
  for (const one of familyOf(pid))
    for (const task of list(`/proc/${one}/task`))
      ns += Number(read(`/proc/${one}/task/${task}/schedstat`).split(" ", 1)[0]);
  return ns / 1e6;
}

/** Processor time of all children of this process that have ended and were waited for, and of theirs: `cutime` and `cstime`, in ticks of 10 ms. */
export function endedChildrenMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** Bytes that the process made the kernel send to a block device: `write_bytes` of io. */
export function writtenBytesOf(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(read(`/proc/${pid}/io`))?.[1]);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended since.
    return "";
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
