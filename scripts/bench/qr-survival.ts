/**
 * Which symbol survives a camera? The planner's choice against each error correction level and against the naive way (a picture at Size = the panel's short
 * side, resampled to fit), on every panel that is known. Every method sees the same shots: same distance, tilt, blur, glare, noise and ghosts, from the same seeds.
 *
 * `npx tsx scripts/bench/qr-survival.ts [SHOTS] [PANEL …]`
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import jsQR from "jsqr";
import QRCode from "qrcode";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { type PanelGeometry, pxToMm } from "../../src/panel/geometry.ts";
import { geometryOf, loadPanel } from "../../src/panel/panel-file.ts";
import { planQr, quietZoneModules } from "../../src/panel/qr/planner.ts";
import { createSymbol, type ErrorCorrection, type QrSymbol } from "../../src/panel/qr/symbol.ts";
import { codeArea } from "../../src/panel/scene/layout.ts";
import { createSeededEntropy } from "../../src/service/entropy.ts";
import { type Luma, photograph, randomShot } from "./panel-camera.ts";

/** The lengths of links that were seen, and of one that carries a long token. */
const contentBytes = [41, 67, 120, 200];
const shotsDefault = 12;
/** Of the distance from which a customer reads: to scan, people hold the phone nearer. */
export const distanceShare = 0.5;

const methods = ["planner", "L", "M", "Q", "H", "naive"] as const;
type Method = (typeof methods)[number];

interface Score {
  read: number;
  of: number;
  /** Each reading by itself, in the order of the shots: two methods are compared shot by shot. */
  readonly readings: boolean[];
}

/** How the planner did against the naive way, by cells. */
interface Comparison {
  ahead: number;
  equal: number;
  behind: number;
  /** Readings that only one of the two managed, over all cells. */
  wins: number;
  losses: number;
  /** Cells whose difference is more than chance (sign test over the readings that differ, 5 %). */
  readonly surelyAhead: string[];
  readonly surelyBehind: string[];
}

/** Panels of one geometry need one row. */
export async function knownPanels(folder: URL, wanted: readonly string[]): Promise<readonly PanelGeometry[]> {
  const ids = readdirSync(folder).flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -5)] : []));
  const found = new Map<string, PanelGeometry>();
  for (const id of ids.toSorted()) {
    if (wanted.length > 0 && !wanted.includes(id)) continue;
    const geometry = geometryOf(await loadPanel(id, folder));
    const { widthPx, heightPx, widthMm, heightMm, colours, readingDistanceMm, isLive } = geometry;
    const key = JSON.stringify([widthPx, heightPx, widthMm, heightMm, colours === "colour", readingDistanceMm, isLive]);
    if (!found.has(key)) found.set(key, geometry);
  }
  return [...found.values()];
}

/** Two-sided sign test: the chance that so uneven a split of fair coins is one. Logarithms: 2 to the power of a thousand is no number here. */
export function chance(wins: number, losses: number): number {
  const n = wins + losses;
  let logWays = 0;
  let sum = 0;
  for (let k = 0; k <= Math.min(wins, losses); k += 1) {
    sum += Math.exp(logWays - n * Math.LN2);
    logWays += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * sum);
}

function compare(cell: string, planner: Score, naive: Score, into: Comparison): void {
  if (planner.read > naive.read) into.ahead += 1;
  else if (planner.read === naive.read) into.equal += 1;
  else into.behind += 1;
  const wins = planner.readings.filter((read, at) => read && naive.readings[at] === false).length;
  const losses = planner.readings.filter((read, at) => !read && naive.readings[at] === true).length;
  into.wins += wins;
  into.losses += losses;
  if (chance(wins, losses) >= 0.05) return;
  (wins > losses ? into.surelyAhead : into.surelyBehind).push(cell);
}

const decode = typeof jsQR === "function" ? jsQR : jsQR.default;

