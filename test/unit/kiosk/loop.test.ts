/**
 * Goal: nothing is performed before it is on the disk, what the disk does not take was never decided, and nobody who waits is forgotten.
 * Method: the loop alone over a journal in memory that fails on order, on a virtual clock.
 */
import { describe, expect, it } from "vitest";
import { createLoop, NotTakenError } from "../../../src/kiosk/loop.ts";
import { saleToJson } from "../../../src/kiosk/stored.ts";
import type { Effect } from "../../../src/sale/effect.ts";
import type { SaleEvent, Unstamped } from "../../../src/sale/event.ts";
import { merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { minor } from "../../../src/sale/money.ts";
import type { SalePolicy } from "../../../src/sale/policy.ts";
import { decide } from "../../../src/sale/sale.ts";
import { money } from "../../../src/sale/money.ts";
import { initialState } from "../../../src/sale/state.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { catalogue, policy } from "../sale/support.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { history, reference } from "./records.ts";

const ready = { about: "readiness", readiness: { checkIn: true, callbackQr: true, oneTimeQr: true } } as const;
const press: Unstamped<SaleEvent> = {
  about: "session",
  event: { kind: "selected", selection: { kind: "line", line: "A1" } },
};
const checkIn = (eventId: string): Unstamped<SaleEvent> => ({
  about: "session",
  event: { kind: "checked-in", eventId, ageMs: 0 },
});
const mark = { kind: "put", table: "seen", key: "check-in.e1", value: 1 } as const;

function looping(journal = new MemoryJournal(), changes: Partial<SalePolicy> = {}) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const performed: Effect[] = [];
  let faults = 0;
  let references = 0;
  const loop = createLoop({
    initial: initialState(catalogue, new Map()),
    policy: { ...policy, ...changes },
    journal,
    clock,
    log,
    freshReference: () =>
      referenceOf(merchantQrId("kiosk-7"), `01J0000000${String((references += 1)).padStart(16, "0")}`),
    onDecided: (effects) => performed.push(...effects),
    onJournalFault: () => (faults += 1),
  });
  loop.put(ready);
  const kinds = (): readonly string[] => performed.map(({ kind }) => kind);
  return { loop, journal, clock, log, performed, kinds, faults: () => faults };
}

describe("what is decided", () => {
  it("is on the disk when it is performed", async () => {
    const { loop, journal, kinds } = looping();
    let release = (): void => {};
    journal.commit = () => new Promise((resolve) => (release = resolve));
    loop.put(press);
    await settle();
    expect(kinds()).toEqual([]);
    expect(loop.state().session.kind).toBe("none");
    release();
    await settle();
    expect(kinds()).toContain("create");
    expect(loop.state().session.kind).toBe("paying");
  });

  it("about an ended sale is decided on what the books say when its turn comes, and not on what they said when it came", async () => {
    const { loop, journal, performed } = looping();
    let release = (): void => {};
    const commit = journal.commit.bind(journal);
    journal.commit = (changes) => new Promise((resolve) => (release = () => resolve(commit(changes))));
    loop.put(undefined, { changes: [{ kind: "put", table: "sale", key: reference, value: saleToJson(history) }] });
    loop.put({ about: "back-office", commandId: "c1", order: "refund", reference, amount: undefined });
    await settle();
    release();
    await settle();
    release();
    await settle();
    expect(performed.map(({ kind }) => kind)).toEqual(["look"]);
  });

  it.each([
    [true, "paying"],
    [false, "none"],
  ])(
    "knows whether the wall clock is believed (%s): no time is sold by one that is not",
    async (isBelieved, session) => {
      const quote = () => ({ price: minor(2_500), untilWallMs: 9e12 });
      const timeSales = { minutesMin: 30, minutesMax: 60, minutesStep: 30, quote };
      const { loop, clock } = looping(new MemoryJournal(), { timeSales });
      clock.setPlausible(isBelieved);
      for (const key of ["plus", "ok"]) loop.put({ about: "session", event: { kind: "key", key } });
      await settle();
      expect(loop.state().session.kind).toBe(session);
    },
  );

  it("goes to the disk with what came along, in one commit", async () => {
    const { loop, journal } = looping();
    await loop.putDurably(press, { changes: [mark] });
    expect(journal.commits).toHaveLength(1);
    expect(journal.commits[0]).toContainEqual(mark);
    expect(journal.commits[0]).toContainEqual(expect.objectContaining({ table: "settlement" }));
  });

  it("that changes nothing on the disk is not written", async () => {
    const { loop, journal } = looping();
    await loop.putDurably({ about: "hint-all" });
    expect(journal.commits).toEqual([]);
  });

  it("comes in the order in which it was put", async () => {
    const { loop, kinds } = looping();
    loop.put(press);
    loop.put({ about: "session", event: { kind: "selection-cancelled" } });
    await settle();
    expect(loop.state().session.kind).toBe("none");
    expect(kinds().indexOf("create")).toBeLessThan(kinds().indexOf("close-machine-session"));
  });

  it("is counted as progress", async () => {
    const { loop } = looping();
    await settle();
    const before = loop.progress();
    await loop.putDurably({ about: "hint-all" });
    expect(loop.progress()).toBe(before + 1);
    expect(loop.waiting()).toBe(0);
  });

  it("is only what is still wanted when its turn comes", async () => {
    const { loop, journal, kinds } = looping();
    await loop.putDurably(press, { isStillWanted: () => false, changes: [mark] });
    await loop.putDurably(undefined, { isStillWanted: () => false, changes: [mark] });
    expect(kinds()).toEqual([]);
    expect(journal.commits).toEqual([]);
  });
});

