/** The guided test against models: it ends on white and asleep, and names the wrong revision where that is the likely cause. */
import { expect, it } from "vitest";
import type { CommandIo } from "../../../../src/cli/command.ts";
import { testPanel } from "../../../../src/cli/commands/panel-test.ts";
import { createEpaperSink } from "../../../../src/panel/epaper/epaper-sink.ts";
import { createRig, finish, models, quiet, type Rig } from "./rig.ts";

function run(rig: Rig) {
  const lines: string[] = [];
  const io: CommandIo = {
    out: (text) => lines.push(text),
    err: (text) => lines.push(text),
    env: {},
    isTty: false,
    columns: 80,
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  };
  const { widthPx, heightPx } = rig.glass;
  const sink = createEpaperSink({
    controller: models["7.5 V2"]?.description,
    widthPx,
    heightPx,
    openSpi: () => Promise.resolve(rig.wires.spi),
    lines: rig.wires.lines,
    clock: rig.clock,
    log: quiet,
  });
  const nowMs = () => rig.clock.monotonicMs();
  return { lines, work: testPanel({ panelId: "waveshare-7in5-v2", widthPx, heightPx, sink, io, nowMs }) };
}

it("shows every picture and ends white", async () => {
  const rig = createRig("7.5 V2", { widthPx: 32, heightPx: 16 });
  const { work, lines } = run(rig);
  expect(await finish(rig.clock, work)).toBe(0);
  expect(rig.glass.rows().join("").trim()).toBe("");
  expect(rig.chip.violations).toEqual([]);
  expect(lines.filter((line) => / shown in \d+ ms$/.test(line))).toHaveLength(4);
});

it.each([
  [0, "BUSY stays busy"],
  [1, "says it was done before it can have been"],
] as const)("points to the revision when BUSY is stuck at %i", async (level, advice) => {
  const rig = createRig("7.5 V2", { widthPx: 32, heightPx: 16 });
  rig.wires.faults.busyStuckAt = level;
  const { work, lines } = run(rig);
  expect(await finish(rig.clock, work)).toBe(1);
  expect(lines.join("\n")).toContain(advice);
});
