/**
 * Which symbol survives when something lies on the glass? Opaque things cover a share of the symbol: a spot of glare in which nothing is left, scratches,
 * dirt. The levels L and M at their largest whole-pixel modules and the naive way see the same shots.
 *
 * `nice npx tsx scripts/bench/qr-cover.ts [SHOTS] [SEED] [DOSE] [PANEL …]`: a DOSE is "glare 6", "nothing 0" …; "all" takes them all.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import jsQR from "jsqr";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { type PanelGeometry, pxToMm } from "../../src/panel/geometry.ts";
import { quietZoneModules } from "../../src/panel/qr/planner.ts";
import { createSymbol } from "../../src/panel/qr/symbol.ts";
import { codeArea } from "../../src/panel/scene/layout.ts";
import { createSeededEntropy } from "../../src/service/entropy.ts";
import type { Entropy } from "../../src/service/port.ts";
import { type Cover, type Luma, photograph, randomShot } from "./panel-camera.ts";
import { chance, distanceShare, drawn, isSame, knownPanels, naive } from "./qr-survival.ts";

const methods = ["L", "M", "naive"] as const;
type Method = (typeof methods)[number];

/** What may lie on the glass, and how much of the square it covers. */
const doses = [
  { kind: "nothing", share: 0 },
  { kind: "glare", share: 0.03 },
  { kind: "glare", share: 0.06 },
  { kind: "scratches", share: 0.03 },
  { kind: "dirt", share: 0.03 },
] as const;
type Dose = (typeof doses)[number];

/** By the module of level L: what decides whether there are pixels to give away. */
const classes = ["2 to 4 px", "5 to 9 px", "10 px and more"] as const;
type Class = (typeof classes)[number];

const glareLevel = 255;
const scratchLevel = 200;
const dirtLevel = 60;

/** An ellipse in which the lamp or the sun is all that can be seen, with a hard edge. */
function glareOf(share: number, entropy: Entropy): Cover {
  const [x, y] = [0.15 + 0.7 * entropy.fraction(), 0.15 + 0.7 * entropy.fraction()];
  const long = Math.sqrt((share / Math.PI) * (1 + entropy.fraction()));
  const short = share / Math.PI / long;
  const turn = Math.PI * entropy.fraction();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return (u, v) => {
    const [a, b] = [(u - x) * cos + (v - y) * sin, (v - y) * cos - (u - x) * sin];
    return (a / long) ** 2 + (b / short) ** 2 < 1 ? glareLevel : undefined;
  };
}

/** Light lines across the square, all of one width. */
function scratchesOf(share: number, entropy: Entropy): Cover {
  const count = 4;
  const lines = Array.from({ length: count }, () => ({
    turn: Math.PI * entropy.fraction(),
    away: 0.7 * (entropy.fraction() - 0.5),
  })).map(({ turn, away }) => ({ cos: Math.cos(turn), sin: Math.sin(turn), away }));
  const half = share / count / 2;
  return (u, v) =>
    lines.some(({ cos, sin, away }) => Math.abs((u - 0.5) * cos + (v - 0.5) * sin - away) < half)
      ? scratchLevel
      : undefined;
}

/** Dark round spots. */
function dirtOf(share: number, entropy: Entropy): Cover {
  const count = 12;
  const radius = Math.sqrt(share / count / Math.PI);
  const spots = Array.from({ length: count }, () => ({ x: entropy.fraction(), y: entropy.fraction() }));
  return (u, v) => (spots.some(({ x, y }) => Math.hypot(u - x, v - y) < radius) ? dirtLevel : undefined);
}

function coverOf({ kind, share }: Dose, entropy: Entropy): Cover | undefined {
  switch (kind) {
    case "nothing":
      return undefined;
    case "glare":
      return glareOf(share, entropy);
    case "scratches":
      return scratchesOf(share, entropy);
    case "dirt":
      return dirtOf(share, entropy);
  }
}

/** The length of payment links that were seen. Of shorter ones L and M have symbols of one size: there M costs nothing and is what is shown. */
const contentBytes = [67];

function modulePxOf(text: string, method: "L" | "M", sidePx: number): number {
  const symbol = createSymbol(text, method);
  return symbol === undefined ? 0 : Math.floor(sidePx / (symbol.size + 2 * quietZoneModules));
}

function pictureOf(method: Method, text: string, geometry: PanelGeometry): Luma | undefined {
  const sidePx = codeArea(geometry).widthPx;
  if (method === "naive") return naive(text, sidePx, geometry);
  const symbol = createSymbol(text, method);
  return symbol === undefined ? undefined : drawn(symbol, modulePxOf(text, method, sidePx), sidePx);
}

const decode = typeof jsQR === "function" ? jsQR : jsQR.default;

