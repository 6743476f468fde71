/**
 * The journal: a log of our own on a `Disk`. What is open lives in `journal.log` and in memory; ended sales are appended to a file a month;
 * secrets are files of their own.
 *
 * Crash positions, and what the next start does:
 * 1. while a line is appended: it is torn, dropped by its checksum, and nobody was told that it was there;
 * 2. between the month's file and `journal.log`: the sale is still open, is ended again, and its row is written again (the last one counts);
 * 3. between a secret's file and `journal.log`: the secret belongs to no settlement and is removed;
 * 4. while `journal.new` or `sales.new` is written: it is removed; before its rename is synced: either name has all of it;
 * 5. between a drop in `journal.log` and the removal of the secret's file: as 3.
 */
import { errorText } from "../kit/error-text.ts";
import { type Disk, JournalError } from "./disk.ts";
import type { CarriedChange, Journal, JournalChange, JournalTable, JsonValue } from "./port.ts";
import { decodeFile, encodeCommit, encodeHeader, formatToWrite, type StoredChange } from "./record.ts";
import { isMonthName, SaleMonths } from "./sale-months.ts";
import { isSecretName, SecretFiles } from "./secret-files.ts";

const logName = "journal.log";
const newName = "journal.new";
/** Rewritten when it is larger than this, and four times what is still alive in it. */
const rewriteBytesMin = 256 * 1024;
const rewriteFactor = 4;
/** Changes that may wait in memory for the next commit: a power cut makes no more than these be done again. */
const carriedMax = 256;

export interface JournalOptions {
  readonly disk: Disk;
  /** Which month's file a sale belongs to: wall time, in ms. */
  readonly wallMs: () => number;
  /** Whether that time can be believed; while it cannot, nothing is forgotten. Default: always. */
  readonly isPlausible?: () => boolean;
  /** How long ended sales are kept. */
  readonly retentionMs: number;
  /** The newest format that a release reads which may have to take over again. Default: nobody has to. */
  readonly readableFormat?: number | undefined;
}

interface Waiting {
  readonly changes: readonly JournalChange[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Tables = Map<Exclude<JournalTable, "sale">, Map<string, JsonValue>>;

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
    throw failure(error, "opened");
  }
}

class LogJournal implements Journal {
  readonly #disk: Disk;
  readonly #lock: { release(): Promise<void> };
  readonly #tables: Tables = new Map();
  readonly #secrets: SecretFiles;
  readonly #months: SaleMonths;
  readonly #format: number;
  readonly #waiting: Waiting[] = [];
  /** In memory already; the next write takes it along. */
  #carried: readonly CarriedChange[] = [];
  #bytes = 0;
  /** Of the newest commit in the log. */
  #number = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;
  /** A write failed, so nobody knows what stands at the end of the file; or it has grown: a new one is written from memory. */
  #needsRewrite = false;

  constructor(options: JournalOptions, lock: { release(): Promise<void> }) {
    this.#disk = options.disk;
    this.#lock = lock;
    this.#secrets = new SecretFiles(options.disk);
    this.#format = formatToWrite(options.readableFormat);
    this.#months = new SaleMonths({ isPlausible: () => true, ...options, format: this.#format });
  }

  /** Reads everything before it changes anything: a damaged journal is left as it was found. */
  async open(): Promise<void> {
    const disk = this.#disk;
    const names = await disk.list();
    const bytes = await disk.read(logName);
    const hasSales = names.some((name) => isMonthName(name) || isSecretName(name));
    if (bytes === undefined && hasSales)
      throw new JournalError(
        "corrupt",
        `${logName} is gone, but sales are there: a person has to look, docs/journal.md says how`,
      );
    const decoded = bytes === undefined ? undefined : decodeFile(logName, bytes);
    // Every file that we make has a commit behind its header, if only an empty one: this one has lost what it had.
    if (decoded?.commits === 0 && hasSales)
      throw new JournalError(
        "corrupt",
        `${logName} holds nothing but its header, but sales are there: a person has to look, docs/journal.md says how`,
      );
    const seenBySales = await this.#months.open(names);
    // A log that was cut between two lines looks whole by itself; the lines of a month's file know how many commits there were.
    if (decoded?.number !== undefined && seenBySales !== undefined && decoded.number < seenBySales)
      throw new JournalError(
        "corrupt",
        `${logName} ends with commit ${decoded.number}, and there were ${seenBySales} when the newest sale ended: a person has to look, docs/journal.md says how`,
      );
    this.#number = Math.max(decoded?.number ?? 0, seenBySales ?? 0);
    this.#apply(decoded?.changes ?? []);
    this.#bytes = decoded?.goodBytes ?? 0;
    // Cutting off a torn end in place could itself be torn; a new file cannot.
    if (decoded === undefined || decoded.isTorn) await this.#rewrite();
    else if (names.includes(newName)) await disk.remove(newName);
    await this.#secrets.open(names, (key) => this.#table("settlement").has(key));
    await this.#months.tidy(names);
  }

