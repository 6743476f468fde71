/** The packages that tests install. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const exec = promisify(execFile);
const top = fileURLToPath(new URL("../../../", import.meta.url));
const makeTimeoutMs = 300_000;

/**
 * The amd64 package of this checkout under a version of the test's, compressed for speed. `.ci/run` makes them once, in the folder that KVITT_PACKAGES
 * names; a test alone makes its own.
 */
export async function makePackage(
  folder: string,
  version: string,
  what: "kvitt" | "kvitt-relay" = "kvitt",
): Promise<string> {
  const name = `${what}_${version}_amd64.deb`;
  const made = join(process.env["KVITT_PACKAGES"] ?? folder, name);
  if (existsSync(made)) return made;
  await mkdir(folder, { recursive: true });
  const args = [
    "--import",
    "tsx",
    join(top, "scripts/package.ts"),
    "amd64",
    "--fast",
    ...(what === "kvitt" ? [] : ["--relay"]),
  ];
  await exec(process.execPath, [...args, "--version", version, "--out", folder], { cwd: top, timeout: makeTimeoutMs });
  return join(folder, name);
}
