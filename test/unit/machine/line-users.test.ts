/** Goal: whoever wires a machine sees who holds a line and what it is. Method: texts as the kernel prints them, and files as sysfs has them. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { lineUseOf, parseDebugList } from "../../../src/machine/gpio/line-users.ts";

const debugList = `gpiochip0: GPIOs 512-565, parent: platform/fe200000.gpio, pinctrl-bcm2711:
 gpio-517 (GPIO5               |button A1           ) in  hi IRQ ACTIVE LOW
 gpio-529 (GPIO17              |sysfs               ) out lo
 gpio-530 (GPIO18              )
`;

describe("the lines that somebody holds", () => {
  it("are read from debugfs: level, direction and holder", () => {
    expect([...parseDebugList(debugList)]).toEqual([
      [517, { level: 1, direction: "in", holder: "button A1" }],
      [529, { level: 0, direction: "out", holder: "sysfs" }],
    ]);
  });

  async function folders() {
    const root = await mkdtemp(join(tmpdir(), "kvitt-lines-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    return { root, places: { sysfs: join(root, "sys"), debugfs: join(root, "debug") } };
  }

  it("are read from sysfs where debugfs is closed", async () => {
    const { root, places } = await folders();
    await mkdir(join(root, "sys/gpio529"), { recursive: true });
    await writeFile(join(root, "sys/gpio529/value"), "1\n");
    await writeFile(join(root, "sys/gpio529/direction"), "out\n");
    expect(await lineUseOf(529, places)).toEqual({ level: 1, direction: "out", holder: "sysfs" });
    expect(await lineUseOf(530, places)).toBeUndefined();
  });

  it("are read from debugfs first", async () => {
    const { root, places } = await folders();
    await mkdir(join(root, "debug"));
    await writeFile(join(root, "debug/gpio"), debugList);
    expect(await lineUseOf(517, places)).toEqual({ level: 1, direction: "in", holder: "button A1" });
  });
});
