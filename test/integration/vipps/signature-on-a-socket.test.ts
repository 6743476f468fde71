/**
 * Goal: every signature vector passes or fails as marked, from the bytes that arrive.
 * Method: the request is written to a socket byte by byte as the provider does, in one piece and in many, to a server that verifies what it read.
 */
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { verifyDelivery } from "../../../src/vipps/signature.ts";
import { type Vector, vectors } from "../../unit/vipps/vectors.ts";

async function rawBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

async function receiver(vector: Vector) {
  const server = createServer((request, response) => {
    void rawBody(request).then((body) => {
      const delivery = { headers: headersOf(request), rawBody: body };
      const verdict = verifyDelivery(delivery, new URL(vector.url), vector.secret);
      response.writeHead(verdict.kind === "genuine" ? 204 : 401).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, close: () => server.close() };
}

function bytesOf({ url, headers, body }: Vector): Buffer {
  const { pathname, search } = new URL(url);
  const payload = Buffer.from(body, "utf8");
  const lines = [
    `POST ${pathname}${search} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${payload.length}`,
    "connection: close",
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), payload]);
}

async function statusOf(port: number, pieces: readonly Buffer[]): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.setNoDelay(true);
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const chunks: Buffer[] = [];
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString("latin1"))?.[1]);
}

describe.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
  it.each([
    ["in one piece", (bytes: Buffer): readonly Buffer[] => [bytes]],
    [
      "in pieces of seven bytes",
      (bytes: Buffer): readonly Buffer[] =>
        Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7)),
    ],
  ])("%s", async (_how, cut) => {
    const { port, close } = await receiver(vector);
    try {
      expect(await statusOf(port, cut(bytesOf(vector)))).toBe(vector.isGenuine ? 204 : 401);
    } finally {
      close();
    }
  });
});
