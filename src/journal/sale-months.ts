/**
 * Ended sales: a file a month (`sales-2026-11.log`), appended to and never rewritten but to mend a torn end, read only when somebody asks. So
 * opening is fast however many there are, and forgetting old ones is removing a file.
 */
import type { Disk } from "./disk.ts";
import type { JsonValue } from "./port.ts";
import { checkFile, decodeFile, encodeCommit, encodeHeader, findLast, type StoredChange } from "./record.ts";

const newMonthName = "sales.new";
const monthPattern = /^sales-\d{4}-\d{2}\.log$/;
const lastMonthMs = Date.UTC(9999, 11, 31);
/** The first sales of a machine that did not know the time yet: of any month, and so older than every other file. */
const unknownMonthName = "sales-0000-00.log";

export function isMonthName(name: string): boolean {
  return monthPattern.test(name);
}

function monthName(wallMs: number): string {
  return `sales-${new Date(Math.min(Math.max(0, wallMs), lastMonthMs)).toISOString().slice(0, 7)}.log`;
}

export interface SaleMonthsOptions {
  readonly disk: Disk;
  readonly wallMs: () => number;
  readonly isPlausible: () => boolean;
  readonly retentionMs: number;
  /** That new files are written in. */
  readonly format: number;
}

export class SaleMonths {
  readonly #options: SaleMonthsOptions;
  /** Oldest first. */
  #names: readonly string[] = [];
  /** Files whose end is known to be whole. */
  readonly #prepared = new Set<string>();
  /** A write or a sync failed: what the kernel still shows of the file may never reach the disk (fsync(2), "Linux" in its history of errors). */
  #isDoubtful = false;

  constructor(options: SaleMonthsOptions) {
    this.#options = options;
  }

  /**
   * Returns how many commits there were in `journal.log` when the newest sale ended, where that is known.
   * @throws JournalError `corrupt` when the newest file is damaged: better now than when the next sale ends.
   */
  async open(names: readonly string[]): Promise<number | undefined> {
    const { disk } = this.#options;
    this.#names = names.filter(isMonthName).toSorted();
    const newest = this.#names.at(-1);
    const bytes = newest === undefined ? undefined : await disk.read(newest);
    return newest === undefined || bytes === undefined ? undefined : checkFile(newest, bytes);
  }

  /** What is left of a mending that was cut, and months that are older than the retention. */
  async tidy(names: readonly string[]): Promise<void> {
    if (names.includes(newMonthName)) await this.#options.disk.remove(newMonthName);
    await this.#forgetOld();
  }

  /** @param number of the newest commit in `journal.log` */
  async append(rows: readonly StoredChange[], number: number): Promise<void> {
    const { disk } = this.#options;
    const name = this.#currentName();
    try {
      await this.#prepare(name);
      await disk.append(name, encodeCommit(rows, number));
      await disk.sync(name);
    } catch (error) {
      this.#prepared.clear();
      this.#isDoubtful = true;
      throw error;
    }
  }

  get(key: string): JsonValue | undefined {
    for (const name of this.#names.toReversed()) {
      const bytes = this.#options.disk.readNow(name);
      const found = bytes === undefined ? undefined : findLast(name, bytes, "sale", key);
      if (found !== undefined) return found.kind === "put" ? found.value : undefined;
    }
    return undefined;
  }

  /** Oldest first; a sale that was revised stands where it first ended, as it is now. */
  entries(): ReadonlyMap<string, JsonValue> {
    const rows = new Map<string, JsonValue>();
    for (const name of this.#names) {
      const bytes = this.#options.disk.readNow(name);
      for (const change of bytes === undefined ? [] : decodeFile(name, bytes).changes)
        if (change.kind === "put") rows.set(change.key, change.value);
        else rows.delete(change.key);
    }
    return rows;
  }

  /** Never an older file than the newest there is: of two rows of one sale, the later one is the one that counts, also when the clock jumped back. */
  #currentName(): string {
    const { wallMs, isPlausible } = this.#options;
    const newest = this.#names.at(-1) ?? unknownMonthName;
    const now = isPlausible() ? monthName(wallMs()) : newest;
    return now > newest ? now : newest;
  }

  /** Makes the month's file, or mends its end, once a run and after each failure. A new file takes the old one's place whole. */
  async #prepare(name: string): Promise<void> {
    if (this.#prepared.has(name)) return;
    const { disk, format } = this.#options;
    const bytes = await disk.read(name);
    const decoded = bytes === undefined ? undefined : decodeFile(name, bytes);
    if (bytes === undefined || decoded === undefined || decoded.isTorn || this.#isDoubtful) {
      await disk.write(newMonthName, bytes === undefined ? encodeHeader(format) : bytes.slice(0, decoded?.goodBytes));
      await disk.sync(newMonthName);
      await disk.rename(newMonthName, name);
      await disk.syncFolder();
    }
    this.#isDoubtful = false;
    this.#prepared.add(name);
    if (this.#names.includes(name)) return;
    this.#names = [...this.#names, name].toSorted();
    await this.#forgetOld();
  }

  /** A clock that is wrong must not throw accounts away. */
  async #forgetOld(): Promise<void> {
    const { disk, wallMs, isPlausible, retentionMs } = this.#options;
    if (!isPlausible()) return;
    const oldest = monthName(wallMs() - retentionMs);
    const [first, second] = this.#names;
    // What stands under no month was written before the next file began: only that file's month says how old it can be.
    const isUnknownKept = first === unknownMonthName && (second === undefined || second >= oldest);
    for (const name of this.#names.filter((one) => one < oldest && !(one === unknownMonthName && isUnknownKept))) {
      await disk.remove(name);
      // One after the other: a power cut must not bring back a sale without the refund that stood in a later month.
      await disk.syncFolder();
      this.#names = this.#names.filter((one) => one !== name);
    }
  }
}
