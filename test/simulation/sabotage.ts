/** Deliberately broken parts. Each breaks one rule of the design; the checks of the simulation must catch every one of them. */
import type { EffectId } from "../../src/sale/ids.ts";
import { minor } from "../../src/sale/money.ts";
import type { Payments } from "../../src/vipps/port.ts";
import type { Sabotage } from "./world.ts";

/** Each wrapped call belongs to one life of the daemon. */
function wrap(change: (payments: Payments) => Partial<Payments>): Sabotage {
  return { payments: (payments) => ({ ...payments, ...change(payments) }) };
}

export interface BrokenVariant {
  readonly name: string;
  /** How many seeds it may survive at the most. */
  readonly seedsMax: number;
  readonly sabotage: Sabotage;
}

export const brokenVariants: readonly BrokenVariant[] = [
  {
    name: "delivers without asking whether the payment was approved",
    seedsMax: 10,
    sabotage: wrap((payments) => ({
      get: async (reference, options) => {
        const outcome = await payments.get(reference, options);
        if (outcome.kind !== "ok" || outcome.value.state !== "CREATED") return outcome;
        return { kind: "ok", value: { ...outcome.value, state: "AUTHORIZED", authorized: outcome.value.amount } };
      },
    })),
  },
  {
    name: "believes the state AUTHORIZED without the aggregate",
    seedsMax: 200,
    sabotage: {
      payments: (payments, provider) => ({
        ...payments,
        get: async (reference, options) => {
          const outcome = await payments.get(reference, options);
          if (outcome.kind !== "ok" || outcome.value.state !== "AUTHORIZED") return outcome;
          // The portal cancels in the very moment in which the customer approves; the variant does not look at it.
          const row = [...provider.state.payments.values()].find((one) => one.reference === reference);
          if (row !== undefined && row.captured === 0) row.cancelled = row.authorized;
          return outcome;
        },
      }),
    },
  },
  {
    name: "captures before the delivery",
    seedsMax: 50,
    sabotage: wrap((payments) => ({
      get: async (reference, options) => {
        const outcome = await payments.get(reference, options);
        if (outcome.kind === "ok" && outcome.value.state === "AUTHORIZED" && outcome.value.captured === 0) {
          const key = `${reference.slice(-26)}-early`;
          if (isKey(key))
            await payments.capture(reference, { minor: outcome.value.authorized, currency: "NOK" }, key, options);
        }
        return outcome;
      },
      refund: async () => ({
        kind: "unknown",
        reason: "never",
        status: undefined,
        code: undefined,
        retryAfterMs: undefined,
      }),
    })),
  },
  {
    name: "forgets to cancel what was not delivered",
    seedsMax: 50,
    sabotage: wrap((payments) => ({
      cancel: async (reference, transactionOnly, key, options) => {
        if (transactionOnly) return payments.cancel(reference, transactionOnly, key, options);
        return payments.get(reference, options);
      },
    })),
  },
  {
    name: "captures twice as much as was delivered",
    seedsMax: 100,
    sabotage: wrap((payments) => ({
      capture: (reference, amount, key, options) =>
        payments.capture(reference, { ...amount, minor: minor(amount.minor + 100) }, key, options),
      refund: async () => ({
        kind: "unknown",
        reason: "never",
        status: undefined,
        code: undefined,
        retryAfterMs: undefined,
      }),
    })),
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
    sabotage: {
      journal: (journal) => ({
        commit: (changes) => {
          void journal.commit(changes).catch(() => {});
          return Promise.resolve();
        },
        get: (table, key) => journal.get(table, key),
        secret: (key) => journal.secret(key),
        entries: (table) => journal.entries(table),
        close: () => journal.close(),
      }),
    },
  },
  {
    name: "forgets the settlement when the power goes",
    seedsMax: 50,
    sabotage: {
      journal: (journal) => ({
        commit: (changes) =>
          journal.commit(changes.filter((change) => !("table" in change) || change.table !== "settlement")),
        get: (table, key) => journal.get(table, key),
        secret: (key) => journal.secret(key),
        entries: (table) => (table === "settlement" ? [] : journal.entries(table)),
        close: () => journal.close(),
      }),
    },
  },
  {
    name: "leaves the customer token on the disk",
    seedsMax: 50,
    sabotage: {
      journal: (journal) => ({
        commit: (changes) => journal.commit(changes.filter(({ kind }) => kind !== "drop-secret")),
        get: (table, key) => journal.get(table, key),
        secret: (key) => journal.secret(key),
        entries: (table) => journal.entries(table),
        close: () => journal.close(),
      }),
    },
  },
];

function isKey(text: string): text is EffectId {
  return text.length <= 50;
}
