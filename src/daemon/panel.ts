/** Which panel the configuration means, how it is dressed, and the sink that drives it. Part of the composition root. */
import { readFile } from "node:fs/promises";
import { defined } from "../kit/defined.ts";
import { panelClaims } from "../config/pins.ts";
import type { Config } from "../config/schema.ts";
import type { LineRegister } from "../machine/gpio/line-register.ts";
import { openLines } from "../machine/gpio/open-lines.ts";
import { fontFolder, panelFolder } from "../panel/assets.ts";
import { createPanel } from "../panel/create-panel.ts";
import { isPicture } from "../panel/draw.ts";
import { createFramebufferSink } from "../panel/framebuffer/framebuffer-sink.ts";
import { type PanelGeometry, rotated } from "../panel/geometry.ts";
import { ImageSink } from "../panel/image/image-sink.ts";
import { createNoPanel } from "../panel/no-panel.ts";
import { openDrawing } from "../panel/open-drawing.ts";
import { openPanelSink } from "../panel/open-sink.ts";
import { nightLight } from "../panel/night.ts";
import { geometryOf, loadPanel, type PanelFile } from "../panel/panel-file.ts";
import type { Panel, Scene } from "../panel/port.ts";
import { drawScene, type Look } from "../panel/render.ts";
import { pngSize } from "../panel/scene/layout.ts";
import type { FrameSink, PresentOutcome } from "../panel/sink.ts";
import { walletOfCurrency } from "../panel/wallets.ts";
import type { Clock, Log } from "../service/port.ts";

export interface OpenedPanel {
  readonly panel: Panel;
  /** The longest that it takes to show the safe scene and to close. */
  readonly stopMs: number;
}

export interface PanelParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Who has which line of the header. */
  readonly register: LineRegister;
  /** A service leaves its last picture on the glass; a person at the terminal wants the terminal back. */
  readonly isService: boolean;
}

/**
 * The pictures of a start are drawn on the loop: nobody is at the machine yet, and a thread that starts takes a processor that the start needs. By then
 * the machine is for sale.
 */
const threadAfterMs = 3_000;

/** Nothing is shown yet. @throws PanelSetupError, PanelFileError, GpioError for what a person has to mend in `[panel]` */
export async function openPanel(config: Config, parts: PanelParts): Promise<OpenedPanel> {
  const { clock, log } = parts;
  if (config.panel.output === "none") return { panel: createNoPanel(), stopMs: 0 };
  const choice = await choosePanel(config);
  const { languages, language_mode: languageMode } = config.panel;
  const panel = createPanel({
    geometry: choice.geometry,
    sink: await openSink(config, choice, parts),
    drawing: openDrawing(choice.geometry, { clock, log, fontFolder: fontFolder(import.meta.url), threadAfterMs }),
    clock,
    log: log.child({ room: "panel" }),
    languages,
    ...defined({ languageMode }),
    look: await readLook(config),
    wallets: { local: walletOfCurrency[config.vipps.currency], oneNameFrom: config.panel.one_wallet_name_from },
    timeZone: config.machine.time_zone,
  });
  return { panel, stopMs: panelStopMs(choice) };
}

/** One picture, for a computer on which no daemon runs. @throws as openPanel */
export async function paintOnce(config: Config, scene: Scene, parts: PanelParts): Promise<PresentOutcome> {
  const { clock, log } = parts;
  // What has no glass shows nothing wrong.
  if (config.panel.output === "none") return { kind: "presented" };
  const { geometry, ...choice } = await choosePanel(config);
  const [language = "en", secondLanguage] = config.panel.languages;
  await using opened = new AsyncDisposableStack();
  const drawing = openDrawing(geometry, { clock, log, fontFolder: fontFolder(import.meta.url) });
  opened.defer(async () => drawing.close?.());
  const sink = await openSink(config, { geometry, ...choice }, parts);
  opened.defer(() => sink.close());
  await sink.open();
  const look = await readLook(config);
  const { time_zone: timeZone } = config.machine;
  const { frame } = await drawScene(scene, {
    geometry,
    drawing,
    timeZone,
    language,
    ...(geometry.isLive ? {} : defined({ secondLanguage })),
    look,
  });
  // Awaited here: what is opened is closed when this returns.
  return await sink.present(frame, { codeArea: undefined, isSafe: true });
}

/** Drawing on a Pi Zero, and a device that does not answer. */
const drawAndCloseMs = 10_000;

/** On e-paper a refresh may be on, and the safe scene is another one. */
function panelStopMs({ file }: PanelChoice): number {
  const refreshMs = file?.driver === "epaper" ? file.controller.parameters.refreshTimeoutMs : 0;
  return 2 * refreshMs + drawAndCloseMs;
}

