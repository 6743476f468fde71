/**
 * The journal: a log of our own on a `Disk`. What is open lives in `journal.log` and in memory; ended sales are appended to a file a month
 * (`sales-2026-11.log`) that is read only when somebody asks, so opening is fast however many there are. Secrets are files of their own.
 *
 * Crash positions, and what the next start does:
 * 1. while a line is appended: it is torn, dropped by its checksum, and nobody was told that it was there;
 * 2. between the month's file and `journal.log`: the sale is still open, is ended again, and its row is written again (the last one counts);
 * 3. between a secret's file and `journal.log`: the secret belongs to no settlement and is removed;
 * 4. while `journal.new` is written: it is removed; before its rename is synced: either name has all of it;
 * 5. between a drop in `journal.log` and the removal of the secret's file: as 3.
 */
import { z } from "zod";
import { type Disk, JournalError } from "./disk.ts";
import type { Journal, JournalChange, JournalTable, JsonValue } from "./port.ts";
import { decodeFile, encodeCommit, encodeHeader, type StoredChange } from "./record.ts";

const logName = "journal.log";
const newName = "journal.new";
const newMonthName = "sales.new";
const secretPrefix = "secret-";
const monthPattern = /^sales-\d{4}-\d{2}\.log$/;
/** Rewritten when it is larger than this, and four times what is still alive in it. */
const rewriteBytesMin = 256 * 1024;
const rewriteFactor = 4;

export interface JournalOptions {
  readonly disk: Disk;
  /** Which month's file a sale belongs to: wall time, in ms. */
  readonly wallMs: () => number;
  /** How long ended sales are kept. */
  readonly retentionMs: number;
}

