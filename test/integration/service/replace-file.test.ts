/** Goal: a file is replaced whole, with the rights that are asked for, and what a killed process left beside it goes. Method: a real folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { replaceFileSync } from "../../../src/service/replace-file.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "kvitt-replace-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

it("has the mode that is asked for, or the one that the file had", () => {
  const path = join(folder(), "secret");
  replaceFileSync(path, "one", { mode: 0o600 });
  expect([readFileSync(path, "utf8"), modeOf(path)]).toEqual(["one", 0o600]);
  chmodSync(path, 0o640);
  replaceFileSync(path, "two", { mode: 0o600, keepsOwner: true });
  expect([readFileSync(path, "utf8"), modeOf(path)]).toEqual(["two", 0o640]);
  replaceFileSync(path, "three", { mode: 0o600 });
  expect([readFileSync(path, "utf8"), modeOf(path)]).toEqual(["three", 0o600]);
});

it("removes what a process that was killed has left, and nothing of one that runs or of another file", async () => {
  const place = folder();
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  const running = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void running.kill());
  const names = [`secret.${gone.pid}.new`, `secret.${running.pid}.new`, `other.${gone.pid}.new`, "secret.old.new"];
  for (const name of names) writeFileSync(join(place, name), "half");
  replaceFileSync(join(place, "secret"), "whole", { mode: 0o600 });
  expect(readdirSync(place).toSorted()).toEqual(["secret", ...names.slice(1)].toSorted());
});

it("leaves the file as it was when the folder takes nothing, and says why", () => {
  expect(() => replaceFileSync(join(folder(), "no", "such"), "x", { mode: 0o600 })).toThrow(/ENOENT/);
});
