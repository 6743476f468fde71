/** From answers to a configuration: written, then judged by the check that judges every file. What is not right is never handed out. */
import type * as z from "zod";
import { noFacts } from "../check.ts";
import { type ConfigFault, faultText, parseConfig } from "../load.ts";
import { fieldWords } from "../messages.ts";
import { keyOf } from "../known-keys.ts";
import type { PanelPins } from "../pins.ts";
import type { Config } from "../schema.ts";
import { type Answers, answersSchema } from "./answers.ts";
import { planPins } from "./pin-plan.ts";
import { productsOf, type Trade, trades } from "./trades.ts";
import { writeConfig } from "./write.ts";

export type SetUp =
  | { readonly ok: true; readonly text: string; readonly config: Config; readonly warnings: readonly ConfigFault[] }
  /** Sentences, each naming the answer or the key at fault. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** @param raw of a file of answers, or what a person has answered so far with defaults for the rest */
export function setUp(raw: unknown, panels: readonly PanelPins[]): SetUp {
  const parsed = answersSchema.safeParse(raw, { error: fieldWords });
  if (!parsed.success) return { ok: false, faults: parsed.error.issues.map(issueText) };
  const answers = parsed.data;
  const trade = trades[answers.trade];
  const strangers = strangersIn(trade, answers);
  if (strangers.length > 0) return { ok: false, faults: strangers };
  const panelId = answers.panel ?? trade.panel;
  const panel = panels.find(({ id }) => id === panelId);
  if (panel === undefined)
    return { ok: false, faults: [`panel: there is no "${panelId}": ${panels.map(({ id }) => id).join(", ")}`] };
  const lines = productsOf(trade, answers).map(({ line }) => line);
  const plan = planPins(trade.needs(lines, answers.choose), panel, answers.pins);
  if (!plan.ok) return { ok: false, faults: [`pins: ${plan.reason}`] };
  const text = writeConfig({ trade, answers, panelId, pins: plan.pins });
  const loaded = parseConfig(text, { ...noFacts, panels });
  return loaded.ok
    ? { ok: true, text, config: loaded.config, warnings: loaded.warnings }
    : { ok: false, faults: loaded.faults.map(faultText) };
}

function issueText({ path, message, ...issue }: z.core.$ZodIssue): string {
  const unknown = issue.code === "unrecognized_keys" ? ` (${issue.keys.join(", ")})` : "";
  return `${path.length === 0 ? "the answers" : keyOf(path)}: ${message}${unknown}`;
}

const askedByTrade = ["choose", "keypad", "products", "price_per_hour", "credit", "mdb_device"] as const;

/** Answers to questions that this trade does not ask: somebody relies on them. */
function strangersIn(trade: Trade, answers: Answers): readonly string[] {
  return askedByTrade
    .filter((key) => answers[key] !== undefined && !trade.asks.includes(key))
    .map((key) => `${key}: means nothing for ${trade.name}: leave it out`);
}
