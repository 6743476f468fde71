/** What is checked of a request before its operation: headers that every document has, and the sales unit's agreement. */
import { msnRule } from "../sale/ids.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import { paymentProblem, qrProblem, type SimulatedRequest } from "./message.ts";
import type { SalesUnit } from "./state.ts";

/** Every operation of the documents has these four, each with `maxLength: 30`. */
const systemHeaders = [
  "Vipps-System-Name",
  "Vipps-System-Version",
  "Vipps-System-Plugin-Name",
  "Vipps-System-Plugin-Version",
];
const systemHeaderLengthMax = 30;

/** The name of a `Vipps-System-*` header that is too long. */
export function longHeader({ headers }: SimulatedRequest): string | undefined {
  return systemHeaders.find((name) => (headers[name.toLowerCase()]?.length ?? 0) > systemHeaderLengthMax);
}

/** 400 for a malformed merchant serial number. */
export function badMsn(path: string): HttpResponse {
  return badHeader(path, "Merchant-Serial-Number", msnRule);
}

/** 400 for a header, in the shape of the API that was called. */
export function badHeader(
  path: string,
  name: string,
  reason = `at most ${systemHeaderLengthMax} characters`,
): HttpResponse {
  const fault = { name, reason };
  if (path.startsWith("/qr/")) return qrProblem(400, "Bad Request", "One or more parameters are invalid", [fault]);
  return paymentProblem(400, "Bad Request", undefined, [fault]);
}

/** What the sales unit's agreement does not include, in the shape of the API that was called. */
export function notAllowed(path: string, unit: SalesUnit): HttpResponse | undefined {
  if (path.startsWith("/qr/v1/merchant-callback") && !unit.callbackAllowed)
    return qrProblem(403, "Forbidden", "Merchant callback QRs are not allowed for this sales unit");
  if (path.startsWith("/epayment/") && !unit.epaymentAllowed)
    return paymentProblem(403, "ePayment is not allowed for this sales unit");
  return undefined;
}
