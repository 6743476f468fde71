/** Goal: what machine and link say becomes the right event, once, and what must not be lost waits for the disk. Method: a loop that remembers. */
import { describe, expect, it } from "vitest";
import { NotTakenError } from "../../../src/kiosk/loop.ts";
import { createListening } from "../../../src/kiosk/listening.ts";
import type { Command, LinkMessage } from "../../../src/link/port.ts";
import type { MachineEvent, MachineReadiness } from "../../../src/machine/port.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { reference } from "./records.ts";

const notReady = (fault: "door-open" | "inhibited" | "post-delay"): MachineReadiness => ({
  ready: false,
  fault,
  detail: "",
});
const says = (readiness: MachineReadiness): MachineEvent => ({ kind: "readiness", readiness });
const ready = says({ ready: true });

function listening(journal = new MemoryJournal(), diskFault?: Error) {
  const told: unknown[][] = [];
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const ears = createListening({
    loop: {
      put: (event) => void told.push(["put", event]),
      putFromWorld: (event, more) =>
        void told.push(["world", event, ...(Object.keys(more?.customers ?? {}).length > 0 ? [more?.customers] : [])]),
      putDurably: async (event, more) => {
        told.push(["durably", event, more]);
        if (diskFault !== undefined) throw diskFault;
      },
    },
    journal,
    clock,
    log,
    takeCommand: async (command) => void told.push(["command", command]),
    onChange: () => told.push(["change"]),
    onConnected: () => told.push(["connected"]),
  });
  return { ears, told, clock, log };
}

const session = (event: object) => ["world", { about: "session", event }];
const lost = session({ kind: "machine-lost" });
const serviced = ["put", { about: "serviced", line: undefined }];

describe("the machine", () => {
  const selection = { kind: "line", line: "A1" } as const;

  it.each<readonly [MachineEvent, readonly unknown[]]>([
    [{ kind: "selected", selection }, [session({ kind: "selected", selection })]],
    [{ kind: "selection-cancelled" }, [session({ kind: "selection-cancelled" })]],
    [{ kind: "session-ended" }, [session({ kind: "selection-cancelled" })]],
    [{ kind: "key", key: "7" }, [session({ kind: "key", key: "7" })]],
    [
      { kind: "code-scanned", text: "qr" },
      [[...session({ kind: "code-scanned" }), { scan: { kind: "personal-qr", text: "qr" } }]],
    ],
    [{ kind: "line-state", line: "A1", state: "jammed" }, [["put", { about: "line", line: "A1", state: "jammed" }]]],
    [ready, [["change"]]],
    [says(notReady("inhibited")), [lost, ["change"]]],
    [says(notReady("door-open")), [lost, ["change"]]],
    [says(notReady("post-delay")), [["change"]]],
  ])("says %o", (event, expected) => {
    const { ears, told } = listening();
    ears.open();
    ears.onMachine(event);
    expect(told).toEqual(expected);
  });

  it("was serviced when its door is shut and it is ready again, and only then", () => {
    const { ears, told } = listening();
    ears.open();
    for (const event of [ready, says(notReady("inhibited")), ready]) ears.onMachine(event);
    expect(told).not.toContainEqual(serviced);
    for (const event of [says(notReady("door-open")), says(notReady("inhibited")), ready]) ears.onMachine(event);
    expect(told).not.toContainEqual(serviced);
    ears.onMachine(says(notReady("door-open")));
    ears.onMachine(ready);
    expect(told.filter(([kind]) => kind === "put")).toEqual([serviced]);
    expect(ears.heard().machine).toEqual({ ready: true });
  });

  it("is heard only once the journal was read, and then in order", () => {
    const { ears, told } = listening();
    ears.setMachine(notReady("door-open"));
    ears.onMachine(ready);
    ears.onMachine({ kind: "key", key: "7" });
    expect(told).toEqual([]);
    expect(ears.heard().machine).toEqual(notReady("door-open"));
    ears.open();
    expect(told).toEqual([serviced, ["change"], session({ kind: "key", key: "7" })]);
  });

  it("counts as starting before it said anything", () => {
    expect(listening().ears.heard()).toMatchObject({
      machine: { ready: false, fault: "starting" },
      isConnected: false,
      relay: { alive: false, registered: false },
    });
  });
});

