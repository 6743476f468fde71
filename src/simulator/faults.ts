/** What can be made to go wrong with a request to the simulated provider. */
import * as z from "zod";
import { isPaymentErrorCode, type PaymentErrorCode } from "./payment-errors.ts";

/** What goes wrong with one request. `acts` says whether the provider carries it out nevertheless. */
export type Fault =
  | { readonly kind: "no-connection" }
  | { readonly kind: "lost-answer" }
  | { readonly kind: "hang"; readonly acts: boolean }
  /** The caller hears nothing; the request lands after the delay. */
  | { readonly kind: "late"; readonly delayMs: number }
  | { readonly kind: "bad-gateway"; readonly acts: boolean }
  | { readonly kind: "internal"; readonly acts: boolean }
  | { readonly kind: "throttled"; readonly retryAfterSeconds: number }
  | { readonly kind: "locked" }
  /** Not done, and answered with this code of ePayment. */
  | { readonly kind: "refused"; readonly code: PaymentErrorCode }
  | { readonly kind: "revoked-token" };

/** There was no complete answer: thrown by `handle`, as a transport throws. */
export class NoAnswer extends Error {
  constructor(what: string) {
    super(what);
    this.name = "NoAnswer";
  }
}

/** For control APIs: a fault as JSON. */
export const faultSchema: z.ZodType<Fault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("no-connection") }),
  z.strictObject({ kind: z.literal("lost-answer") }),
  z.strictObject({ kind: z.literal("hang"), acts: z.boolean() }),
  z.strictObject({ kind: z.literal("late"), delayMs: z.number().min(0) }),
  z.strictObject({ kind: z.literal("bad-gateway"), acts: z.boolean() }),
  z.strictObject({ kind: z.literal("internal"), acts: z.boolean() }),
  z.strictObject({ kind: z.literal("throttled"), retryAfterSeconds: z.int().min(0) }),
  z.strictObject({ kind: z.literal("locked") }),
  z.strictObject({ kind: z.literal("refused"), code: z.string().refine(isPaymentErrorCode, "no code of ePayment") }),
  z.strictObject({ kind: z.literal("revoked-token") }),
]);
