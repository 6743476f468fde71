/** VEND REQUEST: what cannot be paid is denied, what can is told to the sale. Pure. */
import { isPayableAmount, type Money } from "../../sale/money.ts";
import type { Cashless, Step, VendRequest } from "./cashless.ts";
import { type CashlessSettings, isUnknownPrice } from "./configuring.ts";
import { type AdapterMessage, orders } from "./dialogue.ts";
import { send, sessionMs, type StateOf, stopAndEnd, to, warn } from "./steps.ts";

/** How long a selection waits for the answer to the one that was taken back before it. */
const unheardMs = 2_000;
/** The adapter and the machine need a moment of the response time themselves. */
const responseMarginMs = 1_000;

/** VEND REQUEST. What cannot be paid is denied here, so that the machine lets the customer choose again. */
export function request(
  cashless: Cashless,
  settings: CashlessSettings,
  message: Extract<AdapterMessage, { kind: "vend" }>,
  funds: Money | null,
): Step {
  const { currency } = settings;
  const price: Money | undefined = message.price === undefined ? undefined : { minor: message.price, currency };
  const refusal =
    price === undefined
      ? "its price is no amount"
      : isUnknownPrice(price.minor, settings)
        ? "the machine does not know its price (FFFFh)"
        : !isPayableAmount(price)
          ? "its price cannot be paid"
          : funds !== null && price.minor > funds.minor
            ? "it is dearer than what is reserved"
            : undefined;
  if (refusal !== undefined || price === undefined) {
    const denied = [warn(`denied the selection ${message.text}: ${refusal ?? ""}`)];
    if (funds === null) return stopAndEnd(cashless, "vend", denied);
    return to(cashless, { kind: "session", funds }, sessionMs, [send(orders.stop), ...denied]);
  }
  const number = cashless.requests + 1;
  const vend: VendRequest = { number, price, item: message.item };
  const waiting = { ...cashless, requests: number };
  const state = { kind: "vend-requested", request: vend, isDisabled: false, funds } as const;
  if (cashless.isUnheard) return to(waiting, { ...state, isTold: false }, unheardMs);
  return tell(waiting, settings, { ...state, isTold: true });
}

/** The sale hears of the selection, and has the machine's response time to pay it. */
export function tell(cashless: Cashless, settings: CashlessSettings, state: StateOf<"vend-requested">): Step {
  const heard = { ...cashless, isUnheard: false };
  const responseMs = settings.maxResponseMs - responseMarginMs;
  return to(heard, { ...state, isTold: true }, responseMs, [{ kind: "selected", request: state.request }]);
}
