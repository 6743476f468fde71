/**
 * Every way in which the provider says no, as one error that says what to do next.
 * The shapes are those of facts 1.5: QR (`invalidParams`), QR exchange and ePayment and Webhooks (`extraDetails`), QR 409 (`{id}`), and
 * Azure API management's own for 401, 403, 422 and 429. Decisions are made on HTTP status and numeric code, never on text.
 */
import { z } from "zod";
import type { HttpResponse } from "./transport.ts";

export type Advice =
  /** Not now: try again later, with the same key. */
  | "retry"
  | "refresh-token"
  /** The request is at fault; mend it, and send it as a new one. */
  | "change-request"
  /** Repeating or changing it does not help: keys, approvals, state. */
  | "give-up";

export interface FieldFault {
  readonly name: string;
  readonly reason: string;
}

export interface VippsErrorFacts {
  readonly operation: string;
  readonly advice: Advice;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** The numeric code as text, "6060". */
  readonly code: string | undefined;
  readonly title: string;
  readonly detail: string;
  readonly faults: readonly FieldFault[];
  readonly traceId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** QR 409: the id that is taken already. */
  readonly takenId: string | undefined;
}

export class VippsError extends Error {
  readonly facts: VippsErrorFacts;

  constructor(facts: VippsErrorFacts, options?: ErrorOptions) {
    super(describe(facts), options);
    this.name = "VippsError";
    this.facts = facts;
  }
}

function describe(facts: VippsErrorFacts): string {
  const status = facts.status === undefined ? "no answer" : `HTTP ${facts.status}`;
  const parts = [`${facts.operation}: ${status}`, facts.title, facts.detail];
  if (facts.code !== undefined) parts.push(`code ${facts.code}`);
  for (const { name, reason } of facts.faults) parts.push(`${name}: ${reason}`);
  if (facts.traceId !== undefined) parts.push(`trace ${facts.traceId}`);
  return parts.filter((part) => part !== "").join("; ");
}

const text = z.string().nullish().catch(null);
const detailList = z
  .array(z.object({ name: z.coerce.string(), reason: z.coerce.string() }))
  .nullish()
  .catch(null);

/** Lenient on purpose: whatever part of an error can be read, is. */
const problem = z.object({
  title: text,
  detail: text,
  message: text,
  traceId: text,
  id: text,
  invalidParams: detailList,
  extraDetails: detailList,
});

const codePattern = /^\d{4,5}$/;
/** "Not now" by code (ePayment errors): processing (6160, 6250), capture failed for now (6280), internal (3010). */
const retryCodes: ReadonlySet<string> = new Set(["3010", "6160", "6250", "6280"]);
/** What no other request of ours can change: approvals, keys, states. */
const giveUpCodes: ReadonlySet<string> = new Set([
  "5080",
  "5060",
  "5010",
  "6140",
  "6060",
  "6040",
  "6070",
  "6170",
  "6180",
  "7010",
]);

export function adviceFor(status: number, code: string | undefined): Advice {
  if (code !== undefined && retryCodes.has(code)) return "retry";
  if (code !== undefined && giveUpCodes.has(code)) return "give-up";
  if (status === 401) return "refresh-token";
  if (status === 408 || status === 423 || status === 425 || status === 429 || status >= 500) return "retry";
  if (status === 403 || status === 404 || status === 409) return "give-up";
  return "change-request";
}

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), as milliseconds from now; at most a day. */
export function retryAfterMs(header: string | undefined, nowWallMs: number): number | undefined {
  if (header === undefined) return undefined;
  const delayMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowWallMs;
  return Number.isFinite(delayMs) ? Math.min(86_400_000, Math.max(0, delayMs)) : undefined;
}

export function parseJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return value;
  } catch {
    return undefined;
  }
}

/** From an answer that is not a success to the one error type. Never carries the body itself: it may echo what we sent. */
export function errorFromResponse(operation: string, response: HttpResponse, nowWallMs: number): VippsError {
  const parsed = problem.safeParse(parseJson(response.body));
  const fields = parsed.success ? parsed.data : undefined;
  const faults = fields?.invalidParams ?? fields?.extraDetails ?? [];
  const code = faults.find(({ name, reason }) => /errorcode/i.test(name) && codePattern.test(reason))?.reason;
  return new VippsError({
    operation,
    advice: adviceFor(response.status, code),
    status: response.status,
    code,
    title: fields?.title ?? "",
    detail: fields?.detail ?? fields?.message ?? "",
    faults: faults.filter(({ reason }) => reason !== code),
    traceId: fields?.traceId ?? undefined,
    retryAfterMs: retryAfterMs(response.headers["retry-after"], nowWallMs),
    takenId: response.status === 409 ? (fields?.id ?? undefined) : undefined,
  });
}

/** No answer, or one that cannot be used: nobody knows whether the request worked. */
export function errorWithoutAnswer(operation: string, title: string, cause?: unknown, status?: number): VippsError {
  return new VippsError(
    {
      operation,
      advice: "retry",
      status,
      code: undefined,
      title,
      detail: "",
      faults: [],
      traceId: undefined,
      retryAfterMs: undefined,
      takenId: undefined,
    },
    { cause },
  );
}

/** A request that was stopped before it left: each fault names field, value and rule. */
export function errorBeforeSending(operation: string, faults: readonly FieldFault[]): VippsError {
  return new VippsError({
    operation,
    advice: "change-request",
    status: 400,
    code: undefined,
    title: "the request was not sent",
    detail: "",
    faults,
    traceId: undefined,
    retryAfterMs: undefined,
    takenId: undefined,
  });
}
