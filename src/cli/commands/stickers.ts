/** `kvitt stickers`: the machine's code to print, cut and glue. */
import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Config } from "../../config/schema.ts";
import { type CallbackCode, codesOf } from "../../config/outlets.ts";
import { createDrawing } from "../../panel/draw.ts";
import type { Frame } from "../../panel/frame.ts";
import { type Language, languages as allLanguages } from "../../panel/languages.ts";
import { atDensity, framePng } from "../../panel/png.ts";
import { readCode } from "../../panel/qr/read-code.ts";
import { texts } from "../../panel/scene/texts/all.ts";
import { frameOf, pdfOf, perMmOnModules, svgOf } from "../../panel/sticker/draw-print.ts";
import type { PrintPage } from "../../panel/sticker/print-item.ts";
import { instructionPages, stickerPages } from "../../panel/sticker/sheets.ts";
import { planSticker, type Sticker, type StickerSettings, type StickerWanted } from "../../panel/sticker/sticker.ts";
import { appName, walletOfCurrency } from "../../panel/wallets.ts";
import { money } from "../../sale/money.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openConfig, openUncheckedConfig } from "../open-config.ts";
import { openProvider, providerOptions, providerUsage, told } from "../provider.ts";
import { serviceSocketOf } from "../service-socket.ts";
import { walkStickers } from "../sticker-walk.ts";
import { table } from "../table.ts";

const symbolMmDefault = 40;
const waitSDefault = 120;
const copiesMax = 100;

const usage = `kvitt stickers --config FILE --out stickers.pdf|sticker.svg|FOLDER [--size MM] [--copies N] [--link URL]
kvitt stickers check --config FILE [--wait S]

Makes the sticker with the machine's callback code, or one for each of its outlets: what to do, in the panel's languages, the code, the place, who
helps, id and revision. Every code is read again before it is written, and a file is the same every time.

  --out FILE.pdf  A4: a sheet in each of the panel's languages (what to do, which id belongs where), then the stickers with cut marks
  --out FILE.svg  the sticker alone at its own size, letters as outlines, for a print shop
  --out FOLDER    the sticker and the sheets as PNG, about 600 and 200 dots an inch
  --size MM       width of the code without its white edge, 25 to 120; default ${symbolMmDefault}. It is scanned from ten times as far
  --copies N      how often each sticker stands in the PDF, 1 to ${copiesMax}; default 1
  --no-price      leaves out what is sold and its price (printed where there is just one product)
  --one-name      MobilePay is called Vipps, as the provider announces for 2027: for what is printed to stay
  --link URL      the code's content, instead of asking the provider for it: what "kvitt qr callback get ID" calls content

check is the walk test, on the machine while its daemon runs: scan each sticker once in the app; it says which code was heard, and how long that
took. Exit code 0 when all were heard within --wait seconds (default ${waitSDefault}).

docs/stickers.md says what to print on, where to glue it, and what a thief does.

${providerUsage}`;

const options = {
  ...providerOptions,
  out: { type: "string" },
  size: { type: "string" },
  copies: { type: "string" },
  "no-price": { type: "boolean" },
  "one-name": { type: "boolean" },
  link: { type: "string" },
  wait: { type: "string" },
} as const;

const parse = (args: readonly string[]) => parseFlags(args, options);
type Flags = ReturnType<typeof parse>["values"];

function numberOf(
  flag: string,
  text: string | undefined,
  fallback: number,
  [min, max]: readonly [number, number],
): number {
  const value = Number(text ?? fallback);
  if (value >= min && value <= max) return value;
  throw new CommandError(`--${flag} takes ${min} to ${max}, not "${text ?? ""}"`);
}

type Output = { readonly kind: "pdf" | "svg" | "folder"; readonly path: string };

function outputOf(path: string | undefined): Output {
  if (path === undefined || path === "") throw new CommandError("where to? add --out FILE.pdf, FILE.svg or a folder");
  const ending = extname(path).toLowerCase();
  if (ending === ".pdf") return { kind: "pdf", path };
  if (ending === ".svg") return { kind: "svg", path };
  if (ending === "") return { kind: "folder", path };
  throw new CommandError(`--out ${path}: a PDF (.pdf), an SVG (.svg), or a folder for PNG files`);
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values: flags, positionals } = parse(args);
    const [verb, ...more] = positionals;
    if (more.length > 0 || (verb !== undefined && verb !== "check")) throw new CommandError(usage);
    return verb === "check" ? check(flags, io) : print(flags, io);
  },
};