/** Whether one of two decoders reads it. */
async function isRead(
  picture: Luma,
  text: string,
  geometry: PanelGeometry,
  dose: Dose,
  seed: number,
): Promise<boolean> {
  const entropy = createSeededEntropy(seed);
  const shot = randomShot(entropy, geometry.readingDistanceMm * distanceShare, !geometry.isLive);
  const cover = coverOf(dose, entropy);
  const sideMm = pxToMm(geometry, picture.widthPx);
  const taken = photograph(picture, picture, sideMm, cover === undefined ? shot : { ...shot, cover }, entropy);
  const found = await readBarcodes(
    { data: taken.rgba, width: taken.sidePx, height: taken.sidePx, colorSpace: "srgb" },
    { formats: ["QRCode"], tryHarder: true, tryInvert: false, maxNumberOfSymbols: 1 },
  );
  if (found.some((one) => one.isValid && one.text === text)) return true;
  return decode(taken.rgba, taken.sidePx, taken.sidePx, { inversionAttempts: "dontInvert" })?.data === text;
}

/** Shots by which methods are compared, each with what every method made of it. */
interface Shot {
  readonly dose: Dose;
  readonly size: Class;
  readonly read: ReadonlyMap<Method, boolean>;
}

async function shotsOf(
  geometry: PanelGeometry,
  bytes: number,
  wanted: readonly Dose[],
  count: number,
  seed: number,
): Promise<readonly Shot[]> {
  const text = "https://qr.vipps.no/".padEnd(bytes, "k7Xp2Qv9LmZr4Tb");
  const modulePx = modulePxOf(text, "L", codeArea(geometry).widthPx);
  const size = modulePx < 5 ? classes[0] : modulePx < 10 ? classes[1] : classes[2];
  const pictures = methods.flatMap((method) => {
    const picture = pictureOf(method, text, geometry);
    return picture === undefined ? [] : [{ method, picture }];
  });
  const shots: Shot[] = [];
  for (const [index, dose] of wanted.entries())
    for (let number = 0; number < count; number += 1) {
      const read = new Map<Method, boolean>();
      for (const { method, picture } of pictures) {
        const same = pictures.find((one) => read.has(one.method) && isSame(one.picture, picture));
        const known = same === undefined ? undefined : read.get(same.method);
        read.set(
          method,
          known ?? (await isRead(picture, text, geometry, dose, seed + bytes * 10_000 + index * 1_000 + number)),
        );
      }
      shots.push({ dose, size, read });
    }
  return shots;
}

function versus(shots: readonly Shot[], one: Method, other: Method): string {
  const wins = shots.filter(({ read }) => read.get(one) === true && read.get(other) !== true).length;
  const losses = shots.filter(({ read }) => read.get(one) !== true && read.get(other) === true).length;
  return `${wins} : ${losses}, p = ${chance(wins, losses).toPrecision(2)}`;
}

function row(name: string, shots: readonly Shot[]): string {
  const counts = methods.map((method) => shots.filter(({ read }) => read.get(method) === true).length);
  return `| ${name} | ${shots.length} | ${counts.join(" | ")} | ${versus(shots, "M", "L")} | ${versus(shots, "L", "naive")} | ${versus(shots, "M", "naive")} |`;
}

function nameOf({ kind, share }: Dose): string {
  return `${kind} ${(share * 100).toFixed(0)}`;
}

interface Choice {
  /** A cell: panel × length × dose. */
  readonly shots: number;
  readonly seed: number;
  readonly doses: readonly Dose[];
  /** All where none is named. */
  readonly panels: readonly string[];
}

async function run(
  print: (line: string) => void,
  { shots: count, seed, doses: wanted, panels }: Choice,
): Promise<void> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
  const shots: Shot[] = [];
  for (const geometry of await knownPanels(new URL("../../hardware/panels/", import.meta.url), panels))
    for (const bytes of contentBytes) shots.push(...(await shotsOf(geometry, bytes, wanted, count, seed * 1_000_000)));
  print(`Shots read by zxing-cpp or jsQR, ${count} a cell (panel × length × dose), seed ${seed}.`);
  print("");
  print(
    `| over per cent of the square | module of L | shots | ${methods.join(" | ")} | M : L | L : naive | M : naive |`,
  );
  print(`|---|---|---|${methods.map(() => "---|").join("")}---|---|---|`);
  for (const dose of wanted)
    for (const size of classes) {
      const some = shots.filter((shot) => shot.dose === dose && shot.size === size);
      if (some.length > 0) print(row(`${nameOf(dose)} | ${size}`, some));
    }
  print(row("all | all", shots));
}

if (import.meta.filename === process.argv[1]) {
  const [, , shots = "4", seed = "1", dose = "all", ...panels] = process.argv;
  const wanted = doses.filter((one) => dose === "all" || nameOf(one) === dose);
  await run((line) => console.log(line), { shots: Number(shots), seed: Number(seed), doses: wanted, panels });
}
