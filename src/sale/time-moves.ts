/** The moves of sales of time: keys, plates, and what a time costs. */
import { minor } from "./money.ts";
import type { SalePolicy } from "./policy.ts";
import type { Selection } from "./selection.ts";
import {
  ignored,
  type Of,
  outcome,
  resolve,
  type SessionInput,
  type SessionOutcome,
  sessionTimer,
  sorry,
  startPayment,
  type StateOf,
} from "./session-outcome.ts";

const plateLengthMax = 10;

/** The next values of plate and minutes after a key; the same when the key means nothing here. */
export function typed(session: StateOf<"choosing-time">, key: string, policy: SalePolicy): StateOf<"choosing-time"> {
  const time = policy.timeSales;
  if (time === undefined) return session;
  const clamp = (minutes: number) => Math.min(time.minutesMax, Math.max(time.minutesMin, minutes));
  if (key === "plus") return { ...session, minutes: clamp(session.minutes + time.minutesStep) };
  if (key === "minus") return { ...session, minutes: clamp(session.minutes - time.minutesStep) };
  if (key === "backspace") return { ...session, plate: session.plate.slice(0, -1) };
  if (/^[0-9A-Z]$/.test(key) && policy.plateWanted && session.plate.length < plateLengthMax)
    return { ...session, plate: session.plate + key };
  return session;
}

export function firstKey(input: SessionInput, _session: StateOf<"none">, event: Of<"key">): SessionOutcome {
  const { policy, at } = input;
  const time = policy.timeSales;
  if (time === undefined) return ignored("keys choose nothing here")(input);
  if (!input.inService || !input.readiness.oneTimeQr) return ignored("no code can be shown")(input);
  if (event.key === "cancel" || event.key === "backspace") return ignored("nothing to take back")(input);
  const session: StateOf<"choosing-time"> = {
    kind: "choosing-time",
    eventId: null,
    catalogue: input.catalogue,
    plate: "",
    minutes: time.minutesMin,
    deadlineMono: at.monoMs + policy.chooseMs,
  };
  const isFirstStep = event.key === "plus" || event.key === "minus" || event.key === "ok";
  return outcome(isFirstStep ? session : typed(session, event.key, policy), {
    notice: null,
    effects: [sessionTimer(policy.chooseMs)],
  });
}

export function keyWhileChoosingTime(
  input: SessionInput,
  session: StateOf<"choosing-time">,
  event: Of<"key">,
): SessionOutcome {
  if (event.key === "cancel") return sorry(input, "cancelled", "nothing-taken");
  if (event.key === "ok") return payForTime(input, session);
  const next = typed(session, event.key, input.policy);
  // A held customer token is short-lived, so only a session that holds none may take its time.
  if (session.eventId !== null) return outcome(next);
  return outcome(
    { ...next, deadlineMono: input.at.monoMs + input.policy.chooseMs },
    { effects: [sessionTimer(input.policy.chooseMs)] },
  );
}

export function payForTime(input: SessionInput, session: StateOf<"choosing-time">): SessionOutcome {
  const { policy, at } = input;
  if (policy.timeSales === undefined) return sorry(input, "not-allowed", "nothing-taken");
  if (policy.plateWanted && session.plate.length < 2) return ignored("a plate is wanted first")(input);
  const quote = policy.timeSales.quote(at.wallMs, session.minutes);
  const selection: Selection = {
    kind: "time",
    minutes: session.minutes,
    price: { minor: quote.price, currency: policy.currency },
    line: policy.timeLine,
    plate: session.plate === "" ? undefined : session.plate,
  };
  const resolved = resolve(input, selection, session.catalogue);
  if (resolved.kind !== "purchase") return ignored("this time costs too little to be paid: add more")(input);
  return startPayment(input, {
    how: session.eventId === null ? "qr" : "check-in",
    purchase: resolved.purchase,
    amount: resolved.purchase.price,
    minimumAge: undefined,
    catalogue: session.catalogue,
  });
}

/** The price that a time costs now, for the choose-time scene. */
export function quoteOf(session: StateOf<"choosing-time">, policy: SalePolicy, nowWallMs: number) {
  return policy.timeSales?.quote(nowWallMs, session.minutes) ?? { price: minor(0), untilWallMs: nowWallMs };
}
