/**
 * Goal: the package installs, upgrades, goes and comes back without losing a sale or a setting. Method: dpkg itself in a clean Debian, without
 * network, compiler or a running systemd; what the package says about itself is run there.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CleanTree, makeCleanTree, treeFolder } from "./clean-tree.ts";
import { makePackage } from "./packages.ts";

function journalOf(format: number): string {
  const line = (value: object): string => {
    const text = JSON.stringify(value);
    return `${crc32(Buffer.from(text)).toString(16).padStart(8, "0")} ${text}\n`;
  };
  return line({ kvitt: "journal", version: format }) + line({ c: [["fact", "boot", 3]] });
}

describe.skipIf(treeFolder() === undefined)("the package in a clean Debian (KVITT_TREE)", () => {
  let folder: string;
  let tree: CleanTree;
  let older: string;
  let newer: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-debs-"));
    older = await makePackage(folder, "1.0.0");
    newer = await makePackage(folder, "1.1.0");
    tree = await makeCleanTree();
    for (const file of [older, newer]) await tree.copyIn(file);
  });

  afterAll(async () => {
    await tree.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const install = (file: string): ReturnType<CleanTree["run"]> => tree.run(`dpkg --install /root/${basename(file)}`);
  const inTree = (path: string): string => join(tree.root, path);
  const state = async (): Promise<string> =>
    (await tree.run("dpkg-query --show --showformat='${db:Status-Abbrev}${Version}' kvitt")).out;

  it("installs where no systemd runs, and says what to do next", async () => {
    const { code, out } = await install(older);
    expect(code, out).toBe(0);
    expect(out).not.toContain("did not work");
    expect(out).toContain('say what this machine is with "kvitt init"');
    expect(await state()).toBe("ii 1.0.0");
  });

  it("runs its commands, and every native module loads", async () => {
    const { code, out } = await tree.run(`set -e
      kvitt --version
      kvitt panel list
      cd /usr/lib/kvitt/releases/1.0.0
      ./bin/node -e 'for (const name of ["@napi-rs/canvas", "koffi", "onoff", "pino"]) require(name); require("node-hid").devices(); require("epoll"); console.log("all load")'
      kvitt panel preview --panel waveshare-4.2-v2 --scene pay --out /root/pay.png`);
    expect(code, out).toBe(0);
    expect(out).toMatch(/^1\.0\.0$/m);
    expect(out).toContain("waveshare-4.2-v2");
    expect(out).toContain("all load");
    expect((await readFile(inTree("root/pay.png"))).subarray(1, 4).toString()).toBe("PNG");
  });

  it("makes user, folders and empty credentials, closed to others", async () => {
    const { out } = await tree.run(
      "stat -c '%a %U:%G %n' /etc/kvitt /etc/kvitt/credentials /etc/kvitt/credentials/* /var/lib/kvitt /var/lib/kvitt-slots /var/lib/kvitt-slots/state",
    );
    expect(out.trim().split("\n")).toStrictEqual([
      "750 root:kvitt /etc/kvitt",
      "700 root:root /etc/kvitt/credentials",
      "600 root:root /etc/kvitt/credentials/command-key",
      "600 root:root /etc/kvitt/credentials/gateway-identity",
      "600 root:root /etc/kvitt/credentials/mqtt-password",
      "600 root:root /etc/kvitt/credentials/vipps-client-id",
      "600 root:root /etc/kvitt/credentials/vipps-client-secret",
      "600 root:root /etc/kvitt/credentials/vipps-subscription-key",
      "700 kvitt:kvitt /var/lib/kvitt",
      "755 root:root /var/lib/kvitt-slots",
      "750 kvitt:kvitt /var/lib/kvitt-slots/state",
    ]);
    const enabled = await tree.run("systemctl is-enabled kvitt.service");
    expect(enabled.out.trim()).toBe("enabled");
  });

  it("bash completes commands, their words and their options", async () => {
    const { code, out } = await tree.run(`cat > /root/complete.sh <<'END'
      . /usr/share/bash-completion/completions/kvitt
      complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kvitt; echo "\${COMPREPLY[*]}"; }
      complete_at kvitt pane
      complete_at kvitt sales e
      complete_at kvitt relay --con
END
      bash /root/complete.sh`);
    expect(code, out).toBe(0);
    expect(out.trim().split("\n")).toStrictEqual(["panel", "export", "--config"]);
  });

  it("installed again, it leaves settings, keys and the journal alone", async () => {
    await writeFile(inTree("etc/kvitt/kvitt.toml"), '[journal]\ndirectory = "/var/lib/kvitt"\n');
    await writeFile(inTree("etc/kvitt/launcher.conf"), "GATE_MINUTES=9\n");
    await writeFile(inTree("etc/kvitt/credentials/mqtt-password"), "secret\n");
    await writeFile(inTree("var/lib/kvitt/journal.log"), journalOf(1));
    const { code, out } = await install(older);
    expect(code, out).toBe(0);
    expect(await readFile(inTree("etc/kvitt/credentials/mqtt-password"), "utf8")).toBe("secret\n");
  });

  it("an upgrade keeps them, too, and leaves nothing of the old release", async () => {
    const { code, out } = await install(newer);
    expect(code, out).toBe(0);
    expect(await state()).toBe("ii 1.1.0");
    expect((await tree.run("ls /usr/lib/kvitt/releases; kvitt --version")).out.trim()).toBe("1.1.0\n1.1.0");
    expect(await readFile(inTree("etc/kvitt/launcher.conf"), "utf8")).toBe("GATE_MINUTES=9\n");
    expect(await readFile(inTree("var/lib/kvitt/journal.log"), "utf8")).toBe(journalOf(1));
  });

  it("an older version is refused when it could not read the journal, and nothing is changed", async () => {
    await writeFile(inTree("var/lib/kvitt/journal.log"), journalOf(2));
    const { code, out } = await install(older);
    expect(code).not.toBe(0);
    expect(out).toContain("kvitt 1.0.0 reads journals up to format 1, and /var/lib/kvitt/journal.log has format 2");
    expect(await state()).toBe("ii 1.1.0");
    expect((await tree.run("kvitt --version")).out.trim()).toBe("1.1.0");
  });

  it("an older version that can read the journal may come back", async () => {
    await writeFile(inTree("var/lib/kvitt/journal.log"), journalOf(1));
    expect((await install(older)).code).toBe(0);
    expect(await state()).toBe("ii 1.0.0");
  });

  it("where systemd runs, no program of an old release or of a removed package goes on", async () => {
    const { code, out } = await tree.run(`set -e
      mkdir -p /run/systemd/system /run/words
      printf '#!/bin/sh\\necho "$*" >>/run/asked\\n' >/run/words/systemctl
      chmod 755 /run/words/systemctl
      export PATH=/run/words:$PATH
      dpkg --install /root/${basename(newer)} >/dev/null 2>&1
      sed 's/^/upgrade: /' /run/asked && rm /run/asked
      dpkg --remove kvitt >/dev/null 2>&1
      sed 's/^/remove: /' /run/asked
      dpkg --install /root/${basename(older)} >/dev/null 2>&1`);
    expect(code, out).toBe(0);
    const asked = out.trim().split("\n");
    expect(asked).toContain("upgrade: --no-block restart kvitt.service");
    expect(asked).toContain("remove: stop kvitt.service");
    // It would start the daemon again.
    const stops = asked.filter((line) => line.startsWith("remove: stop "));
    expect(stops).toContain("remove: stop kvitt-out-of-service.service");
    expect(stops.indexOf("remove: stop kvitt-out-of-service.service")).toBeLessThan(
      stops.indexOf("remove: stop kvitt.service"),
    );
  });

  it("removed, it leaves the journal, settings and keys, and no program", async () => {
    const { code, out } = await tree.run("mkdir -p /var/lib/kvitt-slots/9.0.0 && dpkg --remove kvitt");
    expect(code, out).toBe(0);
    const left = await tree.run("ls /usr/lib/kvitt /var/lib/kvitt-slots /usr/bin/kvitt; ls /var/lib/kvitt /etc/kvitt");
    expect(left.out).toMatch(/journal\.log/);
    expect(left.out).toMatch(/kvitt\.toml/);
    expect(left.out).toMatch(/cannot access '\/usr\/lib\/kvitt'/);
    expect(left.out).toMatch(/cannot access '\/var\/lib\/kvitt-slots'/);
  });

  it("installed after that, an older version is refused over a journal that it could not read", async () => {
    await writeFile(inTree("var/lib/kvitt/journal.log"), journalOf(2));
    expect((await install(older)).out).toContain("a newer kvitt wrote it");
    await writeFile(inTree("var/lib/kvitt/journal.log"), journalOf(1));
  });

  it("purged, it asks before it deletes the journal: nobody there means no", async () => {
    const { code, out } = await tree.run("dpkg --purge kvitt");
    expect(code, out).toBe(0);
    expect(out).toContain("the journal stays in /var/lib/kvitt");
    expect(await readFile(inTree("var/lib/kvitt/journal.log"), "utf8")).toBe(journalOf(1));
    expect((await tree.run("ls /etc/kvitt")).code).not.toBe(0);
  });

  it("purged with the word that deletes it, nothing is left", async () => {
    expect((await install(newer)).code).toBe(0);
    const { code, out } = await tree.run("dpkg --purge kvitt", { KVITT_PURGE_JOURNAL: "yes" });
    expect(code, out).toBe(0);
    const left = await tree.run("find / -xdev -iname '*kvitt*' -not -path '/root/*' -not -path '/proc/*'");
    // Users stay, by Debian's custom: their files may be anywhere.
    expect(left.out.trim()).toBe("");
  });
});
