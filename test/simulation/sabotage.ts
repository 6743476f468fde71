/**
 * Deliberately broken parts. Each breaks one rule of the design; the checks of the simulation must catch every one of them within its
 * number of seeds.
 */
import type { EffectId } from "../../src/sale/ids.ts";
import { minor } from "../../src/sale/money.ts";
import { scanSticker } from "./people.ts";
import { laterBrokenVariants } from "./sabotage-later.ts";
import { moreBrokenVariants } from "./sabotage-more.ts";
import type { Sabotage } from "./sabotage-port.ts";
import { type BrokenVariant, journal, keyOf, payments } from "./sabotage-tools.ts";
import { plain } from "./traits.ts";
import type { World } from "./world.ts";

const unknown = {
  kind: "unknown",
  reason: "never",
  status: undefined,
  code: undefined,
  retryAfterMs: undefined,
} as const;

/** Most answers to a capture get lost. */
function losesCaptures(world: World): void {
  world.faultiness = 0.05;
  world.lossyOperation = "capture payment";
}

/** As lossy, and the provider forgets the keys that it has seen. */
function forgetful(world: World): void {
  losesCaptures(world);
  world.provider.switches.forgetIdempotencyKeys = true;
}

function repeatedCapture(keyOfRepeat: (key: EffectId) => EffectId): Sabotage {
  return {
    traits: plain,
    policy: { checkInStyle: "reserve-dearest" },
    ...payments((right) => ({
      capture: async (reference, amount, key, options) => {
        const outcome = await right.capture(reference, amount, key, options);
        return outcome.kind === "unknown" ? right.capture(reference, amount, keyOfRepeat(key), options) : outcome;
      },
    })),
  };
}

/** Somebody scans the sticker while the machine is closed for a moment, and the provider tries again when it is open. */
function closesForAMoment(world: World): void {
  world.provider.switches.retryCheckIns = true;
  for (let index = 1; index < 15; index += 1)
    world.clock.startTimer("closed", index * 70_000, () => {
      world.rig.setInhibited(true);
      world.clock.startTimer("sticker", 1_500, () => scanSticker(world, "customer 1"));
      world.clock.startTimer("open", 3_000, () => world.rig.setInhibited(false));
    });
}

