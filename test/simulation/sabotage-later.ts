/** Deliberately broken parts that only what was added to the world later can show (traits.ts). */
import { encodeHeader } from "../../src/journal/record.ts";
import { hostOrderPrefix } from "../../src/kiosk/journal-keys.ts";
import { problem } from "../../src/relay/gateway/problem.ts";
import { stationId } from "../../src/sale/ids.ts";
import { money } from "../../src/sale/money.ts";
import { commands, machine, orders, panel } from "./sabotage-more.ts";
import { type BrokenVariant, journal, listener, payments } from "./sabotage-tools.ts";
import type { World } from "./world.ts";

const updated = { isUpdated: true, paysAtOnce: false } as const;

/** The back office hands out at two outlets at once, from coils that take long. */
function handsOutSideBySide(world: World): void {
  world.rig.setFault("slow");
  for (let index = 1; index < 10; index += 1)
    world.clock.startTimer("two at once", index * 85_000, () => {
      for (const line of ["A1", "A3"])
        world.office.send(
          { order: { kind: "deliver", line, orderId: undefined }, isWrong: false },
          { validMs: 600_000, isGenuine: true, copies: 1, isLate: false },
        );
    });
}

export const laterBrokenVariants: readonly BrokenVariant[] = [
  // ── a scan pays at once ──────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "pay at once: asks the phone for a krone more than it says",
    seedsMax: 20,
    sabotage: {
      kind: "vending",
      traits: { paysAtOnce: true },
      ...payments((right) => ({
        create: (request, ...rest) => {
          const { minor, currency } = request.amount;
          const isDearer = request.flow !== "qr";
          const dearer = { ...request, lines: [], amount: money(minor + 100, currency) };
          return right.create(isDearer ? dearer : request, ...rest);
        },
      })),
    },
  },
  {
    name: "pay at once: takes a catalogue of which nobody can say what is meant",
    seedsMax: 60,
    sabotage: {
      ...commands((order) => {
        if (order.kind !== "set-catalogue") return order;
        const { catalogue } = order;
        return { ...order, catalogue: { ...catalogue, products: catalogue.products.slice(0, 1) } };
      }),
      traits: { paysAtOnce: true },
    },
  },
  // ── releases ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "update: is called done as soon as it was asked for",
    seedsMax: 20,
    sabotage: {
      traits: updated,
      updates: (right) => ({
        ask: (id, version) => right.ask(id, version),
        outcome: async () => ({ kind: "done", detail: "it runs" }),
      }),
    },
  },
  {
    name: "update: is forgotten by the release that was started for it",
    seedsMax: 20,
    sabotage: {
      traits: updated,
      ...journal((right) => ({
        entries: (table) => [...right.entries(table)].filter(([key]) => !key.startsWith(hostOrderPrefix)),
      })),
    },
  },
  {
    name: "downgrade: takes a journal of the next format for its own",
    seedsMax: 60,
    sabotage: {
      traits: updated,
      disk: (right) => ({
        list: () => right.list(),
        read: async (name) => {
          const bytes = await right.read(name);
          const end = bytes?.indexOf(0x0a) ?? -1;
          return bytes === undefined || end < 0 ? bytes : Buffer.concat([encodeHeader(), bytes.subarray(end + 1)]);
        },
        readNow: (name) => right.readNow(name),
        append: (name, bytes) => right.append(name, bytes),
        write: (name, bytes) => right.write(name, bytes),
        sync: (name) => right.sync(name),
        syncFolder: () => right.syncFolder(),
        rename: (from, to) => right.rename(from, to),
        remove: (name) => right.remove(name),
        lock: () => right.lock(),
      }),
    },
  },
  {
    name: "update: leaves alone what the release before left open",
    seedsMax: 60,
    sabotage: {
      traits: updated,
      ...journal((right) => ({
        entries: (table) =>
          [...right.entries(table)].filter(
            ([, value]) => table !== "settlement" || JSON.stringify(value).includes("waitingOrders"),
          ),
      })),
    },
  },
  // ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "gateway: says no where it does not know",
    seedsMax: 60,
    sabotage: {
      traits: { hasGateway: true },
      prepare: (world) => {
        world.faultiness = 0.05;
        world.lossyOperation = "create payment";
      },
      gateway: (answer) => async (request) => {
        const right = await answer(request);
        return right.status === 504 ? problem("not-allowed", "no") : right;
      },
    },
  },
  {
    name: "gateway: lets a machine go on that was revoked",
    seedsMax: 60,
    sabotage: { traits: { hasGateway: true }, ignoresRevocations: true },
  },
  // ── the panel ────────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "panel: is called present whatever becomes of it",
    seedsMax: 40,
    sabotage: { traits: { hasFrailPanel: true }, ...panel(() => ({ isPresent: () => true })) },
  },
  {
    name: "panel: is never present again once it was away",
    seedsMax: 40,
    sabotage: {
      traits: { hasFrailPanel: true },
      ...panel((right) => {
        let wasThere = false;
        let wasAway = false;
        return {
          isPresent: () => {
            const isPresent = right.isPresent();
            wasAway ||= wasThere && !isPresent;
            wasThere ||= isPresent;
            return isPresent && !wasAway;
          },
        };
      }),
    },
  },
  // ── two computers with one id ────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "two computers: sells on, although another one has its id",
    seedsMax: 40,
    sabotage: {
      traits: { hasRival: true },
      ...listener(() => ({ rival: () => {} })),
    },
  },
  {
    name: "two computers: never believes that the other one is gone",
    seedsMax: 40,
    sabotage: {
      traits: { hasRival: true },
      ...listener((right) => ({
        rival: (isThere) => {
          if (isThere) right.rival(true);
        },
      })),
    },
  },
  // ── scanner and keypad on USB ────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "scanner: takes the first report of a code for the whole",
    seedsMax: 60,
    sabotage: {
      kind: "gpio",
      traits: { hasReaders: true },
      ...machine((right) => ({
        start: (onEvent) =>
          right.start((event) =>
            onEvent(event.kind === "code-scanned" ? { ...event, text: event.text.slice(0, 30) } : event),
          ),
      })),
    },
  },
  {
    name: "keypad: takes a key twice",
    seedsMax: 60,
    sabotage: {
      kind: "parking",
      traits: { hasReaders: true },
      ...machine((right) => ({
        start: (onEvent) =>
          right.start((event) => {
            onEvent(event);
            if (event.kind === "key" && event.key === "B") onEvent(event);
          }),
      })),
    },
  },
  // ── several outlets ──────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "outlets: move at once although they wait for each other",
    seedsMax: 60,
    sabotage: {
      kind: "vending",
      traits: { hasOutlets: true, paysAtOnce: false },
      prepare: handsOutSideBySide,
      outlets: (outlets) =>
        outlets.map(({ outlet, kiosk }) => ({ kiosk, outlet: { ...outlet, waitsFor: outlet.station } })),
    },
  },
  {
    name: "outlets: a scan of any sticker opens the first",
    seedsMax: 20,
    sabotage: {
      kind: "vending",
      traits: { hasOutlets: true, paysAtOnce: false },
      message: (message) => (message.kind === "checked-in" ? { ...message, station: stationId("w1") } : message),
    },
  },
  {
    name: "outlets: what is paid at one comes from another",
    seedsMax: 40,
    sabotage: {
      kind: "vending",
      traits: { hasOutlets: true, paysAtOnce: false },
      ...orders((order) => {
        const { selection } = order;
        return selection.kind === "line" && selection.line !== "A3"
          ? { ...order, selection: { ...selection, line: "A3" } }
          : order;
      }),
    },
  },
];