describe("the link", () => {
  it("is there or not, and the relay too", () => {
    const { ears, told } = listening();
    ears.linkListener.connection(true);
    ears.linkListener.relay({ alive: true, registered: true });
    expect(ears.heard()).toMatchObject({ isConnected: true, relay: { alive: true, registered: true } });
    ears.linkListener.connection(false);
    expect(ears.heard().isConnected).toBe(false);
    expect(told).toEqual([["change"], ["connected"], ["change"], ["change"]]);
  });

  const scan: LinkMessage = {
    kind: "checked-in",
    eventId: "e1",
    customerToken: "a token",
    ageMs: 1_000,
    initiatedAtWallMs: 0,
    publishedAtWallMs: Number.MAX_SAFE_INTEGER,
  };
  const seen = { kind: "put", table: "seen", key: "check-in.e1" };

  it("remembers which scans it heard, each once, the newest ones, and nothing of who scanned", async () => {
    const journal = new MemoryJournal();
    const { ears } = listening(journal);
    for (let number = 1; number <= 40; number += 1) {
      await ears.linkListener.message({ ...scan, eventId: `e${number}`, ageMs: number });
    }
    const heard = ears.checkIns();
    expect(heard).toHaveLength(32);
    expect(heard.at(-1)).toEqual({ number: 40, ageMs: 40 });
    expect(heard.map(({ number }) => number)).toEqual(heard.map((_, index) => index + 9));
    await journal.commit([{ kind: "put", table: "seen", key: "check-in.e41", value: 1 }]);
    await ears.linkListener.message({ ...scan, eventId: "e41" });
    expect(ears.checkIns().at(-1)?.number).toBe(40);
  });

  it("hands on a check-in with its customer, together with the mark that it was seen", async () => {
    const { ears, told } = listening();
    await ears.linkListener.message(scan);
    expect(told).toMatchObject([
      [
        "durably",
        { about: "session", event: { kind: "checked-in", eventId: "e1", ageMs: 1_000 } },
        { changes: [seen], customers: { "check-in": { kind: "customer-token", token: "a token" } } },
      ],
    ]);
  });

  it("hands on a check-in once, and one that the relay refused never", async () => {
    const journal = new MemoryJournal([{ kind: "put", table: "seen", key: "check-in.e1", value: 9e15 }]);
    const { ears, told } = listening(journal);
    await ears.linkListener.message(scan);
    expect(told).toEqual([]);
    await ears.linkListener.message({ kind: "check-in-refused", eventId: "e2" });
    expect(told).toMatchObject([["durably", undefined, { changes: [{ key: "check-in.e2" }] }]]);
  });

  it("drops what fails by its own content, with a line in the log", async () => {
    const journal = new MemoryJournal();
    journal.get = () => {
      throw new TypeError("poison");
    };
    const { ears, log } = listening(journal);
    await ears.linkListener.message(scan);
    await ears.linkListener.message({ kind: "check-in-refused", eventId: "e1" });
    expect(log.lines).toMatchObject([
      { level: "error", fields: { message: "checked-in", error: new TypeError("poison") } },
      { level: "error", fields: { message: "check-in-refused" } },
    ]);
  });

  it.each<LinkMessage>([scan, { kind: "check-in-refused", eventId: "e1" }])(
    "keeps %o with the broker while the disk does not take it",
    async (message) => {
      const { ears } = listening(new MemoryJournal(), new NotTakenError("journal", "ENOSPC"));
      await expect(ears.linkListener.message(message)).rejects.toThrow("ENOSPC");
    },
  );

  it("hands on a payment event as a hint, each id once of the newest 512", async () => {
    const { ears, told } = listening();
    const hint = (eventId: string) => ears.linkListener.message({ kind: "payment-event", eventId, reference });
    await hint("one");
    await hint("one");
    expect(told).toEqual([["world", { about: "settlement", reference, event: { kind: "hint" } }]]);
    for (let count = 0; count < 511; count += 1) await hint(`n${count}`);
    await hint("one");
    expect(told).toHaveLength(512);
    await hint("one more");
    await hint("one");
    expect(told).toHaveLength(514);
  });

  it("hands on a command", async () => {
    const { ears, told } = listening();
    const command: Command = { id: "c1", counter: 1, deadlineWallMs: 1, order: { kind: "identify" } };
    await ears.linkListener.message({ kind: "command", command });
    expect(told).toEqual([["command", command]]);
  });
});
