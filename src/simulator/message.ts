/** Requests and answers of the simulated provider, and the error shapes of each API (errors). */
import type { HttpResponse } from "../vipps/transport.ts";

export interface SimulatedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array | undefined;
}

export interface Detail {
  readonly name: string;
  readonly reason: string;
}

const encoder = new TextEncoder();

export function json(status: number, value: unknown, type = "application/json"): HttpResponse {
  return { status, headers: { "content-type": type }, body: encoder.encode(JSON.stringify(value)) };
}

export function empty(status: number): HttpResponse {
  return { status, headers: {}, body: new Uint8Array() };
}

const problemType = "application/problem+json";
/** Placeholder for an error's trace id, which is filled in as the answer leaves. */
export const traceIdPlace = "00-00000000000000000000000000000000-0000000000000000-00";
const traceId = traceIdPlace;

/** QR API: no `status`, no `traceId`; faults in `invalidParams`. */
export function qrProblem(
  status: number,
  title: string,
  detail: string,
  invalidParams: readonly Detail[] = [],
): HttpResponse {
  const body = { title, detail, instance: "/qr", ...(invalidParams.length > 0 ? { invalidParams } : {}) };
  return json(status, body, problemType);
}

/** QR exchange: with `status`, faults in `extraDetails`. */
export function exchangeProblem(status: number, detail: string, extraDetails: readonly Detail[] = []): HttpResponse {
  return json(status, { title: "Bad Request", status, detail, extraDetails }, problemType);
}

/** ePayment: RFC 7807 with `traceId`; a domain error carries its numeric code in `extraDetails`. */
export function paymentProblem(
  status: number,
  title: string,
  code?: string,
  extra: readonly Detail[] = [],
): HttpResponse {
  const extraDetails = [...(code === undefined ? [] : [{ name: "ErrorCode", reason: code }]), ...extra];
  const body = {
    type: `https://developer.vippsmobilepay.com/docs/APIs/epayment-api/api-guide/errors#${code ?? status}`,
    title,
    status,
    detail: title,
    traceId,
    ...(extraDetails.length > 0 ? { extraDetails } : {}),
  };
  return json(status, body, problemType);
}

export function webhookProblem(detail: string, extraDetails: readonly Detail[] | null = null): HttpResponse {
  const body = { type: null, title: "Bad Request", status: 400, detail, instance: null, traceId, extraDetails };
  return json(400, body, problemType);
}

/** Azure API management in front of all APIs: another shape altogether. */
export function gateway(
  status: 401 | 403 | 429,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const answer = json(status, { statusCode: status, message });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

export function htmlBadGateway(): HttpResponse {
  const body = encoder.encode("<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>");
  return { status: 502, headers: { "content-type": "text/html" }, body };
}

export function internalError(): HttpResponse {
  return paymentProblem(500, "An unexpected error occurred", "3010");
}

/** The body as JSON, or undefined when it is none. */
export function bodyOf(request: SimulatedRequest): unknown {
  if (request.body === undefined || request.body.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(request.body));
    return value;
  } catch {
    return undefined;
  }
}
