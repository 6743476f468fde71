/**
 * Goal: between VEND APPROVED and the machine's own strong word nothing else decides about the money, and nothing is ordered. Method: the
 * driver on a line on which the test says every word itself, cell by cell of the table in docs/mdb.md, on a simulated clock.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { approvedRows, docsTable } from "../../../../src/machine/mdb/approved-table.ts";
import { startRawRig, vendMs } from "./raw-rig.ts";

/** The approval was sent and fetched (`r,ACK`), and a second has passed. */
async function approved() {
  const rig = await startRawRig();
  await rig.select();
  const delivery = rig.deliver();
  rig.say("r,ACK");
  await rig.clock.advance(1_500);
  rig.orders.length = 0;
  return { ...rig, delivery };
}

/** The approval was sent this moment. */
async function crossing() {
  const rig = await startRawRig();
  await rig.select();
  const delivery = rig.deliver();
  rig.orders.length = 0;
  return { ...rig, delivery };
}

describe("an approved vend that was fetched", () => {
  it.each([
    ["c,VEND,SUCCESS", "delivered"],
    ["c,ERR,VEND 3", "not-delivered"],
    ["c,STATUS,INACTIVE", "delivered"],
    ["c,0", "unknown"],
    ["c,STATUS,OFF", "unknown"],
    ['c,ERR,"cashless is off"', "unknown"],
  ])("%s ends it: %s", async (line, kind) => {
    const { say, clock, delivery } = await approved();
    say(line);
    await clock.advance(2_000);
    expect(delivery.ended).toMatchObject({ kind });
  });

  const weak = [
    "c,STATUS,DISABLED",
    "c,STATUS,ENABLED",
    "c,STATUS,IDLE",
    "c,STATUS,VEND,25.00,7",
    "c,ERR,VEND 1",
    "c,ERR,VEND 2",
    "c,ERR,VEND 5",
    'c,ERR,"VEND -1"',
    'c,ERR,"cashless is on"',
    'c,ERR,"unknown command"',
    "c,1",
    "c,SET,ERR",
    "c,SOMETHING",
    "r,ACK",
    "x,13",
    "v,4.0.2.0",
    "garbage",
  ] as const;
  const endings = [
    ["c,VEND,SUCCESS", "delivered"],
    ["c,ERR,VEND 3", "not-delivered"],
  ] as const;
  it.each(weak.flatMap((line) => endings.map(([end, kind]) => [line, end, kind] as const)))(
    "%s decides nothing: %s a minute later does (%s)",
    async (line, end, kind) => {
      const { say, clock, delivery, orders, toMachine } = await approved();
      say(line);
      await clock.advance(60_000);
      expect(delivery.ended).toBeUndefined();
      expect(toMachine(orders)).toEqual([]);
      say(end);
      await clock.advance(2_000);
      expect(delivery.ended).toMatchObject({ kind });
    },
  );

  it.each(weak)(
    "%s and then silence: unknown at the machine's own time-out, and still no order to the machine",
    async (line) => {
      const { say, clock, delivery, orders, toMachine, machine } = await approved();
      say(line);
      await clock.advance(vendMs - 10_000);
      expect(delivery.ended).toBeUndefined();
      await clock.advance(20_000);
      expect(delivery.ended).toMatchObject({ kind: "unknown" });
      expect(toMachine(orders)).toEqual([]);
      // What still turns is not disturbed, and nothing is offered meanwhile.
      await clock.advance(300_000);
      expect(toMachine(orders)).toEqual([]);
      expect(machine.readiness().ready).toBe(line === "c,STATUS,ENABLED");
    },
  );

  it("a drink that takes three minutes less a second is delivered", async () => {
    const { say, clock, delivery } = await approved();
    await clock.advance(vendMs - 3_000);
    say("c,VEND,SUCCESS");
    await clock.advance(1);
    expect(delivery.ended).toEqual({ kind: "delivered", detail: "VEND SUCCESS" });
  });

  it("DISABLED, and VEND FAILURE three seconds later: nothing was delivered", async () => {
    const { say, clock, delivery } = await crossing();
    await clock.advance(200);
    say("c,STATUS,DISABLED");
    await clock.advance(3_000);
    say("c,ERR,VEND 3");
    await clock.advance(1);
    expect(delivery.ended).toEqual({ kind: "not-delivered", reason: "VEND FAILURE" });
  });

  it("a strong word that the reset overtook on the wire still counts", async () => {
    const { say, clock, delivery } = await approved();
    say("c,STATUS,INACTIVE");
    say("c,ERR,VEND 3");
    await clock.advance(5_000);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
  });

  it("another request of a machine that has left the vend says that it is over: unknown, and the new one is told", async () => {
    const { say, clock, delivery, selections } = await approved();
    say("c,STATUS,ENABLED");
    await clock.advance(10_000);
    say("c,STATUS,VEND,32.00,8");
    await clock.advance(5_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
    expect(selections().map(({ item }) => item)).toEqual(["7", "8"]);
  });

  it("another request right after a reset does not unsay what the reset said", async () => {
    const { say, clock, delivery } = await approved();
    say("c,STATUS,INACTIVE");
    say("c,STATUS,DISABLED");
    say("c,STATUS,ENABLED");
    await clock.advance(500);
    say("c,STATUS,VEND,32.00,8");
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
  });

  it("inside a session another request is denied: what was reserved is spoken for", async () => {
    const { say, clock, delivery, orders, selections } = await approved();
    say("c,STATUS,IDLE");
    await clock.advance(10_000);
    say("c,STATUS,VEND,32.00,8");
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
    expect(orders).toContain("C,STOP");
    expect(selections()).toHaveLength(1);
  });

  it("a line to the adapter that breaks and comes back decides nothing, while the adapter goes on by itself", async () => {
    const { say, clock, delivery, orders, breakLine, toMachine, machine } = await approved();
    breakLine();
    await clock.advance(1);
    expect(machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    await clock.advance(10_000);
    expect(orders.length).toBeGreaterThan(0);
    expect(toMachine(orders)).toEqual([]);
    expect(delivery.ended).toBeUndefined();
    say("c,VEND,SUCCESS");
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
  });

  it("an adapter that takes settings when it is back has lost the vend: unknown at once", async () => {
    const { say, clock, delivery, breakLine, adapter } = await approved();
    adapter.answersProbes = false;
    breakLine();
    await clock.advance(10_000);
    say("c,SET,OK");
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("stopping kvitt leaves the vend alone", async () => {
    const { machine, delivery, orders, clock } = await approved();
    await machine.stop();
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
    expect(orders).toEqual([]);
  });

  it("giving up leaves the vend alone, and a word that comes later changes nothing", async () => {
    const { say, delivery, orders, clock, toMachine } = await approved();
    delivery.stop.abort(new Error("enough"));
    await clock.advance(60_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
    expect(toMachine(orders)).toEqual([]);
    say("c,VEND,SUCCESS");
    say("c,STATUS,IDLE");
    say("c,STATUS,ENABLED");
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("an adapter that lost its power without a word is found out at the end of the vend's time", async () => {
    const { say, clock, delivery, orders, adapter } = await approved();
    adapter.answersProbes = false;
    await clock.advance(vendMs);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
    orders.length = 0;
    say("c,SET,OK");
    expect(orders).toEqual(["V"]);
  });

  it("a machine that never leaves the vend gets its adapter set up anew after ten minutes, and can sell again", async () => {
    const { clock, delivery, orders, toMachine } = await approved();
    await clock.advance(vendMs + 5_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
    await clock.advance(590_000);
    expect(toMachine(orders)).toEqual([]);
    await clock.advance(10_000);
    expect(orders).toContain("C,0");
  });
});

describe("an approval that may not have been fetched yet", () => {
  it("a reset at once: nobody knows whether the machine ever saw it", async () => {
    const { say, clock, delivery } = await crossing();
    await clock.advance(100);
    say("c,STATUS,INACTIVE");
    await clock.advance(3_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("r,ACK that belongs to the reset proves nothing; one that stood for itself does", async () => {
    for (const [gapMs, kind] of [
      [10, "unknown"],
      [300, "delivered"],
    ] as const) {
      const { say, clock, delivery } = await crossing();
      await clock.advance(50);
      say("r,ACK");
      await clock.advance(gapMs);
      say("c,STATUS,INACTIVE");
      await clock.advance(3_000);
      expect(delivery.ended).toMatchObject({ kind });
    }
  });

  it("without r,ACK a second of polls is taken for fetched", async () => {
    const { say, clock, delivery } = await crossing();
    await clock.advance(1_100);
    say("c,STATUS,INACTIVE");
    await clock.advance(3_000);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
  });

  it("a VEND CANCEL that crosses it is answered with a denial; once the machine has left the vend, nothing was delivered", async () => {
    const { say, clock, delivery, orders } = await crossing();
    await clock.advance(20);
    say("c,ERR,VEND 1");
    expect(orders).toEqual(["C,STOP"]);
    await clock.advance(10_000);
    expect(delivery.ended).toBeUndefined();
    say("c,STATUS,ENABLED");
    await clock.advance(2_000);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
  });

  it("a VEND CANCEL that crosses it, and a coil that turns all the same: the strong word counts", async () => {
    const { say, clock, delivery } = await crossing();
    say("c,ERR,VEND 1");
    await clock.advance(75_000);
    say("c,VEND,SUCCESS");
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
  });

  it.each(["c,ERR,VEND 1", 'c,ERR,"VEND -1"'])("a reset after %s is no success", async (line) => {
    const { say, clock, delivery } = await crossing();
    await clock.advance(20);
    say(line);
    await clock.advance(10_000);
    say("c,STATUS,INACTIVE");
    await clock.advance(3_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it.each(["c,ERR,VEND 1", 'c,ERR,"VEND -1"'])(
    "%s after the status that belongs to it: not delivered all the same",
    async (line) => {
      const { say, clock, delivery } = await crossing();
      await clock.advance(20);
      say("c,STATUS,ENABLED");
      say(line);
      await clock.advance(1_400);
      expect(delivery.ended).toBeUndefined();
      await clock.advance(200);
      expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
    },
  );

  it("an approval that the adapter refuses ends as not delivered when the machine has left the vend", async () => {
    const { say, clock, delivery, orders, toMachine } = await crossing();
    say('c,ERR,"VEND -1"');
    await clock.advance(5_000);
    expect([delivery.ended, toMachine(orders)]).toEqual([undefined, []]);
    say("c,STATUS,IDLE");
    await clock.advance(2_000);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
  });
});

describe("what the machine asks for", () => {
  it.each([
    ["655.35,7", "it does not know its price (FFFFh)"],
    ["42949672.95,7", "it does not know its price (FFFFFFFFh, MDB level 3)"],
    ["25,00,7", "a decimal comma"],
    ["25,00", "a decimal comma, and no item"],
    ["25.00,7,1", "one field too many"],
    ["-25.00,7", "a sign"],
    ["2e3,7", "an exponent"],
    ["25.001,7", "less than an øre"],
    ["25.00,x7", "an item that is none"],
    [",7", "no price"],
    ["0.00,7", "nothing"],
  ])("%s is refused and denied: %s", async (text) => {
    const { say, clock, selections, orders, logged } = await startRawRig();
    say(`c,STATUS,VEND,${text}`);
    await clock.advance(100);
    expect(selections()).toEqual([]);
    expect(orders.at(-1)).toBe("C,STOP");
    expect(logged("warn").join("\n")).toContain(text.split(",")[0]);
  });

  it.each([
    ["655.34,7", 65_534, "7"],
    ["25.00,007", 2_500, "7"],
    ["1,5", 100, "5"],
    ["25.00,65535", 2_500, undefined],
    ["25.00,FFFF", 2_500, undefined],
    ["25.00,", 2_500, undefined],
    ["25.00", 2_500, undefined],
  ])("%s is asked for as it stands", async (text, minor, item) => {
    const { say, clock, selections } = await startRawRig();
    say(`c,STATUS,VEND,${text}`);
    await clock.advance(100);
    expect(selections()).toMatchObject([{ price: { minor }, item }]);
  });

  it("an unknown price follows the scale of the bus", async () => {
    const { say, clock, selections } = await startRawRig({ scale: 5, decimals: 2 });
    say("c,STATUS,VEND,3276.75,7");
    await clock.advance(100);
    expect(selections()).toEqual([]);
  });
});

describe("a selection that waits for its payment", () => {
  it("READER DISABLE leaves it alone: it is approved as usual", async () => {
    const { select, say, clock, deliver, events } = await startRawRig();
    await select();
    say("c,STATUS,DISABLED");
    await clock.advance(5_000);
    expect(events.map(({ kind }) => kind)).not.toContain("selection-cancelled");
    const delivery = deliver();
    say("r,ACK");
    await clock.advance(1_000);
    say("c,VEND,SUCCESS");
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
  });
});

describe("the table of docs/mdb.md", () => {
  it("is the one that the code decides by", () => {
    const page = readFileSync(new URL("../../../../docs/mdb.md", import.meta.url), "utf8").replaceAll("\r\n", "\n");
    expect(page).toContain(docsTable());
    for (const row of approvedRows()) expect(row.source).toMatch(/^(MDB 4\.2|vendor|assumed, because)/);
  });
});
