/**
 * Goal: the relay ships alone: nothing of a machine's hardware, panel or journal is in its bundle, and it speaks of itself under its own name. Method: what
 * esbuild says went into it; the bundle, run; its manual and completion, made as for the package.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import type { Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { buildRelayBundle, relayModules } from "../../../scripts/build/relay.ts";
import { writeHelpFiles } from "../../../scripts/package/help-files.ts";
import { relayManual } from "../../../scripts/package/relay.ts";

const top = fileURLToPath(new URL("../../../", import.meta.url));

describe("the relay's bundle", () => {
  let folder: string;
  let metafiles: readonly Metafile[];
  beforeAll(async () => {
    // Below node_modules, where it finds what is shipped beside it.
    const cache = join(top, "node_modules/.cache");
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, "kvitt-relay-bundle-"));
    metafiles = await buildRelayBundle(top, folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const inputs = (): readonly string[] => metafiles.flatMap((one) => Object.keys(one.inputs));

  it("has the relay, the gateway and the fleet's rights in it", () => {
    for (const file of ["src/relay/main.ts", "src/relay/gateway/service.ts", "src/link/fleet/permissions.ts"])
      expect(inputs().some((path) => path.endsWith(file))).toBe(true);
  });

  it("has no canvas, no GPIO, no HID, and no room of a machine", () => {
    const hardware = /node_modules\/(@napi-rs|onoff|epoll|node-hid|koffi|@koromix|qrcode|aedes)\//;
    // The list of languages is text; configurations are checked with it.
    const rooms = /src\/(panel\/(?!languages\.ts)|machine\/|kiosk\/|journal\/|daemon\/|demo\/|simulator\/)/;
    expect(inputs().filter((path) => hardware.test(path) || rooms.test(path))).toEqual([]);
  });

  it("asks for nothing else than Node's own modules and those that are shipped beside it", () => {
    const asked = metafiles
      .flatMap((one) => Object.values(one.outputs))
      .flatMap((output) => output.imports.filter(({ external }) => external === true).map(({ path }) => path));
    // What ws takes where it is installed, and does without.
    const optional = ["bufferutil", "utf-8-validate"];
    const known = new Set([...relayModules, ...optional, "../mqtt-websocket.cjs"]);
    const builtIn =
      /^(node:.*|fs|path|os|events|util|tty|net|tls|url|http|https|buffer|zlib|stream|crypto|querystring|child_process|dns|assert|worker_threads)$/;
    expect([...new Set(asked)].filter((path) => !known.has(path) && !builtIn.test(path))).toEqual([]);
  });

  const script = (): string => join(folder, "kvitt-relay.js");
  async function run(...args: readonly string[]) {
    return promisify(execFile)(process.execPath, [script(), ...args]).catch((error: unknown) =>
      z.object({ stdout: z.string(), stderr: z.string() }).parse(error),
    );
  }

  it("says its own name where something is wrong", async () => {
    expect((await run("nonsense")).stderr).toBe(
      'kvitt-relay: there is no command "nonsense"; "kvitt-relay help" lists them: command, fleet, gateway, relay, webhooks\n',
    );
    expect((await run("relay")).stderr).toBe("kvitt-relay: kvitt-relay relay needs --config FILE\n");
  });

  it("has a manual and a completion under its own name, without what is typed on a machine", async () => {
    await writeHelpFiles({ top, root: folder, script: script(), words: relayManual, version: "1.2.3" });
    const manual = gunzipSync(await readFile(join(folder, "usr/share/man/man1/kvitt-relay.1.gz"))).toString();
    expect(manual).toContain("\nkvitt\\-relay gateway enrol ID \\-\\-config FILE");
    expect(manual.match(/^kvitt (?!gateway join).*/gm)).toBeNull();
    const completion = await readFile(join(folder, "usr/share/bash-completion/completions/kvitt-relay"), "utf8");
    expect(completion).toContain('words="enrol list operator-key revoke"');
  });
});
