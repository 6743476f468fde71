/** A daemon-like process with a guard: `guard-host.ts FOLDER BUNDLE`. Takes orders on standard input ("train", "on MS"); tells what it knows. */
import { createInterface } from "node:readline";
import { openFolderLines } from "../../../src/machine/gpio/folder-lines.ts";
import { startGuardChild } from "../../../src/machine/guard/guard-child.ts";
import { createGuardedActuators } from "../../../src/machine/guard/guarded-actuators.ts";
import { createSystemEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";

const [, , folder = "", bundle = ""] = process.argv;
const actuators = createGuardedActuators({
  hello: {
    order: "hello",
    outputs: [{ name: "coil", bcm: 17, activeLow: false }],
    maxOnMs: 60_000,
    lines: { backEnd: "simulated", simulatedFolder: folder },
  },
  startGuard: (events) =>
    startGuardChild(
      {
        command: process.execPath,
        args: [bundle, "guard"],
        onText: (text) => console.log(`guard says: ${text}`),
      },
      events,
    ),
  openLines: () => openFolderLines(folder, createSystemClock({ floorWallMs: 0, requireSynchronized: false })),
  clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
  entropy: createSystemEntropy(),
  log: createMemoryLog([]),
});
actuators.onTrouble(() => console.log(`trouble ${actuators.trouble() ?? "none"}`));
await actuators.start();
console.log("started");
for await (const text of createInterface({ input: process.stdin })) {
  const [what, ms] = text.split(" ");
  if (what === "train")
    console.log(
      JSON.stringify(await actuators.pulse("coil", { onMs: 20, offMs: 20, count: 20 }, new AbortController().signal)),
    );
  if (what === "on")
    await actuators.on("coil", Number(ms)).then(
      () => console.log("on"),
      (error: unknown) => console.log(`not on: ${String(error)}`),
    );
}
await actuators.stop();
