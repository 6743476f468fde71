/** The moves of sales of time: keys, plates, and what a time costs. */
import { minor } from "./money.ts";
import type { SalePolicy } from "./policy.ts";
import type { Selection } from "./selection.ts";
import type { Quote } from "./session.ts";
import type { Purchase } from "./settlement.ts";
import {
  giveUp,
  ignored,
  noTimer,
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
/** Letters and digits of Nordic plates; personal ones have the letters behind Z, too. */
const plateCharacter = /^[0-9A-ZÅÆØÄÖ]$/;
/** Stands in the plate for what was typed and cannot be taken. */
const notTaken = "?";

/** The next values of plate and minutes after a key; the same when the key means nothing here. */
export function typed(session: StateOf<"choosing-time">, key: string, policy: SalePolicy): StateOf<"choosing-time"> {
  const time = policy.timeSales;
  if (time === undefined) return session;
  const clamp = (minutes: number) => Math.min(time.minutesMax, Math.max(time.minutesMin, minutes));
  if (key === "plus") return { ...session, minutes: clamp(session.minutes + time.minutesStep) };
  if (key === "minus") return { ...session, minutes: clamp(session.minutes - time.minutesStep) };
  if (key === "backspace") return { ...session, plate: session.plate.slice(0, -1) };
  return policy.plateWanted ? { ...session, plate: typedPlate(session.plate, key) } : session;
}

/** A character that cannot be taken is never left out: without it the plate is another car's. */
function typedPlate(plate: string, key: string): string {
  const isTaken = plateCharacter.test(key) && plate.length < plateLengthMax;
  if (isTaken) return plate + key;
  const isRefused = key === "other" || plateCharacter.test(key);
  return isRefused && plate.length <= plateLengthMax ? plate + notTaken : plate;
}

/** Whether the plate has a character in it that was not taken, and that has to be removed first. */
export function isPlateRefused(plate: string): boolean {
  return plate.includes(notTaken);
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
  if (isPlateRefused(session.plate)) return ignored("a character of the plate was not taken: remove it first")(input);
  if (!at.isWallBelieved) return sorry(input, "interrupted", "nothing-taken");
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
    quote: { untilWallMs: quote.untilWallMs, wallMs: at.wallMs, monoMs: at.monoMs },
  });
}

/**
 * Time was paid for. It counts from the quote, by the clock that never jumps; an output's time counts from its delivery, so that it is on for
 * as long as was paid for. Under a wall clock that is not believed nobody could say until when it is valid: then the money goes back.
 */
export function deliverTime(
  input: SessionInput,
  { reference }: StateOf<"paying">,
  purchase: Purchase,
  quote: Quote,
  given: SessionOutcome["orders"],
): SessionOutcome {
  const { at, policy } = input;
  const goneMs = policy.timeLine === undefined ? at.monoMs - quote.monoMs : 0;
  const untilWallMs = at.wallMs + (quote.untilWallMs - quote.wallMs) - goneMs;
  if (!at.isWallBelieved || untilWallMs <= at.wallMs)
    return sorry(input, "interrupted", "being-released", { orders: [...giveUp(reference, "clock"), ...given] });
  return outcome(
    { kind: "delivering", reference, purchase, untilWallMs },
    { effects: [noTimer], orders: [{ reference, event: { kind: "deliver", purchase, untilWallMs } }, ...given] },
  );
}

/** The price that a time costs now, for the choose-time scene. */
export function quoteOf(session: StateOf<"choosing-time">, policy: SalePolicy, nowWallMs: number) {
  return policy.timeSales?.quote(nowWallMs, session.minutes) ?? { price: minor(0), untilWallMs: nowWallMs };
}
