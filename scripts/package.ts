/**
 * `npm run package -- amd64|arm64 [--relay] [--out FOLDER] [--version X.Y.Z] [--fast]`: makes dist/kvitt_VERSION_ARCH.deb, the same bytes every time
 * (reproducible-builds.org/specs/source-date-epoch). docs/package.md says what is in it. Debian 12 or newer, with binutils and g++ (for arm64:
 * binutils-aarch64-linux-gnu and g++-aarch64-linux-gnu).
 *
 *   --relay          dist/kvitt-relay_VERSION_ARCH.deb instead: the relay, without anything of a machine
 *   --out FOLDER     where the package goes; default dist
 *   --version X.Y.Z  instead of package.json's, for tests of upgrades
 *   --key FILE       an Ed25519 public key (PEM): releases that it signed are taken by kvitt-update
 *   --fast           compresses little, for tests
 *   --tree FOLDER    keeps the unpacked release there (npm run release signs it)
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { architectureOf } from "./package/architecture.ts";
import { checkBinaries, glibcPromised } from "./package/binaries.ts";
import { deviceControl, writeControl } from "./package/control.ts";
import { mebibytes, listParts } from "./package/parts.ts";
import { buildRelayFiles, relayControl } from "./package/relay.ts";
import { buildRelease } from "./package/release.ts";
import { sourceDateEpoch } from "./package/source-date.ts";
import { buildSystemFiles } from "./package/system-files.ts";

const top = dirname(dirname(fileURLToPath(import.meta.url)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string" },
    version: { type: "string" },
    key: { type: "string" },
    fast: { type: "boolean" },
    tree: { type: "string" },
    relay: { type: "boolean" },
  },
});
const architecture = architectureOf(positionals[0]);
const isRelay = values.relay === true;
const installedBytesMax = (isRelay ? 115 : 150) * 1024 * 1024;

function versionOf(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
  const own = typeof parsed === "object" && parsed !== null && "version" in parsed ? parsed.version : undefined;
  const version = values.version ?? own;
  // The launcher orders slots by version, and knows only such ones.
  if (typeof version !== "string" || !/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`a version has three numbers, as 1.2.3, not ${String(version)}`);
  return version;
}

const version = versionOf();
const out = resolve(values.out ?? join(top, "dist"));
const work = mkdtempSync(join(tmpdir(), "kvitt-package-"));
const cache = join(top, "node_modules/.cache/kvitt-package");
const bundle = join(cache, `bundle-${process.pid}`);
try {
  const root = join(work, "root");
  const release = join(root, isRelay ? "usr/lib/kvitt-relay" : join("usr/lib/kvitt/releases", version));
  mkdirSync(release, { recursive: true });
  // Inside node_modules, so that the bundle finds its modules when it is asked for its help.
  mkdirSync(cache, { recursive: true });
  if (isRelay) await buildRelayFiles({ top, root, architecture, version, work, cache });
  else {
    execFileSync(process.execPath, ["--import", "tsx", join(top, "scripts/build.ts"), bundle], { cwd: top });
    buildRelease({ top, architecture, version, bundle, release, work, cache });
    await buildSystemFiles({ top, root, bundle, version, publicKey: values.key });
  }
  const needs = checkBinaries(root, architecture);
  const bytes = listParts(root, release);
  if (bytes > installedBytesMax)
    throw new Error(`${mebibytes(bytes)} MiB installed: at most ${mebibytes(installedBytesMax)} are promised`);
  writeControl(isRelay ? relayControl : deviceControl, { top, root, architecture, version, needs, bytes });
  if (values.tree !== undefined) {
    rmSync(values.tree, { recursive: true, force: true });
    cpSync(release, values.tree, { recursive: true });
  }
  mkdirSync(out, { recursive: true });
  const file = join(out, `${isRelay ? "kvitt-relay" : "kvitt"}_${version}_${architecture.debian}.deb`);
  // One thread: the blocks of several would depend on the computer. dpkg-deb sorts, and clamps every time to SOURCE_DATE_EPOCH.
  const squeeze = values.fast === true ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6", "--threads-max=1"];
  execFileSync("dpkg-deb", ["--root-owner-group", ...squeeze, "--build", root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: sourceDateEpoch(top) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const content = readFileSync(file);
  const sum = createHash("sha256").update(content).digest("hex");
  console.log(`every binary runs on glibc ${glibcPromised} (Debian 12) and newer`);
  console.log(`${file}: ${mebibytes(content.length)} MiB, ${mebibytes(bytes)} MiB installed, sha256 ${sum}`);
} finally {
  for (const folder of [work, bundle]) rmSync(folder, { recursive: true, force: true });
}
