/** Whether this machine may ask this. Pure: facts in, a verdict out; nothing in a request makes it throw. */
import { parseJson } from "../../kit/json.ts";
import type { MerchantQrId } from "../../sale/ids.ts";
import { type Facts, type Operation, operations } from "./operations.ts";
import type { GatewayPolicy, GatewayRequest, GatewayUnit } from "./port.ts";

export type Verdict =
  | {
      readonly kind: "pass";
      readonly operation: Operation;
      readonly subject: string;
      readonly body: unknown;
      readonly idempotencyKey: string | undefined;
    }
  | { readonly kind: "refuse"; readonly operation: Operation["name"] | "none"; readonly reason: string };

export interface Asker {
  readonly machine: MerchantQrId;
  readonly unit: Pick<GatewayUnit, "currency" | "maxAmountMinor">;
  readonly policy: GatewayPolicy;
}

/** Longer than any of ours; keeps what is matched short. */
const targetMax = 512;

export function authorize(
  asker: Asker,
  request: Omit<GatewayRequest, "body"> & { readonly body: Uint8Array },
): Verdict {
  const found = operationOf(request);
  if (found === undefined)
    return { kind: "refuse", operation: "none", reason: "no machine may ask this of the provider through the gateway" };
  const { operation, subject } = found;
  const refuse = (reason: string): Verdict => ({ kind: "refuse", operation: operation.name, reason });
  const read = readBody(operation, request.body);
  if (typeof read === "string") return refuse(read);
  const idempotencyKey = request.headers["idempotency-key"];
  const facts: Facts = { ...asker, subject, body: read.value, idempotencyKey };
  for (const { fault } of operation.conditions) {
    const reason = fault(facts);
    if (reason !== undefined) return refuse(reason);
  }
  return { kind: "pass", operation, subject, body: read.value, idempotencyKey };
}

function operationOf({ method, target }: Pick<GatewayRequest, "method" | "target">) {
  if (target.length > targetMax) return undefined;
  const mark = target.indexOf("?");
  const [path, query] = mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark)];
  for (const operation of operations) {
    if (operation.method !== method) continue;
    if (query !== "" && operation.query?.test(query) !== true) continue;
    const subject = subjectOf(operation.path, path);
    if (subject !== undefined) return { operation, subject };
  }
  return undefined;
}

/** What stands for `*`, decoded; "" for a path without one. Undefined where the path is another, or its encoding is not ours. */
function subjectOf(pattern: string, path: string): string | undefined {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return path === pattern ? "" : undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const raw = path.slice(before.length, path.length - after.length);
  if (raw === "" || raw.includes("/") || path.length < before.length + after.length) return undefined;
  try {
    const subject = decodeURIComponent(raw);
    // One way to write it, so that the provider reads what we read: no dots, no encoded letters, no slashes.
    return encodeURIComponent(subject) === raw && !/^\.{1,2}$/.test(subject) ? subject : undefined;
  } catch {
    return undefined;
  }
}

/** The body as the operation wants it, or what is wrong with it. */
function readBody({ body: schema }: Operation, bytes: Uint8Array): { readonly value: unknown } | string {
  if (schema === undefined) return bytes.byteLength === 0 ? { value: undefined } : "this request has no body";
  const value = parseJson(bytes);
  if (value === undefined) return "the body is not JSON";
  // A member that stands there twice, or a number in another form, is read differently by different readers. Written anew it has to be the same bytes.
  if (Buffer.compare(Buffer.from(JSON.stringify(value)), bytes) !== 0)
    return "the body is not as JSON.stringify writes it: no white space, and every member once";
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  return `${issue?.path.map(String).join(".") || "body"}: ${issue?.message ?? "not allowed"}`;
}
