/** Refusals as problem documents (RFC 9457), in the shape that the provider's own have: the machine's client reads both alike. */
import type { GatewayAnswer } from "./port.ts";

/**
 * - `not-allowed` (400): the request is at fault, and had no effect. The client takes it for "change the request".
 * - `unknown-machine` (401): identity, signature or time.
 * - `busy` (429): not now, nothing was passed on.
 * - `no-keys` (503): the gateway has no access token, nothing was passed on.
 * - `no-answer` (504): nobody knows what the provider did.
 */
export type ProblemKind = "not-allowed" | "unknown-machine" | "busy" | "no-keys" | "no-answer";

const problems: Readonly<Record<ProblemKind, { readonly status: number; readonly title: string }>> = {
  "not-allowed": { status: 400, title: "The gateway does not let a machine do this" },
  "unknown-machine": { status: 401, title: "The gateway does not know this machine" },
  busy: { status: 429, title: "Not now" },
  "no-keys": { status: 503, title: "The gateway has no access to the provider" },
  "no-answer": { status: 504, title: "The provider did not answer the gateway" },
};

export function problem(kind: ProblemKind, detail: string, retryAfterMs?: number): GatewayAnswer {
  const { status, title } = problems[kind];
  const body = { type: `urn:kvitt:gateway:${kind}`, title, status, detail };
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(kind === "unknown-machine" ? { "www-authenticate": "Kvitt" } : {}),
      ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
    },
    body: Buffer.from(JSON.stringify(body)),
  };
}
