/**
 * Goal: the transport ends what does not end, keeps connections, follows nothing, and hands over bytes as they came.
 * Method: real servers on loopback, written at the level of sockets where HTTP libraries are too polite.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSystemEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { createVippsClient } from "../../../src/vipps/client.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import { createHttpTransport } from "../../../src/vipps/http-transport.ts";
import { makeCertificates } from "../link/brokers.ts";
import { bodyBytesMax, type HttpRequest } from "../../../src/vipps/transport.ts";
import { patienceMs } from "../patience.ts";

const transport = createHttpTransport();

async function sockets(serve: (socket: Socket) => void): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

async function http(listener: RequestListener): Promise<{ readonly url: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createHttpServer(listener);
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    connections: () => connections,
  };
}

function get(url: string, signal: AbortSignal = AbortSignal.timeout(patienceMs)): HttpRequest {
  return { method: "GET", url, headers: { accept: "application/json" }, body: undefined, signal };
}

/** Answers as soon as a request has come in whole. */
function answering(bytes: string): (socket: Socket) => void {
  return (socket) => socket.once("data", () => socket.write(bytes));
}

describe("what does not end", () => {
  it("is cut: an endless body, at its bound", async () => {
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const url = await sockets((socket) =>
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        const more = (): void => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on("drain", more);
        more();
      }),
    );
    await expect(transport(get(url))).rejects.toMatchObject({ code: "body-too-large" });
  });

  it("is cut: a small body that becomes large when it is unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(bodyBytesMax * 4));
    expect(bomb.length).toBeLessThan(100_000);
    const { url } = await http((_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await expect(transport(get(url))).rejects.toMatchObject({ code: "body-too-large" });
  });

  it.each([
    ["no answer at all", ""],
    ["half a header", "HTTP/1.1 200 OK\r\ncontent-"],
    ["half a body", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"],
  ])("is cut by the signal: %s", async (_name, bytes) => {
    const url = await sockets(answering(bytes));
    const started = performance.now();
    await expect(transport(get(url, AbortSignal.timeout(150)))).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("is cut: a body that drips", async () => {
    const url = await sockets((socket) =>
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        const drip = setInterval(() => socket.write("x"), 20);
        socket.on("close", () => clearInterval(drip));
      }),
    );
    await expect(transport(get(url, AbortSignal.timeout(200)))).rejects.toThrow();
  });
});