async function print(flags: Flags, io: CommandIo): Promise<number> {
  const output = outputOf(flags.out);
  const symbolMm = numberOf("size", flags.size, symbolMmDefault, [25, 120]);
  const copies = numberOf("copies", flags.copies, 1, [1, copiesMax]);
  if (!Number.isInteger(copies)) throw new CommandError(`--copies takes a whole number, not "${flags.copies ?? ""}"`);
  if (copies > 1 && output.kind !== "pdf")
    throw new CommandError("--copies is for a PDF: print the picture as often as you like");
  const config = await openConfig(flags.config, io.env);
  const { measure } = createDrawing();
  const settings = settingsOf(config, { symbolMm, isOneName: flags["one-name"] === true, measure });
  const wanted = await wantedOf(config, flags, io);
  const stickers = wanted.map((one) => planned(one, settings));
  for (const sticker of stickers)
    checkReadable(sticker, frameOf(sticker.page, perMmOnModules(sticker.plan.moduleMm, checkDpi)));
  const written = await write(stickers, { output, copies, settings });
  tell(stickers, written, flags, io);
  return 0;
}

async function check(flags: Flags, io: CommandIo): Promise<number> {
  const waitS = numberOf("wait", flags.wait, waitSDefault, [1, 3_600]);
  const config = await openUncheckedConfig(flags.config);
  const places = new Map(codesOf(config).map(({ id, place }) => [id, place]));
  return walkStickers({ places, socket: serviceSocketOf(config), waitS, io });
}

async function wantedOf(config: Config, flags: Flags, io: CommandIo): Promise<readonly StickerWanted[]> {
  if (config.sale.check_in_style === "off")
    throw new CommandError(
      '[sale] check_in_style is "off": the machine does nothing when a callback code is scanned, so a sticker would only keep customers waiting. Write check_in_style = "choose-then-pay" first',
      1,
    );
  const codes = codesOf(config);
  if (flags.link !== undefined && codes.length > 1)
    throw new CommandError(
      `--link is for one sticker, and this machine has ${codes.length} outlets: leave it out, and the provider is asked for each`,
    );
  const wanted: StickerWanted[] = [];
  for (const { id, place, products } of codes) {
    const [only, ...more] = products;
    const isOne = only !== undefined && more.length === 0 && flags["no-price"] !== true;
    const offer = isOne ? { name: only.name, price: money(only.price, config.vipps.currency) } : undefined;
    const link = flags.link === undefined ? await linkOf({ id, place }, flags, io) : givenLink(flags.link);
    wanted.push({ id, place, link, offer });
  }
  return wanted;
}

/** The app reads codes of this host alone; everything else it refuses (the provider's FAQ on QR codes). */
const codeHost = "qr.vipps.no";

function isOfProvider(link: string): boolean {
  return URL.canParse(link) && new URL(link).protocol === "https:" && new URL(link).hostname === codeHost;
}

function givenLink(link: string): string {
  if (isOfProvider(link)) return link;
  throw new CommandError(
    `--link "${link}" is no code of the provider's: the app reads https://${codeHost}/… and nothing else. Give what "kvitt qr callback get ID" calls content`,
  );
}

const withoutProvider = `Without the provider: --link URL, with what "kvitt qr callback get ID" calls content`;

/** The content of the code that the machine registers when it starts: only the provider knows it. */
async function linkOf({ id, place }: Pick<CallbackCode, "id" | "place">, flags: Flags, io: CommandIo): Promise<string> {
  const answer = await withHint(async () => {
    const provider = await openProvider(flags, io);
    return told(flags, io, () => provider.client.callbackQrs.get(id, { format: "target-url" }, provider.options));
  });
  const { qrContent, locationDescription } = answer;
  if (typeof qrContent !== "string" || qrContent === "")
    throw new CommandError(`the provider's answer has no content for ${id}. ${withoutProvider}`, 1);
  if (!isOfProvider(qrContent))
    io.err(
      `worth a look: the provider's code for ${id} is not on ${codeHost}, the only host that the app reads: ${qrContent}`,
    );
  if (typeof locationDescription === "string" && locationDescription !== place)
    io.err(
      `worth a look: the app still shows "${locationDescription}" after a scan; the sticker says "${place}", which the machine registers at its next start`,
    );
  return qrContent;
}

async function withHint<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new CommandError(
      `the code's content could not be asked of the provider: ${cause.message}\nA machine has a code once it was started with this configuration, or after "kvitt qr callback put ID --location TEXT". ${withoutProvider}`,
      cause.exitCode,
      { cause },
    );
  }
}

interface Wishes {
  readonly symbolMm: number;
  readonly isOneName: boolean;
  readonly measure: StickerSettings["measure"];
}

