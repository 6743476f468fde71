/**
 * Which keys speak for which machine: what the file says, and what the operator has published for all relays. A key counts when either names it and neither
 * has revoked it.
 */
import type { KeyObject } from "node:crypto";
import { isMachineId, isMsn, type MerchantQrId } from "../../sale/ids.ts";
import { publicKeyOf } from "../../vipps/identity.ts";

export interface MachineKeys {
  readonly msn: string;
  readonly machine: MerchantQrId;
  readonly keys: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
}

export interface IdentityFile {
  readonly machines: ReadonlyMap<string, MachineKeys>;
  /** Lines that mean nothing, with their numbers: what stands in them does not count. */
  readonly faults: readonly string[];
}

export function nameOf(msn: string, machine: string): string {
  return `${msn}/${machine}`;
}

/**
 * A line an entry, the newest last: `machine ID MSN KEY`, or `revoked ID MSN`, which ends every key of that machine on the lines above it, or
 * `revoked ID MSN KEY`. What follows a `#` is a remark.
 */
export function readIdentityFile(text: string): IdentityFile {
  const machines = new Map<string, MachineKeys>();
  const faults: string[] = [];
  text.split("\n").forEach((line, index) => {
    const words = (line.split("#", 1)[0] ?? "").trim().split(/\s+/);
    if (words.length === 1 && words[0] === "") return;
    const [kind, machine = "", msn = "", key, ...more] = words;
    const isEntry =
      (kind === "machine" && key !== undefined && publicKeyOf(key) !== undefined) ||
      (kind === "revoked" && (key === undefined || publicKeyOf(key) !== undefined));
    if (!isEntry || more.length > 0 || !isMachineId(machine) || !isMsn(msn)) {
      faults.push(`line ${index + 1}: neither "machine ID MSN KEY" nor "revoked ID MSN [KEY]"`);
      return;
    }
    const before = machines.get(nameOf(msn, machine)) ?? { msn, machine, keys: new Set(), revoked: new Set() };
    const ended = key === undefined ? before.keys : [key];
    machines.set(nameOf(msn, machine), {
      ...before,
      keys: kind === "machine" && key !== undefined ? new Set([...before.keys, key]) : before.keys,
      revoked: kind === "revoked" ? new Set([...before.revoked, ...ended]) : before.revoked,
    });
  });
  return { machines, faults };
}

export class Identities {
  #ofFile: ReadonlyMap<string, MachineKeys> = new Map();
  readonly #published = new Map<string, { readonly atMs: number; readonly keys: MachineKeys }>();
  readonly #parsed = new Map<string, KeyObject>();

  /** More than any cluster has; a limit in case a broker sends nonsense. */
  static readonly publishedMax = 200_000;

  fileSays(machines: ReadonlyMap<string, MachineKeys>): void {
    this.#ofFile = machines;
    this.#parsed.clear();
  }

  /** What the operator has signed; an older word than the one that is known changes nothing. */
  operatorSays(atMs: number, keys: MachineKeys): void {
    const name = nameOf(keys.msn, keys.machine);
    const known = this.#published.get(name);
    if (known !== undefined && atMs <= known.atMs) return;
    if (known === undefined && this.#published.size >= Identities.publishedMax) return;
    this.#published.set(name, { atMs, keys });
  }

  get count(): number {
    return new Set([...this.#ofFile.keys(), ...this.#published.keys()]).size;
  }

  /** The keys that speak for this machine now; empty when there is none. */
  keysOf(msn: string, machine: string): readonly KeyObject[] {
    const name = nameOf(msn, machine);
    const [file, published] = [this.#ofFile.get(name), this.#published.get(name)?.keys];
    const named = new Set([...(file?.keys ?? []), ...(published?.keys ?? [])]);
    return [...named]
      .filter((key) => file?.revoked.has(key) !== true && published?.revoked.has(key) !== true)
      .flatMap((key) => this.#keyOf(key));
  }

  #keyOf(text: string): readonly KeyObject[] {
    const known = this.#parsed.get(text) ?? publicKeyOf(text);
    if (known === undefined) return [];
    this.#parsed.set(text, known);
    return [known];
  }
}
