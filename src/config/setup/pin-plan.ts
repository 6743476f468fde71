/** Gives each thing that has to be wired a line of the header that this panel leaves free. Pure. */
import {
  boardClaims,
  goodInputs,
  goodOutputs,
  headerLines,
  panelClaims,
  type PanelPins,
  pulledUpMax,
} from "../pins.ts";
import type { Need } from "./trades.ts";

export type PinPlan =
  | { readonly ok: true; readonly pins: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly reason: string };

/** @param chosen pins that a person took instead, by role; whether they are free and safe, the check of the file says */
export function planPins(needs: readonly Need[], panel: PanelPins, chosen: Readonly<Record<string, number>>): PinPlan {
  const unknown = Object.keys(chosen).find((role) => !needs.some((need) => need.role === role));
  if (unknown !== undefined)
    return {
      ok: false,
      reason: `there is no "${unknown}" here: ${needs.map(({ role }) => role).join(", ") || "this machine has no lines on the header"}`,
    };
  const taken = new Set([...panelClaims(panel, undefined), ...boardClaims].map(({ pin }) => pin));
  const free = headerLines.filter((pin) => !taken.has(pin));
  for (const pin of Object.values(chosen)) taken.add(pin);
  const pins = new Map<string, number>();
  // Outputs first: they can have fewer lines (header.md), and an input is content with what is left.
  for (const { role, isOutput } of [...needs].sort((a, b) => Number(b.isOutput) - Number(a.isOutput))) {
    const pin = chosen[role] ?? bestOf(taken, isOutput);
    if (pin === undefined)
      return {
        ok: false,
        reason: `${needs.length} lines of the header are needed, and the panel ${panel.id} leaves ${free.length} free: take fewer products, a keypad instead of buttons, or a panel on HDMI`,
      };
    taken.add(pin);
    pins.set(role, pin);
  }
  return { ok: true, pins };
}

function bestOf(taken: ReadonlySet<number>, isOutput: boolean): number | undefined {
  const order = isOutput ? [...goodOutputs, ...headerLines] : [...goodInputs, ...headerLines];
  return order.find((pin) => !taken.has(pin) && (!isOutput || pin > pulledUpMax));
}
