/** The names of things that live long: the machine's QR, payments, effects. */

declare const idBrand: unique symbol;

/** `^[A-Za-z0-9-]{1,37}$`: chosen so that `{merchantQrId}-{ULID}` is a legal payment reference. */
export type MerchantQrId = string & { readonly [idBrand]: "merchantQrId" };
/** A payment's reference, `{merchantQrId}-{ULID}`; ePayment API: `^[a-zA-Z0-9-]{8,64}$`. */
export type Reference = string & { readonly [idBrand]: "reference" };
/** Names one effect for ever; it is the Idempotency-Key of the request that performs it (≤ 50 characters). */
export type EffectId = string & { readonly [idBrand]: "effectId" };

const merchantQrIdPattern = /^[A-Za-z0-9-]{1,37}$/;
/** Crockford base 32, first character 0–7: 128 bits. */
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const effectIdPattern = /^[A-Za-z0-9-]{1,50}$/;

export function isMerchantQrId(value: unknown): value is MerchantQrId {
  return typeof value === "string" && merchantQrIdPattern.test(value);
}

/** @throws RangeError naming the rule. */
export function merchantQrId(value: string): MerchantQrId {
  if (isMerchantQrId(value)) return value;
  throw new RangeError(`a merchantQrId matches ${merchantQrIdPattern.source}, and "${value}" does not`);
}

export function isReference(value: unknown): value is Reference {
  return typeof value === "string" && merchantQrIdOf(value) !== undefined;
}

/** The machine that a reference belongs to: all before the last `-`; undefined when it is not one of ours. */
export function merchantQrIdOf(reference: string): MerchantQrId | undefined {
  const end = reference.lastIndexOf("-");
  const machine = reference.slice(0, Math.max(0, end));
  return isMerchantQrId(machine) && ulidPattern.test(reference.slice(end + 1)) ? machine : undefined;
}

/** @throws RangeError when `ulid` is not one. */
export function referenceOf(machine: MerchantQrId, ulid: string): Reference {
  const value = `${machine}-${ulid}`;
  if (isReference(value)) return value;
  throw new RangeError(`"${ulid}" is not a ULID`);
}

/** @throws RangeError when the text cannot be an Idempotency-Key. */
export function effectId(value: string): EffectId {
  if (isEffectId(value)) return value;
  throw new RangeError(`an effect id matches ${effectIdPattern.source}, and "${value}" does not`);
}

export function isEffectId(value: unknown): value is EffectId {
  return typeof value === "string" && effectIdPattern.test(value);
}