/** `shots` a panel and content; each is read by two decoders. */
export async function run(
  print: (line: string) => void,
  shots = shotsDefault,
  wanted: readonly string[] = [],
): Promise<void> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
  print(`Read by jsQR and zxing-cpp, ${shots} shots a cell, two readings a shot, seeded; per cent.`);
  print("");
  print(`| panel | bytes | planned | ${methods.join(" | ")} |`);
  print(`|---|---|---|${methods.map(() => "---|").join("")}`);
  const totals = new Map<Method, Score>(methods.map((method) => [method, { read: 0, of: 0, readings: [] }]));
  const comparison: Comparison = {
    ahead: 0,
    equal: 0,
    behind: 0,
    wins: 0,
    losses: 0,
    surelyAhead: [],
    surelyBehind: [],
  };
  for (const geometry of await knownPanels(new URL("../../hardware/panels/", import.meta.url), wanted))
    for (const bytes of contentBytes) print(await row(geometry, bytes, shots, totals, comparison));
  print(`| all | | | ${methods.map((method) => percent(totals.get(method))).join(" | ")} |`);
  const { ahead, equal, behind, wins, losses, surelyAhead, surelyBehind } = comparison;
  print("");
  print(`Against the naive way, by cells: ahead in ${ahead}, equal in ${equal}, behind in ${behind}.`);
  print(
    `More than chance (sign test over the same shots, 5 %): ahead in ${surelyAhead.length}, behind in ${surelyBehind.length}`,
  );
  print(`  ahead: ${surelyAhead.join("; ")}`);
  print(`  behind: ${surelyBehind.join("; ")}`);
  print(
    `Over all cells the planner alone was read ${wins} times, the naive way alone ${losses} times: by chance once in ${Math.round(1 / chance(wins, losses))}.`,
  );
}

async function row(
  geometry: PanelGeometry,
  bytes: number,
  shots: number,
  totals: Map<Method, Score>,
  comparison: Comparison,
): Promise<string> {
  const text = "https://qr.vipps.no/".padEnd(bytes, "k7Xp2Qv9LmZr4Tb");
  const planning = planQr(text, geometry, codeArea(geometry));
  const planned =
    planning.kind === "refused"
      ? "refused"
      : `${planning.plan.symbol.version}-${planning.plan.symbol.errorCorrection}, ${planning.plan.moduleSizePx} px, ${planning.plan.moduleSizeMm.toFixed(2)} mm`;
  const cells: string[] = [];
  const scores = new Map<Method, { readonly picture: Luma; readonly score: Score }>();
  for (const method of methods) {
    const picture = pictureOf(method, text, geometry);
    if (picture === undefined) {
      cells.push("–");
      continue;
    }
    // The same picture before the same camera gives the same readings.
    const same = [...scores.values()].find((one) => isSame(one.picture, picture));
    const score = same?.score ?? (await survive(picture, text, geometry, bytes, shots));
    scores.set(method, { picture, score });
    const total = totals.get(method);
    if (total !== undefined) {
      total.read += score.read;
      total.of += score.of;
    }
    cells.push(percent(score));
  }
  const [planner, other] = [scores.get("planner"), scores.get("naive")];
  if (planner !== undefined && other !== undefined)
    compare(`${geometry.id} ${bytes}`, planner.score, other.score, comparison);
  return `| ${geometry.id} | ${bytes} | ${planned} | ${cells.join(" | ")} |`;
}

export function isSame(one: Luma, other: Luma): boolean {
  return one.levels.length === other.levels.length && one.levels.every((level, at) => level === other.levels[at]);
}

function percent(score: Score | undefined): string {
  return score === undefined || score.of === 0 ? "–" : ((100 * score.read) / score.of).toFixed(0);
}

async function survive(
  picture: Luma,
  text: string,
  geometry: PanelGeometry,
  bytes: number,
  shots: number,
): Promise<Score> {
  const before = pictureOf("M", "https://qr.vipps.no/the-code-that-stood-here", geometry) ?? picture;
  const sideMm = pxToMm(geometry, picture.widthPx);
  const score: Score = { read: 0, of: 0, readings: [] };
  const note = (isRead: boolean): void => {
    score.of += 1;
    if (isRead) score.read += 1;
    score.readings.push(isRead);
  };
  for (let shot = 0; shot < shots; shot += 1) {
    // Not the method: all methods are held before the same camera.
    const entropy = createSeededEntropy(bytes * 1_000 + shot);
    const taken = photograph(
      picture,
      before,
      sideMm,
      randomShot(entropy, geometry.readingDistanceMm * distanceShare, !geometry.isLive),
      entropy,
    );
    note(decode(taken.rgba, taken.sidePx, taken.sidePx, { inversionAttempts: "dontInvert" })?.data === text);
    const found = await readBarcodes(
      { data: taken.rgba, width: taken.sidePx, height: taken.sidePx, colorSpace: "srgb" },
      { formats: ["QRCode"], tryHarder: true, tryInvert: false, maxNumberOfSymbols: 1 },
    );
    note(found.some((one) => one.isValid && one.text === text));
  }
  return score;
}