interface Waiting {
  readonly changes: readonly JournalChange[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Tables = Map<Exclude<JournalTable, "sale">, Map<string, JsonValue>>;

function monthName(wallMs: number): string {
  return `sales-${new Date(wallMs).toISOString().slice(0, 7)}.log`;
}

/** @throws JournalError: locked, corrupt, version, disk. Never starts afresh over something that it cannot read. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { disk } = options;
  const lock = await disk.lock();
  try {
    const journal = new LogJournal(options, lock);
    await journal.open();
    return journal;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

class LogJournal implements Journal {
  readonly #disk: Disk;
  readonly #options: JournalOptions;
  readonly #lock: { release(): Promise<void> };
  readonly #tables: Tables = new Map();
  readonly #secrets = new Map<string, JsonValue>();
  readonly #waiting: Waiting[] = [];
  #months: string[] = [];
  readonly #preparedMonths = new Set<string>();
  #bytes = 0;
  #isWriting = false;
  #isClosed = false;
  /** A write failed, so nobody knows what stands at the end of the file: the next commit writes a new one from memory. */
  #needsRewrite = false;

  constructor(options: JournalOptions, lock: { release(): Promise<void> }) {
    this.#options = options;
    this.#disk = options.disk;
    this.#lock = lock;
  }

  async open(): Promise<void> {
    const disk = this.#disk;
    const names = await disk.list();
    for (const name of [newName, newMonthName]) if (names.includes(name)) await disk.remove(name);
    const bytes = await disk.read(logName);
    if (bytes === undefined) {
      if (names.some((name) => monthPattern.test(name)))
        throw new JournalError("corrupt", `${logName} is gone, but sales are there: a person has to look`);
      await this.#rewrite();
    } else {
      const decoded = decodeFile(logName, bytes);
      this.#apply(decoded.changes);
      this.#bytes = decoded.goodBytes;
      // Cutting off a torn end in place could itself be torn; a new file cannot.
      if (decoded.isTorn || decoded.goodBytes === 0) await this.#rewrite();
    }
    await this.#loadSecrets(names);
    await this.#forgetOldMonths(names);
    this.#months = (await disk.list()).filter((name) => monthPattern.test(name));
  }

  async #loadSecrets(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (!name.startsWith(secretPrefix)) continue;
      const key = decodeURIComponent(name.slice(secretPrefix.length));
      const value = parseSecret(await this.#disk.read(name));
      if (value !== undefined && this.#table("settlement").has(key)) this.#secrets.set(key, value);
      else await this.#disk.remove(name);
    }
  }

  async #forgetOldMonths(names: readonly string[]): Promise<void> {
    const oldest = monthName(Math.max(0, this.#options.wallMs() - this.#options.retentionMs));
    for (const name of names) if (monthPattern.test(name) && name < oldest) await this.#disk.remove(name);
  }

  commit(changes: readonly JournalChange[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new JournalError("disk", "the journal is closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      void this.#write();
    });
  }

  get(table: JournalTable, key: string): JsonValue | undefined {
    if (table !== "sale") return this.#table(table).get(key);
    for (const [id, value] of this.#sales("newest-first")) if (id === key) return value;
    return undefined;
  }

  secret(key: string): JsonValue | undefined {
    return this.#secrets.get(key);
  }

  entries(table: JournalTable): Iterable<readonly [string, JsonValue]> {
    if (table !== "sale") return [...this.#table(table)];
    return [...new Map(this.#sales("oldest-first"))];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#isWriting) await new Promise((resolve) => setImmediate(resolve));
    await this.#lock.release();
  }

  #table(table: Exclude<JournalTable, "sale">): Map<string, JsonValue> {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const made = new Map<string, JsonValue>();
    this.#tables.set(table, made);
    return made;
  }

  /** Rows of ended sales, from the files; a row that was written twice appears twice. */
  *#sales(order: "oldest-first" | "newest-first"): Generator<readonly [string, JsonValue]> {
    const months = this.#months.toSorted();
    for (const name of order === "newest-first" ? months.toReversed() : months) {
      const bytes = this.#disk.readNow(name);
      if (bytes === undefined) continue;
      const rows = saleRows(decodeFile(name, bytes).changes);
      yield* order === "newest-first" ? rows.toReversed() : rows;
    }
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One writer: everything that waits goes into one write and one sync (group commit). */
  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0);
        try {
          await this.#writeBatch(batch.flatMap(({ changes }) => changes));
          for (const { resolve } of batch) resolve();
        } catch (error) {
          this.#needsRewrite = true;
          this.#preparedMonths.clear();
          const failure =
            error instanceof JournalError ? error : new JournalError("disk", diskMessage(error), { cause: error });
          for (const { reject } of batch) reject(failure);
        }
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeBatch(changes: readonly JournalChange[]): Promise<void> {
    if (this.#needsRewrite) {
      await this.#rewrite();
      this.#needsRewrite = false;
    }
    await this.#writeSecrets(changes);
    const stored = changes.filter(
      (change): change is StoredChange => change.kind === "put" || change.kind === "delete",
    );
    const sales = stored.filter((change) => change.table === "sale");
    const open = stored.filter((change) => change.table !== "sale");
    if (sales.length > 0) await this.#appendSales(sales);
    if (open.length > 0) {
      const bytes = encodeCommit(open);
      await this.#disk.append(logName, bytes);
      await this.#disk.sync(logName);
      this.#bytes += bytes.length;
    }
    this.#apply(open);
    await this.#dropSecrets(changes);
    if (this.#bytes > rewriteBytesMin && this.#bytes > rewriteFactor * this.#aliveBytes()) await this.#rewrite();
  }

  async #appendSales(sales: readonly StoredChange[]): Promise<void> {
    const name = monthName(this.#options.wallMs());
    await this.#prepareMonth(name);
    await this.#disk.append(name, encodeCommit(sales));
    await this.#disk.sync(name);
    if (!this.#months.includes(name)) this.#months.push(name);
  }

  /** Makes the month's file, or mends its torn end, once a run. A new file takes the old one's place whole, never in place. */
  async #prepareMonth(name: string): Promise<void> {
    if (this.#preparedMonths.has(name)) return;
    const bytes = await this.#disk.read(name);
    const decoded = bytes === undefined ? undefined : decodeFile(name, bytes);
    const isNew = bytes === undefined || decoded === undefined || decoded.goodBytes === 0;
    if (isNew || decoded.isTorn) {
      await this.#disk.write(newMonthName, isNew ? encodeHeader() : bytes.slice(0, decoded.goodBytes));
      await this.#disk.sync(newMonthName);
      await this.#disk.rename(newMonthName, name);
      await this.#disk.syncFolder();
    }
    this.#preparedMonths.add(name);
  }

  async #writeSecrets(changes: readonly JournalChange[]): Promise<void> {
    for (const change of changes) {
      if (change.kind !== "put-secret") continue;
      const name = secretPrefix + encodeURIComponent(change.key);
      await this.#disk.write(name, Buffer.from(JSON.stringify(change.value), "utf8"));
      await this.#disk.sync(name);
      await this.#disk.syncFolder();
      this.#secrets.set(change.key, change.value);
    }
  }

  async #dropSecrets(changes: readonly JournalChange[]): Promise<void> {
    for (const change of changes) {
      if (change.kind !== "drop-secret" || !this.#secrets.has(change.key)) continue;
      await this.#disk.remove(secretPrefix + encodeURIComponent(change.key));
      this.#secrets.delete(change.key);
    }
  }

  #apply(changes: readonly StoredChange[]): void {
    for (const change of changes) {
      if (change.table === "sale") continue;
      if (change.kind === "put") this.#table(change.table).set(change.key, change.value);
      else this.#table(change.table).delete(change.key);
    }
  }

  #alive(): readonly StoredChange[] {
    return [...this.#tables].flatMap(([table, rows]) =>
      [...rows].map(([key, value]): StoredChange => ({ kind: "put", table, key, value })),
    );
  }

  #aliveBytes(): number {
    return encodeCommit(this.#alive()).length;
  }

  /** Writes a new file from memory, syncs it, and puts it in the old one's place. */
  async #rewrite(): Promise<void> {
    const disk = this.#disk;
    const alive = this.#alive();
    const bytes = Buffer.concat([encodeHeader(), ...(alive.length > 0 ? [encodeCommit(alive)] : [])]);
    await disk.write(newName, bytes);
    await disk.sync(newName);
    await disk.rename(newName, logName);
    await disk.syncFolder();
    this.#bytes = bytes.length;
  }
}

/** Puts of the sale table, in the order in which they were written. */
export function saleRows(changes: readonly StoredChange[]): readonly (readonly [string, JsonValue])[] {
  return changes.flatMap((change) =>
    change.kind === "put" && change.table === "sale" ? [[change.key, change.value] as const] : [],
  );
}

function parseSecret(bytes: Uint8Array | undefined): JsonValue | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return z.json().parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

function diskMessage(error: unknown): string {
  return `the journal could not be written: ${error instanceof Error ? error.message : String(error)}`;
}

/** Reads a journal beside the daemon that has it open: no lock, nothing is changed. For `kvitt sales`. */
export async function readJournal(disk: Disk): Promise<{
  readonly settlements: ReadonlyMap<string, JsonValue>;
  readonly sales: ReadonlyMap<string, JsonValue>;
  readonly unsent: number;
}> {
  const settlements = new Map<string, JsonValue>();
  const sales = new Map<string, JsonValue>();
  const unsent = new Set<string>();
  for (const name of (await disk.list()).toSorted()) {
    const bytes = name === logName || monthPattern.test(name) ? await disk.read(name) : undefined;
    if (bytes === undefined) continue;
    for (const change of decodeFile(name, bytes).changes) {
      if (change.table === "unsent") {
        if (change.kind === "put") unsent.add(change.key);
        else unsent.delete(change.key);
      }
      const table = change.table === "sale" ? sales : change.table === "settlement" ? settlements : undefined;
      if (change.kind === "put") table?.set(change.key, change.value);
      else table?.delete(change.key);
    }
  }
  return { settlements, sales, unsent: unsent.size };
}
