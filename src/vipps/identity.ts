/**
 * A machine's own identity towards its gateway: an Ed25519 key that signs every request. It opens nothing at the provider, and can be revoked alone. The
 * signature covers what the request does: method, path, body, Idempotency-Key and time. Both ends take its form from here.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export interface MachineIdentity {
  readonly machine: string;
  readonly privateKey: KeyObject;
}

export interface Signable {
  readonly msn: string;
  readonly machine: string;
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly body: Uint8Array | undefined;
  readonly idempotencyKey: string | undefined;
  /** RFC 3339, UTC. */
  readonly time: string;
}

const scheme = "Kvitt";
/** No line can hold a line feed: header values and targets have none (RFC 9112 §5), and the names are checked. */
const textOf = (one: Signable): Buffer =>
  Buffer.from(
    [
      "kvitt-gateway-v1",
      one.msn,
      one.machine,
      one.method,
      one.target,
      createHash("sha256")
        .update(one.body ?? "")
        .digest("hex"),
      one.idempotencyKey ?? "",
      one.time,
    ].join("\n"),
  );

/** The `Authorization` of a request (RFC 9110 §11.6.2). */
export function authorizationOf(request: Signable, key: KeyObject): string {
  const signature = sign(null, textOf(request), key).toString("base64");
  const { machine, msn, time } = request;
  return `${scheme} machine="${machine}", msn="${msn}", time="${time}", signature="${signature}"`;
}

export interface ClaimedIdentity {
  readonly machine: string;
  readonly msn: string;
  readonly time: string;
  readonly signature: string;
}

const form =
  /^Kvitt machine="([A-Za-z0-9-]{1,37})", msn="([0-9]{4,7})", time="([0-9TZ:.-]{20,30})", signature="([A-Za-z0-9+/]{86}==)"$/;

/** What a request says of its sender; undefined when it does not have our form. Nothing of it is believed yet. */
export function readAuthorization(header: string): ClaimedIdentity | undefined {
  const [, machine, msn, time, signature] = form.exec(header) ?? [];
  if (machine === undefined || msn === undefined || time === undefined || signature === undefined) return undefined;
  return { machine, msn, time, signature };
}

export function isSignedBy(request: Signable, signature: string, key: KeyObject): boolean {
  return verify(null, textOf(request), key, Buffer.from(signature, "base64"));
}

/** A public key as it is written in files and messages: the 32 bytes in base64url (RFC 8037, member `x`). */
const publicKeyPattern = /^[A-Za-z0-9_-]{43}$/;

export function publicKeyText(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: "jwk" });
  if (x === undefined) throw new RangeError("not an Ed25519 key");
  return x;
}

/** Undefined when the text is no Ed25519 public key. */
export function publicKeyOf(text: string): KeyObject | undefined {
  if (!publicKeyPattern.test(text)) return undefined;
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: text }, format: "jwk" });
  } catch {
    return undefined;
  }
}

/** @throws RangeError when the text is no Ed25519 private key in PEM; its text is not shown. */
export function privateKeyOf(pem: string, what: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new RangeError(`${what} is not an Ed25519 private key in PEM (its text is not shown)`);
}
