/** Goal: the demo's questions are answered, whatever the other side does with its connections. Method: a server that hangs up on whoever asks twice. */
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { readLedger } from "../../../src/demo/clients.ts";
import { listenOnPort } from "../../../src/service/listen.ts";

async function serve(answer: string): Promise<string> {
  const asked = new WeakSet();
  const server = createServer((request, response) => {
    // As a server whose time for a kept connection is over when the next question comes.
    if (asked.has(request.socket)) request.socket.destroy();
    else response.end(answer);
    asked.add(request.socket);
  });
  const port = await listenOnPort(server, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${port}`;
}

it("a connection that is closed just when the next question comes costs no answer", async () => {
  const url = await serve("[]");
  for (let count = 0; count < 5; count += 1) expect(await readLedger(url)).toEqual([]);
});

it("says where nobody answers", async () => {
  await expect(readLedger("http://127.0.0.1:9")).rejects.toThrow(
    /^POST \/simulator\/ledger at 127\.0\.0\.1:9 was not answered: .*ECONNREFUSED/,
  );
});
