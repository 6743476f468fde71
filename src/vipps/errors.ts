/**
 * Every way a call can fail, as one error that says what to do next. It decides by HTTP status and numeric code, never by text, because
 * titles get reworded (ePayment errors).
 */

export type Advice =
  /** Not now: try again later, with the same key and the same bytes. */
  | "retry"
  /** The access token was refused: fetch another, try once more. */
  | "refresh-token"
  /** The request is at fault: correct it, and send it as a new one with a new key. */
  | "change-request"
  /** Repeating or changing it does not help: keys, approvals, state. */
  | "give-up";

/** Where it went wrong. Only `call` says what the provider thinks of the request itself. */
export type Stage =
  /** Checked by us, and not sent. */
  | "check"
  /** There was no access token; the request was not sent. */
  | "token"
  /** Held back to stay within the provider's limits; the request was not sent. */
  | "limit"
  | "call"
  /** The picture behind a link in the answer. */
  | "image";

export interface FieldFault {
  readonly name: string;
  readonly reason: string;
}

export interface VippsErrorFacts {
  readonly operation: string;
  readonly stage: Stage;
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
  /** It was sent without an answer, and sending it again could do it twice: look before you repeat it. */
  readonly mayHaveWorked: boolean;
}

export class VippsError extends Error {
  /** Stable; the provider's own code is `facts.code`. */
  readonly code = "provider-call-failed";
  readonly facts: VippsErrorFacts;

  constructor(
    facts: Pick<VippsErrorFacts, "operation" | "stage" | "advice" | "title"> & Partial<VippsErrorFacts>,
    options?: ErrorOptions,
  ) {
    const { operation, stage, advice, title, ...known } = facts;
    const whole: VippsErrorFacts = {
      operation,
      stage,
      advice,
      status: undefined,
      code: undefined,
      title,
      detail: "",
      faults: [],
      traceId: undefined,
      retryAfterMs: undefined,
      takenId: undefined,
      mayHaveWorked: false,
      ...known,
    };
    super(describe(whole), options);
    this.name = "VippsError";
    this.facts = whole;
  }
}

function statusText({ stage, status }: VippsErrorFacts): string {
  if (stage === "check" || stage === "limit") return "not sent";
  return status === undefined ? "no answer" : `HTTP ${status}`;
}

function describe(facts: VippsErrorFacts): string {
  const { operation, title, detail, code, faults, takenId, traceId } = facts;
  const parts = [`${operation}: ${statusText(facts)}`, title, detail === title ? "" : detail];
  if (code !== undefined) parts.push(`code ${code}`);
  for (const { name, reason } of faults) parts.push(`${name}: ${reason}`);
  if (takenId !== undefined) parts.push(`"${takenId}" is taken already`);
  if (traceId !== undefined) parts.push(`trace ${traceId}`);
  return parts.filter((part) => part !== "").join("; ");
}

/**
 * No answer, or one that cannot be used: nobody knows whether the request worked. `advice` is `retry` unless it would end in the same
 * way again.
 */
export function unusable(
  operation: string,
  title: string,
  more: Partial<Pick<VippsErrorFacts, "stage" | "advice" | "status">> & { readonly cause?: unknown } = {},
): VippsError {
  const { cause, ...facts } = more;
  return new VippsError({ operation, stage: "call", advice: "retry", title, ...facts }, { cause });
}

/** A request that was stopped before it left: each fault names field, value and rule. */
export function errorBeforeSending(operation: string, faults: readonly FieldFault[]): VippsError {
  return new VippsError({
    operation,
    stage: "check",
    advice: "change-request",
    status: 400,
    title: "the request breaks the provider's rules",
    faults,
  });
}

/** "Not now" by code (ePayment errors): internal (3010), processing (6160, 6250), capture failed for now (6280). */
const retryCodes: ReadonlySet<string> = new Set(["3010", "6160", "6250", "6280"]);

/**
 * What no change to the request can fix: approvals, state of the payment, the customer (ePayment errors). 5010 sources, 5060 bank account, 5080
 * push not allowed, 6030 6100 6220 periods, 6040 6050 6060 6070 6080 6170 6180 6190 6200 6210 6230 state, 6140 no partial capture,
 * 6260 funds, 7010 customer; 10010 to 10070 are the test environment's.
 */
const giveUpCodes: ReadonlySet<string> = new Set(
  (
    "5010 5060 5080 5100 6020 6030 6040 6050 6060 6070 6080 6100 6140 6170 6180 6190 6200 6210 6220 6230 6260 7010 " +
    "10010 10020 10030 10040 10050 10060 10070"
  ).split(" "),
);

/** Statuses that pass by themselves. 501, 505 and 511 never do. */
function isPassing(status: number): boolean {
  if (status >= 500) return ![501, 505, 511].includes(status);
  return status === 408 || status === 423 || status === 425 || status === 429;
}

/** What to do about an HTTP status with this numeric code. The code comes first: 6250 arrives with 409 and still passes by itself. */
export function adviceFor(status: number, code: string | undefined, isIdTaken = false): Advice {
  if (code !== undefined && retryCodes.has(code)) return "retry";
  if (code !== undefined && giveUpCodes.has(code)) return "give-up";
  if (status === 401) return "refresh-token";
  if (isPassing(status)) return "retry";
  if (status < 400 || status >= 500) return "give-up";
  // Another id, or an update of what has this one.
  if (isIdTaken) return "change-request";
  return [403, 404, 409].includes(status) ? "give-up" : "change-request";
}
