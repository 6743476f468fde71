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

/** The base64 signature of a delivery to `registeredUrl`. */
export function signatureFor(registeredUrl: URL, date: string, hash: string, secret: string): string {
  const signed = `POST\n${registeredUrl.pathname}${registeredUrl.search}\n${date};${registeredUrl.host};${hash}`;
  return createHmac("sha256", Buffer.from(secret, "utf8")).update(signed, "utf8").digest("base64");
}

const scheme = "HMAC-SHA256 ";
const prefix = `${scheme}SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=`;

export function authorizationFor(registeredUrl: URL, date: string, hash: string, secret: string): string {
  return prefix + signatureFor(registeredUrl, date, hash, secret);
}

/** The headers that a delivery of `rawBody` at `wallMs` carries, as seen on the wire; names in lower case. */
export function signDelivery(
  rawBody: Uint8Array,
  registration: { readonly id: string; readonly url: URL; readonly secret: string },
  wallMs: number,
): Readonly<Record<string, string>> {
  const date = new Date(wallMs).toUTCString();
  const hash = contentHash(rawBody);
  const authorization = authorizationFor(registration.url, date, hash, registration.secret);
  return {
    "content-type": "application/json; charset=utf-8",
    "webhook-id": registration.id,
    "x-ms-date": date,
    "x-ms-content-sha256": hash,
    authorization,
    // The same value again: some servers strip Authorization.
    "x-vipps-authorization": authorization,
  };
}

function equalInConstantTime(a: string, b: string): boolean {
  const hashOf = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(hashOf(a), hashOf(b));
}

function refused(reason: Extract<Verdict, { kind: "refused" }>["reason"], detail: string): Verdict {
  return { kind: "refused", reason, detail };
}

/** The provider's value, which it sends twice (observed on the wire): some servers strip Authorization, others replace it. */
function authorizationOf(headers: SignedDelivery["headers"]): string | undefined {
  const candidates = [headers["authorization"], headers["x-vipps-authorization"]];
  return (
    candidates.find((value) => value?.startsWith(scheme) === true) ?? candidates.find((value) => value !== undefined)
  );
}

/**
 * Whether the provider signed exactly these bytes for this registration. The permitted age of `x-ms-date` is not documented, so age is not
 * checked here; replays are recognised by the event's identity.
 */
export function verifyDelivery(delivery: SignedDelivery, registeredUrl: URL, secret: string): Verdict {
  const { headers, rawBody } = delivery;
  const date = headers["x-ms-date"];
  const hash = headers["x-ms-content-sha256"];
  const authorization = authorizationOf(headers);
  // Anyone can sign with an empty key.
  if (secret === "") return refused("signature", "there is no secret for this registration");
  if (date === undefined || hash === undefined || authorization === undefined)
    return refused("missing-header", "x-ms-date, x-ms-content-sha256 and authorization are needed");
  if (!equalInConstantTime(hash, contentHash(rawBody)))
    return refused("content-hash", "the body is not the one that was signed: hash the raw bytes, before any parser");
  if (!authorization.startsWith(scheme)) return refused("malformed", "the authorization is not HMAC-SHA256");
  if (!equalInConstantTime(authorization, authorizationFor(registeredUrl, date, hash, secret)))
    return refused(
      "signature",
      `signed with another secret, or for another address than ${registeredUrl.host}${registeredUrl.pathname}`,
    );
  return { kind: "genuine" };
}
