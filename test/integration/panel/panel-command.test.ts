/** `kvitt panel`: what it prints and writes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandError, type CommandIo } from "../../../src/cli/command.ts";
import command from "../../../src/cli/commands/panel.ts";
import { pngSize } from "../../../src/panel/scene/layout.ts";

function rig(): { readonly io: CommandIo; readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env: {},
    isTty: false,
    columns: 80,
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  };
  return { io, out, err };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-panel-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("kvitt panel", () => {
  it("lists the panels as JSON, each with its id", async () => {
    const { io, out } = rig();
    expect(await command.run(["list", "--json"], io)).toBe(0);
    expect(JSON.parse(out.join("\n"))).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: "waveshare-2.13-v4", widthPx: 122, heightPx: 250 })]),
    );
  });

  it("previews a scene at the panel's own size, turned if it is turned", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "pay.png");
      const args = [
        "preview",
        "--panel",
        "waveshare-2.13-v4",
        "--scene",
        "pay",
        "--lang",
        "fi",
        "--rotation",
        "90",
        "--out",
        file,
      ];
      expect(await command.run(args, rig().io)).toBe(0);
      expect(pngSize(await readFile(file))).toEqual({ widthPx: 250, heightPx: 122 });
    });
  });

  it("writes the picture and says why when a code does not fit", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "pay.png");
      const { io, err } = rig();
      const args = [
        "preview",
        "--panel",
        "waveshare-2.13-v4",
        "--scene",
        "pay",
        "--content",
        "x".repeat(500),
        "--out",
        file,
      ];
      expect(await command.run(args, io)).toBe(1);
      expect(err.join("\n")).toContain("does not fit");
      expect(pngSize(await readFile(file))).toEqual({ widthPx: 122, heightPx: 250 });
    });
  });

  it.each([
    [["preview", "--panel", "waveshare-2.13-v4", "--scene", "nothing", "--out", "x"], "idle-scan"],
    [["preview", "--panel", "nothing", "--scene", "pay", "--out", "x"], "waveshare-7.5-v2"],
    [["preview", "--panel", "waveshare-2.13-v4", "--scene", "pay", "--lang", "de", "--out", "x"], "nb, sv, da, fi, en"],
    [["show"], "kvitt panel list"],
    [["sing"], "kvitt panel gallery"],
  ])("%j is refused with what there is instead", async (args, instead) => {
    const error: unknown = await command.run(args, rig().io).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CommandError);
    expect(String(error)).toContain(instead);
  });
});
