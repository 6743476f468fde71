/** What came out of the machines, who had paid for it, and what still lies in the tray. */
import type { LedgerRowView } from "./clients.ts";
import type { Drop } from "./machines/port.ts";
import type { WorldState } from "./world-state.ts";

export class Tray {
  readonly #drops = new Map<string, Drop>();
  readonly #taken = new Set<string>();

  /** All that ever came out, oldest first. */
  get drops(): readonly Drop[] {
    return [...this.#drops.values()];
  }

  things(): WorldState["machine"]["things"] {
    return this.drops
      .filter(({ deliveryId }) => !this.#taken.has(deliveryId))
      .map(({ deliveryId, what, reference }) => ({ id: deliveryId, name: what, reference }));
  }

  has({ deliveryId }: Drop): boolean {
    return this.#drops.has(deliveryId);
  }

  /** Something came out. Where the machine cannot know who paid, it is the newest payment that covers it and has nothing yet. */
  async add(drop: Drop, readLedger: () => Promise<readonly LedgerRowView[]>): Promise<void> {
    const given = new Set(this.drops.map(({ reference }) => reference));
    const ledger = drop.reference === undefined ? await readLedger() : [];
    const payer = ledger.findLast(
      ({ reference, authorized }) => !given.has(reference) && authorized >= drop.priceMinor,
    );
    this.#drops.set(drop.deliveryId, { ...drop, reference: drop.reference ?? payer?.reference });
  }

  takeAll(): void {
    for (const id of this.#drops.keys()) this.#taken.add(id);
  }
}
