/**
 * Secrets of open settlements: a file each (`secret-REFERENCE`, mode 0600), so that dropping one is removing a file, and no log ever holds its bytes.
 * A secret's file is synced before the commit that needs it, and removed after the commit that drops it: what is left between the two belongs
 * to no settlement and is removed by the next start.
 */
import * as z from "zod";
import type { Disk } from "./disk.ts";
import type { JournalChange, JsonValue } from "./port.ts";

const prefix = "secret-";

export class SecretFiles {
  readonly #disk: Disk;
  readonly #values = new Map<string, JsonValue>();
  /** Whose files may not be what they should. */
  readonly #doubtful = new Set<string>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  get(key: string): JsonValue | undefined {
    return this.#values.get(key);
  }

  /** Reads those that somebody needs, removes the others. */
  async open(names: readonly string[], isNeeded: (key: string) => boolean): Promise<void> {
    for (const name of names.filter(isSecretName)) {
      const key = decodeURIComponent(name.slice(prefix.length));
      const value = isNeeded(key) ? parse(await this.#disk.read(name)) : undefined;
      if (value === undefined) await this.#disk.remove(name);
      else this.#values.set(key, value);
    }
  }

  /** Before the commit's other changes are written. Of several changes of one key in a commit the last one counts. */
  async write(changes: readonly JournalChange[]): Promise<void> {
    for (const [key, change] of lastOfEach(changes)) {
      if (change.kind !== "put-secret") continue;
      this.#doubtful.add(key);
      await this.#writeFile(key, change.value);
    }
  }

  /** After the commit's other changes are on the disk: from here on it is so, whatever becomes of the files. */
  apply(changes: readonly JournalChange[]): void {
    for (const [key, change] of lastOfEach(changes))
      if (change.kind === "put-secret") {
        this.#values.set(key, change.value);
        this.#doubtful.delete(key);
      } else if (this.#values.delete(key)) this.#doubtful.add(key);
  }

  /** Makes the files what they should be: removes those of dropped secrets, and takes back what a commit that was refused had written. */
  async tidy(): Promise<void> {
    for (const key of this.#doubtful) {
      const value = this.#values.get(key);
      if (value === undefined) await this.#disk.remove(fileOf(key));
      else await this.#writeFile(key, value);
      this.#doubtful.delete(key);
    }
  }

  async #writeFile(key: string, value: JsonValue): Promise<void> {
    await this.#disk.write(fileOf(key), Buffer.from(JSON.stringify(value), "utf8"));
    await this.#disk.sync(fileOf(key));
    await this.#disk.syncFolder();
  }
}

export function isSecretName(name: string): boolean {
  return name.startsWith(prefix);
}

function fileOf(key: string): string {
  return prefix + encodeURIComponent(key);
}

type SecretChange = Extract<JournalChange, { kind: "put-secret" | "drop-secret" }>;

function lastOfEach(changes: readonly JournalChange[]): ReadonlyMap<string, SecretChange> {
  const last = new Map<string, SecretChange>();
  for (const change of changes)
    if (change.kind === "put-secret" || change.kind === "drop-secret") last.set(change.key, change);
  return last;
}

/** Undefined for what a power cut left of a file that was being written: its commit never happened. */
function parse(bytes: Uint8Array | undefined): JsonValue | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return z.json().parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
