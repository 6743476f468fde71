/** From a log line of a process to what happened: the same log that an operator reads. */
import * as z from "zod";
import type { DeliveryEnd, Happening, MoneyMove, PaymentStep, PlainHappening } from "./happening.ts";

const logLine = z.looseObject({ level: z.string().optional(), msg: z.string() });

const reference = z.string().transform((text) => `…${text.slice(-6)}`);
const deliveryEnds: readonly DeliveryEnd[] = ["delivered", "not-delivered", "unknown"];
const moves: readonly MoneyMove[] = ["capture", "cancel", "refund"];

/** By the words of the log. One whose fields are not as expected is told as it stands. */
const known: Readonly<Record<string, z.ZodType<Happening>>> = {
  "the panel shows another scene": z
    .looseObject({ scene: z.string() })
    .transform(({ scene }) => ({ kind: "scene", scene })),
  "readiness changed": z
    .looseObject({ missing: z.array(z.string()) })
    .transform(({ missing }) => ({ kind: "readiness", missing })),
  delivering: z.looseObject({ reference }).transform((line) => ({ kind: "delivering", payment: line.reference })),
  "the delivery ended": z
    .looseObject({ reference, outcome: z.looseObject({ kind: z.enum(deliveryEnds) }) })
    .transform(({ outcome, ...line }) => ({ kind: "delivery-ended", outcome: outcome.kind, payment: line.reference })),
  "moving money": z
    .looseObject({ reference, effect: z.enum(moves) })
    .transform(({ effect, ...line }) => ({ kind: "moving-money", effect, payment: line.reference })),
  "a sale ended": z
    .looseObject({ reference, captured: z.number(), currency: z.string() })
    .transform(({ captured, currency, ...line }) => ({
      kind: "sale-ended",
      payment: line.reference,
      keptMinor: captured,
      currency,
    })),
  "a customer checked in": plain("checked-in"),
  "the check-in was delivered": plain("check-in-delivered"),
  "the check-in was refused: the app says that it cannot connect": plain("check-in-refused"),
  "connected to the broker": plain("connected"),
  "no connection to the broker": plain("disconnected"),
  "the kiosk runs": plain("started"),
  "this computer has no hardware watchdog: one that hangs stays so": plain("no-watchdog"),
};

function plain(kind: PlainHappening): z.ZodType<Happening> {
  return z.looseObject({}).transform(() => ({ kind }));
}

/** The provider's events (ePayment API, "event names"). */
const paymentSteps: Readonly<Record<string, PaymentStep>> = {
  CREATED: "created",
  AUTHORIZED: "authorized",
  CAPTURED: "captured",
  CANCELLED: "released",
  REFUNDED: "refunded",
  ABORTED: "ended-unpaid",
  EXPIRED: "ended-unpaid",
  TERMINATED: "ended-unpaid",
};

/** "payment …SR0X10: CAPTURED" */
function paymentOf(message: string): Happening | undefined {
  const [, payment, name = ""] = /^payment (…\w+): ([A-Z]+)$/.exec(message) ?? [];
  const state = paymentSteps[name];
  return payment === undefined || state === undefined ? undefined : { kind: "payment", payment, state };
}

/** Undefined for what is no log line, or is for those who look for a fault in kvitt. */
export function heard(text: string): { readonly what: Happening; readonly level: string } | undefined {
  if (!text.startsWith("{")) return text.trim() === "" ? undefined : { what: { kind: "line", text }, level: "warn" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = logLine.safeParse(value);
  if (!parsed.success || parsed.data.level === "debug") return undefined;
  const { msg, level = "info" } = parsed.data;
  const what = known[msg]?.safeParse(value).data ?? paymentOf(msg) ?? { kind: "line", text: msg };
  return { what, level };
}
