/** What comes before an ePayment operation: its rate limit (ePayment errors, rate limiting), and the key under which it is done once (HTTP headers, idempotency). */
import { createHash } from "node:crypto";
import type { HttpResponse } from "../vipps/transport.ts";
import { remember } from "./bounded.ts";
import type { Context, Operation } from "./context.ts";
import { gateway, paymentProblem } from "./message.ts";
import { type PaymentErrorCode, refused } from "./payment-errors.ts";

/** 429 in the gateway's own shape when it was called `countMax` times within a minute. */
export function overLimit(context: Context, key: string, countMax: number): HttpResponse | undefined {
  if (!context.settings.rateLimits) return undefined;
  const now = context.clock.monotonicMs();
  const recent = (context.state.calls.get(key) ?? []).filter((at) => at > now - 60_000);
  const first = recent[0];
  if (recent.length >= countMax && first !== undefined) {
    const retryAfter = Math.ceil((first + 60_000 - now) / 1_000);
    return gateway(429, `Rate limit is exceeded. Try again in ${retryAfter} seconds.`, {
      "retry-after": String(retryAfter),
    });
  }
  recent.push(now);
  remember(context.state.calls, key, recent);
  return undefined;
}

/** Runs `act` once per key: the same body gets the same answer, another body a conflict, and a 4xx stays a 4xx. */
export function idempotent(
  operation: Operation,
  name: string,
  conflict: PaymentErrorCode,
  isRequired: boolean,
  act: (key: string | undefined) => HttpResponse,
): HttpResponse {
  const { context, request, unit } = operation;
  const key = request.headers["idempotency-key"];
  if (key === undefined || key === "" || key.length > 50) {
    if (key === undefined && !isRequired) return act(undefined);
    return paymentProblem(400, "Idempotency-Key is required and has at most 50 characters", undefined, [
      { name: "Idempotency-Key", reason: "missing or too long" },
    ]);
  }
  const slot = `${unit.msn}/${name}/${operation.parts.join("/")}/${key}`;
  const body = createHash("sha256")
    .update(request.body ?? new Uint8Array())
    .digest("base64");
  const stored = context.switches.forgetIdempotencyKeys ? undefined : context.state.answers.get(slot);
  if (stored !== undefined) return stored.body === body ? stored.answer : refused(conflict);
  const answer = act(key);
  if (answer.status < 500 && answer.status !== 423 && answer.status !== 429)
    remember(context.state.answers, slot, { body, answer });
  return answer;
}
