/**
 * Webhook signatures (Webhooks API, request authentication). The signed text is
 * `POST\n{path and query}\n{x-ms-date};{host};{x-ms-content-sha256}`, keyed with the UTF-8 bytes of the secret text (not base64-decoded).
 * Path and host are those of the *registered* URL, not what a proxy forwards; the hash is over the raw bytes.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export interface SignedDelivery {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
}

export type Verdict =
  | { readonly kind: "genuine" }
  | {
      readonly kind: "refused";
      readonly reason: "missing-header" | "content-hash" | "signature" | "malformed";
      readonly detail: string;
    };

export function contentHash(rawBody: Uint8Array): string {
  return createHash("sha256").update(rawBody).digest("base64");
}

/** The base64 signature that belongs to a delivery to `registeredUrl`. */
export function signatureFor(registeredUrl: URL, date: string, hash: string, secret: string): string {
  const signed = `POST\n${registeredUrl.pathname}${registeredUrl.search}\n${date};${registeredUrl.host};${hash}`;
  return createHmac("sha256", Buffer.from(secret, "utf8")).update(signed, "utf8").digest("base64");
}

const prefix = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=";

export function authorizationFor(registeredUrl: URL, date: string, hash: string, secret: string): string {
  return prefix + signatureFor(registeredUrl, date, hash, secret);
}

function equalInConstantTime(a: string, b: string): boolean {
  const hashOf = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(hashOf(a), hashOf(b));
}

/**
 * Whether the provider signed exactly these bytes for this registration. How old `x-ms-date` may be is documented nowhere, so age is
 * not judged here: replays are found by the event's identity.
 */
export function verifyDelivery(delivery: SignedDelivery, registeredUrl: URL, secret: string): Verdict {
  const { headers, rawBody } = delivery;
  const date = headers["x-ms-date"];
  const hash = headers["x-ms-content-sha256"];
  // Some servers strip Authorization; the provider sends the same value a second time (seen on the wire).
  const authorization = headers["authorization"] ?? headers["x-vipps-authorization"];
  if (date === undefined || hash === undefined || authorization === undefined)
    return {
      kind: "refused",
      reason: "missing-header",
      detail: "x-ms-date, x-ms-content-sha256 and authorization are needed",
    };
  if (!equalInConstantTime(hash, contentHash(rawBody)))
    return {
      kind: "refused",
      reason: "content-hash",
      detail: "the body is not the one that was signed: hash the raw bytes, before any parser",
    };
  if (!authorization.startsWith("HMAC-SHA256 "))
    return { kind: "refused", reason: "malformed", detail: "the authorization is not HMAC-SHA256" };
  if (!equalInConstantTime(authorization, authorizationFor(registeredUrl, date, hash, secret)))
    return {
      kind: "refused",
      reason: "signature",
      detail: `signed with another secret, or for another address than ${registeredUrl.host}${registeredUrl.pathname}`,
    };
  return { kind: "genuine" };
}
