/**
 * Goal: what a machine with outlets is told and cannot do has one answer, whatever becomes of disk and power. Method: a laundry whose journal fails,
 * and one that starts anew before the broker has the answer.
 */
import { describe, expect, it } from "vitest";
import type { Command, LinkMessage } from "../../../src/link/port.ts";
import { stationId } from "../../../src/sale/ids.ts";
import { settle } from "../../../src/service/simulated-clock.ts";
import { MemoryJournal } from "../kiosk/memory-journal.ts";
import { Laundry } from "./laundry.ts";

const catalogue = { currency: "NOK", version: "office-1", products: [] } as const;

const orders: readonly (readonly [string, Pick<Command, "order" | "station">, string])[] = [
  [
    "a catalogue for all outlets",
    { order: { kind: "set-catalogue", catalogue } },
    "each outlet has products of its own",
  ],
  [
    "an order for an outlet that is not there",
    { order: { kind: "out-of-service" }, station: stationId("w9") },
    'there is no outlet "w9" here',
  ],
];

describe.each(orders)("%s", (_what, told, reason) => {
  const message = ({ clock }: Laundry): LinkMessage => ({
    kind: "command",
    command: { id: "c1", counter: 1, deadlineWallMs: clock.wallMs() + 600_000, ...told },
  });

  it("is refused once", async () => {
    const laundry = await new Laundry().start();
    await laundry.link.deliver(message(laundry));
    await laundry.link.deliver(message(laundry));
    await settle();
    const [reply, ...more] = laundry.link.replies;
    expect(more).toEqual([]);
    expect(reply).toMatchObject({ id: "c1", outcome: "refused" });
    expect(reply?.outcome === "refused" ? reply.reason : "").toContain(reason);
    expect(laundry.stateOf("w1")).toBe("free");
  });

  it("stays with the broker while the journal does not take it", async () => {
    const journal = new MemoryJournal();
    const laundry = await new Laundry({ journal }).start();
    journal.fault = new Error("full");
    await expect(laundry.link.deliver(message(laundry))).rejects.toThrow();
    expect(laundry.link.replies).toEqual([]);
  });

  it("is answered after a power cut, where nobody was told before it", async () => {
    const laundry = await new Laundry().start();
    laundry.link.faultOf = () => new Error("no broker");
    await laundry.link.deliver(message(laundry));
    const next = await laundry.afterPowerCut({});
    await settle();
    expect(next.link.replies).toMatchObject([{ id: "c1", outcome: "refused" }]);
  });
});

describe("what was paid in the web shop", () => {
  const deliver = ({ clock }: Laundry, counter: number, line: string): LinkMessage => ({
    kind: "command",
    command: {
      id: `c${counter}`,
      counter,
      deadlineWallMs: clock.wallMs() + 600_000,
      order: { kind: "deliver", line, orderId: "web-1" },
    },
  });

  it("is handed out once, whichever outlet is named the second time, also after a power cut", async () => {
    const laundry = await new Laundry().start();
    await laundry.link.deliver(deliver(laundry, 1, "w1"));
    await laundry.pass(10_000);
    await laundry.link.deliver(deliver(laundry, 2, "w2"));
    await laundry.pass(10_000);
    expect(laundry.moves).toEqual(["w1"]);
    const next = await laundry.afterPowerCut({});
    await next.link.deliver(deliver(next, 3, "w3"));
    await next.pass(10_000);
    expect(next.moves).toEqual([]);
    expect(next.link.replies.at(-1)).toMatchObject({ id: "c3", outcome: "refused" });
  });
});
