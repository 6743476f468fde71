/** The relay's package: its own Node, its bundle, its unit and user. No file of it is one of the device's package: a computer may have both. */
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildRelayBundle, relayModules } from "../build/relay.ts";
import type { Architecture } from "./architecture.ts";
import { writeHelpFiles } from "./help-files.ts";
import type { ManualWords } from "./help-pages.ts";
import { closure, fetchPackage, readLock } from "./npm-packages.ts";
import { copyModule, filesIn, strip } from "./release.ts";
import { licences } from "./system-files.ts";

export interface RelayPackageParts {
  readonly top: string;
  /** Filled here. */
  readonly root: string;
  readonly architecture: Architecture;
  readonly version: string;
  /** For what is only needed on the way. */
  readonly work: string;
  /** Where downloads are kept between runs. */
  readonly cache: string;
}

const home = "usr/lib/kvitt-relay";
const documents = "usr/share/doc/kvitt-relay";
const programs = ["usr/bin/kvitt-relay", `${home}/bin/node`];
/** File in the checkout, where it goes. */
const copies: readonly (readonly [from: string, to: string])[] = [
  ["systemd/kvitt-relay.service", "usr/lib/systemd/system/kvitt-relay.service"],
  ["scripts/package/relay-files/kvitt-relay", "usr/bin/kvitt-relay"],
  ["scripts/package/relay-files/sysusers.conf", "usr/lib/sysusers.d/kvitt-relay.conf"],
  ["scripts/package/relay-files/tmpfiles.conf", "usr/lib/tmpfiles.d/kvitt-relay.conf"],
  ["scripts/package/relay-files/relay.toml", `${documents}/relay.toml`],
  ["scripts/package/fleet", `${documents}/fleet`],
  ["scripts/package/container", `${documents}/container`],
  ...["fleet", "gateway", "link", "metrics", "relay", "security"].map(
    (page) => [`docs/${page}.md`, `${documents}/${page}.md`] as const,
  ),
];

export const relayManual: ManualWords = {
  name: "kvitt-relay",
  title: "the cloud side of scan-to-pay machines",
  description: `Takes the webhooks of Vipps MobilePay and hands them to the machines over MQTT, lets machines pay that hold no key of the sales unit, and writes
the rights of all of them at the broker.`,
  service: { unit: "kvitt-relay.service", command: "kvitt-relay relay" },
  files: [
    ["/etc/kvitt-relay/relay.toml", "The relay's configuration."],
    ["/etc/kvitt-relay/credentials/", "Keys and passwords, a file of mode 0600 each."],
    ["/var/lib/kvitt-relay/", "The webhooks' secrets, and the machines' public keys."],
    ["/usr/share/doc/kvitt-relay/", "The documents, beginning with fleet.md, and an example of relay.toml."],
  ],
};

export async function buildRelayFiles({ top, root, architecture, version, work, cache }: RelayPackageParts) {
  const at = join(root, home);
  await buildRelayBundle(top, at);
  writeFileSync(
    join(at, "package.json"),
    `${JSON.stringify({ name: "kvitt-relay", version, license: "MIT", type: "module" })}\n`,
  );
  const node = join(root, `${home}/bin/node`);
  mkdirSync(dirname(node), { recursive: true });
  cpSync(join(fetchPackage(cache, work, architecture.runtime), "bin/node"), node);
  strip(architecture, node);
  for (const name of closure(readLock(top), relayModules))
    copyModule(join(top, "node_modules", name), join(at, "node_modules", name));
  for (const [from, to] of copies) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(join(top, from), join(root, to), { recursive: true });
  }
  await writeHelpFiles({ top, root, script: join(at, "kvitt-relay.js"), words: relayManual, version });
  writeFileSync(join(root, documents, "copyright"), licences(top));
  // Plain modes, whatever the umask of the checkout was.
  for (const path of filesIn(root)) chmodSync(path, 0o644);
  for (const path of programs) chmodSync(join(root, path), 0o755);
}

/** What dpkg reads of it (deb-control(5)); its maintainer scripts are in relay-files. */
export const relayControl = {
  scripts: "scripts/package/relay-files",
  names: ["postinst", "prerm", "postrm"],
  text: (fields: string): string => `Package: kvitt-relay
${fields}
Recommends: bash-completion
Description: the cloud side of scan-to-pay machines
 Takes the webhooks of Vipps MobilePay and hands them to the machines over MQTT;
 lets machines pay that hold no key of the sales unit; writes the rights of all
 of them at the broker.
 .
 The package brings its own Node.js; nothing is compiled or fetched when it is
 installed.
`,
} as const;
