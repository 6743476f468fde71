/**
 * The Unix socket's file: put in place whole and with its mode, taken over from a daemon that crashed, never from one that lives, and removed
 * only while it is ours.
 */
import { chmod, lstat, rename, rm } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { ListenError, listenOn, socketFault } from "./listen.ts";
import type { SocketFile } from "./port.ts";

/** Owner and group: whoever may use it is put into kvitt's group. */
const socketMode = 0o660;
const connectWithinMs = 2_000;

type Found = "nothing" | "stale" | "answered" | "not-a-socket";

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Whether somebody listens there. A socket that nobody listens on refuses (unix(7), ECONNREFUSED): its process is gone. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (isAnswered: boolean): void => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.setTimeout(connectWithinMs, () => end(true));
    socket.once("connect", () => end(true));
    socket.once("error", (error) => end(!hasCode(error, "ECONNREFUSED") && !hasCode(error, "ENOENT")));
  });
}

async function look(path: string): Promise<Found> {
  try {
    const stat = await lstat(path);
    if (!stat.isSocket()) return "not-a-socket";
    return (await answers(path)) ? "answered" : "stale";
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "nothing";
    throw error;
  }
}

/**
 * Listens on `path`. The socket is made beside it and renamed, so that there is no moment in which it has another mode.
 * @throws ListenError
 */
export async function listenOnSocket(server: Server, path: string): Promise<SocketFile> {
  const fresh = `${path}.new`;
  try {
    const found = await look(path);
    if (found === "answered")
      throw new ListenError("in-use", `another process answers on ${path}: is a second kvitt running?`);
    if (found === "not-a-socket")
      throw new ListenError("not-a-socket", `${path} is there and is no socket: move it away, or name another socket`);
    await rm(fresh, { force: true });
    await listenOn(server, { path: fresh });
    await chmod(fresh, socketMode);
    const { ino, dev } = await lstat(fresh);
    await rename(fresh, path);
    return { remove: () => removeOurs(path, ino, dev) };
  } catch (error) {
    if (error instanceof ListenError) throw error;
    throw await socketFault(path, error);
  }
}

async function removeOurs(path: string, ino: number, dev: number): Promise<void> {
  try {
    const stat = await lstat(path);
    if (stat.ino === ino && stat.dev === dev) await rm(path, { force: true });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
