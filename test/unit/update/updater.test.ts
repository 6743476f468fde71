/**
 * Goal: only a signed, fitting, newer release is unpacked, and the daemon is restarted into it only while nobody buys. Method: real keys and
 * signatures, a source and a disk in memory.
 */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { GateView } from "../../../src/update/gate.ts";
import { isNewerVersion, type Manifest } from "../../../src/update/manifest.ts";
import type { UpdateAnswer, WantedRelease } from "../../../src/update/request.ts";
import type { SlotDisk } from "../../../src/update/slot-disk.ts";
import { carryOut, type UpdaterParts } from "../../../src/update/updater.ts";

const maker = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");

const content = new Map([
  ["bin/node", "the runtime"],
  ["kvitt.js", "the program"],
  ["release.json", "{}"],
]);

function manifestOf(change: Partial<Manifest> = {}): Manifest {
  const files = [...content].map(([path, text]) => ({
    path,
    bytes: text.length,
    sha256: createHash("sha256").update(text).digest("hex"),
    isProgram: path === "bin/node",
  }));
  return {
    kvitt: "release",
    format: 1,
    version: "1.2.0",
    architecture: "arm64",
    needsPackage: "1.0.0",
    files,
    ...change,
  };
}

/** A disk in memory: paths to text, folders to "". */
function memoryDisk(
  paths: ReadonlyMap<string, string> = new Map(),
): SlotDisk & { readonly paths: Map<string, string> } {
  const all = new Map(paths);
  const inside = (folder: string): string[] => [...all.keys()].filter((path) => path.startsWith(`${folder}/`));
  return {
    paths: all,
    list: async (folder) => {
      const rest = [...all.keys()].filter((path) => folder === "" || path.startsWith(`${folder}/`));
      const names = rest.map((path) => (folder === "" ? path : path.slice(folder.length + 1)).split("/")[0] ?? "");
      return [...new Set(names)];
    },
    has: async (path) => all.has(path) || inside(path).length > 0,
    makeFolder: async () => {},
    async write(path, parts) {
      const bytes: Uint8Array[] = [];
      for await (const part of parts) bytes.push(part);
      all.set(path, Buffer.concat(bytes).toString());
    },
    sync: async () => {},
    async rename(from, to) {
      for (const path of inside(from)) {
        all.set(to + path.slice(from.length), all.get(path) ?? "");
        all.delete(path);
      }
    },
    removeFile: async (path) => void all.delete(path),
    async remove(path) {
      for (const one of [path, ...inside(path)]) all.delete(one);
    },
  };
}

interface Setting {
  readonly manifest?: Partial<Manifest>;
  readonly signer?: typeof maker;
  readonly slots?: ReadonlyMap<string, string>;
  readonly views?: readonly GateView[];
  readonly change?: Partial<UpdaterParts>;
  readonly wanted?: WantedRelease;
}

async function updated(setting: Setting): Promise<{
  readonly answer: UpdateAnswer;
  /** What was told, and "restart", in their order. */
  readonly told: readonly (UpdateAnswer | "restart")[];
  readonly waitedMs: number;
  readonly slots: readonly string[];
  readonly restarts: number;
  readonly fetched: readonly string[];
}> {
  const { manifest, signer = maker, slots, views = [{ kind: "serving", state: "ready" }], change, wanted } = setting;
  const bytes = Buffer.from(JSON.stringify(manifestOf(manifest)));
  const disk = memoryDisk(slots);
  const fetched: string[] = [];
  const told: (UpdateAnswer | "restart")[] = [];
  let nowMs = 0;
  let looks = 0;
  const answer = await carryOut(
    { id: "one", wanted: wanted ?? { kind: "newest" } },
    {
      disk,
      keys: { keys: [maker.publicKey], faults: [] },
      architecture: "arm64",
      packageVersion: "1.0.0",
      configuredUrl: "https://updates.example/",
      sourceAt: () => ({
        manifest: async () => ({ bytes, signature: sign(null, bytes, signer.privateKey).toString("base64") }),
        async *content({ path }) {
          fetched.push(path);
          yield Buffer.from(content.get(path) ?? "");
        },
      }),
      localContent: async () => undefined,
      freeBytes: async () => 1e12,
      runningSlot: async () => undefined,
      look: async () => views[Math.min(looks++, views.length - 1)] ?? { kind: "silent" },
      isDaemonThere: async () => true,
      earlier: undefined,
      tell: async (one) => void told.push(one),
      restart: async () => void told.push("restart"),
      sleep: async (ms) => void (nowMs += ms),
      monotonicMs: () => nowMs,
      say: () => {},
      ...change,
    },
  );
  const restarts = told.filter((one) => one === "restart").length;
  return { answer, told, waitedMs: nowMs, slots: await disk.list(""), restarts, fetched };
}

