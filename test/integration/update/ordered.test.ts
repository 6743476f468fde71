/**
 * Goal: the order `update` over the link is answered once, and truly, whatever becomes of the release and whenever the power goes. Method: daemons of one
 * computer, one after the other, over one journal and real folders; the real updater, its release in memory; the package's launcher says which release starts.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hostOrderChange } from "../../../src/kiosk/host-orders.ts";
import type { CommandReply } from "../../../src/link/port.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import type { GateView } from "../../../src/update/gate.ts";
import {
  forgetRequest,
  readAnswer,
  readRequest,
  type UpdateRequest,
  writeAnswer,
} from "../../../src/update/request.ts";
import { openSlotDisk } from "../../../src/update/slot-disk.ts";
import { carryOut } from "../../../src/update/updater.ts";
import { createUpdates } from "../../../src/update/updates.ts";
import { MemoryJournal } from "../../unit/kiosk/memory-journal.ts";
import { KioskRig } from "../../unit/kiosk/rig.ts";
import { until } from "../patience.ts";
import { launch, makeSlotMachine, manifestOf, mark, releaseFiles, type SlotMachine } from "./machine-with-slots.ts";

const maker = generateKeyPairSync("ed25519");
const order = { kind: "update", version: undefined } as const;

let folder: string;
let machine: SlotMachine;
let journal: MemoryJournal;
/** Every answer that the back office got, of all lives. */
let replies: CommandReply[];
let ends: (() => Promise<void>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-ordered-"));
  machine = await makeSlotMachine(folder);
  journal = new MemoryJournal();
  replies = [];
  ends = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

const state = (): string => join(machine.slots, "state");

interface Life {
  readonly version: string;
  readonly rig: KioskRig;
  /** Of the looks for what became of the order. */
  readonly clock: SimulatedClock;
  /** In good order; a power cut is a life that is left, and ended after the test. */
  readonly end: () => Promise<void>;
}

/** What the service manager does: the launcher chooses a release, and its daemon begins. */
async function start(): Promise<Life> {
  const { out } = await launch(machine, "service", "run");
  const version = out.split(" ")[0] ?? "";
  const clock = new SimulatedClock();
  const updates = createUpdates({ running: version, slots: machine.slots, state: state(), clock });
  const rig = await new KioskRig({ journal, updates }).start();
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> =>
    (ended ??= (async () => {
      replies.push(...rig.link.replies);
      const stopped = rig.kiosk.stop();
      await rig.clock.advance(60_000);
      await stopped;
    })());
  ends.push(end);
  return { version, rig, clock, end };
}

/** Moves the clock of the looks on until the machine has answered. */
const answered = ({ rig, clock }: Life, byMs = 2_000): Promise<CommandReply | undefined> =>
  until(async () => {
    await clock.advance(byMs);
    return rig.link.replies.at(-1);
  });

const reasonOf = (reply: CommandReply | undefined): string =>
  reply === undefined || reply.outcome === "done" ? "" : reply.reason;

/** The request is there: from the journal it takes a moment. */
async function requested(): Promise<UpdateRequest> {
  const request = await until(() => readRequest(state()));
  if (request === undefined) throw new Error("nobody asked for an update");
  return request;
}

/** root's side, as kvitt-update.service does it. @returns how often it would have restarted the daemon */
async function updaterRuns(version = "1.1.0", view: GateView = { kind: "serving", state: "ready" }): Promise<number> {
  const request = await requested();
  const bytes = Buffer.from(JSON.stringify(manifestOf(version, releaseFiles(version))));
  let restarts = 0;
  let nowMs = 0;
  await carryOut(request, {
    disk: openSlotDisk(machine.slots),
    keys: { keys: [maker.publicKey], faults: [] },
    architecture: "amd64",
    packageVersion: "1.0.0",
    configuredUrl: "https://updates.example/",
    sourceAt: () => ({
      manifest: async () => ({ bytes, signature: sign(null, bytes, maker.privateKey).toString("base64") }),
      async *content({ path }) {
        yield Buffer.from(releaseFiles(version).get(path) ?? "");
      },
    }),
    localContent: async () => undefined,
    freeBytes: async () => 1e12,
    runningSlot: async () => undefined,
    isDaemonThere: async () => true,
    look: async () => view,
    earlier: await readAnswer(machine.slots),
    tell: (answer) => writeAnswer(machine.slots, answer),
    restart: async () => void (restarts += 1),
    sleep: async (ms) => void (nowMs += ms),
    monotonicMs: () => nowMs,
    say: () => {},
  });
  await forgetRequest(state());
  return restarts;
}

it("is done when the release has passed its gate, and not when it is started", async () => {
  const before = await start();
  await before.rig.command(order);
  expect(await updaterRuns()).toBe(1);
  await before.clock.advance(60_000);
  await before.end();
  const tried = await start();
  expect(tried.version).toBe("1.1.0");
  await tried.clock.advance(60_000);
  expect(tried.rig.link.replies).toEqual([]);
  await mark(machine, "1.1.0", "good");
  expect(await answered(tried)).toMatchObject({
    id: "command-1",
    outcome: "done",
    detail: "1.1.0 runs, and passed its gate",
  });
  await tried.end();
  await (await start()).end();
  expect(replies.length).toBe(1);
});

it("is refused by the release before it, when the gate has sent the new one back", async () => {
  const before = await start();
  await before.rig.command(order);
  await updaterRuns();
  await before.end();
  await (await start()).end();
  const back = await start();
  expect(back.version).toBe("1.0.0");
  const reply = await answered(back);
  expect(reply).toMatchObject({ outcome: "refused" });
  expect(reasonOf(reply)).toContain("1.1.0 was started and did not pass its gate; 1.0.0 runs");
});

it.each<readonly [string, string, GateView, string]>([
  ["there is nothing newer", "1.0.0", { kind: "serving", state: "ready" }, "not newer than 1.0.0"],
  ["a sale is on without a pause", "1.1.0", { kind: "serving", state: "selling" }, "a sale has been on for long"],
])("is refused where %s, without a restart", async (_what, version, view, reason) => {
  const life = await start();
  await life.rig.command(order);
  expect(await updaterRuns(version, view)).toBe(0);
  const reply = await answered(life);
  expect(reasonOf(reply)).toContain(reason);
});

it("waits through a power cut for an updater that has yet to take the order", async () => {
  await (await start()).rig.command(order);
  await requested();
  // The power goes: nothing is stopped in good order, and what the journal and the folders hold is what is left.
  const back = await start();
  expect(back.version).toBe("1.0.0");
  await back.clock.advance(60_000);
  expect(back.rig.link.replies).toEqual([]);
  await updaterRuns();
  await back.end();
  const tried = await start();
  await mark(machine, "1.1.0", "good");
  expect(await answered(tried)).toMatchObject({ id: "command-1", outcome: "done" });
});

it("is done though the power went between answer and restart: the start after it is the try", async () => {
  await (await start()).rig.command(order);
  await updaterRuns();
  const tried = await start();
  expect(tried.version).toBe("1.1.0");
  await mark(machine, "1.1.0", "good");
  expect(await answered(tried)).toMatchObject({ outcome: "done" });
});

it("is refused, and nothing is asked later, when the power went between the journal and the request", async () => {
  await journal.commit([hostOrderChange("command-1", "update", "boot-1")]);
  const back = await start();
  const reply = await answered(back);
  expect(reasonOf(reply)).toContain("the updater knows nothing of it");
  expect(await readdir(state())).toEqual([]);
});

it("has an end where no updater looks, and takes the request back", async () => {
  const life = await start();
  await life.rig.command(order);
  await requested();
  const reply = await answered(life, 600_000);
  expect(reasonOf(reply)).toContain("kvitt-update.path");
  expect(await readdir(state())).toEqual([]);
});

it("a second order is refused while the first is carried out, which keeps its answer", async () => {
  const life = await start();
  await life.rig.command(order);
  await requested();
  await life.rig.command({ kind: "update", version: "1.3.0" });
  const second = await until(() => life.rig.link.replies[0]);
  expect(second).toMatchObject({ id: "command-2", outcome: "refused" });
  await updaterRuns();
  await life.end();
  const tried = await start();
  await mark(machine, "1.1.0", "good");
  expect(await answered(tried)).toMatchObject({ id: "command-1", outcome: "done" });
});
