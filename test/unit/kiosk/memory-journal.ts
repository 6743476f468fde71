/** A journal in memory for the kiosk's tests: says what was committed, and fails when the test says so. */
import type { CarriedChange, Journal, JournalChange, JournalTable, JsonValue } from "../../../src/journal/port.ts";

export class MemoryJournal implements Journal {
  readonly commits: (readonly JournalChange[])[] = [];
  readonly carried: (readonly CarriedChange[])[] = [];
  /** Set: nothing is taken. */
  fault: Error | undefined;
  readonly #tables = new Map<JournalTable, Map<string, JsonValue>>();
  readonly #secrets = new Map<string, JsonValue>();

  constructor(changes: readonly JournalChange[] = []) {
    this.#apply(changes);
  }

  async commit(changes: readonly JournalChange[]): Promise<void> {
    if (this.fault !== undefined) throw this.fault;
    // As on a disk, nothing can be read before it is written: whoever looks at once finds what was there before.
    for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
    this.commits.push(changes);
    this.#apply(changes);
  }

  async carry(changes: readonly CarriedChange[]): Promise<void> {
    if (this.fault !== undefined) throw this.fault;
    this.carried.push(changes);
    this.#apply(changes);
  }

  get(table: JournalTable, key: string): JsonValue | undefined {
    return this.#tables.get(table)?.get(key);
  }

  secret(key: string): JsonValue | undefined {
    return this.#secrets.get(key);
  }

  entries(table: JournalTable): Iterable<readonly [string, JsonValue]> {
    return [...(this.#tables.get(table) ?? [])];
  }

  async close(): Promise<void> {}

  #apply(changes: readonly JournalChange[]): void {
    for (const change of changes)
      if (change.kind === "put-secret") this.#secrets.set(change.key, change.value);
      else if (change.kind === "drop-secret") this.#secrets.delete(change.key);
      else this.#change(change);
  }

  #change(change: Extract<JournalChange, { kind: "put" | "delete" }>): void {
    const table = this.#tables.get(change.table) ?? new Map<string, JsonValue>();
    this.#tables.set(change.table, table);
    if (change.kind === "put") table.set(change.key, change.value);
    else table.delete(change.key);
  }
}
