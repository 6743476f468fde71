/**
 * Goal: the rooms of the house keep their doors. Method: dependency-cruiser reads every import; the number of modules that it saw is
 * asserted first, and a planted import is found, because a checker that reads nothing is green too.
 */
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { describe, expect, it } from "vitest";
import { roomsOf, roomsPicture } from "../../scripts/rooms-picture.ts";
import { rules } from "./rooms.ts";

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

async function cruiseTree(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(
    ["src"],
    {
      baseDir,
      validate: true,
      ruleSet: { forbidden: rules },
      doNotFollow: { path: "node_modules" },
      tsPreCompilationDeps: true,
      enhancedResolveOptions: { extensions: [".ts", ".js"] },
    },
    { extensions: [".ts", ".js"] },
  );
  if (typeof output === "string") throw new Error("the cruiser answered with text");
  return output;
}

/** A small tree of files on which a rule is tried. */
async function withTree<T>(files: Readonly<Record<string, string>>, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "kvitt-rooms-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await symlink(join(top, "node_modules"), join(dir, "node_modules"));
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe("the rooms", () => {
  it("import only what the design allows, and docs/pictures/rooms.svg shows it", async () => {
    const result = await cruiseTree(top);
    expect(result.summary.totalCruised).toBeGreaterThan(100);
    expect(result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
    const picture = await readFile(join(top, "docs/pictures/rooms.svg"), "utf8");
    const isDrawn = picture === roomsPicture(roomsOf(result.modules));
    expect(isDrawn, "the picture is old: node --import tsx scripts/rooms-picture.ts draws it anew").toBe(true);
  });

  it.each([
    ["kit-imports-nothing", { "src/kit/a.ts": 'import "../sale/b.ts";', "src/sale/b.ts": "export {};" }],
    ["sale-imports-kit-alone", { "src/sale/a.ts": 'import "../kiosk/b.ts";', "src/kiosk/b.ts": "export {};" }],
    ["kiosk-knows-sale-and-ports", { "src/kiosk/a.ts": 'import "../vipps/b.ts";', "src/vipps/b.ts": "export {};" }],
    ["rooms-are-strangers", { "src/panel/a.ts": 'import "../machine/b.ts";', "src/machine/b.ts": "export {};" }],
    [
      "rooms-take-only-types-from-outside",
      { "src/link/a.ts": 'import { x } from "../journal/port.ts"; x;', "src/journal/port.ts": "export const x = 1;" },
    ],
    [
      "relay-ships-alone",
      {
        "src/relay/a.ts": 'import "../link/topics.ts";',
        "src/link/topics.ts": 'import "../machine/gpio/sysfs-lines.ts";',
        "src/machine/gpio/sysfs-lines.ts": "export {};",
      },
    ],
    [
      "the-gateway-is-a-room-of-its-own",
      { "src/relay/a.ts": 'import "./gateway/b.ts";', "src/relay/gateway/b.ts": "export {};" },
    ],
    [
      "only-the-composition-knows-all",
      { "src/service/a.ts": 'import "../daemon/daemon.ts";', "src/daemon/daemon.ts": "export {};" },
    ],
    [
      "nothing-real-runs-through-the-simulation",
      { "src/daemon/a.ts": 'import "../simulator/b.ts";', "src/simulator/b.ts": "export {};" },
    ],
    [
      "nothing-real-runs-through-the-simulation",
      {
        "src/daemon/a.ts": 'import "./b.ts";',
        "src/daemon/b.ts": 'import type { C } from "../demo/c.ts"; export type B = C;',
        "src/demo/c.ts": "export type C = string;",
      },
    ],
    ["no-cycles", { "src/sale/a.ts": 'import "./b.ts";', "src/sale/b.ts": 'import "./a.ts";' }],
  ])("a planted import is caught by %s", async (name, files) => {
    const result = await withTree(files, cruiseTree);
    expect(result.summary.violations.map(({ rule }) => rule.name)).toContain(name);
  });
});
