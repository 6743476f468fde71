/**
 * Goal: a secret is read from a file that nobody else can read, and whatever else stands in the way is told. Method: real files with real modes,
 * through both readers.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  findSecretFile,
  findSecretFileSync,
  readSecretFile,
  SecretFileError,
} from "../../../src/service/secret-file.ts";

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-secret-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function withSecret<T>(
  text: string,
  mode: number,
  use: (path: string, folder: string) => Promise<T>,
): Promise<T> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, "key"), text, { mode });
    return use(join(folder, "key"), folder);
  });
}

type Reader = (path: string, env: Readonly<Record<string, string | undefined>>) => Promise<string | undefined>;
const readers: readonly (readonly [string, Reader])[] = [
  ["read while waiting", findSecretFile],
  ["read at once", async (path, env) => findSecretFileSync(path, env)],
];

async function failureOf(reader: Reader, path: string, env = {}): Promise<SecretFileError> {
  const failure: unknown = await reader(path, env).catch((error: unknown) => error);
  if (failure instanceof SecretFileError) return failure;
  throw new Error(`no SecretFileError but ${String(failure)}`);
}

describe.each(readers)("a secret's file, %s,", (_name, read) => {
  it.each([0o644, 0o640, 0o604, 0o660, 0o610])("of mode %o is refused without its content", (mode) =>
    withSecret("hunter2\n", mode, async (path) => {
      const failure = await failureOf(read, path);
      expect(failure.code).toBe("secret-shared");
      expect(failure.message).toContain(`run chmod 600`);
      expect(failure.message).not.toContain("hunter2");
    }),
  );

  it.each([0o600, 0o400])("of mode %o is read without its line's end", (mode) =>
    withSecret("hunter2\n", mode, async (path) => expect(await read(path, {})).toBe("hunter2")),
  );

  it("may have systemd's mask in the group's bits where systemd put it, and nowhere else", () =>
    withSecret("id", 0o440, async (path, folder) => {
      expect(await read(path, { CREDENTIALS_DIRECTORY: folder })).toBe("id");
      expect(await read(path, { CREDENTIALS_DIRECTORY: `${folder}/` })).toBe("id");
      expect((await failureOf(read, path, { CREDENTIALS_DIRECTORY: join(folder, "other") })).code).toBe(
        "secret-shared",
      );
    }));

  it("that the world can read is refused in systemd's folder too", () =>
    withSecret("id", 0o444, async (path, folder) => {
      expect((await failureOf(read, path, { CREDENTIALS_DIRECTORY: folder })).code).toBe("secret-shared");
    }));

  it("that is missing or empty is no secret", () =>
    withSecret("\n", 0o600, async (path, folder) => {
      expect(await read(path, {})).toBeUndefined();
      expect(await read(join(folder, "gone"), {})).toBeUndefined();
    }));

  it("that is a folder, a pipe, a file behind a file or a whole disk image is told, and nobody waits", () =>
    inFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await mkdir(at("folder"), { mode: 0o700 });
      await promisify(execFile)("mkfifo", ["-m", "600", at("pipe")]);
      await writeFile(at("file"), "x", { mode: 0o600 });
      await symlink("loop", at("loop"));
      await writeFile(at("large"), "x".repeat(70_000), { mode: 0o600 });
      for (const name of ["folder", "pipe", "file/key", "loop", "large"]) {
        const failure = await failureOf(read, at(name));
        expect([name, failure.code]).toEqual([name, "secret-unreadable"]);
        expect(failure.message).toContain(at(name));
      }
    }));
});

it("a file that somebody named has to be there and to hold something", () =>
  withSecret("", 0o600, async (path, folder) => {
    await expect(readSecretFile(path, {})).rejects.toMatchObject({ code: "secret-missing" });
    await expect(readSecretFile(join(folder, "gone"), {})).rejects.toMatchObject({ code: "secret-missing" });
  }));
