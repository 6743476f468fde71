/**
 * Goal: every command gets exactly one answer, also when the power goes between the journal and the broker. Method: a whole kiosk whose broker takes
 * no answer, and another life of it over the same journal; then the queue alone, over a link that fails.
 */
import { describe, expect, it } from "vitest";
import { createReplies, replyChange, replyOf, unansweredChange } from "../../../src/kiosk/replies.ts";
import type { CommandOrder } from "../../../src/link/port.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { reference as foreign } from "./records.ts";
import { KioskRig, RememberingLink } from "./rig.ts";

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const noPuback = new Error("no PUBACK");
const left = (journal: MemoryJournal): readonly string[] =>
  [...journal.entries("fact")].map(([key]) => key).filter((key) => key.startsWith("reply."));

describe("an answer that the broker does not have when the power goes", () => {
  it.each<readonly [CommandOrder, object]>([
    [{ kind: "out-of-service" }, { outcome: "done" }],
    [
      { kind: "serviced", line: undefined },
      { outcome: "done", detail: "nothing was jammed or sold out" },
    ],
    [{ kind: "serviced", line: "C9" }, { outcome: "refused" }],
    [{ kind: "refund", reference: foreign, amount: undefined }, { outcome: "refused" }],
    [
      { kind: "deliver", line: "A1", orderId: undefined },
      { outcome: "done", detail: "delivered" },
    ],
    [{ kind: "identify" }, { outcome: "done" }],
  ])("%o is given after it, once, and a copy of the command changes nothing", async (order, answer) => {
    const before = await new KioskRig().start();
    before.link.faultOf = () => noPuback;
    await before.command(order, { id: "c1", counter: 5 });
    await before.clock.advance(3_000);
    expect(before.link.replies).toEqual([]);
    const after = await new KioskRig({ journal: before.journal }).start();
    await after.command(order, { id: "c1", counter: 5 });
    await after.clock.advance(30_000);
    expect(after.link.replies).toMatchObject([{ id: "c1", ...answer }]);
    expect(left(after.journal)).toEqual([]);
    const later = await new KioskRig({ journal: before.journal }).start();
    await later.clock.advance(30_000);
    expect(later.link.replies).toEqual([]);
  });

  it("is refused where nobody knows how it ended, and says so", async () => {
    const journal = new MemoryJournal();
    await journal.commit([unansweredChange("c1")]);
    const after = await new KioskRig({ journal }).start();
    await settle();
    expect(after.link.replies).toMatchObject([{ id: "c1", outcome: "refused" }]);
  });

  it("is not taken back where it may have arrived: without the picture that was in it, it says the same again", async () => {
    const before = await new KioskRig().start();
    before.link.faultOf = () => noPuback;
    await before.command({ kind: "screenshot" }, { id: "c1", counter: 5 });
    const after = await new KioskRig({ journal: before.journal }).start();
    await settle();
    expect(after.link.replies).toMatchObject([{ id: "c1", outcome: "done", detail: matching(/order it again/) }]);
  });

  it("is refused from the start where its picture does not fit into a reply, and stays so", async () => {
    const before = await new KioskRig().start();
    before.link.pngBytesMax = 0;
    before.link.faultOf = () => noPuback;
    await before.command({ kind: "screenshot" }, { id: "c1", counter: 5 });
    await settle();
    const after = await new KioskRig({ journal: before.journal }).start();
    before.link.faultOf = () => undefined;
    await before.clock.advance(30_000);
    await settle();
    const refused = { id: "c1", outcome: "refused", reason: matching(/^reply-too-large: the picture \(\d+ bytes\)/) };
    expect(before.link.replies).toMatchObject([refused]);
    expect(after.link.replies).toEqual(before.link.replies);
  });

  it("a refund's is on the disk with the refund", async () => {
    const before = await new KioskRig().start();
    const reference = await before.sell();
    before.link.faultOf = () => noPuback;
    await before.command({ kind: "refund", reference, amount: undefined }, { id: "c1", counter: 5 });
    await before.clock.advance(30_000);
    const commit = before.journal.commits.find((changes) => JSON.stringify(changes).includes('"entry":"refund"'));
    expect(JSON.stringify(commit)).toContain("reply.c1");
    const after = await new KioskRig({ journal: before.journal }).start();
    await settle();
    expect(after.link.replies).toMatchObject([{ id: "c1", outcome: "done" }]);
  });

  it("waits for the connection, as long as that takes", async () => {
    const rig = await new KioskRig().start();
    rig.link.setConnected(false);
    await rig.command({ kind: "identify" }, { id: "c1", counter: 5 });
    await rig.clock.advance(3_600_000);
    expect(rig.link.replies).toEqual([]);
    rig.link.setConnected(true);
    await settle();
    expect(rig.link.replies).toMatchObject([{ id: "c1", outcome: "done" }]);
  });
});

