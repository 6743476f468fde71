/**
 * Turns an unsuccessful answer into the one error type. The shapes: QR (`invalidParams`), QR exchange, ePayment and Webhooks (`extraDetails`,
 * nullable), a QR's 409 (`{id}` alone), Azure API management in front of all (401, 403, 422, 429: `{statusCode, message}` or
 * anything), and HTML from proxies in between. It reads whatever it can.
 */
import * as z from "zod";
import { parseJson } from "../kit/json.ts";
import { parseHttpDate } from "../kit/timestamp.ts";
import { adviceFor, type FieldFault, type Stage, VippsError } from "./errors.ts";
import { printable, redacted } from "./redact.ts";
import type { HttpResponse } from "./transport.ts";

const faultsMax = 20;

const text = z.string().nullish().catch(null);
const list = z.array(z.unknown()).nullish().catch(null);
const problem = z.object({
  title: text,
  detail: text,
  message: text,
  error: z
    .union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])
    .nullish()
    .catch(null),
  traceId: text,
  id: text,
  invalidParams: list,
  extraDetails: list,
});
const scalar = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);
const fieldFault = z.object({ name: scalar, reason: scalar });

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), as milliseconds from now; at most a day. */
export function retryAfterMs(header: string | undefined, nowWallMs: number): number | undefined {
  if (header === undefined) return undefined;
  const untilMs = parseHttpDate(header.trim()) ?? Number.NaN;
  const delayMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : untilMs - nowWallMs;
  return Number.isFinite(delayMs) ? Math.min(86_400_000, Math.max(0, delayMs)) : undefined;
}

const codePattern = /^\d{4,5}$/;

/** ePayment lists its numeric code among the faults: `{name: "ErrorCode", reason: "6080"}`. */
function isCode({ name, reason }: FieldFault): boolean {
  return /^error_?code$/i.test(name) && codePattern.test(reason);
}

function faultsOf(lists: readonly (readonly unknown[] | null | undefined)[]): readonly FieldFault[] {
  const all = lists.flatMap((one) => one ?? []);
  return all.slice(0, faultsMax).flatMap((one) => {
    const parsed = fieldFault.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

export interface ErrorContext {
  readonly operation: string;
  readonly stage: Stage;
  readonly nowWallMs: number;
  /** What was sent and must not be shown if the answer quotes it. */
  readonly secrets: readonly string[];
}

/** Never includes the body itself, which may echo what we sent. */
export function errorFromAnswer(response: HttpResponse, context: ErrorContext): VippsError {
  const { operation, stage, nowWallMs, secrets } = context;
  const parsed = problem.safeParse(parseJson(response.body));
  const fields = parsed.success ? parsed.data : undefined;
  const faults = faultsOf([fields?.invalidParams, fields?.extraDetails]);
  const code = faults.find(isCode)?.reason;
  const takenId = response.status === 409 && typeof fields?.id === "string" ? printable(fields.id) : undefined;
  const shown = (value: string | null | undefined): string => redacted(value ?? "", secrets);
  return new VippsError({
    operation,
    stage,
    advice: adviceFor(response.status, code, takenId !== undefined),
    status: response.status,
    code,
    title: shown(fields?.title),
    detail: shown(fields?.detail ?? fields?.message ?? fields?.error),
    faults: faults
      .filter((fault) => !isCode(fault))
      .map(({ name, reason }) => ({ name: shown(name), reason: shown(reason) })),
    traceId: typeof fields?.traceId === "string" ? printable(fields.traceId) : undefined,
    retryAfterMs: retryAfterMs(response.headers["retry-after"], nowWallMs),
    takenId,
  });
}
