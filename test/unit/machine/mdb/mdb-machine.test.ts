/**
 * Goal: the adapter is set up before anything else and again after every start of its own, sessions begin and end on both sides, readiness
 * tells what is the matter. Method: the driver against the simulated controller on a simulated clock.
 */
import { merchantQrId, referenceOf } from "../../../../src/sale/ids.ts";
import { describe, expect, it } from "vitest";
import { kinds, nok, startRig } from "./rig.ts";

const setUp = (address: string, name: string): readonly string[] => [
  "V",
  "C,0",
  ...(name === "mdb-address" ? [`C,SETCONF,mdb-addr=${address}`] : []),
  `C,SETCONF,${name}=${address}`,
  "C,SETCONF,mdb-currency-code=0x1578",
  "C,SETCONF,mdb-always-idle=1",
  "C,1",
];

describe("setting the adapter up", () => {
  it.each([
    ["new", "mdb-address"],
    ["old", "mdb-addr"],
  ] as const)("%s firmware: off, settings, on, each answered before the next", async (dialect, name) => {
    const { vmc, machine } = await startRig({ dialect, deviceAddress: "0x60", address: "0x60" });
    expect(vmc.heard).toEqual(setUp("0x60", name));
    expect([machine.state(), machine.readiness(), vmc.violations]).toEqual(["enabled", { ready: true }, []]);
  });

  it("the wrong address: the machine never polls, and readiness says what to check", async () => {
    const { machine } = await startRig({ deviceAddress: "0x60", address: "0x10" });
    expect(machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    expect(JSON.stringify(machine.readiness())).toMatch(/cable.*address/);
  });

  it("again after the adapter was unplugged and plugged in", async () => {
    const { clock, vmc, machine, events } = await startRig();
    vmc.unplug();
    await clock.advance(60_000);
    expect(machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    const before = vmc.heard.length;
    vmc.plug();
    await clock.advance(60_000);
    expect(vmc.heard.slice(before, before + 7)).toEqual(setUp("0x10", "mdb-address").slice(0, 7));
    expect(machine.readiness()).toEqual({ ready: true });
    const readiness = events.flatMap((event) => (event.kind === "readiness" ? [event.readiness.ready] : []));
    expect(readiness.at(-1)).toBe(true);
    expect(readiness).toContain(false);
  });

  it.each([true, false])("again after the adapter lost power by itself (banner: %s)", async (banner) => {
    const { clock, vmc, machine } = await startRig();
    vmc.powerCycleAdapter(banner);
    await clock.advance(60_000);
    expect(machine.state()).toBe("enabled");
    expect(vmc.view().reader).toBe("enabled");
    expect(vmc.violations).toEqual([]);
  });

  it("an adapter that says nothing is opened anew, ever more slowly, and found when it speaks again", async () => {
    const { clock, vmc, machine } = await startRig();
    vmc.setMute(true);
    await clock.advance(120_000);
    expect(machine.readiness()).toMatchObject({ ready: false });
    const quiet = vmc.heard.length;
    await clock.advance(60_000);
    expect(vmc.heard.length - quiet).toBeLessThan(30);
    vmc.setMute(false);
    await clock.advance(60_000);
    expect(machine.readiness()).toEqual({ ready: true });
  });

  it("a restart of kvitt finds an adapter that is on, and sets it up all the same", async () => {
    const { clock, vmc, machine } = await startRig();
    await machine.stop();
    await clock.advance(1_000);
    expect([vmc.heard.at(-1), vmc.view().reader]).toEqual(["C,0", "off"]);
  });

  it("noise on the wire is tolerated and counted", async () => {
    const { clock, vmc, machine, deliver } = await startRig();
    vmc.babble("garbage\r\n\u0000\u0001zap\n".repeat(20));
    vmc.babble("y".repeat(5_000));
    vmc.babble("\n");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
    expect(machine.oddities()).toEqual({ unknownLines: 41, cutLines: 1 });
  });
});

describe("readiness", () => {
  it("follows READER ENABLE and DISABLE", async () => {
    const { clock, vmc, machine } = await startRig();
    vmc.setEnabled(false);
    await clock.advance(10);
    expect(machine.readiness()).toMatchObject({ ready: false, fault: "disabled-by-vmc" });
    vmc.setEnabled(true);
    await clock.advance(10);
    expect(machine.readiness()).toEqual({ ready: true });
  });

  it("stands while the machine is quiet for a day", async () => {
    const { clock, machine, events } = await startRig();
    const before = events.length;
    await clock.advance(86_400_000);
    expect([machine.state(), events.length]).toEqual(["enabled", before]);
  });
});

describe("authorization first", () => {
  it("begins a session with the funds, approves the selection, and the machine ends it", async () => {
    const { clock, vmc, machine, deliver, drops, events } = await startRig({ alwaysIdle: false, canAlwaysIdle: false });
    vmc.press(7);
    await clock.advance(100);
    expect(kinds(events)).toEqual([]);
    await machine.openSession(nok(3_200));
    await clock.advance(200);
    expect([vmc.view().creditMinor, machine.state()]).toEqual([3_200, "session"]);
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
    expect(drops).toEqual([{ item: 7, approvedMinor: 2_500 }]);
    expect([kinds(events), machine.state(), vmc.view().reader]).toEqual([["selected"], "enabled", "enabled"]);
  });

  it("a selection dearer than the funds is denied, and the session goes on", async () => {
    const { clock, vmc, machine, events } = await startRig({ alwaysIdle: false });
    await machine.openSession(nok(2_550));
    await clock.advance(200);
    vmc.setFault("other-price");
    vmc.press(7);
    await clock.advance(50);
    expect([kinds(events), vmc.heard.at(-1)]).toEqual([[], "C,STOP"]);
  });

  it("closing the session takes the credit off the machine", async () => {
    const { clock, vmc, machine, events } = await startRig({ alwaysIdle: false });
    await machine.openSession(nok(3_200));
    await clock.advance(200);
    await machine.closeSession();
    await clock.advance(2_000);
    expect([vmc.view().creditMinor, machine.state(), kinds(events)]).toEqual([undefined, "enabled", []]);
  });

  it("a session that the machine ends is told", async () => {
    const { clock, vmc, machine, events } = await startRig({ alwaysIdle: false });
    await machine.openSession(nok(3_200));
    await clock.advance(200);
    vmc.reset();
    await clock.advance(3_000);
    expect(kinds(events)).toEqual(["session-ended"]);
  });

  it("a session that cannot begin is told at once", async () => {
    const { clock, vmc, machine, events } = await startRig({ alwaysIdle: false });
    vmc.setEnabled(false);
    await clock.advance(10);
    await machine.openSession(nok(3_200));
    expect(kinds(events)).toEqual(["session-ended"]);
  });

  it("a session that the adapter does not begin is given up in time", async () => {
    const { clock, vmc, machine, events } = await startRig({ alwaysIdle: false });
    vmc.setMute(true);
    await machine.openSession(nok(3_200));
    await clock.advance(15_000);
    expect(kinds(events)).toEqual(["session-ended"]);
  });

  it("offers no more than the bus can say", async () => {
    const { clock, vmc, machine } = await startRig({ alwaysIdle: false });
    await machine.openSession(nok(100_000));
    await clock.advance(200);
    expect(vmc.view().creditMinor).toBe(65_534);
  });

  it("a session that is wanted while the last one ends begins when it has ended", async () => {
    const { clock, vmc, machine, deliver } = await startRig({ alwaysIdle: false });
    await machine.openSession(nok(3_200));
    await clock.advance(200);
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(2_120);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
    await machine.openSession(nok(2_500));
    await clock.advance(1_000);
    expect(vmc.view().creditMinor).toBe(2_500);
  });
});

describe("always idle", () => {
  it("closing denies the selection that waits", async () => {
    const { clock, vmc, machine } = await startRig();
    vmc.press(7);
    await clock.advance(100);
    await machine.closeSession();
    await clock.advance(1_000);
    expect([vmc.heard.at(-1), machine.state()]).toEqual(["C,STOP", "enabled"]);
  });

  it("a selection right after one that was taken back is told once the sale has answered, and not denied by that answer", async () => {
    const { clock, vmc, machine, events, deliver, drops } = await startRig();
    vmc.press(7);
    await clock.advance(100);
    vmc.cancel();
    await clock.advance(400);
    vmc.press(8);
    await clock.advance(100);
    expect(kinds(events)).toEqual(["selected", "selection-cancelled"]);
    await machine.closeSession();
    expect(kinds(events)).toEqual(["selected", "selection-cancelled", "selected"]);
    const delivery = deliver();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, drops]).toEqual(["delivered", [{ item: 8, approvedMinor: 3_200 }]]);
  });

  it("a selection right after one that was taken back is told even when nobody answers", async () => {
    const { clock, vmc, events } = await startRig();
    vmc.press(7);
    await clock.advance(100);
    vmc.cancel();
    await clock.advance(400);
    vmc.press(8);
    await clock.advance(3_000);
    expect(kinds(events)).toEqual(["selected", "selection-cancelled", "selected"]);
  });

  it("every line of the log from the approval to the next selection names the sale", async () => {
    const { clock, vmc, log, deliver } = await startRig();
    vmc.press(7);
    await clock.advance(100);
    const before = log.lines.length;
    const reference = referenceOf(merchantQrId("kiosk-7"), "1".padStart(26, "0"));
    deliver({ reference });
    await clock.advance(10_000);
    const lines = log.lines.slice(before);
    expect(lines.length).toBeGreaterThan(0);
    expect(new Set(lines.map(({ fields }) => fields["reference"]))).toEqual(new Set([reference]));
    vmc.press(8);
    await clock.advance(100);
    expect(log.lines.at(-1)?.fields["reference"]).toBeUndefined();
  });

  it("closing while a vend is under way changes nothing", async () => {
    const { clock, vmc, machine, deliver } = await startRig();
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await machine.closeSession();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, vmc.violations]).toEqual(["delivered", []]);
  });
});
