/** Goal: a panel's four wires get the levels that its controller expects, over any way to the header. Method: the header's twin, physical levels. */
import { describe, expect, it } from "vitest";
import { GpioError } from "../../../../src/machine/gpio/header.ts";
import { SimulatedHeader } from "../../../../src/machine/gpio/simulated-lines.ts";
import { createEpaperLines } from "../../../../src/panel/epaper/gpio-lines.ts";
import { SimulatedClock } from "../../../../src/service/simulated-clock.ts";

const pins = { reset: 17, dataCommand: 25, busy: 24, power: 18 };

async function rig() {
  const clock = new SimulatedClock();
  const header = new SimulatedHeader(clock);
  return { clock, header, lines: await createEpaperLines(header.open(), pins, clock) };
}

describe("a panel's lines", () => {
  it("are at rest when they are opened: the controller runs, and has no power yet", async () => {
    const { header } = await rig();
    expect([header.isHigh(17), header.isHigh(25), header.isHigh(18)]).toEqual([true, false, false]);
    expect(header.history.filter(({ bcm }) => bcm === 17).map(({ high }) => high)).toEqual([true]);
  });

  it.each([
    ["reset", 17],
    ["dataCommand", 25],
    ["power", 18],
  ] as const)("%s has the electrical level that it is given", async (name, bcm) => {
    const { header, lines } = await rig();
    for (const level of [1, 0, 1] as const) {
      await lines[name]?.set(level);
      expect(header.isHigh(bcm)).toBe(level === 1);
    }
  });

  it("BUSY is read, and waited for until it has the level or the time is over", async () => {
    const { clock, header, lines } = await rig();
    expect(await lines.busy.read()).toBe(0);
    expect(await lines.busy.waitFor(0, 0)).toBe(true);
    const risen = lines.busy.waitFor(1, 5_000);
    await clock.advance(2_000);
    header.drive(24, true);
    await clock.advance(20);
    expect(await risen).toBe(true);
    const fallen = lines.busy.waitFor(0, 5_000);
    await clock.advance(6_000);
    expect(await fallen).toBe(false);
  });

  it("are given back whole when one of them belongs to somebody else", async () => {
    const header = new SimulatedHeader(new SimulatedClock());
    header.take(24, "spi0 CS1");
    await expect(createEpaperLines(header.open(), pins, new SimulatedClock())).rejects.toThrow(GpioError);
    const again = header.open();
    await again.openOutput({ name: "relay", bcm: 17, activeLow: false });
    expect(header.offences).toEqual([]);
  });
});
