/**
 * Goal: what `kvitt stickers` writes is what is printed: the same bytes every time, right in millimetres, read by decoders that are not ours.
 * Method: the command, in this process and as the bundle in its own; the PDF is rendered by poppler where that is installed.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { CommandError } from "../../../src/cli/command.ts";
import { command as qr } from "../../../src/cli/commands/qr.ts";
import { command } from "../../../src/cli/commands/stickers.ts";
import type { Frame } from "../../../src/panel/frame.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { readByJsqr, readByZxing } from "../../unit/panel/decoders.ts";
import { kvittArgs } from "../kvitt.ts";

const run = promisify(execFile);
const vending = new URL("../../fixtures/config/vending.toml", import.meta.url);
const link = "https://qr.vipps.no/28/2/01/031/k7Xp2Qv9LmZr4TbWq8sD3fGh";
const place = { folder: "", config: "" };
const path = (name: string): string => join(place.folder, name);

beforeAll(async () => {
  place.folder = await mkdtemp(join(tmpdir(), "kvitt-stickers-"));
  place.config = path("machine.toml");
  await writeFile(place.config, await readFile(vending));
});
afterAll(() => rm(place.folder, { recursive: true, force: true }));

/** What --json says, as far as it is used here. */
const told = z.object({ stickers: z.array(z.object({ width_mm: z.number(), height_mm: z.number() })) });

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function stickers(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  which = command,
): Promise<Result> {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    env,
    isTty: false,
    columns: 80,
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  };
  const result = (code: number): Result => ({ code, out: out.join("\n"), err: err.join("\n") });
  try {
    return result(await which.run(args, io));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    err.push(error.message);
    return result(error.exitCode);
  }
}

const offline = (out: string, ...more: readonly string[]): readonly string[] => [
  "--config",
  place.config,
  "--link",
  link,
  "--out",
  path(out),
  ...more,
];

async function pictureOf(file: string): Promise<Frame> {
  const image = await loadImage(await readFile(file));
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, image.width, image.height);
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return { widthPx: image.width, heightPx: image.height, rgba: new Uint8ClampedArray(data) };
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const [hasPoppler, hasZbar] = [isInstalled("pdftoppm"), isInstalled("zbarimg")];

async function zbar(file: string): Promise<string> {
  return (await run("zbarimg", ["--quiet", "--raw", file])).stdout.trim();
}

/** The left part. */
function cropped({ rgba, widthPx, heightPx }: Frame, partPx: number): Frame {
  const part = new Uint8ClampedArray(partPx * heightPx * 4);
  for (let y = 0; y < heightPx; y += 1)
    part.set(rgba.subarray(y * widthPx * 4, (y * widthPx + partPx) * 4), y * partPx * 4);
  return { widthPx: partPx, heightPx, rgba: part };
}

/** Of everything that is darker than grey: where it begins and ends, in pixels. */
function inkBox({ rgba, widthPx, heightPx }: Frame): { left: number; top: number; right: number; bottom: number } {
  const box = { left: widthPx, top: heightPx, right: 0, bottom: 0 };
  for (let y = 0; y < heightPx; y += 1)
    for (let x = 0; x < widthPx; x += 1) {
      if ((rgba[(y * widthPx + x) * 4] ?? 255) > 127) continue;
      box.left = Math.min(box.left, x);
      box.top = Math.min(box.top, y);
      box.right = Math.max(box.right, x + 1);
      box.bottom = Math.max(box.bottom, y + 1);
    }
  return box;
}

