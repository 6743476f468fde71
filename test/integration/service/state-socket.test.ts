/** Goal: monitoring on the machine itself can look, its group alone, and change nothing. Method: a real Unix socket. */
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startStateSocket } from "../../../src/service/state-socket.ts";

function call(socketPath: string, method: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path: "/" }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end();
  });
}

it("answers GET with what is described now, over what a crash left behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-state-"));
  const path = join(folder, "state.sock");
  await writeFile(path, "left behind");
  let scene = "starting";
  const socket = await startStateSocket(path, () => ({ scene }));
  onTestFinished(async () => {
    await socket.close();
    await rm(folder, { recursive: true });
  });
  expect(await call(path, "GET")).toEqual({ status: 200, body: '{"scene":"starting"}' });
  scene = "idle";
  expect((await call(path, "GET")).body).toBe('{"scene":"idle"}');
  expect((await call(path, "POST")).status).toBe(405);
  expect((await stat(path)).mode & 0o777).toBe(0o660);
});
