/** Goal: every ended sale reaches the broker, oldest first, however long that takes. Method: a link that fails, on a virtual clock. */
import { expect, it } from "vitest";
import type { JournalChange } from "../../../src/journal/port.ts";
import { createOutbox } from "../../../src/kiosk/outbox.ts";
import { toJson } from "../../../src/kiosk/stored.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { record } from "./records.ts";
import { RememberingLink } from "./rig.ts";

function unsent(...ids: readonly string[]): MemoryJournal {
  return new MemoryJournal(
    ids.map((id): JournalChange => ({
      kind: "put",
      table: "unsent",
      key: `${id}.0`,
      value: toJson({ ...record, id }),
    })),
  );
}

const noPuback = new Error("no PUBACK");

async function outboxOver(journal: MemoryJournal) {
  const clock = new SimulatedClock();
  const link = new RememberingLink();
  await link.start({ message: async () => {}, connection: () => {}, relay: () => {}, rival: () => {} });
  const log = createMemoryLog();
  const entropy = { fraction: () => 1, bytes: () => new Uint8Array() };
  const outbox = createOutbox({ journal, link, clock, entropy, log });
  return { outbox, link, clock, log };
}

it("sends all that waits, oldest first, and forgets each when the broker has it", async () => {
  const journal = unsent("one", "two");
  const { outbox, link } = await outboxOver(journal);
  link.setConnected(true);
  outbox.wake();
  await settle();
  expect([...link.sales.keys()]).toEqual(["one.0", "two.0"]);
  expect(link.sales.get("one.0")).toMatchObject({ id: "one", captured: 2_500, outcome: "sold" });
  expect(journal.carried).toEqual([
    [{ kind: "delete", table: "unsent", key: "one.0" }],
    [{ kind: "delete", table: "unsent", key: "two.0" }],
  ]);
});

it("sends nothing without a connection", async () => {
  const { outbox, link, clock } = await outboxOver(unsent("one"));
  outbox.wake();
  await clock.advance(3_600_000);
  expect(link.sales.size).toBe(0);
});

it("tries again later and later while the broker does not take it, and keeps it all the while", async () => {
  const journal = unsent("one");
  const { outbox, link, clock, log } = await outboxOver(journal);
  link.setConnected(true);
  link.faultOf = () => noPuback;
  outbox.wake();
  await clock.advance(3_600_000);
  const delays = log.lines.map(({ fields }) => fields["delayMs"]);
  expect(delays.slice(0, 9)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]);
  expect(log.lines.at(0)?.level).toBe("warn");
  expect([...journal.entries("unsent")]).toHaveLength(1);
  link.faultOf = () => undefined;
  await clock.advance(300_000);
  expect([...link.sales.keys()]).toEqual(["one.0"]);
});

it("begins with short waits again once something went through", async () => {
  const { outbox, link, clock, log } = await outboxOver(unsent("one", "two"));
  link.setConnected(true);
  link.faultOf = () => noPuback;
  outbox.wake();
  await clock.advance(10_000);
  link.faultOf = (id) => (id === "two.0" ? noPuback : undefined);
  await clock.advance(10_000);
  expect([...link.sales.keys()]).toEqual(["one.0"]);
  expect(log.lines.map(({ fields }) => fields["delayMs"]).slice(0, 5)).toEqual([2_000, 4_000, 8_000, 2_000, 4_000]);
});

it("sends a sale again when the journal could not note that it was sent", async () => {
  const journal = unsent("one");
  const { outbox, link, clock } = await outboxOver(journal);
  link.setConnected(true);
  journal.fault = new Error("ENOSPC");
  outbox.wake();
  await settle();
  link.sales.clear();
  journal.fault = undefined;
  await clock.advance(2_000);
  expect([...link.sales.keys()]).toEqual(["one.0"]);
  expect([...journal.entries("unsent")]).toEqual([]);
});

it("never runs twice at a time, and not at all once it is stopped", async () => {
  const journal = unsent("one");
  const { outbox, link, clock } = await outboxOver(journal);
  link.setConnected(true);
  let published = 0;
  link.publishSale = async () => {
    published += 1;
    await clock.sleep(1_000);
  };
  outbox.wake();
  outbox.wake();
  await clock.advance(5_000);
  expect(published).toBe(1);
  outbox.stop();
  await journal.commit([{ kind: "put", table: "unsent", key: "two.0", value: toJson(record) }]);
  outbox.wake();
  await clock.advance(5_000);
  expect(published).toBe(1);
});

it("a stop while it waits for the next try ends the waiting", async () => {
  const { outbox, link, clock } = await outboxOver(unsent("one"));
  link.setConnected(true);
  link.faultOf = () => noPuback;
  outbox.wake();
  await settle();
  outbox.stop();
  expect(clock.timers()).toEqual([]);
});