describe("the customer of a check-in", () => {
  const customers = { "check-in": { kind: "customer-token", token: "a token" } } as const;
  const secretOf = (journal: MemoryJournal): unknown =>
    journal.commits.flat().find((change) => change.kind === "put-secret");

  it("is kept until the selection, and goes to the disk with the payment", async () => {
    const { loop, journal } = looping();
    await loop.putDurably(checkIn("e1"), { customers });
    expect(secretOf(journal)).toBeUndefined();
    await loop.putDurably(press);
    expect(secretOf(journal)).toMatchObject({ value: customers["check-in"] });
  });

  it("is forgotten with the session: the next payment is not theirs", async () => {
    const { loop, journal } = looping();
    await loop.putDurably(checkIn("e1"), { customers });
    await loop.putDurably({ about: "session", event: { kind: "session-timer" } });
    await loop.putDurably(press);
    expect(secretOf(journal)).toBeUndefined();
  });

  it("whose check-in is refused as busy does not take the first one's place", async () => {
    const { loop, journal } = looping();
    await loop.putDurably(checkIn("e1"), { customers });
    await loop.putDurably(checkIn("e2"), { customers: { "check-in": { kind: "customer-token", token: "another" } } });
    await loop.putDurably(press);
    expect(secretOf(journal)).toMatchObject({ value: customers["check-in"] });
  });
});

describe("a disk that does not take it", () => {
  it("leaves whoever waits with the error, and nothing decided", async () => {
    const { loop, journal, kinds, faults, log } = looping();
    journal.fault = new Error("ENOSPC");
    await expect(loop.putDurably(press)).rejects.toThrow("ENOSPC");
    expect(loop.isJournalWorking()).toBe(false);
    expect(faults()).toBeGreaterThan(0);
    expect(loop.state().session.kind).toBe("none");
    expect(kinds()).not.toContain("create");
    expect(log.lines[0]?.level).toBe("error");
  });

  it("is tried until it works, although a machine that is out of service writes nothing else", async () => {
    const { loop, journal, clock, log } = looping();
    journal.fault = new Error("ENOSPC");
    loop.putFromWorld(press);
    loop.put({ about: "readiness", readiness: { checkIn: false, callbackQr: false, oneTimeQr: false } });
    await clock.advance(86_400_000);
    expect(loop.isJournalWorking()).toBe(false);
    expect(log.lines.length).toBeLessThan(20);
    journal.fault = undefined;
    await clock.advance(15_000);
    expect(loop.isJournalWorking()).toBe(true);
    expect([...journal.entries("fact")]).toEqual([]);
  });

  it("is tried again also when all that it did not take went back to the broker", async () => {
    const { loop, journal, clock } = looping();
    journal.fault = new Error("ENOSPC");
    await expect(loop.putDurably(undefined, { changes: [mark] })).rejects.toThrow("ENOSPC");
    journal.fault = undefined;
    await clock.advance(15_000);
    expect(loop.isJournalWorking()).toBe(true);
    expect(journal.get("seen", mark.key)).toBeUndefined();
  });

  it("is tried at a growing pause, of at most 15 s", async () => {
    const { loop, journal, clock } = looping();
    await settle();
    const tries: number[] = [];
    journal.commit = async () => {
      tries.push(clock.monotonicMs() / 1_000);
      throw new Error("EIO");
    };
    loop.put(undefined, { changes: [mark] });
    await clock.advance(60_000);
    expect(tries).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });

  it("gets what nobody waits for again, after the session was ended", async () => {
    const { loop, journal, clock } = looping();
    await loop.putDurably(press);
    const { session } = loop.state();
    if (session.kind !== "paying") throw new Error(session.kind);
    journal.fault = new Error("ENOSPC");
    loop.put({ about: "settlement", reference: session.reference, event: { kind: "created" } });
    await clock.advance(60_000);
    expect(loop.state().session.kind).toBe("paying");
    journal.fault = undefined;
    await clock.advance(60_000);
    expect(loop.isJournalWorking()).toBe(true);
    expect(loop.state().session.kind).toBe("none");
    expect(loop.state().settlements.get(session.reference)?.settlement).toMatchObject({
      reason: "interrupted",
      target: 0,
    });
  });

  it("is said once to work again", async () => {
    const { loop, journal, log } = looping();
    journal.fault = new Error("ENOSPC");
    await loop.putDurably(press).catch(() => {});
    journal.fault = undefined;
    await loop.putDurably(press);
    await loop.putDurably(undefined, { changes: [mark] });
    expect(log.lines.map(({ message }) => message).filter((text) => text.includes("again"))).toHaveLength(1);
  });
});

