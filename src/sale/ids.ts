/** The names of things that live long: the sales unit, the machine and its outlets, payments, effects. */

declare const idBrand: unique symbol;

/**
 * The name of a machine, or of one of its outlets, at the provider and in topics: `{machine}` or `{machine}--{station}`, together at most
 * 37 characters, so that `{merchantQrId}-{ULID}` is a legal payment reference.
 */
export type MerchantQrId = string & { readonly [idBrand]: "merchantQrId" };
/** An outlet's own name on its machine: what stands behind the first `--`. */
export type StationId = string & { readonly [idBrand]: "stationId" };
/** A payment's reference, `{merchantQrId}-{ULID}`; ePayment API: `^[a-zA-Z0-9-]{8,64}$`. */
export type Reference = string & { readonly [idBrand]: "reference" };
/** Names one effect for ever; it is the Idempotency-Key of the request that performs it (≤ 50 characters). */
export type EffectId = string & { readonly [idBrand]: "effectId" };

/** Merchant serial number, the number of a sales unit (QR API, header `Merchant-Serial-Number`). */
export const msnPattern = /^[0-9]{4,7}$/;
export const msnRule = "4 to 7 digits";

export const merchantQrIdLengthMax = 37;
/** Parts a machine from its outlet. */
const parting = "--";
/** The most outlets of one machine: its retained state names them all, and stays small. */
export const stationsMax = 40;
/** The level of a topic where a sales unit's relays stand instead of a machine. */
export const relayLevel = "relay";

const idCharacters = /^[A-Za-z0-9-]+$/;
/** Crockford base 32, first character 0–7: 128 bits. */
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
/** What every merchantQrId, and every reference, looks like, for schemas that others read. Not all that look so are one: the functions decide. */
export const merchantQrIdShape = new RegExp(`^[A-Za-z0-9-]{1,${merchantQrIdLengthMax}}$`);
export const referenceShape = new RegExp(`^[A-Za-z0-9-]{1,${merchantQrIdLengthMax}}-${ulidPattern.source.slice(1)}`);
/** What a station's name looks like; how long it may be depends on its machine's. */
export const stationShape = /^[A-Za-z0-9][A-Za-z0-9-]{0,33}$/;
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
  const { machine, station } = cut(id);
  if (station === undefined || characterRuleBroken(id) !== undefined) return machineIdFault(id);
  if (machine === "" || !isStationId(station))
    return `"${id}" is neither a machine nor {machine}--{station}: a station has a name, and that does not begin with "-"`;
  return machineIdFault(machine);
}

/** What is wrong with an outlet's name on this machine, and what to write instead; undefined when nothing is. */
export function stationIdFault(machine: MerchantQrId, id: string): string | undefined {
  if (id === "") return "is empty: letters, digits or -";
  if (!idCharacters.test(id)) return `"${id}" has other characters than letters, digits and -`;
  if (id.startsWith("-")) return `"${id}" begins with "-": write "${id.replace(/^-+/, "") || "1"}"`;
  const spare = merchantQrIdLengthMax - machine.length - parting.length;
  if (id.length <= spare) return undefined;
  return `"${machine}${parting}${id}" is longer than ${merchantQrIdLengthMax} characters: a station of "${machine}" has at most ${spare}`;
}

export function isStationId(value: unknown): value is StationId {
  return typeof value === "string" && stationShape.test(value);
}

/** @throws RangeError when no outlet can be called so. */
export function stationId(value: string): StationId {
  if (isStationId(value)) return value;
  throw new RangeError(`"${value}" names no station: letters, digits and -, and no - at its beginning`);
}

/** The machine that an id belongs to: itself, or of an outlet what stands before the first `--`. */
export function machineOf(id: MerchantQrId): MerchantQrId {
  const { machine } = cut(id);
  return isMachineId(machine) ? machine : id;
}

/** The outlet that an id names; undefined for the machine itself. */
export function stationOf(id: MerchantQrId): StationId | undefined {
  const { station } = cut(id);
  return isStationId(station) ? station : undefined;
}

/**
 * `{machine}--{station}`; without a station the machine's own id.
 * @throws RangeError when the two are too long together, or the first is an outlet already.
 */
export function outletId(machine: MerchantQrId, station: StationId | undefined): MerchantQrId {
  if (station === undefined) return machine;
  if (stationOf(machine) !== undefined) throw new RangeError(`"${machine}" is an outlet, which has none of its own`);
  const fault = stationIdFault(machine, station);
  if (fault !== undefined) throw new RangeError(`a station's id: ${fault}`);
  return merchantQrId(`${machine}${parting}${station}`);
}

function cut(id: string): { readonly machine: string; readonly station: string | undefined } {
  const at = id.indexOf(parting);
  return at < 0
    ? { machine: id, station: undefined }
    : { machine: id.slice(0, at), station: id.slice(at + parting.length) };
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
  if (id.includes(parting)) return 'has "--" in it, which parts a machine from its outlets';
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

/** The machine or outlet that a reference belongs to: all before the last `-`; undefined when none can have that id. */
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
