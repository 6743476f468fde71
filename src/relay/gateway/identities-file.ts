/**
 * The file of identities: read at the start, looked at every two seconds, and read again when it has changed. It holds no secret (public keys), but whoever
 * can write it can let machines in: it must be writable by its owner alone.
 */
import { open, stat } from "node:fs/promises";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Log, Timer } from "../../service/port.ts";
import { replaceFileSync } from "../../service/replace-file.ts";
import { RelayError } from "../relay-error.ts";
import { type IdentityFile, readIdentityFile } from "./identities.ts";

/** Within so much a revoked machine is out. */
const lookMs = 2_000;
const bytesMax = 32 * 1024 * 1024;
/** Write permission of group and others. */
const sharedWriteBits = 0o022;

/** The text; "" where there is no file. @throws RelayError */
export async function readIdentityText(path: string): Promise<{ readonly text: string; readonly mark: string }> {
  let isThere = false;
  try {
    await using file = await open(path, "r");
    isThere = true;
    const stats = await file.stat();
    if ((stats.mode & sharedWriteBits) !== 0)
      throw new RelayError(
        "gateway-identities",
        `others can write "${path}", and so let machines in: run chmod 644 on it`,
      );
    if (stats.size > bytesMax) throw new RelayError("gateway-identities", `"${path}" has more than ${bytesMax} bytes`);
    return { text: await file.readFile("utf8"), mark: `${stats.ino} ${stats.size} ${stats.mtimeMs}` };
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    if (!isThere && cause instanceof Error && "code" in cause && cause.code === "ENOENT")
      return { text: "", mark: "none" };
    throw new RelayError("gateway-identities", `"${path}" cannot be read: ${errorText(cause)}`, { cause });
  }
}

/** Adds lines, so that a power cut leaves the file with them or without. */
export async function addIdentityLines(path: string, lines: readonly string[]): Promise<void> {
  const { text } = await readIdentityText(path);
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  replaceFileSync(path, `${whole}${lines.join("\n")}\n`, { mode: 0o644 });
}

export class WatchedIdentityFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onRead: (file: IdentityFile) => void;
  #mark = "";
  #trouble = "";
  #timer: Timer | undefined;
  #stopped = false;

  constructor(
    path: string,
    parts: { readonly clock: Clock; readonly log: Log; readonly onRead: (file: IdentityFile) => void },
  ) {
    this.#path = path;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onRead = parts.onRead;
  }

  /** @throws RelayError when it cannot be read; an absent one is empty. */
  async start(): Promise<void> {
    await this.#read();
    this.#again();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #again(): void {
    if (!this.#stopped) this.#timer = this.#clock.startTimer("gateway identities", lookMs, () => void this.#look());
  }

  /** What cannot be read now leaves everything as it was, and is said once. */
  async #look(): Promise<void> {
    try {
      const found = await stat(this.#path).catch(() => undefined);
      const mark = found === undefined ? "none" : `${found.ino} ${found.size} ${found.mtimeMs}`;
      if (mark !== this.#mark || this.#trouble !== "") await this.#read();
      this.#trouble = "";
    } catch (error) {
      const reason = errorText(error);
      if (reason !== this.#trouble)
        this.#log.error({ reason }, "the file of identities cannot be read again: what was known goes on");
      this.#trouble = reason;
    }
    this.#again();
  }

  async #read(): Promise<void> {
    const { text, mark } = await readIdentityText(this.#path);
    const file = readIdentityFile(text);
    this.#mark = mark;
    this.#onRead(file);
    if (file.faults.length > 0)
      this.#log.error(
        { file: this.#path, faults: file.faults.slice(0, 10) },
        "lines of the file of identities do not count",
      );
    this.#log.info({ machines: file.machines.size }, "the identities of machines were read");
  }
}
