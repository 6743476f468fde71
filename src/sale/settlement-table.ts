/**
 * The settlement table: state × event. Every cell is filled; what changes nothing says why. The moves are in settlement-moves.ts
 * (while its session waits for it), after-delivery.ts, and settling-moves.ts (when nobody waits any more).
 */
import { afterDelivery, restartedWhileDelivering } from "./after-delivery.ts";
import type { SettlementEvent, SettlementEventKind } from "./event.ts";
import { noMinor } from "./money.ts";
import { isBehind } from "./payment.ts";
import { poll } from "./polling.ts";
import type { SettlementState } from "./settlement.ts";
import {
  alreadyCreated,
  awaitedMissing,
  awaitedUnknown,
  createAgain,
  createRefused,
  createUnknown,
  giveUpAwaited,
  giveUpCreating,
  machineMoves,
  noAdjustment,
  notDelivering,
  refuseOrder,
  startDelivery,
  whileAwaiting,
  whileReserved,
} from "./settlement-moves.ts";
import {
  type Cell,
  ignored,
  look,
  type Of,
  outcome,
  settle,
  settleAndLook,
  type SettlementInput,
  type SettlementOutcome,
  andThen,
  whenPausing,
} from "./settlement-outcome.ts";
import {
  actOnKnown,
  adjusted,
  afterRefusal,
  afterUnknownAdjustment,
  becomeDoubtful,
  doubtfulCreated,
  doubtfulMissing,
  doubtfulRefused,
  doubtfulUnknown,
  doubtfulViewed,
  neverAgain,
  noSessionHere,
  restartedWhileSettling,
  settledMissing,
  settledUnknown,
  takeOrder,
  whileSettling,
} from "./settling-moves.ts";

type Row = { readonly [E in SettlementEventKind]: Cell<E> };

const rows: { readonly [S in SettlementState["kind"]]: Row } = {
  creating: {
    created: (input) =>
      andThen(outcome(input, { state: { kind: "awaiting" } }, {}, [], [{ kind: "created" }]), input, poll),
    "create-refused": createRefused,
    "create-unknown": createUnknown,
    viewed: ignored("no GET is sent before it is created"),
    "view-missing": ignored("no GET is sent before it is created"),
    "view-unknown": ignored("no GET is sent before it is created"),
    adjusted: noAdjustment,
    "adjust-refused": noAdjustment,
    "adjust-unknown": noAdjustment,
    "delivery-ended": notDelivering,
    timer: whenPausing(createAgain),
    hint: whenPausing(createAgain),
    restarted: (input) => andThen(becomeDoubtful(input, "interrupted"), input, look),
    "given-up": giveUpCreating,
    confirm: ignored("nothing is reserved yet"),
    deliver: ignored("no GET has said that it can be paid"),
    ordered: refuseOrder,
  },
  awaiting: {
    created: alreadyCreated,
    "create-refused": alreadyCreated,
    "create-unknown": alreadyCreated,
    viewed: whileAwaiting,
    "view-missing": awaitedMissing,
    "view-unknown": awaitedUnknown,
    adjusted: noAdjustment,
    "adjust-refused": noAdjustment,
    "adjust-unknown": noAdjustment,
    "delivery-ended": notDelivering,
    timer: whenPausing(look),
    hint: whenPausing(look),
    restarted: (input) => settleAndLook(input, noMinor, "interrupted"),
    "given-up": giveUpAwaited,
    confirm: ignored("nothing is reserved yet"),
    deliver: startDelivery,
    ordered: refuseOrder,
  },
  reserved: {
    created: alreadyCreated,
    "create-refused": alreadyCreated,
    "create-unknown": alreadyCreated,
    viewed: whileReserved,
    "view-missing": awaitedMissing,
    "view-unknown": awaitedUnknown,
    adjusted: noAdjustment,
    "adjust-refused": noAdjustment,
    "adjust-unknown": noAdjustment,
    "delivery-ended": notDelivering,
    timer: whenPausing(look),
    hint: (input) => (input.live.waiting === "view" ? ignored("a GET is on its way")(input) : look(input)),
    restarted: (input) => settleAndLook(input, noMinor, "interrupted"),
    "given-up": (input, event) => andThen(settle(input, noMinor, event.reason), input, actOnKnown),
    confirm: (input, event) => andThen(outcome(input, {}, { chosen: event.purchase }, []), input, look),
    deliver: startDelivery,
    ordered: refuseOrder,
  },
  delivering: {
    created: alreadyCreated,
    "create-refused": alreadyCreated,
    "create-unknown": alreadyCreated,
    viewed: machineMoves,
    "view-missing": machineMoves,
    "view-unknown": machineMoves,
    adjusted: noAdjustment,
    "adjust-refused": noAdjustment,
    "adjust-unknown": noAdjustment,
    "delivery-ended": afterDelivery,
    timer: machineMoves,
    hint: machineMoves,
    restarted: restartedWhileDelivering,
    "given-up": machineMoves,
    confirm: machineMoves,
    deliver: ignored("one payment starts at most one delivery"),
    ordered: refuseOrder,
  },
  settling: {
    created: alreadyCreated,
    "create-refused": alreadyCreated,
    "create-unknown": alreadyCreated,
    viewed: whileSettling,
    "view-missing": settledMissing,
    "view-unknown": settledUnknown,
    adjusted,
    "adjust-refused": afterRefusal,
    "adjust-unknown": afterUnknownAdjustment,
    "delivery-ended": ignored("its outcome was decided already: the first one stands"),
    timer: whenPausing(look),
    hint: whenPausing(look),
    restarted: restartedWhileSettling,
    "given-up": neverAgain,
    confirm: neverAgain,
    deliver: neverAgain,
    ordered: takeOrder,
  },
  doubtful: {
    created: doubtfulCreated,
    "create-refused": doubtfulRefused,
    "create-unknown": look,
    viewed: doubtfulViewed,
    "view-missing": doubtfulMissing,
    "view-unknown": doubtfulUnknown,
    adjusted: noAdjustment,
    "adjust-refused": noAdjustment,
    "adjust-unknown": noAdjustment,
    "delivery-ended": notDelivering,
    timer: whenPausing(look),
    hint: whenPausing(look),
    restarted: (input) => andThen(becomeDoubtful(input, input.settlement.reason), input, look),
    "given-up": noSessionHere,
    confirm: neverAgain,
    deliver: neverAgain,
    ordered: takeOrder,
  },
};

function step<E extends SettlementEventKind>(input: SettlementInput, event: Of<E>): SettlementOutcome {
  return rows[input.settlement.state.kind][event.kind](input, event);
}

/** One step of one settlement. Pure: the same input gives the same answer. */
export function stepSettlement(input: SettlementInput, event: SettlementEvent): SettlementOutcome {
  const { payment } = input.settlement;
  // An old view is no news, and acting on it could take a payment for lost that is whole: it is asked for again.
  if (event.kind === "viewed" && payment !== null && isBehind(event.payment, payment))
    return step(input, { kind: "view-unknown", look: event.look, retryAfterMs: undefined });
  return step(input, event);
}
