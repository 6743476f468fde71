/** Commands that end at once, beside a Node that does nothing. */
import { spawnSync } from "node:child_process";
import { environmentOf, type Installation } from "./device.ts";
import { endedChildrenMs } from "./process.ts";

export interface CommandTimes {
  readonly wallMs: readonly number[];
  readonly processorMs: number;
}

/** Runs each of `commands` in turn, again and again, so that what else the computer does hits all of them. */
export function timesOf(
  installation: Installation,
  commands: Readonly<Record<string, readonly string[]>>,
  times: number,
): Readonly<Record<string, CommandTimes>> {
  const env = environmentOf(installation);
  const wall = new Map<string, number[]>();
  const processor = new Map<string, number>();
  for (let round = 0; round < times; round += 1)
    for (const [name, args] of Object.entries(commands)) {
      const [before, started] = [endedChildrenMs(), performance.now()];
      const { status, stderr } = spawnSync(installation.node, [...args], { env, encoding: "utf8" });
      if (status !== 0) throw new Error(`${name} ended with ${status ?? "a signal"}: ${stderr}`);
      wall.set(name, [...(wall.get(name) ?? []), performance.now() - started]);
      processor.set(name, (processor.get(name) ?? 0) + endedChildrenMs() - before);
    }
  return Object.fromEntries(
    [...wall].map(([name, wallMs]) => [name, { wallMs, processorMs: (processor.get(name) ?? 0) / times }]),
  );
}
