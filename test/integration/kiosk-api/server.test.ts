/** Who gets a place at the local API's port, and who is served: real sockets, an API that answers nothing but its state. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiServer, startApiServer } from "../../../src/machine/kiosk-api/server.ts";
import { listenOnPort } from "../../../src/service/listen.ts";
import { listenOnSocket } from "../../../src/service/socket-file.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { realClock } from "../link/real-parts.ts";

const token = "0123456789abcdef0123456789abcdef";
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(): Promise<ApiServer & { readonly port: number; readonly socketPath: string }> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-api-"));
  const socketPath = join(folder, "kiosk.sock");
  const server = await startApiServer({
    socketPath,
    port: 0,
    token,
    api: {
      handle: () => Promise.resolve({ kind: "problem", problem: { status: 503, code: "not-ready", detail: "a test" } }),
      watch: () => () => undefined,
    },
    listening: { onSocket: listenOnSocket, onPort: listenOnPort },
    clock: realClock,
    log: recordingLog(),
  });
  endings.push(
    () => rm(folder, { recursive: true, force: true }),
    () => server.close(),
  );
  return { ...server, port: server.port ?? 0, socketPath, close: () => server.close() };
}

function ask(where: object, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", path: "/v1/machine", agent: false, ...where, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the local API's port", () => {
  it.each([
    ["no origin", undefined, 503],
    ["its own origin", "own", 503],
    ["its own origin by name", "own name", 503],
    ["another origin", "https://evil.example", 403],
    ["another port of this machine", "http://127.0.0.1:1", 403],
    ["a page from a file", "null", 403],
    ["nothing", "", 403],
  ])("serves a right token with %s: %s gets %i", async (_what, origin, status) => {
    const { port } = await start();
    const own = { own: `http://127.0.0.1:${port}`, "own name": `http://localhost:${port}` };
    const sent = origin === "own" || origin === "own name" ? own[origin] : origin;
    const headers = { authorization: `Bearer ${token}`, ...(sent === undefined ? {} : { origin: sent }) };
    expect(await ask({ port }, headers)).toBe(status);
  });

  it.each(["port", "socket"] as const)(
    "has a place for the front end while 200 idle connections sit on its %s",
    async (door) => {
      const { port, socketPath } = await start();
      const where = door === "port" ? { port } : { socketPath };
      const idle: Socket[] = [];
      for (let index = 0; index < 200; index += 1) {
        const socket = door === "port" ? connect(port, "127.0.0.1") : connect(socketPath);
        socket.on("error", () => undefined);
        // Half a request is as idle as none.
        if (index % 2 === 0) socket.write("GET /v1/machine HTTP/1.1\r\nHost: ");
        idle.push(socket);
        await once(socket, "connect");
      }
      endings.push(async () => idle.forEach((socket) => socket.destroy()));
      const startMs = performance.now();
      expect(await ask(where, { authorization: `Bearer ${token}` })).toBe(503);
      expect(performance.now() - startMs).toBeLessThan(5_000);
    },
  );
});
