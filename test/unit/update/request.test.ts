/** Goal: an update is ordered by a small file that root can read without trusting who wrote it. Method: real files in a folder of the test. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { UpdateError } from "../../../src/update/manifest.ts";
import {
  forgetRequest,
  isRequested,
  readAnswer,
  readRequest,
  requestUpdate,
  wantedRelease,
  withdrawRequest,
  writeAnswer,
} from "../../../src/update/request.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-request-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("comes back as it was ordered, once, and leaves no other file", async () => {
  const request = { id: "a-1", wanted: { kind: "version", version: "1.2.3" } } as const;
  await requestUpdate(folder, request);
  expect(await readRequest(folder)).toStrictEqual(request);
  expect(await readdir(folder)).toStrictEqual(["request.json"]);
  await forgetRequest(folder);
  expect(await readRequest(folder)).toBeUndefined();
});

it("a second order waits for nobody and replaces none: the first keeps its answer", async () => {
  const first = { id: "a_1", wanted: { kind: "newest" } } as const;
  await requestUpdate(folder, first);
  await expect(requestUpdate(folder, { id: "b-2", wanted: { kind: "newest" } })).rejects.toThrow(UpdateError);
  expect(await readRequest(folder)).toStrictEqual(first);
  expect(await readdir(folder)).toStrictEqual(["request.json"]);
});

it("only whose order it is takes it back", async () => {
  await requestUpdate(folder, { id: "a-1", wanted: { kind: "newest" } });
  expect([await isRequested(folder, "a-1"), await isRequested(folder, "b-2")]).toStrictEqual([true, false]);
  await withdrawRequest(folder, "b-2");
  expect(await isRequested(folder, "a-1")).toBe(true);
  await withdrawRequest(folder, "a-1");
  expect(await isRequested(folder, "a-1")).toBe(false);
});

it.each<readonly [string, (path: string) => Promise<void>]>([
  ["a link to something that root can read", (path) => symlink("/etc/shadow", path)],
  ["a pipe that nobody writes", async (path) => void execFileSync("mkfifo", [path])],
  ["something large", (path) => writeFile(path, " ".repeat(5_000))],
  ["no JSON", (path) => writeFile(path, "update!")],
  [
    "an address that others can listen on",
    (path) => writeFile(path, JSON.stringify({ id: "a", wanted: { kind: "url", url: "http://updates.example/" } })),
  ],
  [
    "a file of this computer",
    (path) => writeFile(path, JSON.stringify({ id: "a", wanted: { kind: "url", url: "file:///etc/" } })),
  ],
])("%s is refused", async (_what, make) => {
  await make(join(folder, "request.json"));
  await expect(readRequest(folder)).rejects.toThrow(UpdateError);
});

it.each([
  [undefined, { kind: "newest" }],
  ["1.2.3", { kind: "version", version: "1.2.3" }],
  ["https://updates.example/kvitt/", { kind: "url", url: "https://updates.example/kvitt/" }],
  ["http://127.0.0.1:8000/", { kind: "url", url: "http://127.0.0.1:8000/" }],
  ["http://127.0.0.1.example/", undefined],
  ["1.2", undefined],
  ["newest please", undefined],
])("the word %s asks for %j", (text, wanted) => {
  expect(wantedRelease(text)).toStrictEqual(wanted);
});

it("an answer comes back whole", async () => {
  expect(await readAnswer(folder)).toBeUndefined();
  const answer = { id: "a-1", outcome: "refused", isRestarting: false, text: "not signed" } as const;
  await writeAnswer(folder, answer);
  expect(await readAnswer(folder)).toStrictEqual(answer);
});
