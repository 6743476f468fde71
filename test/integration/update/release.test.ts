/**
 * Goal: what the release script signs and a web server hands out is what a machine unpacks and starts; what was changed on the way is not. Method: the
 * script itself on a small tree, a real server, the real disk and the package's launcher.
 */
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import * as z from "zod";
import type { UpdateAnswer } from "../../../src/update/request.ts";
import { openSlotDisk } from "../../../src/update/slot-disk.ts";
import { httpSource } from "../../../src/update/source.ts";
import { carryOut } from "../../../src/update/updater.ts";
import { launch, makeSlotMachine, releaseFiles, type SlotMachine, writeRelease } from "./machine-with-slots.ts";

const script = fileURLToPath(new URL("../../../scripts/release.ts", import.meta.url));
const keys = generateKeyPairSync("ed25519");

let folder: string;
let site: string;
let machine: SlotMachine;
let server: Server;
/** Answers of this status come first, one a request. */
let refusals: number[];
let asked: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-release-"));
  site = join(folder, "site");
  machine = await makeSlotMachine(folder);
  refusals = [];
  asked = [];
  await writeFile(join(folder, "release.pem"), keys.privateKey.export({ type: "pkcs8", format: "pem" }));
  server = createServer((request, response) => {
    const status = refusals.shift();
    const path = new URL(request.url ?? "/", "http://site").pathname;
    asked.push(path);
    readFile(join(site, path)).then(
      (content) => response.writeHead(status ?? 200).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function publish(version: string): Promise<void> {
  const tree = join(folder, "tree", version);
  await writeRelease(tree, releaseFiles(version));
  const args = [
    "amd64",
    "--key",
    join(folder, "release.pem"),
    "--tree",
    tree,
    "--out",
    site,
    "--needs-package",
    "1.0.0",
  ];
  await promisify(execFile)(process.execPath, ["--import", "tsx", script, ...args], { timeout: 120_000 });
}

function update(): Promise<UpdateAnswer> {
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return carryOut(
    { id: "one", wanted: { kind: "url", url: `http://127.0.0.1:${port}/` } },
    {
      disk: openSlotDisk(machine.slots),
      keys: { keys: [keys.publicKey], faults: [] },
      architecture: "amd64",
      packageVersion: "1.0.0",
      configuredUrl: undefined,
      sourceAt: (url) =>
        httpSource({ url, architecture: "amd64", sleep: async () => {}, randomness: { fraction: () => 0.5 } }),
      localContent: async () => undefined,
      freeBytes: async () => 1e12,
      runningSlot: async () => undefined,
      look: async () => ({ kind: "silent" }),
      isDaemonThere: async () => false,
      earlier: undefined,
      tell: async () => {},
      restart: async () => {},
      sleep: async () => {},
      monotonicMs: () => 0,
      say: () => {},
    },
  );
}

it("is fetched, unpacked and started; the next one fetches each file once, and stands beside it", async () => {
  await publish("1.1.0");
  expect(await update()).toMatchObject({ outcome: "installed", version: "1.1.0" });
  expect((await launch(machine, "service", "run")).out).toBe("1.1.0 format=1");
  await publish("1.2.0");
  // package.json is the same in both: one object.
  expect((await readdir(join(site, "objects"))).length).toBe(9);
  expect(await update()).toMatchObject({ outcome: "installed", version: "1.2.0" });
  expect((await launch(machine, "service", "run")).out).toBe("1.2.0 format=1");
});

it("a server that stumbles is asked again", async () => {
  await publish("1.1.0");
  refusals = [503, 429, 500];
  expect(await update()).toMatchObject({ outcome: "installed" });
});

it("a server that has nothing is said, and asked once", async () => {
  expect(await update()).toMatchObject({ outcome: "failed" });
  expect(asked).toStrictEqual(["/newest-amd64.json"]);
});

it("one changed byte in the manifest, the signature or a file, and nothing becomes a slot", async () => {
  await publish("1.1.0");
  const objects = (await readdir(join(site, "objects"))).map((name) => join("objects", name));
  for (const name of ["newest-amd64.json", "newest-amd64.json.sig", ...objects]) {
    const content = await readFile(join(site, name));
    const changed = Buffer.from(content);
    const at = Math.floor(changed.length / 2);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(join(site, name), changed);
    const { outcome } = await update();
    expect(outcome, name).not.toBe("installed");
    expect(await readdir(machine.slots), name).not.toContain("1.1.0");
    await writeFile(join(site, name), content);
  }
  expect(await update()).toMatchObject({ outcome: "installed" });
});
