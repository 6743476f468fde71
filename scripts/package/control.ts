/** The package's control files (deb-control(5), deb-conffiles(5)) and its maintainer scripts, which are files with a few words to fill in. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatVersion } from "../../src/journal/record.ts";
import type { Architecture } from "./architecture.ts";
import { filesIn } from "./release.ts";

export interface ControlParts {
  readonly top: string;
  readonly root: string;
  readonly architecture: Architecture;
  readonly version: string;
  /** Packages that the binaries need. */
  readonly needs: readonly string[];
  readonly bytes: number;
}

/** What differs between packages. */
export interface ControlWords {
  /** Folder of the maintainer scripts, in the checkout. */
  readonly scripts: string;
  readonly names: readonly string[];
  /** The control file; `fields` are what all packages have. */
  readonly text: (fields: string) => string;
  /** Besides what the binaries need. */
  readonly depends?: readonly string[];
}

export const deviceControl: ControlWords = {
  scripts: "scripts/package/files",
  names: ["preinst", "postinst", "prerm", "postrm"],
  // libsystemd0: the daemon tells systemd that it is ready (koffi loads it by name).
  depends: ["libsystemd0"],
  text: (fields) => `Package: kvitt
${fields}
Recommends: bash-completion
Description: scan-to-pay for unattended machines
 Takes payments at a vending machine, a meter or a kiosk on a Raspberry Pi, with
 Vipps MobilePay: shows a code on an e-paper or HDMI panel, takes the payment,
 makes the machine deliver, captures what was delivered and releases the rest.
 .
 The package brings its own Node.js; nothing is compiled or fetched when it is
 installed.
`,
};

export function writeControl(
  words: ControlWords,
  { top, root, architecture, version, needs, bytes }: ControlParts,
): void {
  const folder = join(root, "DEBIAN");
  mkdirSync(folder, { recursive: true });
  // systemd: its sysusers and tmpfiles make user and folders.
  const depends = [...needs, ...(words.depends ?? []), "systemd (>= 252)"].join(", ");
  const control = words.text(`Version: ${version}
Architecture: ${architecture.debian}
Maintainer: kvitt maintainers <kvitt@localhost>
Section: electronics
Priority: optional
Depends: ${depends}
Installed-Size: ${Math.ceil(bytes / 1024)}`);
  const kept = filesIn(join(root, "etc")).map((path) => path.slice(root.length));
  const sums = filesIn(root)
    .filter((path) => !path.startsWith(`${root}/DEBIAN/`) && !path.startsWith(`${root}/etc/`))
    .map((path) => `${createHash("md5").update(readFileSync(path)).digest("hex")}  ${path.slice(root.length + 1)}`);
  writeFileSync(join(folder, "control"), control);
  if (kept.length > 0) writeFileSync(join(folder, "conffiles"), `${kept.join("\n")}\n`);
  writeFileSync(join(folder, "md5sums"), `${sums.join("\n")}\n`);
  for (const name of words.names) {
    const text = readFileSync(join(top, words.scripts, name), "utf8")
      .replaceAll("@VERSION@", version)
      .replaceAll("@JOURNAL_FORMAT@", String(formatVersion));
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
}
