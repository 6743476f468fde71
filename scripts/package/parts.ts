/** What a package's megabytes are, part by part. */
import { lstatSync } from "node:fs";
import { filesIn } from "./release.ts";

/** dpkg's own way of counting (deb-substvars(5), Installed-Size): whole KiB a file, one KiB a folder; folders are few and left out here. */
const unit = 1024;

export function mebibytes(bytes: number): string {
  return (bytes / unit / unit).toFixed(1);
}

/** Prints a line a part, largest first. @returns all bytes together */
export function listParts(root: string, release: string): number {
  const rules: readonly (readonly [string, RegExp])[] = [
    ["Node", /^bin\/node$/],
    ["Skia (@napi-rs/canvas)", /^node_modules\/@napi-rs\//],
    [
      "other native modules (koffi, node-hid, epoll)",
      /^node_modules\/(koffi|@koromix|node-hid|pkg-prebuilds|epoll|onoff|bindings)\//,
    ],
    ["other modules", /^node_modules\//],
    ["fonts", /^font\//],
    ["panels", /^hardware\//],
    ["bundle", /./],
  ];
  const sums = new Map<string, number>();
  for (const path of filesIn(root)) {
    if (path.startsWith(`${root}/DEBIAN/`)) continue;
    const inner = path.startsWith(`${release}/`) ? path.slice(release.length + 1) : undefined;
    const part =
      inner === undefined ? outside(path.slice(root.length)) : rules.find(([, rule]) => rule.test(inner))?.[0];
    const bytes = Math.ceil(lstatSync(path).size / unit) * unit;
    sums.set(part ?? "bundle", (sums.get(part ?? "bundle") ?? 0) + bytes);
  }
  const sorted = [...sums].toSorted(([, left], [, right]) => right - left);
  for (const [part, bytes] of sorted) console.log(`${mebibytes(bytes).padStart(7)} MiB  ${part}`);
  return sorted.reduce((sum, [, bytes]) => sum + bytes, 0);
}

function outside(path: string): string {
  if (path.startsWith("/usr/share/doc/")) return "documents, licences";
  return "launcher, units, rules, manual";
}
