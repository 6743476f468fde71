/** Everything of a package that stands outside the release: launcher, units, rules, manual, documents, licences. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { writeHelpFiles } from "./help-files.ts";
import type { ManualWords } from "./help-pages.ts";
import { readLock } from "./npm-packages.ts";
import { filesIn } from "./release.ts";

export interface SystemFileParts {
  readonly top: string;
  readonly root: string;
  /** The built bundle, for its help. */
  readonly bundle: string;
  readonly version: string;
  /** A PEM file whose signatures the updater takes. */
  readonly publicKey: string | undefined;
}

/** Folder in the checkout, what of it, where it goes. */
const copies: readonly (readonly [from: string, pattern: RegExp, to: string])[] = [
  // The relay's unit is its own package's.
  ["systemd", /^(?!kvitt-relay\.).*\.(service|path|timer|socket|target)$/, "usr/lib/systemd/system"],
  ["systemd", /\.rules$/, "usr/lib/udev/rules.d"],
  // Read by systemd and journald themselves: from the next start of the computer on.
  ["systemd/drop-ins", /watchdog\.conf$/, "usr/lib/systemd/system.conf.d"],
  ["systemd/drop-ins", /journald\.conf$/, "usr/lib/systemd/journald.conf.d"],
  ["scripts/package/files", /^sysusers\.conf$/, "usr/lib/sysusers.d/kvitt.conf"],
  ["scripts/package/files", /^tmpfiles\.conf$/, "usr/lib/tmpfiles.d/kvitt.conf"],
  ["scripts/package/files", /^launcher\.conf$/, "etc/kvitt/launcher.conf"],
  ["scripts/package/files", /^launch$/, "usr/lib/kvitt/launch"],
  ["scripts/package/files", /^kvitt$/, "usr/bin/kvitt"],
];
const programs = ["usr/lib/kvitt/launch", "usr/bin/kvitt"];

const manual: ManualWords = {
  name: "kvitt",
  title: "scan-to-pay for unattended machines",
  description: `Takes payments at a vending machine, a meter or a kiosk: shows a code, takes the payment, makes the machine deliver, captures what was
delivered and releases the rest.`,
  service: { unit: "kvitt.service", command: "kvitt run" },
  files: [
    ["/etc/kvitt/kvitt.toml", "The machine's configuration."],
    ["/etc/kvitt/credentials/", "Keys and passwords, a file each."],
    ["/var/lib/kvitt/", "The journal: every sale, open and ended."],
    ["/usr/share/doc/kvitt/", "The documents, beginning with install.md."],
  ],
  moreStatus: '"kvitt run" has one more',
};

export async function buildSystemFiles(parts: SystemFileParts): Promise<void> {
  const { top, root, version } = parts;
  for (const [from, pattern, to] of copies)
    for (const name of namesIn(join(top, from)).filter((one) => pattern.test(one))) {
      const isFile = to.endsWith(".conf") || programs.includes(to);
      copyText(join(top, from, name), join(root, isFile ? to : join(to, name)));
    }
  for (const path of programs) chmodSync(join(root, path), 0o755);
  await bundleUpdater(parts);
  copyKeys(parts);

  await writeHelpFiles({ top, root, script: join(parts.bundle, "kvitt.js"), words: manual, version });

  const documents = join(root, "usr/share/doc/kvitt");
  for (const name of ["docs", "hardware"])
    cpSync(join(top, name), join(documents, name), {
      recursive: true,
      filter: (path) => !path.endsWith("hardware/panels"),
    });
  copyText(join(top, "README.md"), join(documents, "README.md"));
  write(join(documents, "copyright"), licences(top));
  for (const path of filesIn(root)) if (!isRelease(root, path) && !isProgram(root, path)) chmodSync(path, 0o644);
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);
const isRelease = (root: string, path: string): boolean => path.startsWith(join(root, "usr/lib/kvitt/releases/"));
const isProgram = (root: string, path: string): boolean => programs.some((one) => join(root, one) === path);

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function copyText(from: string, to: string): void {
  write(to, readFileSync(from));
}

/** Updater and gate: the package's own, so that no code of a slot runs as root or judges itself. */
async function bundleUpdater({ top, root }: SystemFileParts): Promise<void> {
  await build({
    entryPoints: { update: join(top, "src/update/main.ts"), gate: join(top, "src/update/gate-main.ts") },
    outdir: join(root, "usr/lib/kvitt"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    minifyWhitespace: true,
    logLevel: "warning",
  });
  // Beside them, so that Node takes them for modules without looking.
  write(join(root, "usr/lib/kvitt/package.json"), '{"type":"module"}\n');
}

/** The folder is there in any case: what else may sign stands in /etc/kvitt/update-keys. */
function copyKeys({ root, publicKey }: SystemFileParts): void {
  const folder = join(root, "usr/lib/kvitt/update-keys");
  mkdirSync(folder, { recursive: true });
  if (publicKey !== undefined) copyText(publicKey, join(folder, "release.pem"));
}

/** Our own licence, the runtime's with all that is in it, and that of every package that is shipped or bundled. */
export function licences(top: string): string {
  const runtime = join(top, "node_modules/node/node_modules");
  const parts = [`kvitt\n\n${readFileSync(join(top, "LICENSE"), "utf8")}`];
  for (const [name, { dev, license, version }] of readLock(top)) {
    const folder = join(top, "node_modules", name);
    if (dev === true || !existsSync(folder)) continue;
    const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(one));
    const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8");
    parts.push(`${name} ${version ?? ""} (${license ?? "see below"})\n\n${text}`);
  }
  const node = existsSync(runtime) ? readdirSync(runtime).find((name) => name.startsWith("node-linux-")) : undefined;
  if (node !== undefined) parts.push(`Node.js\n\n${readFileSync(join(runtime, node, "LICENSE"), "utf8")}`);
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}
