/** The names of things that live long: the sales unit, the machine and its outlets, payments, effects. */

declare const idBrand: unique symbol;

/**
 * The name of a machine, or of one of its outlets, at the provider and in topics: `{machine}` or `{machine}--{station}`, together at most
 * 37 characters, so that `{merchantQrId}-{ULID}` is a legal payment reference.
 */
export type MerchantQrId = string & { readonly [idBrand]: "merchantQrId" };
/** A payment's reference, `{merchantQrId}-{ULID}`; ePayment API: `^[a-zA-Z0-9-]{8,64}$`. */
export type Reference = string & { readonly [idBrand]: "reference" };
/** Names one effect for ever; it is the Idempotency-Key of the request that performs it (≤ 50 characters). */
export type EffectId = string & { readonly [idBrand]: "effectId" };

/** Merchant serial number, the number of a sales unit (QR API, header `Merchant-Serial-Number`). */
export const msnPattern = /^[0-9]{4,7}$/;
export const msnRule = "4 to 7 digits";

export const merchantQrIdLengthMax = 37;
/** The level of a topic where a sales unit's relays stand instead of a machine. */
export const relayLevel = "relay";

const idCharacters = /^[A-Za-z0-9-]+$/;
/** Crockford base 32, first character 0–7: 128 bits. */
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
/** What every merchantQrId, and every reference, looks like, for schemas that others read. Not all that look so are one: the functions decide. */
export const merchantQrIdShape = new RegExp(`^[A-Za-z0-9-]{1,${merchantQrIdLengthMax}}$`);
export const referenceShape = new RegExp(`^[A-Za-z0-9-]{1,${merchantQrIdLengthMax}}-${ulidPattern.source.slice(1)}`);
const effectIdPattern = /^[A-Za-z0-9-]{1,50}$/;

export function isMsn(value: string): boolean {
  return msnPattern.test(value);
}

/**
 * What is wrong with a machine's id, and what to write instead; undefined when nothing is. `--` parts a machine from its outlets, and a
 * machine called like the relays' level would stand on their topics.
 */
export function machineIdFault(id: string): string | undefined {
  const rule = machineIdRuleBroken(id);
  if (rule === undefined) return undefined;
  const better = tidyId(id);
  return `"${id}" ${rule}${better === undefined ? "" : `: write for example "${better}"`}`;
}

/** The same for an id that may also be an outlet's: `{machine}--{station}`, with a station that does not begin with `-`. */
export function merchantQrIdFault(id: string): string | undefined {
  const parting = id.indexOf("--");
  if (parting < 0) return machineIdFault(id);
  if (characterRuleBroken(id) !== undefined) return machineIdFault(id);
  const [machine, station] = [id.slice(0, parting), id.slice(parting + 2)];
  if (machine === "" || station === "" || station.startsWith("-"))
    return `"${id}" is neither a machine nor {machine}--{station}: a station has a name, and that does not begin with "-"`;
  return machineIdFault(machine);
}

/** Whether machines could have this id before outlets had names, and none can now: one that runs with it has to be given another. */
export function isFormerMachineId(id: string): boolean {
  return characterRuleBroken(id) === undefined && !isMachineId(id);
}

function characterRuleBroken(id: string): string | undefined {
  if (id === "") return "is empty: 1 to 37 letters, digits or -";
  if (!idCharacters.test(id)) return "has other characters than letters, digits and -";
  return id.length > merchantQrIdLengthMax ? `is longer than ${merchantQrIdLengthMax} characters` : undefined;
}

function machineIdRuleBroken(id: string): string | undefined {
  const broken = characterRuleBroken(id);
  if (broken !== undefined) return broken;
  if (id.includes("--")) return 'has "--" in it, which parts a machine from its outlets';
  if (id.endsWith("-")) return 'ends in "-"';
  return id === relayLevel ? "is where relays stand in topics" : undefined;
}

/** The nearest id that a machine may have, if there is one. */
function tidyId(id: string): string | undefined {
  const tidy = id
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .slice(0, merchantQrIdLengthMax)
    .replaceAll(/^-|-$/g, "");
  const better = tidy === relayLevel ? `${tidy}-1` : tidy;
  return better !== "" && machineIdRuleBroken(better) === undefined ? better : undefined;
}

export function isMachineId(value: unknown): value is MerchantQrId {
  return typeof value === "string" && machineIdRuleBroken(value) === undefined;
}

export function isMerchantQrId(value: unknown): value is MerchantQrId {
  return typeof value === "string" && merchantQrIdFault(value) === undefined;
}

/** @throws RangeError naming what is wrong, and what to write instead. */
export function merchantQrId(value: string): MerchantQrId {
  if (isMerchantQrId(value)) return value;
  throw new RangeError(`a merchantQrId names a machine: ${merchantQrIdFault(value) ?? "it does not"}`);
}

/**
 * Also one of an id that machines could have before outlets had names: journals are kept for years, and what is open in them still ends. Whose a
 * reference is, only `merchantQrIdOf` says.
 */
export function isReference(value: unknown): value is Reference {
  if (typeof value !== "string") return false;
  const { id, ulid } = partsOf(value);
  return characterRuleBroken(id) === undefined && ulidPattern.test(ulid);
}

/** The machine that a reference belongs to: all before the last `-`; undefined when no machine can have that id. */
export function merchantQrIdOf(reference: string): MerchantQrId | undefined {
  const { id, ulid } = partsOf(reference);
  return isMerchantQrId(id) && ulidPattern.test(ulid) ? id : undefined;
}

function partsOf(reference: string): { readonly id: string; readonly ulid: string } {
  const end = reference.lastIndexOf("-");
  return { id: reference.slice(0, Math.max(0, end)), ulid: reference.slice(end + 1) };
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
