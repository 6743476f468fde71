/** The shipped decision with one mistake each: what the exploration has to find. */
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
}

/** Decides as shipped, and then changes an effect, drops it (nothing returned) or doubles it. */
function withEffects(changed: (effect: Effect) => readonly Effect[]): Decide {
  return (state, event, policy) => {
    const decision = decide(state, event, policy);
    return { ...decision, effects: decision.effects.flatMap(changed) };
  };
}

function scopeNamed(name: string): Scope {
  const scope = smallScopes.find((one) => one.name === name);
  if (scope === undefined) throw new Error(`there is no small scope called "${name}"`);
  return scope;
}

const fault = scopeNamed("one payment, a fault");
const cut = scopeNamed("one payment, a power cut");
const order = scopeNamed("one payment, an order of the back office");

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
];