describe("what fails by its own content", () => {
  const poison: Unstamped<SaleEvent> = {
    about: "session",
    event: {
      kind: "selected",
      selection: {
        kind: "priced",
        price: money(2_500, "NOK"),
        get item(): string {
          throw new TypeError("poison");
        },
      },
    },
  };

  it("is dropped with a line in the log when the world sent it, and the next one is decided", async () => {
    const { loop, log } = looping();
    loop.putFromWorld(poison);
    await expect(loop.putDurably(poison)).rejects.toThrow(new TypeError("poison"));
    expect(log.lines.map(({ level, fields }) => [level, fields["about"]])).toEqual([
      ["error", "session"],
      ["error", "session"],
    ]);
    await loop.putDurably(press);
    expect(loop.state().session.kind).toBe("paying");
    expect(loop.isJournalWorking()).toBe(true);
  });

  it("is told apart from what could not be taken now", async () => {
    const { loop, journal } = looping();
    journal.fault = new Error("ENOSPC");
    const error = await loop.putDurably(press).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotTakenError);
    expect(error).toMatchObject({ code: "journal", cause: new Error("ENOSPC") });
  });
});

describe("a full inbox", () => {
  it("refuses the world, tells those who wait, and takes what our own effects say", async () => {
    const { loop, journal, log } = looping();
    await settle();
    let release = (): void => {};
    journal.commit = () => new Promise((resolve) => (release = resolve));
    loop.put(press);
    for (let count = 0; count < 256; count += 1) loop.putFromWorld({ about: "hint-all" });
    expect(log.lines).toEqual([]);
    loop.putFromWorld({ about: "hint-all" });
    expect(log.lines).toMatchObject([{ level: "warn", fields: { about: "hint-all" } }]);
    await expect(loop.putDurably({ about: "hint-all" })).rejects.toThrow("full");
    expect(loop.waiting()).toBe(256);
    loop.put({ about: "hint-all" });
    expect(loop.waiting()).toBe(257);
    release();
    await settle();
    expect(loop.waiting()).toBe(0);
  });
});

it("goes on from what the journal knew", async () => {
  const { loop } = looping();
  await settle();
  loop.restore({ ...loop.state(), inService: false });
  expect(loop.state().inService).toBe(false);
});

it("decides as the pure sale does", async () => {
  const { loop, clock, performed } = looping();
  await loop.putDurably(press);
  const at = {
    monoMs: clock.monotonicMs(),
    wallMs: clock.wallMs(),
    isWallBelieved: true,
    freshReference: referenceOf(merchantQrId("kiosk-7"), "01J00000000000000000000002"),
  };
  const before = decide(initialState(catalogue, new Map()), { ...ready, at }, policy);
  expect(performed).toEqual(decide(before.state, { ...press, at }, policy).effects);
});
