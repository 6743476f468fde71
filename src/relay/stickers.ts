/**
 * Whose the stickers are that were there before kvitt (MobilePay's beacons), as machines say in their states. A machine may say what it likes: so
 * a sticker that two outlets claim is nobody's.
 */
import { type MerchantQrId, outletId, type StationId, stationIdFault } from "../sale/ids.ts";

export class Stickers {
  readonly #outlets = new Map<string, Set<MerchantQrId>>();
  readonly #claims = new Map<MerchantQrId, readonly (readonly [code: string, outlet: MerchantQrId])[]>();

  /** All that this machine claims now: replaces what it claimed before. */
  claim(machine: MerchantQrId, qrIds: Readonly<Record<string, StationId>>): void {
    for (const [code, outlet] of this.#claims.get(machine) ?? []) this.#release(code, outlet);
    const claims = Object.entries(qrIds)
      .filter(([, station]) => stationIdFault(machine, station) === undefined)
      .map(([code, station]) => [code, outletId(machine, station)] as const);
    if (claims.length === 0) this.#claims.delete(machine);
    else this.#claims.set(machine, claims);
    for (const [code, outlet] of claims) {
      const outlets = this.#outlets.get(code) ?? new Set();
      this.#outlets.set(code, outlets.add(outlet));
    }
  }

  claimantsOf(code: string): readonly MerchantQrId[] {
    return [...(this.#outlets.get(code) ?? [])];
  }

  forget(): void {
    this.#outlets.clear();
    this.#claims.clear();
  }

  #release(code: string, outlet: MerchantQrId): void {
    const outlets = this.#outlets.get(code);
    outlets?.delete(outlet);
    if (outlets?.size === 0) this.#outlets.delete(code);
  }
}
