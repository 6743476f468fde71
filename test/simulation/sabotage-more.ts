/** More deliberately broken parts, by room: the machine, the commands, the link and the outbox, the books, the panel, time. */
import type { JournalChange, JsonValue } from "../../src/journal/port.ts";
import { handInKey } from "../../src/kiosk/journal-keys.ts";
import type { CommandOrder, CommandReply, Link } from "../../src/link/port.ts";
import type { DeliveryOrder, DeliveryOutcome, Machine } from "../../src/machine/port.ts";
import type { Panel } from "../../src/panel/port.ts";
import { minor, money } from "../../src/sale/money.ts";
import type { Clock } from "../../src/service/port.ts";
import { type BrokenVariant, journal, keyOf, listener, payments } from "./sabotage-tools.ts";
import type { Sabotage } from "./sabotage-port.ts";
import { plain } from "./traits.ts";
import type { World } from "./world.ts";

export function machine(change: (right: Machine, world: World) => Partial<Machine>): Sabotage {
  return {
    machine: (right, world) => ({
      start: (onEvent) => right.start(onEvent),
      readiness: () => right.readiness(),
      deliver: (order, signal) => right.deliver(order, signal),
      resume: (order) => right.resume(order),
      openSession: (funds) => right.openSession(funds),
      closeSession: () => right.closeSession(),
      identify: () => right.identify(),
      stop: () => right.stop(),
      ...change(right, world),
    }),
  };
}

/** The driver tells another end of a delivery than the one it saw. */
function ends(change: (outcome: DeliveryOutcome) => DeliveryOutcome): Sabotage {
  return machine((right) => ({ deliver: async (order, signal) => change(await right.deliver(order, signal)) }));
}

export function orders(change: (order: DeliveryOrder) => DeliveryOrder): Sabotage {
  return machine((right) => ({ deliver: (order, signal) => right.deliver(change(order), signal) }));
}

/** A command becomes another one on its way into the kiosk. */
export function commands(change: (order: CommandOrder) => CommandOrder): Sabotage {
  return {
    kind: "vending",
    traits: plain,
    prepare: (world) => busyOffice(world),
    ...listener((right) => ({
      message: (message) =>
        right.message(
          message.kind === "command"
            ? { ...message, command: { ...message.command, order: change(message.command.order) } }
            : message,
        ),
    })),
  };
}

/** Many orders in a day, and a broker that holds. */
function busyOffice(world: World): void {
  for (let index = 1; index < 19; index += 1)
    world.clock.startTimer("busy office", index * 45_000, () => world.office.orderSomething());
}

function link(change: (right: Link) => Partial<Link>): Sabotage {
  return {
    link: (right) => ({
      start: (listener) => right.start(listener),
      isConnected: () => right.isConnected(),
      tries: () => right.tries(),
      publishState: (state) => right.publishState(state),
      publishSale: (id, body) => right.publishSale(id, body),
      publishHealth: (body) => right.publishHealth(body),
      reply: (reply) => right.reply(reply),
      fits: (reply) => right.fits(reply),
      publishReply: (reply) => right.publishReply(reply),
      stop: () => right.stop(),
      ...change(right),
    }),
  };
}

function replies(change: (reply: CommandReply) => readonly CommandReply[]): Sabotage {
  return {
    kind: "vending",
    prepare: busyOffice,
    ...link((right) => ({
      reply: (reply) => {
        for (const one of change(reply)) right.reply(one);
      },
      publishReply: async (reply) => {
        for (const one of change(reply)) await right.publishReply(one);
      },
    })),
  };
}

export function panel(change: (right: Panel) => Partial<Panel>): Sabotage {
  return {
    panel: (right) => ({
      facts: right.facts,
      start: () => right.start(),
      show: (scene) => right.show(scene),
      fit: (content) => right.fit(content),
      pictureFault: (png) => right.pictureFault(png),
      isPresent: () => right.isPresent(),
      absence: () => right.absence(),
      rehearse: (scene) => right.rehearse(scene),
      screenshot: () => right.screenshot(),
      stop: () => right.stop(),
      ...change(right),
    }),
  };
}

function clock(change: (right: Clock) => Partial<Clock>): Sabotage {
  return {
    clock: (right) => ({
      monotonicMs: () => right.monotonicMs(),
      wallMs: () => right.wallMs(),
      isPlausible: () => right.isPlausible(),
      startTimer: (name, delayMs, callback) => right.startTimer(name, delayMs, callback),
      sleep: (delayMs, signal) => right.sleep(delayMs, signal),
      ...change(right),
    }),
  };
}