/** The square that the method puts onto this panel: always the whole free square, so that all are photographed alike. */
function pictureOf(method: Method, text: string, geometry: PanelGeometry): Luma | undefined {
  const sidePx = codeArea(geometry).widthPx;
  if (method === "naive") return naive(text, sidePx, geometry);
  if (method !== "planner") {
    const symbol = createSymbol(text, method);
    return symbol === undefined
      ? undefined
      : drawn(symbol, Math.floor(sidePx / (symbol.size + 2 * quietZoneModules)), sidePx);
  }
  const planning = planQr(text, geometry, { widthPx: sidePx, heightPx: sidePx });
  return planning.kind === "refused" ? undefined : drawn(planning.plan.symbol, planning.plan.moduleSizePx, sidePx);
}

export function drawn(symbol: QrSymbol, modulePx: number, sidePx: number): Luma | undefined {
  if (modulePx < 1) return undefined;
  const start = Math.floor((sidePx - symbol.size * modulePx) / 2);
  const levels = new Float32Array(sidePx * sidePx).fill(255);
  for (let y = 0; y < symbol.size * modulePx; y += 1)
    for (let x = 0; x < symbol.size * modulePx; x += 1)
      if (symbol.isDark(Math.floor(y / modulePx), Math.floor(x / modulePx)))
        levels[(start + y) * sidePx + start + x] = 0;
  return { widthPx: sidePx, heightPx: sidePx, levels };
}

/** The provider's sizes (Size, 100 to 2000 px). */
const sizePx = { min: 100, max: 2_000 } as const;

/**
 * A picture at Size = the panel's short side, as picture services make it (level M, modules as even as whole pixels allow), scaled to the free square by
 * bilinear resampling; one-bit glass cuts it at the middle.
 */
export function naive(text: string, sidePx: number, geometry: PanelGeometry, level: ErrorCorrection = "M"): Luma {
  const isMono = geometry.colours !== "colour";
  const { modules } = QRCode.create(text, { errorCorrectionLevel: level });
  const count = modules.size + 2 * quietZoneModules;
  const levels = new Float32Array(sidePx * sidePx);
  const sourcePx = Math.min(sizePx.max, Math.max(sizePx.min, Math.min(geometry.widthPx, geometry.heightPx)));
  const source = (x: number, y: number): number => {
    const column = Math.floor((x * count) / sourcePx) - quietZoneModules;
    const row = Math.floor((y * count) / sourcePx) - quietZoneModules;
    const isModule = row >= 0 && column >= 0 && row < modules.size && column < modules.size;
    return isModule && modules.data[row * modules.size + column] === 1 ? 0 : 255;
  };
  for (let y = 0; y < sidePx; y += 1)
    for (let x = 0; x < sidePx; x += 1) {
      const sx = Math.min(sourcePx - 2, Math.max(0, ((x + 0.5) * sourcePx) / sidePx - 0.5));
      const sy = Math.min(sourcePx - 2, Math.max(0, ((y + 0.5) * sourcePx) / sidePx - 0.5));
      const [fx, fy] = [sx - Math.floor(sx), sy - Math.floor(sy)];
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const top = source(x0, y0) * (1 - fx) + source(x0 + 1, y0) * fx;
      const bottom = source(x0, y0 + 1) * (1 - fx) + source(x0 + 1, y0 + 1) * fx;
      const level255 = top * (1 - fy) + bottom * fy;
      levels[y * sidePx + x] = isMono ? (level255 < 128 ? 0 : 255) : level255;
    }
  return { widthPx: sidePx, heightPx: sidePx, levels };
}

if (import.meta.filename === process.argv[1])
  await run((line) => console.log(line), Number(process.argv[2] ?? shotsDefault), process.argv.slice(3));
