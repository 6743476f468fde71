/**
 * One process a folder: a Unix socket named `lock`, in the folder itself. Only somebody who may write to the folder can make it or take it
 * away, so no other user can hold the lock first. The kernel stops the listening when the process ends, even by SIGKILL: a lock that nobody
 * answers on is stale, and no process id has to be judged.
 */
import { randomBytes } from "node:crypto";
import { link, open, readdir, rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { errorText } from "../kit/error-text.ts";
import { JournalError } from "./disk.ts";

export interface FolderLock {
  release(): Promise<void>;
}

const lockName = "lock";
/** Held while a stale lock is replaced, so that of two processes that find it only one does. */
const takeoverName = "lock.taking";
/** The lock may be let go while we look at it; more often than this it is a fault of ours. */
const looksMax = 5;
const answerWithinMs = 2_000;

/** @throws JournalError `locked` when another process has the folder, `disk` when that cannot be found out. */
export async function lockFolder(folder: string, platform: NodeJS.Platform = process.platform): Promise<FolderLock> {
  try {
    return await lockIn(folder, platform);
  } catch (error) {
    if (error instanceof JournalError) throw error;
    throw new JournalError("disk", `the journal in ${folder} cannot be locked: ${errorText(error)}`, { cause: error });
  }
}

async function lockIn(folder: string, platform: NodeJS.Platform): Promise<FolderLock> {
  const handle = await open(folder, "r");
  // A socket's path has at most 107 bytes (unix(7)); by its descriptor every folder has a short one.
  const place = platform === "linux" ? `/proc/self/fd/${handle.fd}` : folder;
  const own = join(place, `${lockName}.${randomBytes(8).toString("hex")}`);
  const server = createServer((socket) => socket.destroy());
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => void server.close(() => resolve()));
    await handle.close();
  };
  try {
    await listen(server, own);
    if (!(await takeLock(place, own)))
      throw new JournalError("locked", `another kvitt has the journal in ${folder} open: stop it first`);
    await sweep(place);
  } catch (error) {
    await rm(own, { force: true });
    await close();
    throw error;
  }
  return {
    async release() {
      await rm(join(place, lockName), { force: true });
      await close();
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      server.unref();
      resolve();
    });
  });
}

/** Gives our socket the lock's name; false when another process has it. */
async function takeLock(place: string, own: string): Promise<boolean> {
  for (let looks = 0; looks < looksMax; looks += 1) {
    if (await isLinked(own, join(place, lockName))) return true;
    const found = await look(join(place, lockName));
    if (found === "held") return false;
    if (found === "stale" && (await replaceStale(place, own))) return true;
  }
  return false;
}

/**
 * Under a second lock: a stale lock is only ever replaced by whoever has `lock.taking`, so between the last look and the rename nobody else
 * can have put a new one there.
 */
async function replaceStale(place: string, own: string): Promise<boolean> {
  const takeover = join(place, takeoverName);
  if (!(await isLinked(own, takeover))) {
    // Its process was killed in the very moment of taking over.
    if ((await look(takeover)) === "stale") await rm(takeover, { force: true });
    return false;
  }
  if ((await look(join(place, lockName))) === "stale") {
    await rename(takeover, join(place, lockName));
    return true;
  }
  await rm(takeover, { force: true });
  return false;
}

/** link(2) makes a name or fails because it is there: of several processes one makes it. */
async function isLinked(own: string, name: string): Promise<boolean> {
  try {
    await link(own, name);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** `stale`: it is there, and no process listens on it (unix(7), ECONNREFUSED). */
function look(path: string): Promise<"held" | "stale" | "gone"> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (found: "held" | "stale" | "gone"): void => {
      socket.destroy();
      resolve(found);
    };
    // Whoever listens and does not answer is alive all the same.
    socket.setTimeout(answerWithinMs, () => end("held"));
    socket.once("connect", () => end("held"));
    socket.once("error", (error) => {
      if (hasCode(error, "ENOENT")) end("gone");
      else end(hasCode(error, "ECONNREFUSED") ? "stale" : "held");
    });
  });
}

/** What starts that were killed left behind, and our own first name. Whoever is starting right now is too late anyway. */
async function sweep(place: string): Promise<void> {
  for (const name of await readdir(place))
    if (name.startsWith(`${lockName}.`)) await rm(join(place, name), { force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
