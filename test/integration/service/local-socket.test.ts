/** Goal: a socket on this computer answers its group alone, never takes another daemon's place, and says what to mend. Method: real Unix sockets. */
import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { listenOnPort } from "../../../src/service/listen.ts";
import { type LocalAnswer, type LocalRequest, openLocalSocket } from "../../../src/service/local-socket.ts";

interface Told {
  readonly status: number;
  readonly body: string;
}

function call(socketPath: string, method: string, path = "/", body?: string): Promise<Told> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    })
      .on("error", reject)
      .end(body);
  });
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-socket-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function open(path: string, answer: (request: LocalRequest) => LocalAnswer): Promise<void> {
  const socket = await openLocalSocket(path, answer);
  onTestFinished(() => socket.close());
}

it("hands over method, path and body, and sends the answer as JSON; its group alone may ask", async () => {
  const path = join(await newFolder(), "a.sock");
  await open(path, (asked) => ({ status: 202, body: asked }));
  const told = await call(path, "POST", "/serviced?x=1", '{"line":"A1"}');
  expect(told.status).toBe(202);
  expect(JSON.parse(told.body)).toEqual({ method: "POST", path: "/serviced", body: { line: "A1" } });
  expect((await stat(path)).mode & 0o777).toBe(0o660);
});

it("answers what it cannot read, and what fails, without falling over", async () => {
  const path = join(await newFolder(), "a.sock");
  await open(path, () => {
    throw new Error("the machine is on fire");
  });
  expect((await call(path, "POST", "/", "{")).status).toBe(400);
  expect((await call(path, "POST", "/", `"${"x".repeat(70_000)}"`)).status).toBe(413);
  expect(await call(path, "GET")).toEqual({ status: 500, body: '{"error":"the machine is on fire"}' });
});

it("takes over what a crash left behind, and leaves nothing behind itself", async () => {
  const folder = await newFolder();
  const path = join(folder, "a.sock");
  // A socket whose process is gone: listened on under another name, so that closing does not remove it.
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(join(folder, "dead"), resolve));
  await rename(join(folder, "dead"), path);
  await new Promise((resolve) => dead.close(resolve));
  const socket = await openLocalSocket(path, () => ({ status: 200, body: "new" }));
  expect((await call(path, "GET")).body).toBe('"new"');
  await socket.close();
  await expect(stat(path)).rejects.toThrow("ENOENT");
});

it("never takes the place of one that lives, nor of a file that is no socket", async () => {
  const path = join(await newFolder(), "a.sock");
  await open(path, () => ({ status: 200, body: "first" }));
  await expect(openLocalSocket(path, () => ({ status: 200, body: "second" }))).rejects.toMatchObject({
    code: "in-use",
  });
  expect((await call(path, "GET")).body).toBe('"first"');
  await writeFile(`${path}.txt`, "somebody's file");
  await expect(openLocalSocket(`${path}.txt`, () => ({ status: 200, body: "" }))).rejects.toMatchObject({
    code: "not-a-socket",
  });
});

it.skipIf(process.getuid?.() === 0)("says that the folder may not be written", async () => {
  const folder = join(await newFolder(), "locked");
  await mkdir(folder);
  await chmod(folder, 0o500);
  await expect(openLocalSocket(join(folder, "a.sock"), () => ({ status: 200, body: "" }))).rejects.toMatchObject({
    code: "not-allowed",
  });
});

it("says that the folder is missing, which the system calls permission denied", async () => {
  const opening = openLocalSocket("/no/such/folder/a.sock", () => ({ status: 200, body: "" }));
  await expect(opening).rejects.toMatchObject({ code: "no-folder" });
  await expect(opening).rejects.toThrow("/no/such/folder/a.sock: there is no folder /no/such/folder");
});

it("says that the folder is a file, and that the path is too long for a socket", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, "file"), "");
  const inFile = openLocalSocket(join(folder, "file", "a.sock"), () => ({ status: 200, body: "" }));
  await expect(inFile).rejects.toMatchObject({ code: "no-folder" });
  const long = openLocalSocket(join(folder, "x".repeat(110)), () => ({ status: 200, body: "" }));
  await expect(long).rejects.toThrow("at most 103 bytes");
});

it("says which port is in use", async () => {
  const first = createServer();
  const port = await listenOnPort(first, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => void first.close());
  const second = listenOnPort(createServer(), { host: "127.0.0.1", port });
  await expect(second).rejects.toMatchObject({ code: "in-use" });
  await expect(second).rejects.toThrow(`port ${port} on 127.0.0.1 is in use`);
});