describe("the PDF", () => {
  it("has the same bytes from this process and from the bundle", { timeout: 60_000 }, async () => {
    expect((await stickers(offline("one.pdf"))).code).toBe(0);
    await run(process.execPath, kvittArgs("stickers", ...offline("other.pdf")));
    expect((await readFile(path("one.pdf"))).equals(await readFile(path("other.pdf")))).toBe(true);
  });

  it("has its fonts in it, and no date", async () => {
    await stickers(offline("fonts.pdf"));
    const text = (await readFile(path("fonts.pdf"))).toString("latin1");
    const fonts = new Set([...text.matchAll(/\/FontName \/([A-Z]{6}\+[^\s/]+)/g)].map(([, name]) => name));
    expect(fonts.size).toBe(2);
    expect([...text.matchAll(/\/FontFile2 \d+ 0 R/g)]).toHaveLength(fonts.size);
    expect(text).not.toMatch(/\/(CreationDate|ModDate|ID)\b/);
  });

  it.runIf(hasPoppler)(
    "is A4, in millimetres what was asked for, and read by other decoders",
    { timeout: 60_000 },
    async () => {
      const { code, out } = await stickers(offline("rendered.pdf", "--copies", "2", "--json"));
      expect(code).toBe(0);
      await run("pdftoppm", ["-r", "300", "-f", "3", "-png", path("rendered.pdf"), path("page")]);
      // A sheet in each of the two languages stands before it, and nothing after it.
      const pages = (await readdir(place.folder)).filter((name) => /^page-\d\.png$/.test(name));
      expect(pages).toEqual(["page-3.png"]);
      const last = path("page-3.png");
      const picture = await pictureOf(last);
      const perMm = 300 / 25.4;
      expect(Math.abs(picture.widthPx / perMm - 210)).toBeLessThan(0.5);
      expect(Math.abs(picture.heightPx / perMm - 297)).toBeLessThan(0.5);
      const left = cropped(picture, Math.round(picture.widthPx / 2.6));
      expect(readByJsqr(left)).toBe(link);
      expect(await readByZxing(left)).toBe(link);
      if (hasZbar) expect(new Set((await zbar(last)).split("\n"))).toEqual(new Set([link]));
      // Two stickers side by side, their marks 5.5 mm outside of them and 12 mm between them.
      const [about] = told.parse(JSON.parse(out)).stickers;
      const ink = inkBox(picture);
      expect((ink.right - ink.left) / perMm).toBeCloseTo(2 * (about?.width_mm ?? 0) + 12 + 2 * 5.5, 0);
      expect((ink.bottom - ink.top) / perMm).toBeCloseTo((about?.height_mm ?? 0) + 2 * 5.5, 0);
    },
  );
});

describe("the SVG", () => {
  it("has its size in millimetres, no text that would need a font, the same bytes twice, and is read", async () => {
    await stickers(offline("one.svg"));
    await stickers(offline("two.svg"));
    const text = await readFile(path("one.svg"), "utf8");
    expect(await readFile(path("two.svg"), "utf8")).toBe(text);
    const [, width, height] = / width="(\d+)mm" height="(\d+)mm" viewBox="0 0 \d+0 \d+0"/.exec(text) ?? [];
    expect(Number(width)).toBeGreaterThanOrEqual(62);
    expect(Number(height)).toBeGreaterThan(Number(width));
    expect(text).not.toMatch(/<text|font-family|<image/);
    const large = path("large.svg");
    await writeFile(large, text.replace(`width="${width}mm" height="${height}mm"`, 'width="620" height="1140"'));
    const picture = await pictureOf(large);
    expect(readByJsqr(picture)).toBe(link);
    expect(await readByZxing(picture)).toBe(link);
  });
});

describe("the folder", () => {
  it("has the sticker and a sheet a language, with their size in the files", async () => {
    const { code } = await stickers(offline("folder", "--size", "50"));
    expect(code).toBe(0);
    expect((await readdir(path("folder"))).toSorted()).toEqual(["platform-2.png", "sheet-en.png", "sheet-nb.png"]);
    const file = path("folder/platform-2.png");
    const picture = await pictureOf(file);
    expect(await readByZxing(picture)).toBe(link);
    if (hasZbar) expect(await zbar(file)).toBe(link);
    const png = await readFile(file);
    const at = png.indexOf("pHYs");
    // About 600 dots an inch are 23.6 a millimetre.
    expect(png.readUInt32BE(at + 4)).toBeGreaterThan(22_500);
    expect(png.readUInt32BE(at + 4)).toBeLessThan(24_700);
    expect(png[at + 12]).toBe(1);
  });
});

describe("what is refused, and what to do then", () => {
  it.each([
    ["no place to write", ["--config", "CONFIG", "--link", link], "add --out FILE.pdf"],
    [
      "another kind of file",
      ["--out", "x.png", "--config", "CONFIG", "--link", link],
      "a PDF (.pdf), an SVG (.svg), or a folder",
    ],
    ["no configuration", ["--out", "x.pdf", "--link", link], "add --config FILE"],
    [
      "a size that is none",
      ["--out", "x.pdf", "--config", "CONFIG", "--size", "24", "--link", link],
      "--size takes 25 to 120",
    ],
    [
      "half a copy",
      ["--out", "x.pdf", "--config", "CONFIG", "--copies", "1.5", "--link", link],
      "--copies takes a whole number",
    ],
    [
      "copies of a picture",
      ["--out", "x.svg", "--config", "CONFIG", "--copies", "2", "--link", link],
      "--copies is for a PDF",
    ],
    [
      "a link that the app would not read",
      ["--out", "x.pdf", "--config", "CONFIG", "--link", "https://example.com/pay"],
      "the app reads https://qr.vipps.no/",
    ],
    [
      "a link that begins like one",
      ["--out", "x.pdf", "--config", "CONFIG", "--link", "https://qr.vipps.no.example.com/x"],
      "the app reads https://qr.vipps.no/",
    ],
    [
      "a link too long for its size",
      ["--out", "x.pdf", "--config", "CONFIG", "--size", "25", "--link", "https://qr.vipps.no/".padEnd(180, "aB-c")],
      "65 modules on 25 mm are 0.38 mm each, and less than 0.5 mm is not printed reliably; print it 33 mm wide or wider (--size)",
    ],
  ])("%s", async (_, args, words) => {
    const given = args.map((arg) => (arg === "CONFIG" ? place.config : arg.startsWith("x.") ? path(arg) : arg));
    const { code, err } = await stickers(given);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(words);
    expect(existsSync(path("x.pdf")) || existsSync(path("x.svg"))).toBe(false);
  });

  it("a machine that does nothing after a scan", async () => {
    const config = path("off.toml");
    await writeFile(config, `${await readFile(vending, "utf8")}\n[sale]\ncheck_in_style = "off"\n`);
    const { code, err } = await stickers(["--config", config, "--out", path("x.pdf"), "--link", link]);
    expect([code, existsSync(path("x.pdf"))]).toEqual([1, false]);
    expect(err).toContain('check_in_style = "choose-then-pay"');
  });
});

