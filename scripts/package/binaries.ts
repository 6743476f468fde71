/**
 * Which binaries a package has, and what they ask of the system that they run on: the newest symbol versions of the C and C++ libraries, and the
 * libraries themselves, from which the package's dependencies follow. Read with binutils' readelf, which knows every architecture.
 */
import { execFileSync } from "node:child_process";
import { readSync, openSync, closeSync } from "node:fs";
import type { Architecture } from "./architecture.ts";
import { filesIn } from "./release.ts";

/** Debian 12 (bookworm) and so Raspberry Pi OS of 2023: glibc 2.36, and libstdc++ of GCC 12 (gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html). */
export const glibcPromised = "2.36";
const promised: Readonly<Record<string, string>> = {
  GLIBC: glibcPromised,
  GLIBCXX: "3.4.30",
  CXXABI: "1.3.13",
  GCC: "12.0.0",
};

/** Which Debian package has a library. What is not named here is not promised to be there. */
const packageOf: Readonly<Record<string, string>> = {
  "libc.so.6": `libc6 (>= ${glibcPromised})`,
  "libm.so.6": `libc6 (>= ${glibcPromised})`,
  "libdl.so.2": `libc6 (>= ${glibcPromised})`,
  "libpthread.so.0": `libc6 (>= ${glibcPromised})`,
  "librt.so.1": `libc6 (>= ${glibcPromised})`,
  "ld-linux-x86-64.so.2": `libc6 (>= ${glibcPromised})`,
  "ld-linux-aarch64.so.1": `libc6 (>= ${glibcPromised})`,
  "libstdc++.so.6": "libstdc++6 (>= 12)",
  "libgcc_s.so.1": "libgcc-s1",
  "libatomic.so.1": "libatomic1",
  "libusb-1.0.so.0": "libusb-1.0-0",
  "libudev.so.1": "libudev1",
};

/** @returns the packages that have to be there. @throws Error for a binary of another machine, one that is too new, or one with an unknown need */
export function checkBinaries(root: string, architecture: Architecture): readonly string[] {
  const needs = new Set<string>();
  for (const path of filesIn(root).filter(isElf)) {
    const text = execFileSync("readelf", ["--wide", "--file-header", "--dynamic", "--version-info", path], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    for (const need of needsOf(text, { path: path.slice(root.length), elfMachine: architecture.elfMachine }))
      needs.add(need);
  }
  return [...needs].toSorted();
}

/** @param text readelf's, of one binary */
export function needsOf(text: string, of: { readonly path: string; readonly elfMachine: string }): readonly string[] {
  const machine = /^\s*Machine:\s+(.*)$/m.exec(text)?.[1]?.trim();
  if (machine !== of.elfMachine)
    throw new Error(`${of.path} is made for ${machine ?? "nothing known"}, not ${of.elfMachine}`);
  for (const [, library = "", version = ""] of text.matchAll(/Name: (GLIBC|GLIBCXX|CXXABI|GCC)_([0-9.]+)/g))
    if (isNewer(version, promised[library] ?? "0"))
      throw new Error(
        `${of.path} needs ${library}_${version}; Debian 12 has ${library}_${promised[library] ?? "none"}`,
      );
  return [...text.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)].map(([, name = ""]) => {
    const found = packageOf[name];
    if (found === undefined) throw new Error(`${of.path} needs ${name}, and it is not known which package has it`);
    return found;
  });
}

/** Versions of numbers and dots. */
export function isNewer(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(".").map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function isElf(path: string): boolean {
  const magic = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    return readSync(file, magic, 0, 4, 0) === 4 && magic.equals(Buffer.from("\u007fELF", "latin1"));
  } finally {
    closeSync(file);
  }
}
