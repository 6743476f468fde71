/**
 * Goal: kvitt sells as the cashless device of a vending machine, in both session styles, over a serial port, and what the machine says decides
 * about the money. Method: the daemon with its real serial driver on a pseudo-terminal; behind it the simulated controller, which keeps a list of
 * what a cashless device must not do.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPython } from "./pseudo-terminal.ts";
import { MdbRig } from "./rig.ts";

describe.skipIf(!hasPython())("always idle: press, then pay", () => {
  let rig: MdbRig;
  let before: string | undefined;

  beforeAll(async () => {
    rig = await MdbRig.start("always-idle");
    await rig.reader("enabled");
    before = await rig.code();
  });
  afterAll(() => rig.stop());

  async function pressAndPay(item: number): Promise<void> {
    await rig.reader("enabled");
    rig.vmc.press(item);
    await rig.scan(await rig.code(before));
    await rig.approve();
  }

  it("what was vended is captured", async () => {
    await pressAndPay(7);
    expect(await rig.settled()).toMatchObject({ authorized: 2_500, captured: 2_500 });
    expect(rig.drops).toEqual([{ item: 7, approvedMinor: 2_500 }]);
  });

  it("VEND FAILURE gives the money back", async () => {
    rig.vmc.setFault("vend-fails");
    await pressAndPay(8);
    expect(await rig.settled()).toMatchObject({ authorized: 3_200, captured: 0, cancelled: 3_200 });
    expect(rig.drops).toHaveLength(1);
    rig.vmc.setFault("none");
  });

  it("a customer who takes the selection back pays nothing", async () => {
    await rig.reader("enabled");
    rig.vmc.press(7);
    await rig.code(before);
    rig.vmc.cancel();
    const row = await rig.until(() => {
      const newest = rig.simulator.provider.ledger().at(-1);
      return newest?.state === "TERMINATED" ? newest : undefined;
    }, "the end of the payment");
    expect(row.authorized).toBe(0);
    await rig.reader("enabled");
    expect(rig.drops).toHaveLength(1);
  });

  it("an adapter that is pulled out and put in again sells again", async () => {
    await rig.unplug();
    await rig.until(() => (rig.said.join("").includes("the MDB adapter is gone") ? true : undefined), "a word of it");
    rig.vmc.powerCycleAdapter();
    await rig.plug();
    await pressAndPay(8);
    expect(await rig.settled()).toMatchObject({ captured: 3_200 });
    expect(rig.drops).toHaveLength(2);
  });

  it("kvitt has kept the rules of the bus", () => {
    expect(rig.vmc.violations).toEqual([]);
  });
});

describe.skipIf(!hasPython())("authorization first: check in, then press", () => {
  let rig: MdbRig;

  beforeAll(async () => {
    rig = await MdbRig.start("authorization-first");
    await rig.reader("enabled");
  });
  afterAll(() => rig.stop());

  async function checkIn(): Promise<void> {
    await rig.reader("enabled");
    await rig.scan(await rig.code());
    await rig.approve();
    await rig.reader("idle");
  }

  it("the dearest is reserved, the chosen is captured, the rest goes back", async () => {
    await checkIn();
    expect(rig.vmc.view().creditMinor).toBe(3_200);
    rig.vmc.press(7);
    expect(await rig.settled()).toMatchObject({ authorized: 3_200, captured: 2_500, cancelled: 700 });
    expect(rig.drops).toEqual([{ item: 7, approvedMinor: 2_500 }]);
  });

  it("VEND FAILURE gives everything back", async () => {
    rig.vmc.setFault("vend-fails");
    await checkIn();
    rig.vmc.press(8);
    expect(await rig.settled()).toMatchObject({ authorized: 3_200, captured: 0, cancelled: 3_200 });
    expect(rig.drops).toHaveLength(1);
    expect(rig.vmc.violations).toEqual([]);
  });
});
