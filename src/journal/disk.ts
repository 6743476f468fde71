/** What the journal needs of a disk: one folder of files, and the difference between written and synced. */
import { CodedError } from "../kit/coded-error.ts";

export interface Disk {
  list(): Promise<readonly string[]>;
  /** Undefined when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The same at once, for the rare look-up of an old sale. */
  readNow(name: string): Uint8Array | undefined;
  /** At the end of the file, which is made (mode 0600) when it is missing. Not durable before `sync`. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Replaces whatever was there. Not durable before `sync`. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** What was written to this file survives a power cut from now on (fsync(2)). */
  sync(name: string): Promise<void>;
  /** What was made, renamed or removed survives a power cut from now on (fsync(2) of the folder). */
  syncFolder(): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Rejects with JournalError `locked` when another process has the folder. The lock ends with the process, however it ends. */
  lock(): Promise<{ release(): Promise<void> }>;
}

export type JournalErrorCode =
  /** Another process has it open. */
  | "locked"
  /** Something else than a torn end was found: evidence is kept, a person has to look. */
  | "corrupt"
  /** Written by a newer version. */
  | "version"
  /** The disk is full, read-only or broken. */
  | "disk";

export class JournalError extends CodedError<JournalErrorCode> {}
