/** Listening on a port or in a folder, with errors that say what to mend. */
import { stat } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { CodedError } from "../kit/coded-error.ts";
import { errorText } from "../kit/error-text.ts";

/**
 * - `in-use`: another process has the port, or answers on the socket.
 * - `no-folder`: the socket's folder is missing, or is a file.
 * - `not-a-socket`: something else stands in the socket's place.
 * - `not-allowed`: this user may not listen there.
 * - `listen`: anything else.
 */
export class ListenError extends CodedError<"in-use" | "no-folder" | "not-a-socket" | "not-allowed" | "listen"> {}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Resolves when the server listens; rejects with the system's own error. */
export function listenOn(server: Server, where: { readonly path: string } | ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(error);
    server.once("error", failed);
    server.listen(where, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function portFault({ host, port }: ListenAddress, cause: unknown): ListenError {
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return new ListenError(
        "in-use",
        `port ${port} on ${host} is in use: end the process that has it, or name another port`,
        { cause },
      );
    case "EACCES":
      return new ListenError("not-allowed", `this user may not listen on port ${port} of ${host}: take one from 1024`, {
        cause,
      });
    case "EADDRNOTAVAIL":
      return new ListenError("listen", `this computer has no address ${host} to listen on`, { cause });
    default:
      return new ListenError("listen", `cannot listen on ${host}:${port}: ${errorText(cause)}`, { cause });
  }
}

/** Resolves to the port that is listened on. @throws ListenError */
export async function listenOnPort(server: Server, address: ListenAddress): Promise<number> {
  try {
    await listenOn(server, address);
  } catch (cause) {
    throw portFault(address, cause);
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : address.port;
}

/** sun_path of unix(7) has 108 bytes, one of which ends it; the socket is made beside its place, under a name that is longer by ".new". */
const pathBytesMax = 103;

/** What is wrong with a socket's path. Node says EACCES where the folder is missing (libuv, uv_pipe_bind), which misleads. */
export async function socketFault(path: string, cause: unknown): Promise<ListenError> {
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || !found.isDirectory())
    return new ListenError(
      "no-folder",
      `cannot listen on ${path}: ${found === undefined ? "there is no folder" : "it is not a folder:"} ${folder}`,
      { cause },
    );
  if (Buffer.byteLength(path) > pathBytesMax)
    return new ListenError("listen", `cannot listen on ${path}: a socket's path has at most ${pathBytesMax} bytes`, {
      cause,
    });
  if (codeOf(cause) === "EACCES" || codeOf(cause) === "EPERM")
    return new ListenError("not-allowed", `cannot listen on ${path}: this user may not write to ${folder}`, { cause });
  return new ListenError("listen", `cannot listen on ${path}: ${errorText(cause)}`, { cause });
}
