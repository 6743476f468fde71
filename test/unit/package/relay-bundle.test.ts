/** Goal: the relay ships alone: nothing of a machine's hardware, panel or journal is in its bundle. Method: what esbuild says went into it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildRelayBundle, relayModules } from "../../../scripts/build/relay.ts";

const top = fileURLToPath(new URL("../../../", import.meta.url));

describe("the relay's bundle", () => {
  let folder: string;
  let metafiles: readonly Metafile[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-relay-bundle-"));
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
});
