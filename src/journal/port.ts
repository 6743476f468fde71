/**
 * The door of the journal's room: the machine's only durable memory. Types only.
 * It is a small set of tables of JSON values, changed in all-or-nothing commits that are on the disk when they resolve.
 */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type JournalTable =
  /** One payment from intent until ended, keyed by reference. Open ones only. */
  | "settlement"
  /** A service vend (`deliver` command, web-shop order) that is not finished, keyed by its id. */
  | "service-vend"
  /** What accounting needs of each ended sale, keyed by sale id; kept for the retention time. */
  | "sale"
  /** Sale ids that upstream has not acknowledged yet. With `sale` it is the outbox: a view, not a second store. */
  | "unsent"
  /** Ids of messages and commands that were taken in, with the wall time after which they may be forgotten. */
  | "seen"
  /** Single facts: boot number, command counter, operator's out-of-service, catalogue, line states, timed outputs. */
  | "fact";

export type JournalChange =
  | { readonly kind: "put"; readonly table: JournalTable; readonly key: string; readonly value: JsonValue }
  | { readonly kind: "delete"; readonly table: JournalTable; readonly key: string }
  /**
   * What a retry needs and nobody may keep: customer token, personal code, phone number. Keyed by reference. Never exported;
   * after `drop-secret` its bytes are no longer in any file of the journal.
   */
  | { readonly kind: "put-secret"; readonly key: string; readonly value: JsonValue }
  | { readonly kind: "drop-secret"; readonly key: string };

/** What may lie in memory for a while: nothing of ended sales, and no secret. */
export type CarriedChange = Extract<JournalChange, { kind: "put" | "delete" }> & {
  readonly table: Exclude<JournalTable, "sale">;
};

export interface Journal {
  /**
   * All changes or none, in order, synced. Rejects with a JournalError when the disk does not take it: the caller then performs
   * no effect and takes the machine out of service.
   */
  commit(changes: readonly JournalChange[]): Promise<void>;
  /**
   * In memory when it resolves, and on the disk together with the next commit, in its line: all of both or none. A power cut before that forgets it, so
   * it is only for what the next start finds out by itself. `commit([])` and `close` write it, too; and when much is carried, it is committed at once.
   */
  carry(changes: readonly CarriedChange[]): Promise<void>;
  get(table: JournalTable, key: string): JsonValue | undefined;
  secret(key: string): JsonValue | undefined;
  /** In order of first insertion. */
  entries(table: JournalTable): Iterable<readonly [string, JsonValue]>;
  close(): Promise<void>;
}