function settingsOf({ panel, vipps }: Config, { symbolMm, isOneName, measure }: Wishes): StickerSettings {
  const [first = allLanguages[0], ...more] = panel.languages;
  return {
    symbolMm,
    languages: [first, ...more],
    wallets: { local: walletOfCurrency[vipps.currency], isOneName },
    contact: panel.contact,
    measure,
  };
}

function planned(wanted: StickerWanted, settings: StickerSettings): Sticker {
  const planning = planSticker(wanted, settings);
  if (planning.kind === "planned") return planning.sticker;
  throw new CommandError(`${wanted.id} is not printed: ${planning.reason}; ${planning.advice} (--size)`, 1);
}

/** Few pixels a module: what reads here reads in print. */
const checkDpi = 100;

/** @throws CommandError unless an independent decoder reads the code's content in the picture */
function checkReadable({ id, link }: Sticker, picture: Frame): void {
  const read = readCode(picture);
  if (read !== link)
    throw new CommandError(
      `${id} is not written: its code was read again as ${read === undefined ? "nothing" : `"${read}"`}, and not as "${link}". That is a fault of kvitt: please report it`,
      1,
    );
}

interface Writing {
  readonly output: Output;
  readonly copies: number;
  readonly settings: StickerSettings;
}

/** The files' names. */
async function write(stickers: readonly Sticker[], { output, copies, settings }: Writing): Promise<readonly string[]> {
  const sheets = (): readonly (readonly [Language, readonly PrintPage[]])[] =>
    settings.languages.map((language) => {
      const app = appName(language, texts[language].or, settings.wallets).name;
      return [language, instructionPages(stickers, { language, app, measure: settings.measure })];
    });
  switch (output.kind) {
    case "pdf": {
      const laidOut = stickerPages(stickers.flatMap((sticker) => Array.from({ length: copies }, () => sticker)));
      if (laidOut.kind === "refused") throw new CommandError(`${laidOut.reason}; ${laidOut.advice}`, 1);
      const pages = [...sheets().flatMap(([, some]) => some), ...laidOut.pages];
      await writeFile(output.path, pdfOf(pages, `kvitt: ${stickers.map(({ id }) => id).join(", ")}`));
      return [output.path];
    }
    case "svg": {
      const [sticker, ...more] = stickers;
      if (sticker === undefined || more.length > 0)
        throw new CommandError("an SVG has one sticker: take a PDF or a folder");
      await writeFile(output.path, svgOf(sticker.page));
      return [output.path];
    }
    case "folder":
      return writeFolder(output.path, stickers, sheets());
  }
}

const stickerDpi = 600;
const sheetDpi = 200;

async function writeFolder(
  folder: string,
  stickers: readonly Sticker[],
  sheets: readonly (readonly [Language, readonly PrintPage[]])[],
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const put = async (name: string, frame: Frame, perMm: number): Promise<void> => {
    const file = join(folder, name);
    await writeFile(file, atDensity(framePng(frame), perMm));
    written.push(file);
  };
  for (const sticker of stickers) {
    const perMm = perMmOnModules(sticker.plan.moduleMm, stickerDpi);
    const frame = frameOf(sticker.page, perMm);
    checkReadable(sticker, frame);
    await put(`${sticker.id}.png`, frame, perMm);
  }
  const perMm = sheetDpi / 25.4;
  for (const [language, pages] of sheets)
    for (const [index, page] of pages.entries())
      await put(`sheet-${language}${index === 0 ? "" : `-${index + 1}`}.png`, frameOf(page, perMm), perMm);
  return written;
}

function tell(stickers: readonly Sticker[], written: readonly string[], flags: Flags, io: CommandIo): void {
  const about = stickers.map(({ id, place, link, revision, plan, page }) => ({
    id,
    place,
    revision,
    content: link,
    symbol: `${plan.symbol.version}-${plan.symbol.errorCorrection}`,
    module_mm: Number(plan.moduleMm.toFixed(3)),
    scans_from_mm: plan.scanDistanceMm,
    width_mm: page.widthMm,
    height_mm: page.heightMm,
  }));
  if (flags.json === true) {
    io.out(JSON.stringify({ files: written, stickers: about }, null, 2));
    return;
  }
  const rows = about.map((one) => [
    one.id,
    one.place,
    one.revision,
    `${one.width_mm} × ${one.height_mm} mm`,
    `${one.symbol}, ${one.module_mm} mm a module`,
    `${one.scans_from_mm / 10} cm`,
  ]);
  io.out(table(["ID", "PLACE", "REVISION", "STICKER", "CODE", "SCANS FROM"], rows, "there are no stickers"));
  for (const file of written) io.out(file);
  io.err("each code was read again by another decoder");
}
