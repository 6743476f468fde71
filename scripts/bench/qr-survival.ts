/**
 * Which symbol survives a camera? The planner's choice against each error correction level and against the naive way (a picture of fixed size,
 * resampled to fit). Every method sees the same shots: same distance, tilt, blur, glare, noise and ghosts, from the same seeds.
 */
import { readFileSync } from "node:fs";
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

const panelIds = [
  "waveshare-2.13-v4",
  "waveshare-2.9-v2",
  "tft-480x320-3.5in",
  "waveshare-4.2-v2",
  "waveshare-7.5-v2",
  "hdmi-800x480-7in",
];
/** The lengths of links that were seen, and of one that carries a long token. */
const contentBytes = [41, 67, 120, 200];
const shotsDefault = 12;
/** Of the distance from which a customer reads: to scan, people hold the phone nearer. */
const distanceShare = 0.5;

const methods = ["planner", "L", "M", "Q", "H", "naive"] as const;
type Method = (typeof methods)[number];

interface Score {
  read: number;
  of: number;
}

const decode = typeof jsQR === "function" ? jsQR : jsQR.default;

/** `shots` a panel and content; each is read by two decoders. */
export async function run(print: (line: string) => void, shots = shotsDefault): Promise<void> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
  print(`Read by jsQR and zxing-cpp, ${shots} shots a cell, two readings a shot, seeded; per cent.`);
  print("");
  print(`| panel | bytes | planned | ${methods.join(" | ")} |`);
  print(`|---|---|---|${methods.map(() => "---|").join("")}`);
  const totals = new Map<Method, Score>(methods.map((method) => [method, { read: 0, of: 0 }]));
  const folder = new URL("../../hardware/panels/", import.meta.url);
  for (const id of panelIds) {
    const geometry = geometryOf(await loadPanel(id, folder));
    for (const bytes of contentBytes) print(await row(geometry, bytes, shots, totals));
  }
  print(`| all | | | ${methods.map((method) => percent(totals.get(method))).join(" | ")} |`);
}

async function row(geometry: PanelGeometry, bytes: number, shots: number, totals: Map<Method, Score>): Promise<string> {
  const text = "https://qr.vipps.no/".padEnd(bytes, "k7Xp2Qv9LmZr4Tb");
  const planning = planQr(text, geometry, codeArea(geometry));
  const planned =
    planning.kind === "refused"
      ? "refused"
      : `${planning.plan.symbol.version}-${planning.plan.symbol.errorCorrection}, ${planning.plan.moduleSizePx} px, ${planning.plan.moduleSizeMm.toFixed(2)} mm`;
  const cells: string[] = [];
  for (const method of methods) {
    const picture = pictureOf(method, text, geometry);
    if (picture === undefined) {
      cells.push("–");
      continue;
    }
    const score = await survive(picture, text, geometry, bytes, shots);
    const total = totals.get(method);
    if (total !== undefined) {
      total.read += score.read;
      total.of += score.of;
    }
    cells.push(percent(score));
  }
  return `| ${geometry.id} | ${bytes} | ${planned} | ${cells.join(" | ")} |`;
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
  const score: Score = { read: 0, of: 0 };
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
    score.of += 2;
    if (decode(taken.rgba, taken.sidePx, taken.sidePx, { inversionAttempts: "dontInvert" })?.data === text)
      score.read += 1;
    const found = await readBarcodes(
      { data: taken.rgba, width: taken.sidePx, height: taken.sidePx, colorSpace: "srgb" },
      { formats: ["QRCode"], tryHarder: true, tryInvert: false, maxNumberOfSymbols: 1 },
    );
    if (found.some((one) => one.isValid && one.text === text)) score.read += 1;
  }
  return score;
}

/** The square that the method puts onto this panel: always the whole free square, so that all are photographed alike. */
function pictureOf(method: Method, text: string, geometry: PanelGeometry): Luma | undefined {
  const sidePx = codeArea(geometry).widthPx;
  if (method === "naive") return naive(text, sidePx, geometry.colours !== "colour");
  if (method !== "planner") {
    const symbol = createSymbol(text, method);
    return symbol === undefined
      ? undefined
      : drawn(symbol, Math.floor(sidePx / (symbol.size + 2 * quietZoneModules)), sidePx);
  }
  const planning = planQr(text, geometry, { widthPx: sidePx, heightPx: sidePx });
  return planning.kind === "refused" ? undefined : drawn(planning.plan.symbol, planning.plan.moduleSizePx, sidePx);
}

function drawn(symbol: QrSymbol, modulePx: number, sidePx: number): Luma | undefined {
  if (modulePx < 1) return undefined;
  const start = Math.floor((sidePx - symbol.size * modulePx) / 2);
  const levels = new Float32Array(sidePx * sidePx).fill(255);
  for (let y = 0; y < symbol.size * modulePx; y += 1)
    for (let x = 0; x < symbol.size * modulePx; x += 1)
      if (symbol.isDark(Math.floor(y / modulePx), Math.floor(x / modulePx)))
        levels[(start + y) * sidePx + start + x] = 0;
  return { widthPx: sidePx, heightPx: sidePx, levels };
}

/** A picture of 512 px (the size people ask for), scaled to the panel by bilinear resampling; one-bit glass cuts it at the middle. */
function naive(text: string, sidePx: number, isMono: boolean, level: ErrorCorrection = "M"): Luma {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: level });
  const count = modules.size + 2 * quietZoneModules;
  const levels = new Float32Array(sidePx * sidePx);
  const sourcePx = 512;
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
  await run((line) => console.log(line), Number(process.argv[2] ?? shotsDefault));
