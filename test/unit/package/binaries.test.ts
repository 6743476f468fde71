/** Goal: a binary that Debian 12 cannot run never gets into a package. Method: readelf's words for good and bad ones. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { architectureOf, runtimeVersion } from "../../../scripts/package/architecture.ts";
import { isNewer, needsOf } from "../../../scripts/package/binaries.ts";

const of = { path: "/x.node", elfMachine: "AArch64" };
const text = (more = ""): string => `ELF Header:
  Machine:                           AArch64
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libudev.so.1]
  0x0010:   Name: GLIBC_2.17  Flags: none  Version: 4
  0x0020:   Name: GLIBCXX_3.4.21  Flags: none  Version: 5
${more}`;

describe("what a binary needs", () => {
  it("is told as Debian's packages", () => {
    expect(needsOf(text(), of)).toStrictEqual(["libc6 (>= 2.36)", "libudev1"]);
  });

  it.each([
    ["a newer glibc", "   Name: GLIBC_2.38  Flags: none", /GLIBC_2\.38; Debian 12 has GLIBC_2\.36/],
    ["a newer libstdc++", "   Name: GLIBCXX_3.4.31  Flags: none", /GLIBCXX_3\.4\.31/],
    ["a library that nobody knows", " (NEEDED)  Shared library: [libnew.so.9]", /libnew\.so\.9/],
  ])("%s is refused", (_what, more, message) => {
    expect(() => needsOf(text(more), of)).toThrow(message);
  });

  it("is refused for another machine", () => {
    expect(() => needsOf(text(), { ...of, elfMachine: "Advanced Micro Devices X86-64" })).toThrow(/made for AArch64/);
  });
});

it.each([
  ["2.36", "2.36", false],
  ["2.4", "2.36", false],
  ["2.37", "2.36", true],
  ["2.36.1", "2.36", true],
  ["3.4.30", "3.4.30", false],
])("%s newer than %s: %s", (version, than, newer) => {
  expect(isNewer(version, than)).toBe(newer);
});

it("packages get the Node that the tests run on", () => {
  const lock = readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8");
  expect(new RegExp(`"node_modules/node": \\{\\s*"version": "([^"]+)"`).exec(lock)?.[1]).toBe(runtimeVersion);
  for (const name of ["amd64", "arm64"]) expect(architectureOf(name).runtime.version).toBe(runtimeVersion);
});

it("an architecture that nobody packages is refused in words", () => {
  expect(() => architectureOf("armhf")).toThrow(/amd64\|arm64/);
});