describe("the queue of answers", () => {
  async function queueOver(journal: MemoryJournal) {
    const clock = new SimulatedClock();
    const link = new RememberingLink();
    await link.start({ message: async () => {}, connection: () => {}, relay: () => {}, rival: () => {} });
    link.setConnected(true);
    const log = createMemoryLog();
    const entropy = { fraction: () => 1, bytes: () => new Uint8Array() };
    return { replies: createReplies({ journal, link, clock, entropy, log }), link, clock, log };
  }

  it("sends the oldest first, later and later while the broker does not take it", async () => {
    const answers = ["one", "two"].map((id) => ({ id, outcome: "done", detail: "x" }) as const);
    const { replies, link, clock, log } = await queueOver(new MemoryJournal(answers.map((one) => replyChange(one))));
    link.faultOf = () => noPuback;
    replies.load();
    await clock.advance(15_000);
    expect(log.lines.map(({ fields }) => fields["delayMs"])).toEqual([2_000, 4_000, 8_000, 16_000]);
    link.faultOf = () => undefined;
    await clock.advance(16_000);
    expect(link.replies).toEqual(answers);
  });

  it("sends an answer once where only the journal cannot note that it was sent", async () => {
    const journal = new MemoryJournal([replyChange({ id: "one", outcome: "refused", reason: "no" })]);
    const { replies, link, clock } = await queueOver(journal);
    journal.fault = new Error("ENOSPC");
    replies.load();
    await clock.advance(60_000);
    expect(link.replies).toHaveLength(1);
    expect(left(journal)).toEqual(["reply.one"]);
    journal.fault = undefined;
    await clock.advance(300_000);
    expect(link.replies).toHaveLength(1);
    expect(left(journal)).toEqual([]);
  });

  it("says nothing that the journal does not have: a later life would say something else", async () => {
    const journal = new MemoryJournal([unansweredChange("one")]);
    const { replies, link, clock } = await queueOver(journal);
    journal.fault = new Error("ENOSPC");
    replies.send({ id: "one", outcome: "done" });
    await clock.advance(60_000);
    expect(link.replies).toEqual([]);
    journal.fault = undefined;
    await clock.advance(300_000);
    expect(link.replies).toEqual([{ id: "one", outcome: "done" }]);
    expect(left(journal)).toEqual([]);
  });

  it("writes down what has no place in the journal yet before it says it", async () => {
    const journal = new MemoryJournal();
    const { replies, link } = await queueOver(journal);
    link.faultOf = () => noPuback;
    replies.send({ id: "one", outcome: "refused", reason: "a fault" });
    await settle();
    expect(left(journal)).toEqual(["reply.one"]);
    replies.stop();
  });

  it("sends nothing after it was stopped", async () => {
    const { replies, link, clock } = await queueOver(new MemoryJournal([unansweredChange("one")]));
    link.faultOf = () => noPuback;
    replies.load();
    await settle();
    link.faultOf = () => undefined;
    replies.stop();
    replies.wake();
    await clock.advance(3_600_000);
    expect(link.replies).toEqual([]);
  });

  it("keeps few pictures in memory: the oldest is given up, and refused at the next start", async () => {
    const ids = ["p1", "p2", "p3", "p4", "p5"];
    const journal = new MemoryJournal(ids.map((id) => unansweredChange(id)));
    const { replies, link, log } = await queueOver(journal);
    link.setConnected(false);
    for (const id of ids) replies.send({ id, outcome: "done", png: Uint8Array.of(1) });
    link.setConnected(true);
    replies.wake();
    await settle();
    expect(link.replies.map(({ id }) => id)).toEqual(["p2", "p3", "p4", "p5"]);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { command: "p1" } }]);
    expect(left(journal)).toEqual(["reply.p1"]);
  });

  it("reads what it wrote, and says what it cannot read", () => {
    for (const reply of [
      { id: "a", outcome: "done" },
      { id: "a", outcome: "done", detail: "x" },
      { id: "a", outcome: "expired", reason: "late" },
    ] as const) {
      const change = replyChange(reply);
      expect(change.kind === "put" ? replyOf("a", change.value) : undefined).toEqual(reply);
    }
    expect(replyOf("a", { outcome: "later" })).toMatchObject({ id: "a", outcome: "refused" });
  });
});
