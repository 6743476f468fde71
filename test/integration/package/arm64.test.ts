/**
 * Goal: the package that was made here for arm64 runs there: its runtime, its program, and every native module. Method: the cross-built release under QEMU's
 * user emulation, with arm64 libraries of Debian's cross packages. Libraries that no cross package has (libusb) come from KVITT_ARM64_LIBRARIES.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCode } from "../../../src/demo/camera.ts";

const exec = promisify(execFile);
const top = fileURLToPath(new URL("../../../", import.meta.url));
const qemu = "/usr/bin/qemu-aarch64-static";
const libraries = "/usr/aarch64-linux-gnu";
const compiler = "/usr/bin/aarch64-linux-gnu-g++";
const extraLibraries = process.env["KVITT_ARM64_LIBRARIES"];
const canRun = [qemu, libraries, compiler].every((path) => existsSync(path));
const runTimeoutMs = 180_000;

describe.skipIf(!canRun)("the arm64 package (qemu-user-static, g++-aarch64-linux-gnu)", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-arm64-"));
    const args = ["--import", "tsx", join(top, "scripts/package.ts"), "arm64", "--fast", "--out", folder];
    await exec(process.execPath, [...args, "--tree", join(folder, "tree")], { cwd: top, timeout: 300_000 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(...args: readonly string[]): Promise<string> {
    const extra = extraLibraries === undefined ? [] : ["-E", `LD_LIBRARY_PATH=${extraLibraries}`];
    const node = join(folder, "tree/bin/node");
    const { stdout } = await exec(qemu, ["-L", libraries, ...extra, node, ...args], { timeout: runTimeoutMs });
    return stdout.trim();
  }

  it("its program runs, and draws a code that is read here", async () => {
    const program = join(folder, "tree/kvitt.js");
    expect(await run(program, "--version")).toMatch(/^\d+\.\d+\.\d+$/);
    const picture = join(folder, "pay.png");
    await run(program, "panel", "preview", "--panel", "waveshare-4.2-v2", "--scene", "pay", "--out", picture);
    expect(await readCode(await readFile(picture))).toMatch(/^https:/);
  });

  it("its native modules load and work", async () => {
    const at = (name: string): string => JSON.stringify(join(folder, "tree/node_modules", name));
    const script = `
      require(${at("onoff")});
      const { Epoll } = require(${at("epoll")});
      new Epoll(() => {}).close();
      console.log(require(${at("koffi")}).load("libc.so.6").func("int abs(int)")(-5));`;
    expect(await run("-e", script)).toBe("5");
  });

  it.skipIf(extraLibraries === undefined)("node-hid looks for devices (KVITT_ARM64_LIBRARIES)", async () => {
    const script = `console.log(Array.isArray(require(${JSON.stringify(join(folder, "tree/node_modules/node-hid"))}).devices()))`;
    expect(await run("-e", script)).toBe("true");
  });

  it("is a package for arm64 alone", () => {
    const name = execFileSync("sh", ["-c", `dpkg-deb --field ${folder}/*.deb Architecture`], { encoding: "utf8" });
    expect(name.trim()).toBe("arm64");
  });
});
