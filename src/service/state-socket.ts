/** What the machine is doing, over HTTP on a Unix socket: for monitoring on the machine itself, and for the demo. Nothing can be changed here. */
import { chmod, rm } from "node:fs/promises";
import { createServer } from "node:http";

export interface StateSocket {
  close(): Promise<void>;
}

/** Kvitt's group may look. */
const mode = 0o660;

/** Any GET is answered with what `describe` says, as JSON. */
export async function startStateSocket(path: string, describe: () => unknown): Promise<StateSocket> {
  await rm(path, { force: true });
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    request.resume();
    const isAsked = request.method === "GET";
    response.writeHead(isAsked ? 200 : 405, { "content-type": "application/json" });
    response.end(JSON.stringify(isAsked ? describe() : { error: "only GET" }));
  });
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  await chmod(path, mode);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