describe("the code's content", () => {
  const keys = {
    VIPPS_CLIENT_ID: "client-123456",
    VIPPS_CLIENT_SECRET: "secret-123456",
    VIPPS_SUBSCRIPTION_KEY: "subscription-123456",
  };
  const server: { simulator?: SimulatorServer } = {};
  const baseUrl = (): string => server.simulator?.url ?? "";

  beforeAll(async () => {
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    server.simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(7), msn: "123456" });
  });
  afterAll(() => server.simulator?.close());

  const asked = (out: string): readonly string[] => [
    "--config",
    place.config,
    "--base-url",
    baseUrl(),
    "--out",
    path(out),
    "--json",
  ];

  it("is the provider's own, and a missing code says how to get one", async () => {
    const before = await stickers(asked("asked.pdf"), keys);
    expect([before.code, existsSync(path("asked.pdf"))]).toEqual([1, false]);
    expect(before.err).toContain('after "kvitt qr callback put ID --location TEXT"');
    expect(before.err).toContain("--link URL");

    const put = [
      "callback",
      "put",
      "platform-2",
      "--location",
      "Platform 3",
      "--msn",
      "123456",
      "--base-url",
      baseUrl(),
      "--json",
    ];
    const registered = await stickers(put, keys, qr);
    const { qrContent } = z.object({ qrContent: z.string() }).parse(JSON.parse(registered.out));
    const after = await stickers(asked("asked.svg"), keys);
    expect(after.code).toBe(0);
    expect(after.err).toContain('the app still shows "Platform 3" after a scan; the sticker says "Platform 2"');
    expect(JSON.parse(after.out)).toMatchObject({ stickers: [{ id: "platform-2", content: qrContent }] });
  });

  it("is each outlet's own, with its name and its product, and the machine has no sticker", async () => {
    const config = path("laundry.toml");
    await writeFile(config, await readFile(new URL("../../fixtures/config/laundry.toml", import.meta.url)));
    const outlets = Array.from({ length: 8 }, (_, n) => ({
      id: `laundry-3--w${n + 1}`,
      place: `Vaskemaskin ${n + 1}`,
    }));
    const provider = ["--msn", "123456", "--base-url", baseUrl(), "--json"];
    for (const { id, place: location } of outlets)
      await stickers(["callback", "put", id, "--location", location, ...provider], keys, qr);
    const { code, out, err } = await stickers(["--config", config, "--out", path("laundry.pdf"), ...provider], keys);
    expect([code, err]).toEqual([0, ""]);
    const { stickers: printed } = z
      .object({ stickers: z.array(z.looseObject({ content: z.string() })) })
      .parse(JSON.parse(out));
    expect(printed).toMatchObject(outlets);
    expect(new Set(printed.map(({ content }) => content)).size).toBe(8);
    const given = await stickers(["--config", config, "--out", path("x.pdf"), "--link", link]);
    expect([given.code, existsSync(path("x.pdf"))]).toEqual([2, false]);
    expect(given.err).toContain("this machine has 8 outlets: leave it out");
  });

  it("cannot be asked without keys or network, and the way without them is named", async () => {
    const keyless = await stickers(asked("x.pdf"), {});
    const gone = await stickers(
      ["--config", place.config, "--base-url", "http://127.0.0.1:9", "--timeout", "1", "--out", path("x.pdf")],
      keys,
    );
    for (const { code, err } of [keyless, gone]) {
      expect(code).toBe(1);
      expect(err).toContain("could not be asked of the provider");
      expect(err).toContain('Without the provider: --link URL, with what "kvitt qr callback get ID" calls content');
    }
  });
});
