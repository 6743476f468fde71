/** Goal: the header is found on every kernel, and a missing one says what to do. Method: a tree of files as sysfs has it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GpioChip, headerBase, readChips } from "../../../src/machine/gpio/header.ts";

const world = { folder: "" };

async function chip(entry: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(world.folder, entry), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(world.folder, entry, name), `${text}\n`);
}

beforeAll(async () => {
  world.folder = await mkdtemp(join(tmpdir(), "kvitt-gpio-"));
  await chip("gpiochip512", { label: "pinctrl-bcm2711", base: "512", ngpio: "58" });
  await chip("gpiochip570", { label: "raspberrypi-exp-gpio", base: "570", ngpio: "8" });
  // Kernels from 6.17 on have these beside the others.
  await chip("chip0", { label: "pinctrl-bcm2711", ngpio: "58" });
});
afterAll(() => rm(world.folder, { recursive: true, force: true }));

describe("the header's base", () => {
  const chips = (label: string, base: number): readonly GpioChip[] => [
    { entry: "gpiochip0", label: "brcmvirt-gpio", base: 0, lines: 2 },
    { entry: "gpiochipX", label, base, lines: 40 },
  ];
  it.each([
    ["Pi 5", "pinctrl-rp1", 571],
    ["Pi 4", "pinctrl-bcm2711", 512],
    ["Pi 3 and Zero 2", "pinctrl-bcm2835", 512],
    ["a kernel before 6.6", "pinctrl-bcm2835", 0],
  ])("is found by label on %s", (_name, label, base) => {
    expect(headerBase(chips(label, base), undefined)).toBe(base);
  });

  it("is what the configuration says, and otherwise names what was found and what to write", () => {
    expect(headerBase([], 399)).toBe(399);
    expect(() => headerBase(chips("something-else", 7), undefined)).toThrow(
      /pinctrl-rp1.*something-else at 7.*base = NUMBER/,
    );
  });

  it("reads gpiochip entries and passes over chipN", async () => {
    expect((await readChips(world.folder)).map(({ entry }) => entry)).toEqual(["gpiochip512", "gpiochip570"]);
    await expect(readChips(join(world.folder, "none"))).rejects.toMatchObject({ code: "no-sysfs" });
  });
});
