/** `kvitt doctor --fix`: what is safe to mend without asking, which is modes of secrets and folders that are missing. Nothing is deleted, moved or written. */
import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../../config/schema.ts";
import { errorText } from "../../kit/error-text.ts";

/** What is at a path. */
export interface PathFact {
  readonly path: string;
  readonly kind: "folder" | "file" | "missing";
  /** Permission bits. */
  readonly mode: number;
}

interface WantedPath {
  readonly path: string;
  readonly kind: "folder" | "file";
  /** Bits that nobody else may have. */
  readonly forbidden: number;
  readonly mode: number;
  /** Whether it is made when it is missing; only folders are. */
  readonly isMade: boolean;
  /** Whose it is when it is made. */
  readonly isDaemons: boolean;
}

export interface Fix {
  readonly path: string;
  readonly act: "make" | "close";
  readonly mode: number;
  readonly isDaemons: boolean;
}

const othersBits = 0o077;
/** A TLS key may be for kvitt's group to read. */
const worldBits = 0o007;
const secretNames = [
  "vipps-client-id",
  "vipps-client-secret",
  "vipps-subscription-key",
  "gateway-identity",
  "mqtt-password",
  "command-key",
];

/** The paths that doctor answers for. */
export function wantedPaths({ vipps, mqtt, journal, delivery }: Config): readonly WantedPath[] {
  const folder = vipps.credentials_dir;
  const token = delivery.driver === "kiosk" ? delivery.token_file : undefined;
  const closed = { kind: "folder", forbidden: othersBits, mode: 0o700, isMade: true } as const;
  const file = (path: string, forbidden: number): WantedPath => ({
    path,
    kind: "file",
    forbidden,
    mode: 0o600,
    isMade: false,
    isDaemons: false,
  });
  const secrets = [
    ...(folder === undefined ? [] : secretNames.map((name) => join(folder, name))),
    ...[mqtt.password_file, mqtt.command_key_file, token].filter((one) => one !== undefined),
  ];
  return [
    ...(folder === undefined ? [] : [{ ...closed, path: folder, isDaemons: false }]),
    { ...closed, path: journal.directory, isDaemons: true },
    ...secrets.map((path) => file(path, othersBits)),
    ...(mqtt.key_file === undefined ? [] : [file(mqtt.key_file, worldBits)]),
  ];
}

/** What is to be mended. Pure. A thing of another kind than expected is left to a person. */
export function fixesFor(wanted: readonly WantedPath[], facts: readonly PathFact[]): readonly Fix[] {
  return wanted.flatMap(({ path, kind, forbidden, mode, isMade, isDaemons }): readonly Fix[] => {
    const fact = facts.find((one) => one.path === path);
    if (fact === undefined || fact.kind === "missing") return isMade ? [{ path, act: "make", mode, isDaemons }] : [];
    if (fact.kind !== kind || (fact.mode & forbidden) === 0) return [];
    return [{ path, act: "close", mode: fact.mode & ~forbidden, isDaemons }];
  });
}

export async function pathFact(path: string): Promise<PathFact> {
  try {
    const found = await stat(path);
    return { path, kind: found.isDirectory() ? "folder" : "file", mode: found.mode & 0o777 };
  } catch {
    // Missing, or not to be seen by this user: then there is nothing that this user could mend.
    return { path, kind: "missing", mode: 0 };
  }
}

/** @param owner of what the daemon has to write; undefined leaves whoever runs this @returns a sentence of what was done, or why not */
export async function applyFix(
  { path, act, mode, isDaemons }: Fix,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<string> {
  const octal = mode.toString(8).padStart(4, "0");
  try {
    if (act === "close") {
      await chmod(path, mode);
      return `${path}: mode ${octal} now`;
    }
    await mkdir(dirname(path), { recursive: true });
    await mkdir(path, { mode });
    if (isDaemons && owner !== undefined) await chown(path, owner.uid, owner.gid);
    return `${path}: made, mode ${octal}`;
  } catch (error) {
    return `${path}: not mended: ${errorText(error)}`;
  }
}
