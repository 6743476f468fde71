/**
 * What a delivery's end means for the money, at once and before anybody is asked: delivered takes the price, not delivered releases all of it,
 * unknown is the configured policy. A rule such as "release later than at once" belongs here.
 */
import { noMinor } from "./money.ts";
import {
  andThen,
  endForPerson,
  ignored,
  look,
  type Of,
  outcome,
  settle,
  type SettlementInput,
  type SettlementOutcome,
} from "./settlement-outcome.ts";
import { actOnKnown } from "./settling-moves.ts";

export function afterDelivery(input: SettlementInput, event: Of<"delivery-ended">): SettlementOutcome {
  const { delivery, purchase } = input.settlement;
  if (delivery.kind !== "started" || delivery.deliveryId !== event.deliveryId)
    return ignored("another delivery's end")(input);
  const price = purchase?.price.minor ?? noMinor;
  const known = { kind: "delivery-known", outcome: event.outcome } as const;
  switch (event.outcome.kind) {
    case "delivered": {
      const result = {
        kind: "delivered",
        detail: event.outcome.detail ?? null,
        untilWallMs: delivery.untilWallMs,
      } as const;
      return andThen(outcome(input, { delivery: result }, {}, [], [{ ...known, policy: "capture" }]), input, (next) =>
        andThen(settle(next, price, "delivered"), next, actOnKnown),
      );
    }
    case "not-delivered": {
      const result = { kind: "not-delivered", reason: event.outcome.reason } as const;
      return andThen(outcome(input, { delivery: result }, {}, [], [{ ...known, policy: "release" }]), input, (next) =>
        andThen(settle(next, noMinor, "not-delivered"), next, actOnKnown),
      );
    }
    case "unknown": {
      const result = {
        kind: "unknown",
        reason: event.outcome.reason,
        creditsSent: event.outcome.creditsSent ?? null,
      } as const;
      const policy = input.policy.unknownDelivery;
      return andThen(outcome(input, { delivery: result }, {}, [], [{ ...known, policy }]), input, (next) =>
        afterUnknownDelivery(next, actOnKnown),
      );
    }
  }
}

/** The configured policy for a delivery of which nobody knows how it ended. */
function afterUnknownDelivery(
  input: SettlementInput,
  go: (input: SettlementInput) => SettlementOutcome,
): SettlementOutcome {
  const reason = "unknown-delivery";
  switch (input.policy.unknownDelivery) {
    case "release":
      return andThen(settle(input, noMinor, reason), input, go);
    case "capture":
      return andThen(settle(input, input.settlement.purchase?.price.minor ?? noMinor, reason), input, go);
    case "attention":
      return endForPerson(input, reason);
  }
}

export function restartedWhileDelivering(input: SettlementInput): SettlementOutcome {
  const delivery = { kind: "unknown", reason: "restarted", creditsSent: null } as const;
  return andThen(outcome(input, { delivery }, {}, []), input, (next) => afterUnknownDelivery(next, look));
}
