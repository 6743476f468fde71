/**
 * Secrets of open settlements: a file each (`secret-REFERENCE`, mode 0600), so that dropping one is removing a file, and no log ever holds its bytes.
 * A secret's file is synced before the commit that needs it, and removed after the commit that drops it: what is left between the two belongs
 * to no settlement and is removed by the next start.
 */
import { z } from "zod";
import type { Disk } from "./disk.ts";
import type { JournalChange, JsonValue } from "./port.ts";

const prefix = "secret-";

export class SecretFiles {
  readonly #disk: Disk;
  readonly #values = new Map<string, JsonValue>();

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
  async put(changes: readonly JournalChange[]): Promise<void> {
    for (const [key, change] of lastOfEach(changes)) {
      if (change.kind !== "put-secret") continue;
      await this.#disk.write(fileOf(key), Buffer.from(JSON.stringify(change.value), "utf8"));
      await this.#disk.sync(fileOf(key));
      await this.#disk.syncFolder();
      this.#values.set(key, change.value);
    }
  }

  /** After the commit's other changes are on the disk. */
  async drop(changes: readonly JournalChange[]): Promise<void> {
    for (const [key, change] of lastOfEach(changes)) {
      if (change.kind !== "drop-secret" || !this.#values.has(key)) continue;
      await this.#disk.remove(fileOf(key));
      this.#values.delete(key);
    }
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
