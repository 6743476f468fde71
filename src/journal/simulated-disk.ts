/**
 * The disk's twin: remembers what was written and what was synced. A power cut keeps a part of what was not synced, chosen by the
 * given entropy: dropped, torn in the middle, or, of several files, one and not the other.
 */
import type { Entropy } from "../service/port.ts";
import { type Disk, JournalError } from "./disk.ts";

interface File {
  /** What a reader sees now. */
  bytes: Uint8Array;
  /** What is sure to be there after a power cut. */
  durable: Uint8Array;
  /** From where to where a failed sync lost what was written: it is still seen, it never becomes durable, and later syncs succeed. */
  lost: readonly { readonly from: number; readonly to: number }[];
}

/** `io`: writes are taken and syncs fail, once each, as the kernel reports a card's write error (fsync(2), EIO). */
export type DiskFault = "full" | "read-only" | "io";

/** What a card writes whole or not at all. */
const sectorBytes = 512;

export class SimulatedDisk implements Disk {
  #files = new Map<string, File>();
  /** The folder as it is sure to be found: name → file. */
  #durableNames = new Map<string, File>();
  #locked = false;
  #generation = 0;
  #isOff = false;
  bytesWritten = 0;
  syncs = 0;
  fault: DiskFault | undefined;
  /** Called before every operation that changes something; throwing is a power cut at that very point. */
  beforeChange: ((what: string) => void) | undefined;

  #check(what: string, isChange: boolean): void {
    if (this.#isOff) throw new JournalError("disk", "the power is off");
    if (!isChange) return;
    this.beforeChange?.(what);
    if (this.fault === "full") throw new JournalError("disk", "ENOSPC: no space left");
    if (this.fault === "read-only") throw new JournalError("disk", "EROFS: read-only");
  }

  async list(): Promise<readonly string[]> {
    this.#check("list", false);
    return [...this.#files.keys()];
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.readNow(name);
  }

  readNow(name: string): Uint8Array | undefined {
    this.#check("read", false);
    return this.#files.get(name)?.bytes.slice();
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    this.#check(`append ${name}`, true);
    const file = this.#files.get(name) ?? emptyFile();
    file.bytes = joined(file.bytes, bytes);
    this.bytesWritten += bytes.length;
    this.#files.set(name, file);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#check(`write ${name}`, true);
    const file = this.#files.get(name) ?? emptyFile();
    file.bytes = bytes.slice();
    file.lost = [];
    this.bytesWritten += bytes.length;
    this.#files.set(name, file);
  }

  async sync(name: string): Promise<void> {
    this.#check(`sync ${name}`, true);
    const file = this.#files.get(name);
    if (file === undefined) throw new JournalError("disk", `there is no ${name} to sync`);
    if (this.fault === "io") {
      const from = startsWith(file.bytes, file.durable) ? file.durable.length : 0;
      file.lost = [...file.lost, { from, to: file.bytes.length }];
      throw new JournalError("disk", "EIO: the card did not take it");
    }
    file.durable = withHoles(file.bytes, file.lost);
    this.syncs += 1;
  }

  async syncFolder(): Promise<void> {
    this.#check("sync folder", true);
    this.#durableNames = new Map(this.#files);
    this.syncs += 1;
  }

  async rename(from: string, to: string): Promise<void> {
    this.#check(`rename ${from} ${to}`, true);
    const file = this.#files.get(from);
    if (file === undefined) throw new JournalError("disk", `there is no ${from} to rename`);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  async remove(name: string): Promise<void> {
    this.#check(`remove ${name}`, true);
    this.#files.delete(name);
  }

  async lock(): Promise<{ release(): Promise<void> }> {
    if (this.#locked) throw new JournalError("locked", "another process has it open");
    this.#locked = true;
    const generation = this.#generation;
    return {
      release: async () => {
        if (generation === this.#generation) this.#locked = false;
      },
    };
  }

  /** From now on every call fails, as for a process that is gone. */
  cutPower(): void {
    this.#isOff = true;
  }

  /** What a new process finds after a power cut. */
  restorePower(entropy: Entropy): void {
    const found = new Map<string, File>();
    const names = new Set([...this.#files.keys(), ...this.#durableNames.keys()]);
    for (const name of names) {
      const now = this.#files.get(name);
      const before = this.#durableNames.get(name);
      // A folder entry that was not synced may be there or not; whichever it is, its file holds what its own sync promised.
      const kept = now === before || entropy.fraction() < 0.5 ? now : before;
      if (kept !== undefined) found.set(name, afterCut(kept, entropy));
    }
    this.#files = found;
    this.#durableNames = new Map(found);
    this.#locked = false;
    this.#generation += 1;
    this.#isOff = false;
  }

  /** Everything that stands in any file, for tests that look for secrets. */
  everything(): string {
    return [...this.#files.values()].map(({ bytes }) => new TextDecoder().decode(bytes)).join("\n");
  }

  /** Whether this text is sure to be there after a power cut. */
  holds(text: string): boolean {
    const wanted = Buffer.from(text);
    return [...this.#durableNames.values()].some(({ durable }) => Buffer.from(durable).includes(wanted));
  }

  /** Damages one byte, as a worn card does. */
  corrupt(name: string, offset: number): void {
    const file = this.#files.get(name);
    const byte = file?.bytes[offset];
    if (file === undefined || byte === undefined) throw new Error(`nothing at ${name} ${offset}`);
    file.bytes = file.bytes.slice();
    file.bytes[offset] = byte ^ 0xff;
    file.durable = file.bytes;
  }
}

function joined(start: Uint8Array, end: Uint8Array): Uint8Array {
  const whole = new Uint8Array(start.length + end.length);
  whole.set(start);
  whole.set(end, start.length);
  return whole;
}

function emptyFile(): File {
  return { bytes: new Uint8Array(), durable: new Uint8Array(), lost: [] };
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}

function withHoles(bytes: Uint8Array, holes: File["lost"]): Uint8Array {
  if (holes.length === 0) return bytes;
  const found = bytes.slice();
  for (const { from, to } of holes) found.fill(0, from, to);
  return found;
}

/** Of appended bytes any number may have arrived; a replaced file is the old one, the new one, or empty. */
function afterCut(file: File, entropy: Entropy): File {
  if (file.bytes === file.durable) return file;
  const choice = entropy.fraction();
  let bytes = file.durable;
  if (startsWith(file.bytes, file.durable)) {
    const extra = file.bytes.length - file.durable.length;
    bytes = withHoles(file.bytes, file.lost).slice(0, file.durable.length + Math.floor(choice * (extra + 1)));
    // The length arrived, the content did not, or only some sectors of it: zeros, as file systems with delayed allocation leave them.
    if (entropy.fraction() < 0.2 && bytes.length > file.durable.length) bytes.fill(0, file.durable.length);
    else if (entropy.fraction() < 0.3) loseSectors(bytes, file.durable.length, entropy);
  } else if (choice < 0.4) bytes = withHoles(file.bytes, file.lost);
  else if (choice < 0.6) bytes = new Uint8Array();
  return { bytes, durable: bytes, lost: [] };
}

function loseSectors(bytes: Uint8Array, from: number, entropy: Entropy): void {
  for (let start = from; start < bytes.length; start = (Math.floor(start / sectorBytes) + 1) * sectorBytes) {
    const end = Math.min(bytes.length, (Math.floor(start / sectorBytes) + 1) * sectorBytes);
    if (entropy.fraction() < 0.5) bytes.fill(0, start, end);
  }
}
