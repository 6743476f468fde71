/** Goal: a server of the relay's is bounded, and its end cuts nobody off who is being answered. Method: real sockets on the loopback, and a clock that the test moves. */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import {
  bodyBytesMax,
  type BoundedServer,
  createBoundedServer,
  type HttpAnswer,
  readBody,
} from "../../../src/relay/bounded-server.ts";
import { recordingLog, VirtualClock } from "../link/virtual-clock.ts";

const sockets: Socket[] = [];
let server: BoundedServer | undefined;
const clock = new VirtualClock();

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
});

function said(status: number, body: string): HttpAnswer {
  return { status, headers: {}, body };
}

async function begin(
  answer: Parameters<typeof createBoundedServer>[0]["answer"],
  log = recordingLog(),
): Promise<number> {
  const limits = { connectionsMax: 8, keepAliveMs: 65_000, requestsPerSocketMax: undefined };
  const fault = { logged: "no answer", answer: said(500, "fault") };
  server = createBoundedServer({ name: "test", limits, answer, fault, clock, log });
  return server.listen({ host: "127.0.0.1", port: 0 });
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

describe("a bounded server", () => {
  it("reads no more than it may, whatever length was said", async () => {
    const port = await begin(async (request) => said(200, String((await readBody(request))?.byteLength)));
    const post = async (body: string | ReadableStream): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body, duplex: "half" })).text();
    expect(await post("x".repeat(bodyBytesMax))).toBe(String(bodyBytesMax));
    expect(await post("x".repeat(bodyBytesMax + 1))).toBe("undefined");
    expect(await post(new Blob(["x".repeat(bodyBytesMax + 1)]).stream())).toBe("undefined");
  });

  it("answers and logs what fails, without saying why to strangers", async () => {
    const log = recordingLog();
    const port = await begin(() => Promise.reject(new Error("inner")), log);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect([answer.status, await answer.text()]).toEqual([500, "fault"]);
    expect(log.lines).toEqual([{ level: "error", fields: { reason: "inner" }, message: "no answer" }]);
  });

  it("answers where an answer cannot be written", async () => {
    const port = await begin(() => Promise.resolve({ status: 200, headers: { "x-odd": "a\u0000b" }, body: "" }));
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
  });

  it("ends when those under way are answered, and takes nobody new", async () => {
    let finish: ((answer: HttpAnswer) => void) | undefined;
    let arrived: (() => void) | undefined;
    const isHere = new Promise<void>((resolve) => (arrived = resolve));
    const port = await begin(() => {
      arrived?.();
      return new Promise((resolve) => (finish = resolve));
    });
    const answer = fetch(`http://127.0.0.1:${port}/`);
    await isHere;
    const closed = server?.close();
    await expect(dial(port)).rejects.toThrow("ECONNREFUSED");
    finish?.(said(200, "in time"));
    expect(await (await answer).text()).toBe("in time");
    await closed;
  });

  it("cuts off what is still there after its time", async () => {
    const port = await begin(async (request) => said(200, String(await readBody(request))));
    const socket = await dial(port);
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf");
    const gone = once(socket, "close");
    // Only a request that is known to the server keeps it from ending.
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("");
    const closed = server?.close();
    await clock.advance(5_000);
    await closed;
    await gone;
  });
});
