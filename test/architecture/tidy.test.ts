/**
 * Goal: habits of the house that no linter knows. Method: the sources are read as text, and each habit is tried on a bad sample first.
 */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Paths where it is right. */
  readonly except: RegExp;
  readonly sample: string;
}

const outsideRooms = /^src\/(service|cli|simulator|demo)\/|\/main\.ts$|worker\.ts$/;

const bans: readonly Ban[] = [
  { pattern: /\bDate\.now\(/, instead: "clock.wallMs()", except: outsideRooms, sample: "const t = Date.now();" },
  { pattern: /\bnew Date\(\)/, instead: "clock.wallMs()", except: outsideRooms, sample: "new Date()" },
  { pattern: /\bMath\.random\(/, instead: "entropy.fraction()", except: /^$/, sample: "Math.random()" },
  {
    pattern: /(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(/,
    instead: "clock.startTimer()",
    except: outsideRooms,
    sample: "setTimeout(f, 1)",
  },
  {
    pattern: /\bperformance\.now\(/,
    instead: "clock.monotonicMs()",
    except: outsideRooms,
    sample: "performance.now()",
  },
  {
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    instead: "finish it, or say in docs/ what is missing",
    except: /^$/,
    sample: "// TODO: later",
  },
  {
    // The name z carries all that zod has into the bundle, every language of its messages included.
    pattern: /\{ z \} from "zod"/,
    instead: 'import * as z from "zod"',
    except: /^$/,
    sample: 'import { z } from "zod";',
  },
  {
    pattern: /@ts-ignore|@ts-expect-error|oxlint-disable|eslint-disable/,
    instead: "mend the type",
    except: /^$/,
    sample: "// @ts-ignore",
  },
];

async function sources(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(top, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1))
    .toSorted();
}

function offences(path: string, text: string): readonly string[] {
  const lines = text.split("\n").filter((line) => !/^\s*(\*|\/\*\*)/.test(line));
  return bans
    .filter(({ pattern, except }) => !except.test(path) && lines.some((line) => pattern.test(line)))
    .map(({ pattern, instead }) => `${path}: ${pattern.source} → ${instead}`);
}

/** What a page says of the sources, and they do not have: a file, or a function, which is written before the file that it is in: `f()` (`src/…`). */
async function untrueNames(page: string): Promise<readonly string[]> {
  const untrue: string[] = [];
  const loose: string[] = [];
  for (const [, name = ""] of page.matchAll(/`(src\/[\w./-]+|\w+\(\))`/g)) {
    if (name.endsWith("()")) {
      loose.push(name);
      continue;
    }
    const text = await readFile(join(top, name), "utf8").catch((error: NodeJS.ErrnoException) =>
      error.code === "EISDIR" ? "" : undefined,
    );
    if (text === undefined) untrue.push(`there is no ${name}`);
    for (const call of loose.splice(0))
      if (!new RegExp(`^(export |  )(async |function )*${call.slice(0, -2)}[(<]`, "m").test(text ?? ""))
        untrue.push(`${name} has no ${call}`);
  }
  return [...untrue, ...loose.map((call) => `${call} belongs to no file`)];
}

describe("tidy", () => {
  it.each(bans)("finds a planted $sample", ({ sample }) => {
    expect(offences("src/sale/planted.ts", sample)).not.toEqual([]);
  });

  it("finds nothing banned in the sources", async () => {
    const paths = await sources("src");
    expect(paths.length).toBeGreaterThan(100);
    const found = await Promise.all(paths.map(async (path) => offences(path, await readFile(join(top, path), "utf8"))));
    expect(found.flat()).toEqual([]);
  });

  it("every room has a door, and every door is only types", async () => {
    const rooms = ["journal", "link", "machine", "panel", "service", "vipps"];
    for (const room of rooms) {
      const text = await readFile(join(top, "src", room, "port.ts"), "utf8");
      expect(text).not.toMatch(/^export (const|function|class|let)/m);
    }
  });

  it("docs/a-sale.md leads through every room", async () => {
    const text = await readFile(join(top, "docs", "a-sale.md"), "utf8");
    const rooms = await readdir(join(top, "src"), { withFileTypes: true });
    for (const room of rooms) if (room.isDirectory()) expect(text).toContain(`src/${room.name}/`);
    expect(await untrueNames(text)).toEqual([]);
  });

  it.each([
    ["`src/kiosk/gone.ts` does it", "there is no src/kiosk/gone.ts"],
    ["`settle()` (`src/sale/settlement.ts`) does it", "src/sale/settlement.ts has no settle()"],
    ["`gone()` in `src/kiosk/kiosk.ts`", "src/kiosk/kiosk.ts has no gone()"],
    ["`difference()` does it", "difference() belongs to no file"],
  ])("finds what a page says of a file or function that is not there: %s", async (text, untrue) => {
    expect(await untrueNames(text)).toEqual([untrue]);
  });
});