describe("what breaks", () => {
  it.each<readonly [string, (socket: Socket) => void]>([
    ["before an answer", (socket) => socket.once("data", () => socket.destroy())],
    ["by a reset", (socket) => socket.once("data", () => socket.resetAndDestroy())],
    [
      "in the middle of the body",
      (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{")),
    ],
    ["by not being HTTP", answering("SSH-2.0-OpenSSH_9.2\r\n")],
  ])("%s is no answer", async (_name, serve) => {
    await expect(transport(get(await sockets(serve)))).rejects.toThrow();
  });

  it("becomes an error that says why, and has no key in it", async () => {
    const url = await sockets((socket) => socket.destroy());
    const client = createVippsClient({
      baseUrl: url,
      msn: "123456",
      credentials: credentials("id-hush", "secret-hush", "key-hush"),
      system: { name: "kvitt", version: "0.1.0", pluginName: "kvitt-test", pluginVersion: "0.1.0" },
      transport,
      clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
      entropy: createSystemEntropy(),
      log: createMemoryLog(),
    });
    const failed: unknown = await client.webhooks.list({ deadlineMs: 5_000 }).catch((error: unknown) => error);
    if (!(failed instanceof Error)) throw new Error("it worked");
    expect(failed.message).toMatch(/get access token: no answer; the connection failed \([A-Z_]+\)/);
    expect(`${failed.stack ?? ""}${String(failed.cause)}`).not.toContain("hush");
  });
});

describe("an answer", () => {
  it("comes over a connection that is kept: twenty calls, at most two connections", async () => {
    const { url, connections } = await http((_request, response) => response.end("{}"));
    for (let count = 0; count < 20; count += 1) await transport(get(url));
    // A second one is opened when the first has not quite let go of its last answer.
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it("comes to a POST although the kept connection was closed while the loop stood still", async () => {
    const closed = new Int32Array(new SharedArrayBuffer(4));
    const server = new Worker(
      `const { createServer } = require("node:http");
      const { parentPort, workerData: closed } = require("node:worker_threads");
      const server = createServer((incoming, response) => {
        // Kept after a GET alone, so that there is one connection that the POST could go into.
        if (incoming.method === "POST") return response.setHeader("connection", "close").end("here");
        response.end("here");
        response.once("close", () => setTimeout(() => incoming.socket.end(() => {
          Atomics.add(closed, 0, 1);
          Atomics.notify(closed, 0);
        }), 20));
      });
      server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
      { eval: true, workerData: closed },
    );
    onTestFinished(async () => void (await server.terminate()));
    const port = await new Promise((resolve) => server.once("message", resolve));
    const url = `http://127.0.0.1:${String(port)}`;
    for (let tries = 0; tries < 20; tries += 1) {
      expect((await transport(get(url))).status).toBe(200);
      // Nothing is read meanwhile: that the server has closed the connection is not known when the next request is made.
      expect(Atomics.wait(closed, 0, tries, patienceMs)).not.toBe("timed-out");
      expect((await transport({ ...get(url), method: "POST", body: new Uint8Array(2) })).status).toBe(200);
    }
  });

  it("is not followed when it is a redirect, and no key goes elsewhere", async () => {
    const seen: string[] = [];
    const elsewhere = await http((request, response) => {
      seen.push(request.url ?? "");
      response.end("{}");
    });
    const { url } = await http((_request, response) =>
      response.writeHead(307, { location: `${elsewhere.url}/stolen` }).end(),
    );
    const response = await transport({ ...get(url), headers: { authorization: "Bearer x" } });
    expect(response.status).toBe(307);
    expect(response.headers["location"]).toBe(`${elsewhere.url}/stolen`);
    expect(seen).toEqual([]);
  });

  it("and a request are bytes, unchanged", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { url } = await http((request, response) => {
      response.writeHead(200, { "X-Mixed-Case": "Yes" });
      request.pipe(response);
    });
    const response = await transport({ ...get(url), method: "POST", body: bytes });
    expect(response.body).toEqual(bytes);
    expect(response.headers["x-mixed-case"]).toBe("Yes");
  });

  it("tells the time of a server only where a certificate vouches for it", async () => {
    const { url } = await http((_request, response) => response.end("{}"));
    const heard: number[] = [];
    const response = await createHttpTransport((wallMs) => heard.push(wallMs))(get(url));
    expect(response.headers["date"]).toMatch(/GMT$/);
    expect(heard).toEqual([]);
  });

  it("over TLS is taken only from whom an authority vouches for, and tells that server's time", async () => {
    const certificates = makeCertificates();
    const date = "Mon, 23 Nov 2026 10:00:00 GMT";
    const server = createHttpsServer(
      { cert: readFileSync(certificates.cert), key: readFileSync(certificates.key) },
      (_request, response) => response.writeHead(200, { date }).end("{}"),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      rmSync(certificates.folder, { recursive: true, force: true });
    });
    const address = server.address();
    const url = `https://localhost:${typeof address === "object" ? address?.port : ""}/`;
    const caller = new URL("tls-caller.ts", import.meta.url).pathname;
    const call = async (authority: string): Promise<unknown> => {
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority };
      const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", caller, url], { env });
      return JSON.parse(stdout);
    };
    expect(await call(certificates.ca)).toEqual({ status: 200, heard: [Date.parse(date)] });
    expect(JSON.stringify(await call(certificates.otherCa))).toMatch(/certificate.*"heard":\[\]/);
  });

  it("an empty POST says so: content-length 0", async () => {
    const { url } = await http((request, response) => response.end(request.headers["content-length"]));
    const response = await transport({ ...get(url), method: "POST", body: new Uint8Array() });
    expect(new TextDecoder().decode(response.body)).toBe("0");
  });
});
