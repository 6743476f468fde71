/** The shipped decision, or what it changes on the disk, with one mistake each: what the exploration has to find. */
import { journalChanges } from "../../src/kiosk/changes.ts";
import { replyPrefix } from "../../src/kiosk/journal-keys.ts";
import type { JournalChange } from "../../src/journal/port.ts";
import type { Effect } from "../../src/sale/effect.ts";
import { effectId } from "../../src/sale/ids.ts";
import { minor, money } from "../../src/sale/money.ts";
import { decide } from "../../src/sale/sale.ts";
import { smallScopes } from "./scopes.ts";
import type { Decide, Scope } from "./world.ts";

interface PlantedMistake {
  readonly name: string;
  readonly scope: Scope;
  readonly decide: Decide;
  readonly changesOf?: typeof journalChanges;
}

/** Decides as shipped, and then changes an effect, drops it (nothing returned) or doubles it. */
function withEffects(changed: (effect: Effect) => readonly Effect[]): Decide {
  return (state, event, policy) => {
    const decision = decide(state, event, policy);
    return { ...decision, effects: decision.effects.flatMap(changed) };
  };
}

/** Decides as shipped, and writes less down. */
function without(isLost: (change: JournalChange) => boolean): Pick<PlantedMistake, "decide" | "changesOf"> {
  const changesOf: typeof journalChanges = (...args) => journalChanges(...args).filter((change) => !isLost(change));
  return { decide, changesOf };
}

function scopeNamed(name: string): Scope {
  const scope = smallScopes.find((one) => one.name === name);
  if (scope === undefined) throw new Error(`there is no small scope called "${name}"`);
  return scope;
}

const fault = scopeNamed("one payment, a fault");
const cut = scopeNamed("one payment, a power cut");
const order = scopeNamed("one payment, an order of the back office");

const onCommand = scopeNamed("deliveries on command, and a power cut");
const dearest = scopeNamed("the dearest price reserved");
const doubtfulClock = scopeNamed("time, and a clock that is not believed");

let fresh = 0;

export const plantedMistakes: readonly PlantedMistake[] = [
  {
    name: "a capture that is repeated has a new id",
    scope: fault,
    decide: withEffects((effect) => {
      if (effect.kind !== "capture") return [effect];
      fresh += 1;
      return [{ ...effect, id: effectId(`fresh-${fresh}`), amount: money(1_250, "NOK") }];
    }),
  },
  {
    name: "a delivery starts without a GET",
    scope: fault,
    decide: (state, event, policy) => {
      if (event.about !== "settlement" || event.event.kind !== "created") return decide(state, event, policy);
      const decision = decide(state, event, policy);
      const { reference } = event;
      const price = money(2_500, "NOK");
      const selection = { kind: "line", line: "A1" } as const;
      return {
        ...decision,
        effects: [
          ...decision.effects,
          { kind: "deliver", reference, deliveryId: "early", selection, price, untilWallMs: null },
        ],
      };
    },
  },
  {
    name: "more is captured than the price",
    scope: order,
    decide: withEffects((effect) =>
      effect.kind === "deliver"
        ? [{ ...effect, price: { ...effect.price, minor: minor(effect.price.minor - 500) } }]
        : [effect],
    ),
  },
  {
    name: "the delivery is ordered twice",
    scope: cut,
    decide: withEffects((effect) =>
      effect.kind === "deliver" ? [effect, { ...effect, deliveryId: `${effect.deliveryId}-again` }] : [effect],
    ),
  },
  {
    name: "what was reserved is not released",
    scope: cut,
    decide: withEffects((effect) => (effect.kind === "cancel" ? [] : [effect])),
  },
  {
    name: "a timer is forgotten",
    scope: cut,
    decide: withEffects((effect) => (effect.kind === "start-timer" && effect.name !== "session" ? [] : [effect])),
  },
  {
    name: "a settlement that was open at boot is not asked about",
    scope: cut,
    decide: (state, event, policy) => (event.about === "boot" ? { state, effects: [] } : decide(state, event, policy)),
  },
  {
    name: "the back office is answered before anything happened",
    scope: order,
    decide: (state, event, policy) => {
      const decision = decide(state, event, policy);
      if (event.about !== "back-office") return decision;
      return {
        ...decision,
        effects: [
          ...decision.effects.filter(({ kind }) => kind !== "reply"),
          { kind: "reply", commandId: event.commandId, outcome: "done", detail: "" },
        ],
      };
    },
  },
  {
    name: "no answer is given to the back office",
    scope: order,
    decide: withEffects((effect) => (effect.kind === "reply" ? [] : [effect])),
  },
  {
    name: "an answer is not on the disk",
    scope: onCommand,
    ...without((change) => change.kind === "put" && change.key.startsWith(replyPrefix)),
  },
  {
    name: "a delivery on command is said done whatever the machine says",
    scope: onCommand,
    decide: withEffects((effect) => (effect.kind === "reply" ? [{ ...effect, outcome: "done" }] : [effect])),
  },
  {
    name: "a delivery on command is answered twice",
    scope: onCommand,
    decide: withEffects((effect) => (effect.kind === "reply" ? [effect, effect] : [effect])),
  },
  {
    name: "a payment is not on the disk before it is created",
    scope: cut,
    ...without(
      (change) =>
        change.kind === "put" &&
        change.table === "settlement" &&
        JSON.stringify(change.value).includes('"kind":"creating"'),
    ),
  },
  {
    name: "a sale that ended is in no book",
    scope: cut,
    ...without((change) => change.kind === "put" && change.table === "sale"),
  },
  {
    name: "twice as much is refunded",
    scope: order,
    decide: withEffects((effect) =>
      effect.kind === "refund" && effect.amount.minor === 1_000
        ? [{ ...effect, amount: money(2_000, "NOK") }]
        : [effect],
    ),
  },
  {
    name: "all of a reservation is captured",
    scope: dearest,
    decide: withEffects((effect) =>
      effect.kind === "capture" ? [{ ...effect, amount: money(3_500, "NOK") }] : [effect],
    ),
  },
  {
    name: "the rest of a reservation is cancelled instead of captured",
    scope: dearest,
    decide: withEffects((effect) =>
      effect.kind === "capture"
        ? [{ kind: "cancel", reference: effect.reference, id: effect.id, transactionOnly: false }]
        : [effect],
    ),
  },
  {
    name: "the machine is not told that no delivery will follow",
    scope: scopeNamed("prices of the machine, the dearest reserved"),
    decide: withEffects((effect) => (effect.kind === "close-machine-session" ? [] : [effect])),
  },
  {
    name: "time is valid for a minute more than was paid for",
    scope: doubtfulClock,
    decide: withEffects((effect) =>
      effect.kind === "deliver" && effect.untilWallMs !== null
        ? [{ ...effect, untilWallMs: effect.untilWallMs + 60_000 }]
        : [effect],
    ),
  },
  {
    name: "time is sold by a clock that is not believed",
    scope: doubtfulClock,
    decide: (state, event, policy) => decide(state, { ...event, at: { ...event.at, isWallBelieved: true } }, policy),
  },
];
