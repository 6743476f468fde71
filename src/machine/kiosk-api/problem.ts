/** What went wrong, in the form of RFC 9457: a code for each fault, with its HTTP status. Pure. */

const statuses = {
  invalid: 422,
  "not-json": 400,
  "too-large": 413,
  "not-found": 404,
  "no-such-method": 405,
  "media-type": 415,
  unauthorized: 401,
  "wrong-host": 403,
  "wrong-origin": 403,
  /** The id belongs to another order. */
  conflict: 409,
  busy: 409,
  "not-ready": 503,
  "not-allowed": 409,
  /** Delivered, or not delivered, is said of something that is not paid. */
  "not-paid": 409,
  /** The time to say how the delivery ended is over; the sale has decided without it. */
  "too-late": 409,
  /** It ended, and otherwise than is said now. */
  "already-ended": 409,
  /** It is being delivered: only its outcome can be said. */
  "being-delivered": 409,
  /** Taken, but not on the disk in time: ask again. */
  "not-yet": 503,
  "too-many": 503,
  fault: 500,
} as const;

export type ProblemCode = keyof typeof statuses;

export interface Problem {
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  /** Of a machine that is not ready: the reason of its out-of-service scene. */
  readonly reason?: string;
  /** Methods that this path takes, for the header of the same name. */
  readonly allow?: string;
}

export function problem(code: ProblemCode, detail: string): Problem {
  return { status: statuses[code], code, detail };
}

export function problemBody({ status, code, detail, reason }: Problem): Readonly<Record<string, unknown>> {
  const title = code.replaceAll("-", " ");
  return {
    type: `urn:kvitt:problem:${code}`,
    title,
    status,
    code,
    detail,
    ...defined({ reason }),
  };
}
import { defined } from "../../kit/defined.ts";