/** What is written of a sale is another than what was decided. */
function rows(change: (row: Readonly<Record<string, JsonValue>>) => JsonValue): Sabotage {
  const changed = (one: JournalChange): JournalChange =>
    one.kind === "put" && one.table === "sale" && isRow(one.value) ? { ...one, value: change(one.value) } : one;
  return journal((right) => ({ commit: (changes) => right.commit(changes.map(changed)) }));
}

function isRow(value: JsonValue): value is Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every relay dies, for longer than anybody believes in it. */
function withoutRelays(world: World): void {
  world.clock.startTimer("no relays", 30_000, () => {
    world.cloud.kill(0);
    world.cloud.kill(1);
  });
}

/** Loses power ten seconds after a timed output went on. */
function cutsTimedOutputs(world: World): void {
  let seen = 0;
  const look = (): void => {
    const fallen = world.drops.filter(({ what }) => what === "timed output").length;
    if (fallen > seen) world.clock.startTimer("cut", 10_000, () => world.daemon.cutPower());
    if (fallen > seen) world.clock.startTimer("back", 12_000, () => void world.daemon.powerOn());
    seen = fallen;
    world.clock.startTimer("look", 1_000, look);
  };
  look();
}

const delivered = { kind: "delivered" } as const;

export const moreBrokenVariants: readonly BrokenVariant[] = [
  // ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "machine: calls a jam delivered",
    seedsMax: 30,
    sabotage: {
      kind: "vending",
      prepare: (world) => world.rig.setFault("jam"),
      ...ends((outcome) => (outcome.kind === "not-delivered" ? delivered : outcome)),
    },
  },
  {
    name: "MDB: takes a failed vend for a delivery",
    seedsMax: 60,
    sabotage: { kind: "mdb", ...ends((outcome) => (outcome.kind === "not-delivered" ? delivered : outcome)) },
  },
  {
    name: "MDB with sessions: takes a failed vend for a delivery",
    seedsMax: 100,
    sabotage: { kind: "mdb-session", ...ends((outcome) => (outcome.kind === "not-delivered" ? delivered : outcome)) },
  },
  {
    name: "GPIO: sends a credit too many",
    seedsMax: 30,
    sabotage: {
      kind: "gpio",
      ...orders((order) => ({ ...order, price: money(order.price.minor + 400, order.price.currency) })),
    },
  },
  {
    name: "GPIO: goes on with a timed output for longer than is left",
    seedsMax: 100,
    sabotage: {
      kind: "gpio",
      prepare: cutsTimedOutputs,
      ...machine((right) => ({
        resume: (order) =>
          right.resume({ ...order, untilWallMs: (order.untilWallMs ?? 0) + 600_000, onForMs: 600_000 }),
      })),
    },
  },
  {
    name: "kiosk: takes the front end's silence for a delivery",
    seedsMax: 60,
    sabotage: {
      kind: "kiosk",
      prepare: (world) => world.rig.setFault("silent"),
      ...ends((outcome) => (outcome.kind === "unknown" ? delivered : outcome)),
    },
  },
  {
    name: "kiosk: takes the front end's no for a delivery",
    seedsMax: 60,
    sabotage: {
      kind: "kiosk",
      prepare: (world) => world.rig.setFault("out of stock"),
      ...ends((outcome) => (outcome.kind === "not-delivered" ? delivered : outcome)),
    },
  },
  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "time: sells a quarter of an hour more than was paid for",
    seedsMax: 20,
    sabotage: {
      kind: "parking",
      ...orders((order) =>
        order.untilWallMs === undefined ? order : { ...order, untilWallMs: order.untilWallMs + 900_000 },
      ),
    },
  },
  {
    name: "time: writes another end into the books than was sold",
    seedsMax: 20,
    sabotage: {
      kind: "parking",
      ...rows((row) => ({ ...row, validUntil: row["validUntil"] === null ? null : "2030-01-01T00:00:00.000Z" })),
    },
  },
  {
    name: "time: charges the same for any time",
    seedsMax: 20,
    sabotage: {
      kind: "parking",
      policy: {
        timeSales: {
          minutesMin: 20,
          minutesMax: 240,
          minutesStep: 10,
          quote: (fromWallMs, minutes) => ({ price: minor(500), untilWallMs: fromWallMs + minutes * 60_000 }),
        },
      },
    },
  },
  // ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "commands: says that it closed, and goes on selling",
    seedsMax: 60,
    sabotage: commands((order) => (order.kind === "out-of-service" ? { kind: "identify" } : order)),
  },
  {
    name: "commands: says that it has the new prices, and keeps the old ones",
    seedsMax: 60,
    sabotage: commands((order) => (order.kind === "set-catalogue" ? { kind: "identify" } : order)),
  },
  {
    name: "commands: gives out a web-shop order as often as it is ordered",
    seedsMax: 100,
    sabotage: commands((order) => (order.kind === "deliver" ? { ...order, orderId: undefined } : order)),
  },
  {
    name: "commands: gives back less than was ordered",
    seedsMax: 100,
    sabotage: commands((order) =>
      order.kind === "refund" && order.amount !== undefined && order.amount.minor > 100
        ? { ...order, amount: money(order.amount.minor - 100, order.amount.currency) }
        : order,
    ),
  },
  {
    name: "commands: answers done to all",
    seedsMax: 30,
    sabotage: replies((reply) => [{ id: reply.id, outcome: "done" }]),
  },
  {
    name: "commands: does not answer what it refuses",
    seedsMax: 60,
    sabotage: replies((reply) => (reply.outcome === "done" ? [reply] : [])),
  },
  {
    name: "commands: answers twice, once with a yes and once with a no",
    seedsMax: 20,
    sabotage: replies((reply) => [reply, { id: reply.id, outcome: "refused", reason: "on second thoughts" }]),
  },
  {
    name: "commands: forgets which it has obeyed",
    seedsMax: 100,
    sabotage: {
      kind: "vending",
      prepare: busyOffice,
      ...journal((right) => ({
        get: (table, key) => {
          const isForgotten = table === "seen" || (table === "fact" && key === "command-counter");
          return isForgotten ? undefined : right.get(table, key);
        },
      })),
    },
  },
  {
    name: "web shop: forgets which orders were handed in",
    seedsMax: 100,
    sabotage: {
      kind: "vending",
      prepare: busyOffice,
      ...journal((right) => ({
        get: (table, key) => (key.startsWith(handInKey("")) ? undefined : right.get(table, key)),
      })),
    },
  },
  // ── link and outbox ──────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "outbox: forgets a sale that the broker has not",
    seedsMax: 20,
    sabotage: link(() => ({ publishSale: () => Promise.resolve() })),
  },
  {
    name: "outbox: tells the same sale differently each time",
    seedsMax: 20,
    sabotage: link((right) => ({
      publishSale: async (id, body) => {
        await right.publishSale(id, body);
        await right.publishSale(id, { ...body, endedAt: "2020-01-01T00:00:00.000Z" });
      },
    })),
  },
  {
    name: "link: believes in relays that are dead",
    seedsMax: 30,
    sabotage: {
      kind: "vending",
      prepare: withoutRelays,
      ...listener((right) => ({ relay: () => right.relay({ alive: true, registered: true }) })),
    },
  },
  // ── the books and the money ──────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "books: lose the refunds",
    seedsMax: 100,
    sabotage: { kind: "vending", prepare: busyOffice, ...rows((row) => ({ ...row, corrections: [] })) },
  },
  {
    name: "books: say another amount than was captured",
    seedsMax: 20,
    sabotage: rows((row) => ({ ...row, captured: Number(row["captured"]) + (Number(row["captured"]) > 0 ? 1 : 0) })),
  },
  {
    name: "money: refunds twice",
    seedsMax: 100,
    sabotage: {
      kind: "vending",
      prepare: busyOffice,
      ...payments((right) => ({
        refund: async (reference, amount, key, options) => {
          await right.refund(reference, amount, keyOf(`${key.slice(0, 45)}-b`), options);
          return right.refund(reference, amount, key, options);
        },
      })),
    },
  },
  {
    name: "money: charges a krone more than the panel says",
    seedsMax: 20,
    sabotage: payments((right) => ({
      create: (request, ...rest) =>
        right.create(
          { ...request, lines: [], amount: money(request.amount.minor + 100, request.amount.currency) },
          ...rest,
        ),
    })),
  },
  {
    name: "sale: sells to anybody, whatever the age",
    seedsMax: 60,
    sabotage: {
      kind: "vending",
      ...payments((right) => ({
        create: ({ minimumAge: _age, ...request }, ...rest) => right.create(request, ...rest),
      })),
    },
  },
  // ── the panel and the session ────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "panel: leaves its code standing when it is out of service",
    seedsMax: 30,
    sabotage: panel((right) => ({
      show: async (scene) => (scene.kind === "out-of-service" ? { kind: "shown" } : right.show(scene)),
    })),
  },
  {
    name: "clock: believes any time",
    seedsMax: 60,
    sabotage: clock(() => ({ isPlausible: () => true })),
  },
  {
    name: "clock: is an hour behind, and nobody notices",
    seedsMax: 60,
    sabotage: clock((right) => ({ wallMs: () => right.wallMs() - 3_600_000 })),
  },
  {
    name: "session: never runs out",
    seedsMax: 60,
    sabotage: clock((right) => ({
      startTimer: (name, delayMs, callback) =>
        name.includes("session") ? { cancel: () => {} } : right.startTimer(name, delayMs, callback),
    })),
  },
];
