/** Goal: every key that can be used is used, and a file that is none is named. Method: real files in a folder of the test. */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readReleaseKeys } from "../../../src/update/keys.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-keys-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const maker = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 1_024 });

it("a file that is no key is named, and the key beside it is used", async () => {
  const files = new Map<string, string | Buffer>([
    ["a-empty.pem", ""],
    ["b-maker.pem", maker.publicKey.export({ type: "spki", format: "pem" })],
    ["c-rsa.pem", rsa.publicKey.export({ type: "spki", format: "pem" })],
    ["d-secret.pem", maker.privateKey.export({ type: "pkcs8", format: "pem" })],
    ["notes.txt", "not looked at"],
  ]);
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  await mkdir(join(folder, "e-folder.pem"));
  const { keys, faults } = await readReleaseKeys([join(folder, "missing"), folder]);
  expect(keys.map((key) => key.equals(maker.publicKey))).toStrictEqual([true]);
  const named = faults.map((fault) => fault.match(/([a-z-]+\.pem) is no key/)?.[1]);
  expect(named).toStrictEqual(["a-empty.pem", "c-rsa.pem", "d-secret.pem", "e-folder.pem"]);
  expect(faults.join("\n")).toMatch(/d-secret.*private key/);
});
