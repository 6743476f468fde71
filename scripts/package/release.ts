/**
 * One release as it runs on the device: the pinned Node, the bundle, and the modules that cannot be bundled, of one architecture. A package holds one in
 * /usr/lib/kvitt/releases/VERSION; a slot of an update (docs/update.md) is the same folder.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatVersion } from "../../src/journal/record.ts";
import type { Architecture } from "./architecture.ts";
import { closure, fetchPackage, pinnedIn, readLock } from "./npm-packages.ts";

export interface ReleaseParts {
  readonly top: string;
  readonly architecture: Architecture;
  readonly version: string;
  /** What scripts/build.ts made. */
  readonly bundle: string;
  /** Filled here. */
  readonly release: string;
  /** For what is only needed on the way. */
  readonly work: string;
  /** Where downloads are kept between runs. */
  readonly cache: string;
}

/** What the bundle loads from node_modules on a device (scripts/build.ts, external). The demo and its broker stay in the checkout. */
const loaded = ["@napi-rs/canvas", "koffi", "node-hid", "onoff", "pino"];
/** Needed to compile modules, not to run them. */
const onlyToBuild = new Set(["nan", "node-addon-api"]);
/** What programs read when they run, and licences. */
const used = /\.([cm]?js|node)$|\/package\.json$|\/licen[cs]e[^/]*$/i;
/** Folders of sources, examples and other platforms' binaries, and files of the module's own development. */
const unused =
  /(^|\/)(tests?|test\.js|bench(marks?)?|benchmark\.js|examples?|integration-test|docs?|vendor|hidapi|native|scripts|types|build|prebuilds|\.[^/]+|musl_[^/]+|eslint\.config\.[cm]?js|cnoke\.cjs)(\/|$)/;

/** Copies a module, as far as it is used. */
export function copyModule(from: string, to: string): void {
  for (const path of filesIn(from)) {
    const inner = path.slice(from.length);
    if (!used.test(inner) || unused.test(inner)) continue;
    mkdirSync(dirname(join(to, inner)), { recursive: true });
    cpSync(path, join(to, inner), { dereference: true });
  }
}

export function buildRelease(parts: ReleaseParts): void {
  const { top, architecture, version, bundle, release, work, cache } = parts;
  const lock = readLock(top);
  const runtime = fetchPackage(cache, work, architecture.runtime);
  mkdirSync(join(release, "bin"), { recursive: true });
  cpSync(join(runtime, "bin/node"), join(release, "bin/node"));
  copyBundle(bundle, release);
  writePackageFile(release, version);

  const modules = join(release, "node_modules");
  for (const name of closure(lock, loaded)) {
    if (onlyToBuild.has(name)) continue;
    copyModule(join(top, "node_modules", name), join(modules, name));
  }
  for (const name of [`@napi-rs/canvas-linux-${architecture.node}-gnu`, `@koromix/koffi-linux-${architecture.node}`])
    copyModule(fetchPackage(cache, work, pinnedIn(lock, name)), join(modules, name));
  copyHidBinaries(top, modules, architecture);
  compileEpoll(parts, runtime, modules);
  for (const path of filesIn(release)) {
    if (path.endsWith(".node") || path === join(release, "bin/node")) strip(architecture, path);
    // Plain modes, whatever the umask of the checkout was.
    chmodSync(path, path === join(release, "bin/node") ? 0o755 : 0o644);
  }
  // The last file of a release that takes its place, in a package and in a slot: what has it is whole. Sorted after all others.
  const names = readdirSync(release);
  const late = names.find((name) => name > "release.json");
  if (late !== undefined) throw new Error(`${late} sorts after release.json: dpkg would put it in place after it`);
  writeFileSync(
    join(release, "release.json"),
    `${JSON.stringify({ version, architecture: architecture.debian, journalFormat: formatVersion })}\n`,
  );
}

function copyBundle(bundle: string, release: string): void {
  cpSync(bundle, release, {
    recursive: true,
    // Half of the bundle's bytes, and Node reads them only when it is asked to (--enable-source-maps).
    filter: (path) => !path.endsWith(".map"),
  });
  rmSync(join(release, "package.json"));
}

/** Module type and version are all that is read of it on a device. */
function writePackageFile(release: string, version: string): void {
  const text = JSON.stringify({ name: "kvitt", version, license: "MIT", type: "module" });
  writeFileSync(join(release, "package.json"), `${text}\n`);
}

/** hidraw for what is watched, libusb for `exclusive = true`. */
function copyHidBinaries(top: string, modules: string, { node }: Architecture): void {
  for (const driver of ["HID", "HID_hidraw"]) {
    const path = `node-hid/prebuilds/${driver}-linux-${node}`;
    cpSync(join(top, "node_modules", path), join(modules, path), { recursive: true });
  }
}

/** `epoll` (under onoff) has one source file and no prebuilt binary. Its own flags (binding.gyp), the runtime's headers. */
function compileEpoll({ top, architecture }: ReleaseParts, runtime: string, modules: string): void {
  const source = join(top, "node_modules/epoll");
  const object = join(modules, "epoll/build/Release/epoll.node");
  mkdirSync(dirname(object), { recursive: true });
  const flags =
    "-std=gnu++20 -O2 -fPIC -shared -fno-exceptions -fno-rtti -Wno-deprecated-declarations -Wno-cast-function-type -Wl,--build-id=none".split(
      " ",
    );
  const defines = ["-DNODE_GYP_MODULE_NAME=epoll", "-DBUILDING_NODE_EXTENSION", "-DV8_DEPRECATION_WARNINGS"];
  const includes = [join(runtime, "include/node"), join(top, "node_modules/nan")].map((path) => `-I${path}`);
  execFileSync(architecture.compiler, [...flags, ...defines, ...includes, join(source, "src/epoll.cc"), "-o", object], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

export function strip({ strip: tool }: Architecture, path: string): void {
  execFileSync(tool, ["--strip-unneeded", path], { stdio: ["ignore", "ignore", "inherit"] });
}

export function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
