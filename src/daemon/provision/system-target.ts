/** The target that is this computer. `root` is "/" but in a test. */
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, open, readFile, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../../kit/error-text.ts";
import { groupId } from "../../service/accounts.ts";
import { placeFile } from "../../service/place-file.ts";
import type { Log } from "../../service/port.ts";
import { folderModes, type PlannedFile, type Provision } from "./plan.ts";
import type { Target } from "./provision.ts";

export interface SystemTargetParts {
  readonly root: string;
  readonly log: Log;
  /** Runs a program to its end. @throws what went wrong */
  readonly run: (command: string, args: readonly string[]) => Promise<void>;
}

const commandMs = 20_000;

export async function runCommand(command: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(command, [...args], { timeout: commandMs });
}

export function systemTarget({ root, log, run }: SystemTargetParts): Target {
  const at = (path: string): string => join(root, path);

  const isRoot = process.getuid?.() === 0;
  const ownerOf = async (group: PlannedFile["group"]): Promise<{ uid: number; gid: number } | undefined> => {
    if (!isRoot) return undefined;
    const gid = group === "kvitt" ? await groupId("kvitt") : 0;
    return gid === undefined ? undefined : { uid: 0, gid };
  };

  async function makeFolder(path: string): Promise<void> {
    await mkdir(dirname(at(path)), { recursive: true });
    const own = folderModes[path];
    if (own === undefined) {
      await mkdir(at(path), { recursive: true });
      return;
    }
    await makeFolder(dirname(path));
    await mkdir(at(path), { recursive: true, mode: own.mode });
    const owner = await ownerOf(own.group);
    if (owner !== undefined) await chown(at(path), owner.uid, owner.gid);
    await chmod(at(path), own.mode);
  }

  async function place({ path, text, mode, group }: PlannedFile): Promise<void> {
    await makeFolder(dirname(path));
    const owner = await ownerOf(group);
    // Without the group nobody but the owner needs it.
    const closed = group === "kvitt" && owner === undefined ? 0o600 : mode;
    await placeFile({ path: at(path), text, mode: closed, owner, mayReplace: true });
  }

  async function setTimeZone(zone: string): Promise<void> {
    const link = at("/etc/localtime");
    await mkdir(dirname(link), { recursive: true });
    const fresh = `${link}.new`;
    await rm(fresh, { force: true });
    await symlink(`/usr/share/zoneinfo/${zone}`, fresh);
    await rename(fresh, link);
    await syncFolder(dirname(link));
  }

  async function applyNow({ hostName, hasWifi }: Provision): Promise<void> {
    const commands: readonly (readonly [string, readonly string[]])[] = [
      ["hostname", [hostName]],
      ...(hasWifi ? [["rfkill", ["unblock", "wifi"]] as const] : []),
      ["nmcli", ["connection", "reload"]],
    ];
    for (const [command, args] of commands)
      await run(command, args).catch((error: unknown) =>
        log.warn({ command, reason: errorText(error) }, "it counts from the next start of the computer on"),
      );
  }

  return {
    read: (path) => readText(path),
    place,
    setTimeZone,
    applyNow,
    async rename(from, to) {
      await rename(from, to);
      await syncFolder(dirname(to));
    },
    wipe,
    async note(path, text) {
      const file = await open(path, "w");
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    },
    remove: (path) => rm(path, { force: true }),
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * FAT writes over the same clusters, and sync(2) brings that to the card. What the card's own controller does with the old cells nobody outside of it
 * knows: wear levelling may keep them until they are needed. The notes say so.
 */
async function wipe(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size, 0x20), 0, size, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await rm(path);
  await syncFolder(dirname(path));
}

async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
