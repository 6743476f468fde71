/**
 * Goal: the package works under a running systemd: it boots into a machine that sells; an upgrade ends an open sale in good order; a signed release is tried,
 * stays or goes back by itself; a removal leaves the books. Method: dpkg, systemd and the package's own units in a clean Debian that is booted in namespaces.
 */
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { readCode } from "../../../src/demo/camera.ts";
import { readLedger, usePhone } from "../../../src/demo/clients.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { type Broker, startAedes } from "../link/brokers.ts";
import { until as untilFound } from "../patience.ts";
import { type BootedTree, bootTree, canBoot } from "./booted-tree.ts";
import { type CleanTree, makeCleanTree, treeFolder } from "./clean-tree.ts";
import { makePackage } from "./packages.ts";

const exec = promisify(execFile);
const releaseScript = fileURLToPath(new URL("../../../scripts/release.ts", import.meta.url));
const keys = generateKeyPairSync("ed25519");
const doctorSays = z.array(z.object({ check: z.string(), verdict: z.string() }));

function until<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  return untilFound(find, 150_000, 500);
}

describe.skipIf(treeFolder() === undefined || !canBoot())("the package under a running systemd (KVITT_TREE)", () => {
  let folder: string;
  let newer: string;
  let tree: CleanTree;
  let machine: BootedTree;
  let simulator: SimulatorServer;
  let broker: Broker;
  let site: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-booted-"));
    const older = await makePackage(folder, "1.0.0");
    newer = await makePackage(folder, "1.1.0");
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(1), msn: "123456" });
    simulator.provider.state.units.forEach((unit) => (unit.pushApproved = true));
    broker = await startAedes();
    site = createServer((asked, response) => {
      readFile(join(folder, "site", new URL(asked.url ?? "/", "http://site").pathname)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));

    tree = await makeCleanTree();
    await tree.copyIn(older);
    await tree.copyIn(newer);
    const { code, out } = await tree.run(`dpkg --install /root/${basename(older)}`);
    expect(code, out).toBe(0);
    const url = simulator.url;
    const config = kioskToml({
      folder: "/run/kvitt",
      providerUrl: url,
      wireUrl: url,
      brokerPort: broker.port,
      relayPort: 1,
    })
      .replace('directory = "/run/kvitt/journal"', 'directory = "/var/lib/kvitt"')
      .replace("pay_s = 60", "pay_s = 600");
    await writeFile(join(tree.root, "etc/kvitt/kvitt.toml"), config);
    const key = keys.publicKey.export({ type: "spki", format: "pem" });
    await writeFile(join(tree.root, "etc/kvitt/update-keys/test.pem"), key);
    // No terminal and no devices here, and credentials need what this computer's kernel may not have (access lists on tmpfs): what of the unit needs them
    // is for the emulated machine.
    await tree.run(`chown root:kvitt /etc/kvitt/kvitt.toml && chmod 640 /etc/kvitt/kvitt.toml
      mkdir -p /etc/systemd/system/kvitt.service.d
      printf '[Service]\\nStandardInput=null\\nTTYPath=\\nLoadCredential=\\n' > /etc/systemd/system/kvitt.service.d/no-terminal.conf
      systemctl mask systemd-udevd.service systemd-udev-trigger.service systemd-logind.service getty.target console-getty.service systemd-networkd.service systemd-resolved.service`);
    machine = await bootTree(tree.root);
  });

  afterAll(async () => {
    await machine.stop();
    await tree.remove();
    await simulator.close();
    await broker.close();
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  function ask(socket: string, path: string, body?: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { socketPath: join(machine.root, "run/kvitt", socket), path, timeout: 10_000 };
      const headers = { "content-type": "application/json" };
      const outgoing = request(body === undefined ? options : { ...options, method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => resolve(text));
      });
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  const isScene = (scene: string): Promise<true | undefined> =>
    until(async () => ((await ask("service.sock", "/state")).includes(`"scene":"${scene}"`) ? true : undefined));
  const press = (line: string): Promise<string> => ask("machine.sock", "/", { action: "press", line });
  const said = async (script: string): Promise<string> => (await machine.run(script)).out.trim();
  const story = (): Promise<string> =>
    said(
      "journalctl -b --no-pager -o cat -u kvitt -u kvitt-update | tail -n 60; systemctl status kvitt --no-pager | head -n 20",
    );
  const isRunning = (release: string): Promise<true | undefined> =>
    until(async () =>
      (await said("readlink /proc/$(systemctl show -p MainPID --value kvitt)/exe")) === `${release}/bin/node`
        ? true
        : undefined,
    );

  /** Signs a release that is the package's, under another version. @param program instead of its own */
  async function publish(version: string, program?: string): Promise<string> {
    const unpacked = join(folder, "unpacked");
    await exec("dpkg-deb", ["--extract", newer, unpacked]);
    const release = join(unpacked, "usr/lib/kvitt/releases/1.1.0");
    for (const name of ["release.json", "package.json"]) {
      const text = await readFile(join(release, name), "utf8");
      await writeFile(join(release, name), text.replace('"version":"1.1.0"', `"version":"${version}"`));
    }
    if (program !== undefined) await writeFile(join(release, "kvitt.js"), program);
    const key = join(folder, "release.pem");
    await writeFile(key, keys.privateKey.export({ type: "pkcs8", format: "pem" }));
    const args = ["amd64", "--key", key, "--tree", release, "--out", join(folder, "site"), "--needs-package", "1.0.0"];
    await exec(process.execPath, ["--import", "tsx", releaseScript, ...args], { timeout: 300_000 });
    await rm(unpacked, { recursive: true });
    return `http://127.0.0.1:${z.object({ port: z.number() }).parse(site.address()).port}/`;
  }

  it("boots, and is for sale", async () => {
    expect(await isScene("idle"), `${machine.said()}\n${await story()}`).toBe(true);
    expect(await isRunning("/usr/lib/kvitt/releases/1.0.0")).toBe(true);
  });

  it("sells", async () => {
    await press("A1");
    const code = await until(async () => readCode(await readFile(join(machine.root, "run/kvitt/panel.png"))));
    expect(code, await story()).toBeDefined();
    await usePhone(simulator.url, "kari", "scan", code ?? "");
    await usePhone(simulator.url, "kari", "approve");
    const sold = await until(async () =>
      (await readLedger(simulator.url)).some(({ captured }) => captured === 2_500) ? true : undefined,
    );
    expect(sold, await story()).toBe(true);
  });

  it("a daemon that is killed comes back by itself, and is for sale again", async () => {
    const before = await said("systemctl show -p MainPID --value kvitt");
    await machine.run("systemctl kill --signal=KILL kvitt");
    const after = await until(async () => {
      const pid = await said("systemctl show -p MainPID --value kvitt");
      return pid !== before && pid !== "0" ? pid : undefined;
    });
    expect(after, await story()).toBeDefined();
    expect(await isScene("idle"), await story()).toBe(true);
  });

  it("doctor finds a key in the configuration that there is not, and finds all well again without it", async () => {
    const examine = async (): Promise<readonly [number, string | undefined]> => {
      const { code, out } = await machine.run("kvitt doctor --json 2>/dev/null");
      const findings = doctorSays.parse(JSON.parse(out));
      return [code, findings.find(({ check }) => check === "configuration")?.verdict];
    };
    await machine.run("cp -a /etc/kvitt/kvitt.toml /root/kept.toml && echo 'nonsense = 1' >> /etc/kvitt/kvitt.toml");
    expect(await examine()).toEqual([1, "bad"]);
    await machine.run("cp -a /root/kept.toml /etc/kvitt/kvitt.toml");
    expect((await examine())[1]).toBe("good");
  });

  it("an upgrade in the middle of a sale starts the new release, which ends that sale without money", async () => {
    expect(await isScene("idle"), await story()).toBe(true);
    await press("A2");
    expect(await isScene("pay"), await story()).toBe(true);
    const { code, out } = await machine.run(`dpkg --install /root/${basename(newer)}`);
    expect(code, out).toBe(0);
    expect(await isRunning("/usr/lib/kvitt/releases/1.1.0"), `${out}\n${await story()}`).toBe(true);
    expect(await isScene("idle"), await story()).toBe(true);
    const isOver = await until(async () =>
      (await ask("service.sock", "/state")).includes('"openSettlements":0') ? true : undefined,
    );
    expect(isOver, await story()).toBe(true);
    const ledger = await readLedger(simulator.url);
    expect(ledger.map(({ captured }) => captured).toSorted((left, right) => right - left)).toStrictEqual([2_500, 0]);
    expect(await said("ls /usr/lib/kvitt/releases")).toBe("1.1.0");
  });

  it("a signed release is fetched, started once nobody buys, and stays when it sells", async () => {
    const { code, out } = await machine.run(`kvitt update ${await publish("1.2.0")}`);
    expect(code, `${out}\n${await story()}`).toBe(0);
    expect(await isRunning("/var/lib/kvitt-slots/1.2.0"), await story()).toBe(true);
    const passed = await until(async () =>
      (await said("ls /var/lib/kvitt-slots/state")).includes("1.2.0.good") ? true : undefined,
    );
    expect(passed, await story()).toBe(true);
    expect(await isScene("idle")).toBe(true);
    expect(await said("kvitt --version")).toBe("1.2.0");
  });

  it("one that does not come up is left again, for the one before it", async () => {
    const { code, out } = await machine.run(`kvitt update ${await publish("1.3.0", "process.exit(3);\n")}`);
    expect(code, `${out}\n${await story()}`).toBe(0);
    const tried = await until(async () =>
      (await said("ls /var/lib/kvitt-slots/state")).includes("1.3.0.tried") ? true : undefined,
    );
    expect(tried, await story()).toBe(true);
    expect(await isRunning("/var/lib/kvitt-slots/1.2.0"), await story()).toBe(true);
    expect(await isScene("idle"), await story()).toBe(true);
    expect(await said("ls /var/lib/kvitt-slots/state")).not.toContain("1.3.0.good");
  });

  it("a release that nobody signed is refused, and nothing changes", async () => {
    const url = await publish("1.4.0");
    await writeFile(join(folder, "site/newest-amd64.json.sig"), Buffer.alloc(64).toString("base64"));
    const { code, out } = await machine.run(`kvitt update ${url}`);
    expect(code).toBe(1);
    expect(out).toContain("not signed by a key that this machine knows");
    expect(await isRunning("/var/lib/kvitt-slots/1.2.0")).toBe(true);
  });

  it("removed, it is stopped, and the books stay", async () => {
    const { code, out } = await machine.run("dpkg --remove kvitt");
    expect(code, out).toBe(0);
    expect(await said("systemctl is-active kvitt")).not.toBe("active");
    expect(await said("ls /var/lib/kvitt /etc/kvitt/kvitt.toml")).toMatch(/journal\.log[^]*sales-/);
  });
});
