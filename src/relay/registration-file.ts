/**
 * The registrations and their secrets, which the provider reveals only once. Readable by the relay's user alone. A new version is written
 * beside the old one and renamed over it, so that a power cut leaves one or the other. Relays may share it: one writes, the others read.
 */
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { replaceFileSync } from "../service/replace-file.ts";
import { findSecretFileSync, SecretFileError } from "../service/secret-file.ts";
import { RelayError } from "./relay-error.ts";

export interface KnownRegistration {
  /** The provider's id; arrives as `Webhook-Id` with every delivery. */
  readonly id: string;
  readonly msn: string;
  /** As registered: the signature covers this url, whatever a proxy does to the request. */
  readonly url: string;
  readonly events: readonly string[];
  readonly secret: string;
}

export interface RegistrationStore {
  all(): readonly KnownRegistration[];
  /** Reads again what another relay may have written. */
  refresh(): void;
  /** @throws RelayError when it cannot be kept. */
  replace(registrations: readonly KnownRegistration[]): void;
}

const fileSchema = z.object({
  version: z.literal(1),
  registrations: z
    .array(
      z.object({
        id: z.string().min(1).max(128),
        msn: z.string().min(1).max(16),
        url: z.url(),
        events: z.array(z.string().max(128)).max(64),
        secret: z.string().min(1).max(512),
      }),
    )
    .max(256),
});

/**
 * For a relay that registers: its file can be written when the time comes, which may be long after the start.
 * @throws RelayError when the folder is missing or may not be written
 */
export function checkRegistrationFolder(path: string): void {
  const folder = dirname(path);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new RelayError(
      "relay-registration-file",
      isMissing
        ? `the secrets of the registrations cannot be kept in "${path}": there is no folder ${folder}`
        : `the secrets of the registrations cannot be kept in "${path}": this user may not write to ${folder}`,
      { cause },
    );
  }
}

/** @throws RelayError when there is a file that cannot be used; an absent one is empty. */
export function openRegistrationFile(path: string): RegistrationStore {
  return new RegistrationFile(path);
}

class RegistrationFile implements RegistrationStore {
  readonly #path: string;
  #registrations: readonly KnownRegistration[];

  constructor(path: string) {
    this.#path = path;
    this.#registrations = read(path);
  }

  all(): readonly KnownRegistration[] {
    return this.#registrations;
  }

  refresh(): void {
    this.#registrations = read(this.#path);
  }

  replace(registrations: readonly KnownRegistration[]): void {
    write(this.#path, registrations);
    this.#registrations = [...registrations];
  }
}

function read(path: string): readonly KnownRegistration[] {
  const text = readText(path);
  if (text === undefined) return [];
  const parsed = fileSchema.safeParse(parse(text));
  if (parsed.success) return parsed.data.registrations;
  throw new RelayError(
    "relay-registration-file",
    `"${path}" is not a file of registrations; move it away and start again: the relay then registers anew`,
  );
}

/** The secrets let anybody forge check-ins: others must not read them. */
function readText(path: string): string | undefined {
  try {
    return findSecretFileSync(path, {});
  } catch (cause) {
    if (!(cause instanceof SecretFileError)) throw cause;
    throw new RelayError("relay-registration-file", cause.message, { cause });
  }
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function write(path: string, registrations: readonly KnownRegistration[]): void {
  try {
    replaceFileSync(path, `${JSON.stringify({ version: 1, registrations }, undefined, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "failed";
    throw new RelayError(
      "relay-registration-file",
      `"${path}" cannot be written (${code}); the folder has to exist and belong to the relay's user`,
      { cause },
    );
  }
}