class PanelSetupError extends Error {
  readonly code = "panel-setup";
}

export interface PanelChoice {
  /** As the customer sees it. */
  readonly geometry: PanelGeometry;
  /** Undefined when the configuration itself has the geometry. */
  readonly file: PanelFile | undefined;
}

/** At arm's length. */
const readingMmDefault = 500;

function ownGeometry({ panel }: Config): PanelGeometry {
  const { width_px: widthPx, height_px: heightPx, width_mm: widthMm, height_mm: heightMm } = panel;
  if (widthPx === undefined || heightPx === undefined || widthMm === undefined || heightMm === undefined)
    throw new PanelSetupError("[panel] names no model and not all of width_px, height_px, width_mm and height_mm");
  const geometry: PanelGeometry = {
    id: "own",
    name: "own panel",
    widthPx,
    heightPx,
    widthMm,
    heightMm,
    colours: panel.colours ?? "colour",
    isLive: panel.output !== "epaper",
    readingDistanceMm: panel.reading_distance_mm ?? readingMmDefault,
  };
  return rotated(geometry, panel.rotation);
}

/** @throws PanelFileError naming the panels that are known. */
export async function choosePanel(config: Config): Promise<PanelChoice> {
  const { model, output, rotation, reading_distance_mm: readingMm, large_type: isLargeType } = config.panel;
  if (output === "none") throw new PanelSetupError('[panel] output = "none": this machine has no panel');
  if (model === undefined) return { geometry: { ...ownGeometry(config), isLargeType }, file: undefined };
  const file = await loadPanel(model, panelFolder(import.meta.url));
  const geometry = { ...geometryOf(file, rotation), isLargeType };
  return { geometry: readingMm === undefined ? geometry : { ...geometry, readingDistanceMm: readingMm }, file };
}

/** @throws PanelSetupError when the operator's sign cannot be read, or is no PNG. */
export async function readLook({ panel }: Config): Promise<Look> {
  const { brand_name: name, brand_logo: file, accent, contact } = panel;
  const logo = file === undefined ? undefined : await readLogo(file);
  return defined({ name, logo, accent, contact });
}

async function readLogo(file: string): Promise<Uint8Array> {
  let png: Uint8Array;
  try {
    png = await readFile(file);
  } catch (cause) {
    throw new PanelSetupError(`panel.brand_logo = ${JSON.stringify(file)} cannot be read: ${String(cause)}`, { cause });
  }
  if (pngSize(png) === undefined || !(await isPicture(png)))
    throw new PanelSetupError(`panel.brand_logo = ${JSON.stringify(file)} is no PNG: export the sign as PNG`);
  return png;
}

/** The picture wanders this seldom: often enough for the glass, too seldom to be seen. */
const shiftEveryMs = 600_000;

/** What only glass that shines has: night and burn-in. By day until the clock can be believed. */
function shine({ panel, machine }: Config, clock: Clock) {
  const { night_from: from, night_to: to, night_light: light, burn_in_shift_px: maxPx } = panel;
  const shift = { maxPx, everyMs: shiftEveryMs };
  if (from === undefined || to === undefined) return { shift };
  const lightAt = nightLight({ from, to, light }, machine.time_zone);
  return { shift, light: () => (clock.isPlausible() ? lightAt(clock.wallMs()) : 1) };
}

export async function openSink(
  config: Config,
  { file }: PanelChoice,
  { clock, log, register, isService }: PanelParts,
): Promise<FrameSink> {
  const { panel } = config;
  const options = {
    clock,
    log: log.child({ room: "panel" }),
    rotation: panel.rotation,
    ttyPath: "/dev/tty1",
    keepsConsoleHidden: isService,
    ...shine(config, clock),
  };
  if (panel.output === "image") return new ImageSink({ file: panel.image_file, clock });
  if (file !== undefined)
    return openPanelSink(file, {
      ...options,
      device: panel.device,
      gpio: async () => {
        register.deviceOwner().claim(panelClaims(file, panel.device));
        const base = config.delivery.driver === "gpio" ? config.delivery.base : undefined;
        const lines = await openLines({ backEnd: "auto", base }, clock);
        log.info({ room: "panel", backEnd: lines.backEnd }, "the way to the panel's lines on the header");
        return lines;
      },
    });
  if (panel.output !== "framebuffer") throw new PanelSetupError("an e-paper panel needs a model: kvitt panel list");
  return createFramebufferSink({ ...options, name: panel.device });
}
