/** How often a payment that waits for its customer's approval is looked at. The client's own bound for all calls is vipps/rate-limit.ts. */
import type { Effect } from "./effect.ts";
import { outcome, type SettlementInput, type SettlementOutcome } from "./settlement-outcome.ts";

/**
 * Between two looks at a payment that waits for approval. Polling guidelines: every 2 s, about once a second for a one-time QR
 * in a physical setting, at most 120 a minute.
 */
const pollMs = { qr: 1_000, other: 2_000 } as const;

export function poll(input: SettlementInput): SettlementOutcome {
  const pauseMs = input.settlement.request?.flow === "qr" ? pollMs.qr : pollMs.other;
  const timer: Effect = { kind: "start-timer", name: input.settlement.reference, afterMs: pauseMs, jitter: false };
  return outcome(input, {}, { waiting: "timer", attempts: 0 }, [timer]);
}