describe("an update", () => {
  it("unpacks what is signed and newer, and restarts into it", async () => {
    const { answer, slots, restarts } = await updated({});
    expect(answer).toMatchObject({ id: "one", outcome: "installed", version: "1.2.0" });
    expect(slots).toStrictEqual(["1.2.0"]);
    expect(restarts).toBe(1);
  });

  it("says so before the restart, for the release that is started to read", async () => {
    const { answer, told } = await updated({});
    expect(told).toStrictEqual([answer, "restart"]);
    expect(answer.isRestarting).toBe(true);
  });

  it("that cannot restart the daemon says that, too", async () => {
    const restart = (): Promise<void> => Promise.reject(new Error("no bus"));
    const { answer, told } = await updated({ change: { restart } });
    expect(answer).toMatchObject({ outcome: "failed", version: "1.2.0", isRestarting: false });
    expect(answer.text).toContain("no bus");
    expect(told.at(-1)).toStrictEqual(answer);
  });

  it("that the power cut off while its release is tried is over: nothing is unpacked under it, and its gate keeps what it was told", async () => {
    const slots = new Map([
      ["1.2.0/kvitt.js", ""],
      ["state/1.2.0.tried", ""],
    ]);
    const earlier = { id: "one", outcome: "installed", version: "1.2.0", text: "", isRestarting: true } as const;
    const runningSlot = async (): Promise<string> => "1.2.0";
    const result = await updated({
      slots,
      change: { runningSlot, earlier: { ...earlier, missingBefore: ["panel"] } },
    });
    expect(result).toMatchObject({ restarts: 0, fetched: [] });
    expect(result.answer).toMatchObject({ outcome: "installed", isRestarting: false, missingBefore: ["panel"] });
  });

  it("is not kept back by a file that is no key", async () => {
    const faults = ["/etc/kvitt/update-keys/old.pem is no key"];
    const said: string[] = [];
    const change = { keys: { keys: [maker.publicKey], faults }, say: (text: string) => void said.push(text) };
    expect((await updated({ change })).answer.outcome).toBe("installed");
    expect(said).toContain(faults[0]);
  });

  it("names such a file where no other key fits: the maker's may be in it", async () => {
    const keys = { keys: [stranger.publicKey], faults: ["/etc/kvitt/update-keys/old.pem is no key"] };
    expect((await updated({ change: { keys } })).answer.text).toContain("old.pem is no key");
  });

  it.each<readonly [string, GateView, readonly string[] | undefined]>([
    ["nothing, where it sells", { kind: "serving", state: "ready" }, []],
    ["the panel", { kind: "out-of-service", reason: "panel", missing: ["panel"] }, ["panel"]],
    ["nobody knows what, where it is silent", { kind: "silent" }, undefined],
  ])("tells the gate what was missing before: %s", async (_what, view, missing) => {
    expect((await updated({ views: [view] })).answer.missingBefore).toStrictEqual(missing);
  });

  it.each<readonly [string, Setting, string]>([
    ["another's signature", { signer: stranger }, "not signed by a key"],
    ["no key here", { change: { keys: { keys: [], faults: ["x.pem is no key"] } } }, "x.pem is no key"],
    ["another architecture", { manifest: { architecture: "amd64" } }, "made for amd64"],
    ["an older package here", { manifest: { needsPackage: "1.1.0" } }, "update through apt"],
    ["the package's own version", { manifest: { version: "1.0.0" } }, "not newer than 1.0.0"],
    ["an old release, signed as it was", { manifest: { version: "0.9.9" } }, "not newer than 1.0.0"],
    [
      "a version that is here",
      {
        slots: new Map([
          ["1.2.0/kvitt.js", ""],
          ["state/1.2.0.good", ""],
        ]),
      },
      "not newer than 1.2.0",
    ],
    ["another version than was asked for", { wanted: { kind: "version", version: "1.3.0" } }, "1.3.0 was asked for"],
    [
      "a path that leaves the slot",
      {
        manifest: {
          files: [...manifestOf().files, { path: "../x", bytes: 0, sha256: "0".repeat(64), isProgram: false }],
        },
      },
      "manifest",
    ],
    ["no runtime in it", { manifest: { files: manifestOf().files.slice(1) } }, "bin/node"],
  ])("is refused for %s, and changes nothing", async (_what, setting, text) => {
    const { answer, slots, restarts } = await updated(setting);
    expect(answer.outcome).toBe("refused");
    expect(answer.text).toContain(text);
    expect(slots).toStrictEqual(await memoryDisk(setting.slots).list(""));
    expect(restarts).toBe(0);
  });

  it("fails in words when there is no room, or no address", async () => {
    expect((await updated({ change: { freeBytes: async () => 1_000 } })).answer.text).toContain("are free");
    expect((await updated({ change: { configuredUrl: undefined } })).answer.text).toContain("[update] url");
  });

  it("fetches only what is not here already", async () => {
    const localContent: UpdaterParts["localContent"] = async ({ path }) =>
      path === "bin/node"
        ? (async function* local() {
            yield Buffer.from("the runtime");
          })()
        : undefined;
    expect((await updated({ change: { localContent } })).fetched).toStrictEqual(["kvitt.js", "release.json"]);
  });

  it("waits for the customer before it restarts", async () => {
    const selling: GateView = { kind: "serving", state: "selling" };
    const looked: GateView[] = [];
    const views = [selling, selling, { kind: "serving", state: "ready" }] as const;
    let nth = 0;
    const look = async (): Promise<GateView> => {
      const view = views[Math.min(nth++, 2)] ?? selling;
      looked.push(view);
      return view;
    };
    expect((await updated({ change: { look } })).restarts).toBe(1);
    expect(looked).toStrictEqual([...views]);
  });

  it("does not restart a daemon that is silent for a while: it may be busy with a sale", async () => {
    const silent: GateView = { kind: "silent" };
    const views = [...Array.from({ length: 60 }, () => silent), { kind: "serving", state: "selling" } as const, silent];
    const { restarts, waitedMs } = await updated({ views });
    expect(restarts).toBe(1);
    // A minute and more of silence, a sign of life, and then as long again as it takes to be believed that there is none.
    expect(waitedMs).toBeGreaterThanOrEqual(60 * 2_000 + 180_000);
  });

  it("waits for nobody where no daemon runs, and starts none", async () => {
    const change = { isDaemonThere: async () => false };
    const { answer, restarts, waitedMs } = await updated({ views: [{ kind: "silent" }], change });
    expect({ restarts, waitedMs }).toStrictEqual({ restarts: 0, waitedMs: 0 });
    expect(answer).toMatchObject({ outcome: "installed", isRestarting: false });
  });

  it("does not restart a machine that sells without a pause", async () => {
    const { answer, restarts } = await updated({ views: [{ kind: "serving", state: "selling" }] });
    expect(restarts).toBe(0);
    expect(answer.outcome).toBe("installed");
    expect(answer.text).toContain("when kvitt is next started");
  });

  it("keeps the slot that runs and the one that it would fall back to, and removes older ones", async () => {
    const slots = new Map([
      ["1.0.5/kvitt.js", ""],
      ["1.1.0/kvitt.js", ""],
      ["1.1.5/kvitt.js", ""],
      ["state/1.0.5.good", ""],
      ["state/1.1.0.good", ""],
      ["state/1.1.5.tried", ""],
    ]);
    const result = await updated({ slots, change: { runningSlot: async () => "1.1.5" } });
    expect(result.slots.filter((name) => name !== "state").toSorted()).toStrictEqual(["1.1.0", "1.1.5", "1.2.0"]);
  });
});

it.each([
  ["1.0.1", "1.0.0", true],
  ["1.10.0", "1.9.9", true],
  ["2.0.0", "1.99.99", true],
  ["1.0.0", "1.0.0", false],
  ["1.9.9", "1.10.0", false],
])("%s newer than %s: %s", (version, than, isNewer) => {
  expect(isNewerVersion(version, than)).toBe(isNewer);
});
