/** Goal: a package has every module that the device loads, at the pinned bytes. Method: small lock files, and downloads of a test in the cache. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { closure, fetchPackage, pinnedIn, readLock } from "../../../scripts/package/npm-packages.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kvitt-npm-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("everything that a module needs comes with it, and nothing else", () => {
  const packages = {
    "": { version: "1.0.0" },
    "node_modules/onoff": { version: "1.0.0", dependencies: { epoll: "^1" } },
    "node_modules/epoll": { version: "1.0.0", dependencies: { bindings: "^1" } },
    "node_modules/bindings": { version: "1.0.0" },
    "node_modules/vitest": { version: "1.0.0", dev: true },
    "node_modules/vitest/node_modules/epoll": { version: "0.1.0" },
  };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages }));
  const lock = readLock(folder);
  expect(closure(lock, ["onoff"])).toStrictEqual(["bindings", "epoll", "onoff"]);
  expect(lock.get("epoll")?.version).toBe("1.0.0");
  expect(() => closure(lock, ["koffi"])).toThrow(/koffi is not in package-lock\.json/);
  expect(() => pinnedIn(lock, "onoff")).toThrow(/does not pin onoff/);
});

it("a package whose bytes are not the pinned ones is not unpacked", () => {
  const cache = join(folder, "cache");
  execFileSync("sh", [
    "-c",
    `mkdir -p ${cache} ${folder}/package && echo '{"name":"x"}' > ${folder}/package/package.json`,
  ]);
  const file = join(cache, "scope-x-1.0.0.tgz");
  execFileSync("tar", ["-czf", file, "-C", folder, "package"]);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  const pinned = { name: "@scope/x", version: "1.0.0", integrity };
  const unpacked = fetchPackage(cache, folder, pinned);
  expect(readFileSync(join(unpacked, "package.json"), "utf8")).toContain('"x"');
  expect(() => fetchPackage(cache, folder, { ...pinned, integrity: "sha512-AAAA" })).toThrow(
    /is not @scope\/x 1\.0\.0/,
  );
});