  commit(changes: readonly JournalChange[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new JournalError("disk", "the journal is closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async carry(changes: readonly CarriedChange[]): Promise<void> {
    // Never past what is being written or waits for it: the order of the changes is the same in memory and on the disk.
    if (this.#isClosed || this.#writing !== undefined) return this.commit(changes);
    if (this.#carried.length + changes.length > carriedMax) return this.commit(changes);
    this.#carried = [...this.#carried, ...changes];
    this.#apply(changes);
  }

  get(table: JournalTable, key: string): JsonValue | undefined {
    return table === "sale" ? this.#months.get(key) : this.#table(table).get(key);
  }

  secret(key: string): JsonValue | undefined {
    return this.#secrets.get(key);
  }

  entries(table: JournalTable): Iterable<readonly [string, JsonValue]> {
    return [...(table === "sale" ? this.#months.entries() : this.#table(table))];
  }

  async close(): Promise<void> {
    // Where the disk does not take it, the next start finds it out.
    if (!this.#isClosed && this.#carried.length > 0) await this.commit([]).catch(() => {});
    this.#isClosed = true;
    await this.#writing;
    await this.#lock.release();
  }

  #table(table: Exclude<JournalTable, "sale">): Map<string, JsonValue> {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const made = new Map<string, JsonValue>();
    this.#tables.set(table, made);
    return made;
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One writer: everything that waits goes into one write and one sync (group commit). Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#writeBatch(batch.flatMap(({ changes }) => changes));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#needsRewrite = true;
        // Nothing of a commit that was refused may be found by the next start. Where the disk does not allow that now, the next commit does it first.
        await this.#tidy().catch(() => {});
        for (const { reject } of batch) reject(failure(error, "written"));
      }
    }
    // In the same turn in which nothing waited: a commit that comes now begins anew.
    this.#writing = undefined;
  }

  async #writeBatch(changes: readonly JournalChange[]): Promise<void> {
    await this.#tidy();
    await this.#secrets.write(changes);
    const stored = changes.filter(
      (change): change is StoredChange => change.kind === "put" || change.kind === "delete",
    );
    const sales = stored.filter((change) => change.table === "sale");
    const open = [...this.#carried, ...stored.filter((change) => change.table !== "sale")];
    if (sales.length > 0) await this.#months.append(sales, this.#number);
    if (open.length > 0) {
      const bytes = encodeCommit(open, this.#number + 1);
      await this.#disk.append(logName, bytes);
      await this.#disk.sync(logName);
      this.#bytes += bytes.length;
      this.#number += 1;
    }
    this.#apply(open);
    this.#carried = [];
    this.#secrets.apply(changes);
    this.#needsRewrite = this.#bytes > rewriteBytesMin && this.#bytes > rewriteFactor * this.#aliveBytes();
    // The commit is on the disk: what fails from here on is tried again before the next one.
    await this.#tidy().catch(() => {});
  }

  /** What earlier commits left to be done: files of secrets, and a log that has grown or that nobody knows the end of. */
  async #tidy(): Promise<void> {
    await this.#secrets.tidy();
    if (!this.#needsRewrite) return;
    await this.#rewrite();
    this.#needsRewrite = false;
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
    // An empty commit, too: by it a new journal can be told from one that was cut down to its header.
    const bytes = Buffer.concat([encodeHeader(this.#format), encodeCommit(alive, this.#number)]);
    await disk.write(newName, bytes);
    await disk.sync(newName);
    await disk.rename(newName, logName);
    await disk.syncFolder();
    this.#bytes = bytes.length;
    // It was in memory, and so it is in the new file.
    this.#carried = [];
  }
}

function failure(error: unknown, what: string): JournalError {
  if (error instanceof JournalError) return error;
  const why = errorText(error);
  return new JournalError("disk", `the journal could not be ${what}: ${why}`, { cause: error });
}

/** Reads a journal beside the daemon that has it open: no lock, nothing is changed. For `kvitt sales`. */
export async function readJournal(disk: Disk): Promise<{
  readonly settlements: ReadonlyMap<string, JsonValue>;
  readonly sales: ReadonlyMap<string, JsonValue>;
  readonly unsent: number;
}> {
  const rows = { settlement: new Map<string, JsonValue>(), unsent: new Map<string, JsonValue>() };
  const sales = new Map<string, JsonValue>();
  // The log first: a sale that ends meanwhile is then seen twice rather than never.
  for (const name of [logName, ...(await disk.list()).filter(isMonthName).toSorted()]) {
    const bytes = await disk.read(name);
    for (const change of bytes === undefined ? [] : decodeFile(name, bytes).changes) {
      const { table } = change;
      const into = table === "sale" ? sales : table === "settlement" || table === "unsent" ? rows[table] : undefined;
      if (change.kind === "put") into?.set(change.key, change.value);
      else into?.delete(change.key);
    }
  }
  return { settlements: rows.settlement, sales, unsent: rows.unsent.size };
}
