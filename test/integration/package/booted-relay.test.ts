/**
 * Goal: the relay's package makes a relay under systemd, beside the device's package on one computer: installed, set up, reloaded, killed, upgraded and
 * removed. Method: dpkg, systemd and the unit as it ships, with its sandbox, in a clean Debian that is booted in namespaces; broker and provider outside.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { until as untilFound } from "../patience.ts";
import { type BootedTree, bootTree, canBoot } from "./booted-tree.ts";
import { type CleanTree, makeCleanTree, treeFolder } from "./clean-tree.ts";
import { makePackage } from "./packages.ts";

const health = z.object({ version: z.string().optional() }).loose();

function until<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  return untilFound(find, 60_000, 300);
}

describe.skipIf(treeFolder() === undefined || !canBoot())("the relay's package under systemd (KVITT_TREE)", () => {
  let folder: string;
  let tree: CleanTree;
  let machine: BootedTree;
  let simulator: SimulatorServer;
  let broker: Broker;
  let packages: readonly [device: string, older: string, newer: string];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-booted-relay-"));
    packages = [
      await makePackage(folder, "1.0.0"),
      await makePackage(folder, "1.0.0", "kvitt-relay"),
      await makePackage(folder, "1.1.0", "kvitt-relay"),
    ];
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(1), msn: "123456" });
    broker = await startAedes();
    tree = await makeCleanTree();
    for (const file of packages) await tree.copyIn(file);
    const device = await tree.run(`dpkg --install /root/${basename(packages[0])}`);
    expect(device.code, device.out).toBe(0);
    await tree.run(
      "systemctl mask systemd-udevd.service systemd-udev-trigger.service systemd-logind.service getty.target console-getty.service systemd-networkd.service systemd-networkd-wait-online.service systemd-resolved.service",
    );
    machine = await bootTree(tree.root);
    // Degraded: a unit that needs what a container does not have.
    const isUp = await until(async () => {
      const { out } = await machine.run("systemctl is-system-running");
      return /running|degraded/.test(out) ? true : undefined;
    });
    expect(isUp, machine.said()).toBe(true);
  });
  afterAll(async () => {
    await machine.stop();
    await tree.remove();
    await simulator.close();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });

  const said = async (script: string): Promise<string> => (await machine.run(script)).out.trim();
  const story = (): Promise<string> =>
    said("systemctl status kvitt-relay --no-pager; journalctl -b --no-pager -o cat -u kvitt-relay | tail -n 30");
  const install = (file: string) => machine.run(`dpkg --install /root/${basename(file)}`);
  const mainPid = (): Promise<string> => said("systemctl show -p MainPID --value kvitt-relay");
  let port = 0;

  async function ask(query = ""): Promise<number | undefined> {
    const response = await fetch(`http://127.0.0.1:${port}/health${query}`).catch(() => undefined);
    if (response === undefined) return undefined;
    health.parse(await response.json().catch(() => ({})));
    return response.status;
  }
  const isWell = (query = ""): Promise<true | undefined> =>
    until(async () => ((await ask(query)) === 200 ? true : undefined));

  function config(msns: readonly string[]): string {
    return `[vipps]
base_url = "${simulator.url}"
[mqtt]
url = "${broker.url}"
[relay]
instance = "relay-1"
listen_port = ${port}
public_url = "http://127.0.0.1:${port}"
registration_dir = "/var/lib/kvitt-relay/registrations"
${msns.map((msn) => `[[unit]]\nmsn = "${msn}"\ncurrency = "NOK"\nkeys = "unit-${msn}"\n`).join("")}`;
  }
  /** As docs/relay.md says: the file, and keys of the relay's user. */
  async function setUp(...msns: readonly string[]): Promise<void> {
    // The simulated provider's, of its one sales unit.
    const values = { "client-id": "client", "client-secret": "secret", "subscription-key": "subscription" };
    const keys = msns.flatMap((msn) =>
      Object.entries(values).map(([part, value]) => {
        const path = `/etc/kvitt-relay/credentials/unit-${msn}-${part}`;
        return `install -o kvitt-relay -g kvitt-relay -m 600 /dev/null ${path} && echo ${value}-${msn} > ${path}`;
      }),
    );
    const { code, out } = await machine.run(`set -e
      cat > /etc/kvitt-relay/relay.toml <<'END'
${config(msns)}
END
      ${keys.join("\n")}`);
    expect(code, out).toBe(0);
  }

  it("installs beside the device's package, and waits for its configuration", async () => {
    const { code, out } = await install(packages[1]);
    expect(code, out).toBe(0);
    expect(out).not.toContain("did not work");
    expect(await said("dpkg-query --show --showformat='${Package} ${db:Status-Abbrev}\\n' 'kvitt*'")).toBe(
      "kvitt ii \nkvitt-relay ii",
    );
    expect(await said("stat -c '%a %U:%G %n' /etc/kvitt-relay /etc/kvitt-relay/credentials /var/lib/kvitt-relay")).toBe(
      `750 root:kvitt-relay /etc/kvitt-relay
700 kvitt-relay:kvitt-relay /etc/kvitt-relay/credentials
700 kvitt-relay:kvitt-relay /var/lib/kvitt-relay`,
    );
    expect(await said("systemctl is-enabled kvitt-relay; systemctl is-active kvitt-relay")).toBe("enabled\ninactive");
    expect(await said("kvitt-relay --version")).toBe("1.0.0");
    // None of them is for one machine.
    expect(await said("kvitt-relay help")).not.toMatch(/panel|doctor|run the machine/);
    expect(await said("gzip -dc /usr/share/man/man1/kvitt-relay.1.gz | grep -c '^.SS'")).toBe("5");
    expect(
      await said(
        "bash -c '. /usr/share/bash-completion/completions/kvitt-relay; COMP_WORDS=(kvitt-relay gat); COMP_CWORD=1; _kvitt_relay; echo $COMPREPLY'",
      ),
    ).toBe("gateway");
  });

  it("serves, in its sandbox, when it has its configuration", async () => {
    port = 20_000 + (process.pid % 20_000);
    await setUp("123456");
    await machine.run("systemctl start kvitt-relay");
    expect(await isWell(), await story()).toBe(true);
    expect(await said(`stat -c %U /proc/${await mainPid()}`)).toBe("kvitt-relay");
    expect(await said(`grep -E '^(Seccomp|NoNewPrivs|CapBnd):' /proc/${await mainPid()}/status`)).toMatch(
      /NoNewPrivs:\s+1\nSeccomp:\s+2$/m,
    );
  });

  it("a reload serves one unit more, with its new keys, in the same process", async () => {
    const before = await mainPid();
    await setUp("123456", "222222");
    const { code, out } = await machine.run("systemctl reload kvitt-relay");
    expect(code, out).toBe(0);
    expect(
      await until(async () => ((await story()).includes("the sales units were read again") ? true : undefined)),
      await story(),
    ).toBe(true);
    expect(await ask("?unit=222222")).toBe(200);
    expect(await mainPid()).toBe(before);
  });

  it("comes back after a kill", async () => {
    const before = await mainPid();
    await machine.run("systemctl kill --signal=KILL kvitt-relay");
    expect(await until(async () => ([before, "0"].includes(await mainPid()) ? undefined : true)), await story()).toBe(
      true,
    );
    expect(await isWell(), await story()).toBe(true);
  });

  it("an upgrade starts the new one, with configuration, keys and registrations as they were", async () => {
    const before = await mainPid();
    const files = "find /etc/kvitt-relay /var/lib/kvitt-relay -type f | sort | xargs md5sum";
    const isRegistered = await until(async () =>
      // Not the file beside it that the kill may have left.
      /registrations\/123456\.json$/m.test(await said(files)) ? true : undefined,
    );
    expect(isRegistered, await story()).toBe(true);
    const kept = await said(files);
    const { code, out } = await install(packages[2]);
    expect(code, out).toBe(0);
    expect(await until(async () => ([before, "0"].includes(await mainPid()) ? undefined : true)), await story()).toBe(
      true,
    );
    expect(await isWell(), await story()).toBe(true);
    expect(await said("kvitt-relay --version")).toBe("1.1.0");
    expect(await said(files)).toBe(kept);
  });

  it("removed, it is stopped and leaves what is the operator's; purged, nothing", async () => {
    const removed = await machine.run("dpkg --remove kvitt-relay");
    expect(removed.code, removed.out).toBe(0);
    expect(await ask()).toBeUndefined();
    expect(await said("ls /usr/lib/kvitt-relay /usr/bin/kvitt-relay 2>&1 | grep -c 'No such'")).toBe("2");
    expect(await said("ls /etc/kvitt-relay /var/lib/kvitt-relay")).toContain("relay.toml");
    const purged = await machine.run("dpkg --purge kvitt-relay");
    expect(purged.code, purged.out).toBe(0);
    expect(await said("find / -xdev -iname '*kvitt-relay*' -not -path '/root/*' -not -path '/proc/*'")).toBe("");
    // The device's package has lost nothing with it.
    expect(await said("dpkg --verify kvitt")).toBe("");
  });
});