const firstBrokenVariants: readonly BrokenVariant[] = [
  {
    name: "delivers on the event alone",
    seedsMax: 20,
    sabotage: payments((right, world) => ({
      get: async (reference, options) => {
        const outcome = await right.get(reference, options);
        if (outcome.kind !== "ok" || outcome.value.state !== "CREATED" || !world.hinted.has(reference)) return outcome;
        return { kind: "ok", value: { ...outcome.value, state: "AUTHORIZED", authorized: outcome.value.amount } };
      },
    })),
  },
  {
    name: "delivers on the state AUTHORIZED without the aggregate",
    seedsMax: 60,
    sabotage: {
      kind: "vending",
      prepare: (world) => void (world.portalActs = true),
      ...payments((right, world) => ({
        get: async (reference, options) => {
          const outcome = await right.get(reference, options);
          if (outcome.kind !== "ok" || !world.portalCancelled.has(reference)) return outcome;
          return { kind: "ok", value: { ...outcome.value, authorized: outcome.value.amount, cancelled: minor(0) } };
        },
      })),
    },
  },
  {
    name: "captures before the delivery",
    seedsMax: 20,
    sabotage: payments((right) => ({
      get: async (reference, options) => {
        const outcome = await right.get(reference, options);
        if (outcome.kind === "ok" && outcome.value.state === "AUTHORIZED" && outcome.value.captured === 0)
          await right.capture(
            reference,
            { minor: outcome.value.authorized, currency: "NOK" },
            keyOf(`${reference.slice(-26)}-early`),
            options,
          );
        return outcome;
      },
    })),
  },
  {
    name: "repeats a capture under a new key",
    seedsMax: 30,
    sabotage: { ...repeatedCapture((key) => keyOf(`${key.slice(0, 45)}-2`)), prepare: losesCaptures },
  },
  {
    name: "repeats a capture without asking first",
    seedsMax: 100,
    sabotage: { ...repeatedCapture((key) => key), prepare: forgetful },
  },
  {
    name: "cancels the rest before the capture is seen",
    seedsMax: 100,
    sabotage: {
      traits: plain,
      policy: { checkInStyle: "reserve-dearest" },
      ...payments((right) => ({
        capture: async (reference, amount, key, options) => {
          const outcome = await right.capture(reference, amount, key, options);
          if (outcome.kind !== "ok") await right.cancel(reference, false, keyOf(`${key.slice(0, 45)}-c`), options);
          return outcome;
        },
      })),
    },
  },
  {
    name: "forgets the cancel on a jam",
    seedsMax: 50,
    sabotage: payments((right) => ({
      cancel: async (reference, transactionOnly, key, options) => {
        if (transactionOnly) return right.cancel(reference, transactionOnly, key, options);
        return right.get(reference, options);
      },
    })),
  },
  {
    name: "delivers A's late approval into B's session",
    seedsMax: 200,
    sabotage: payments((right, world) => ({
      get: async (reference, options) => {
        const outcome = await right.get(reference, options);
        if (outcome.kind !== "ok" || outcome.value.state !== "CREATED") return outcome;
        const other = world.provider
          .ledger()
          .find((row) => row.state === "AUTHORIZED" && row.captured === 0 && row.cancelled === 0);
        return other === undefined
          ? outcome
          : { kind: "ok", value: { ...outcome.value, state: "AUTHORIZED", authorized: outcome.value.amount } };
      },
    })),
  },
  {
    name: "relay: lets in whom it has refused",
    seedsMax: 60,
    sabotage: { kind: "vending", forgetsRefusals: true, prepare: closesForAMoment },
  },
  {
    name: "acknowledges a message before it is journalled",
    seedsMax: 20,
    sabotage: { acknowledgesEarly: true },
  },
  {
    name: "shows the QR after the payment has expired",
    seedsMax: 50,
    sabotage: {
      panel: (panel) => {
        let isPaying = false;
        return {
          facts: panel.facts,
          start: () => panel.start(),
          show: async (scene) => {
            if (isPaying && scene.kind !== "pay") return { kind: "shown" };
            isPaying = scene.kind === "pay";
            return panel.show(scene);
          },
          fit: (content) => panel.fit(content),
          pictureFault: (png) => panel.pictureFault(png),
          isPresent: () => panel.isPresent(),
          absence: () => panel.absence(),
          rehearse: (scene) => panel.rehearse(scene),
          screenshot: () => panel.screenshot(),
          stop: () => panel.stop(),
        };
      },
    },
  },
  {
    name: "captures more than was delivered",
    seedsMax: 50,
    sabotage: {
      policy: { checkInStyle: "reserve-dearest" },
      ...payments((right) => ({
        capture: (reference, amount, key, options) =>
          right.capture(reference, { ...amount, minor: minor(amount.minor + 100) }, key, options),
      })),
    },
  },
  {
    name: "never gives back what it took for nothing",
    seedsMax: 500,
    sabotage: {
      policy: { checkInStyle: "reserve-dearest" },
      ...payments((right) => ({
        capture: (reference, amount, key, options) =>
          right.capture(reference, { ...amount, minor: minor(amount.minor + 100) }, key, options),
        refund: async () => unknown,
      })),
    },
  },
  {
    name: "moves the machine twice for one payment",
    seedsMax: 20,
    sabotage: {
      machine: (machine) => ({
        start: (onEvent) => machine.start(onEvent),
        readiness: () => machine.readiness(),
        deliver: async (order, signal) => {
          const first = await machine.deliver(order, signal);
          return first.kind === "delivered" ? machine.deliver(order, signal) : first;
        },
        resume: (order) => machine.resume(order),
        openSession: (funds) => machine.openSession(funds),
        closeSession: () => machine.closeSession(),
        identify: () => machine.identify(),
        stop: () => machine.stop(),
      }),
    },
  },
  {
    name: "says that it is on the disk before it is",
    seedsMax: 100,
    sabotage: journal((right) => ({
      commit: (changes) => {
        void right.commit(changes).catch(() => {});
        return Promise.resolve();
      },
    })),
  },
  {
    name: "forgets the settlement when the power goes",
    seedsMax: 50,
    sabotage: journal((right) => ({
      commit: (changes) =>
        right.commit(changes.filter((change) => !("table" in change) || change.table !== "settlement")),
      entries: (table) => (table === "settlement" ? [] : right.entries(table)),
    })),
  },
  {
    name: "leaves the customer token on the disk",
    seedsMax: 50,
    sabotage: journal((right) => ({
      commit: (changes) => right.commit(changes.filter(({ kind }) => kind !== "drop-secret")),
    })),
  },
];

export const brokenVariants: readonly BrokenVariant[] = [
  ...firstBrokenVariants,
  ...moreBrokenVariants,
  ...laterBrokenVariants,
];
