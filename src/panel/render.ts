/** Draws a scene for a panel, from data to pixels. Shared by the panel, the previews and the bench. */
import type { Frame } from "./frame.ts";
import { colourPalette, type Drawing, monoPalette, type Palette, redPalette } from "./draw.ts";
import type { PanelColours, PanelGeometry } from "./geometry.ts";
import type { Language, Scene } from "./port.ts";
import { defaultQrPolicy, type QrPolicy } from "./qr/planner.ts";
import { contentOf, type SceneContent } from "./scene/content.ts";
import type { WalletNaming } from "./wallets.ts";
import type { Brand, DisplayList } from "./scene/display-list.ts";
import { layOut } from "./scene/layout.ts";
import { sceneText } from "./scene/scene-text.ts";

/** The operator's branding of the panel. */
export interface Look extends Brand {
  /** "#rrggbb"; darkened until it has a contrast of 7 : 1 (WCAG 2.2, 1.4.6). */
  readonly accent?: string;
  /** Who helps: shown with faults, and where a person has to look at a payment. */
  readonly contact?: string;
}

export interface RenderSettings {
  readonly geometry: PanelGeometry;
  readonly drawing: Drawing;
  readonly timeZone: string;
  readonly language: Language;
  /** Shown together with the first one. */
  readonly secondLanguage?: Language | undefined;
  readonly policy?: QrPolicy;
  readonly look?: Look | undefined;
  readonly wallets?: WalletNaming | undefined;
  /** Which page of a board that has several, counted without end. */
  readonly turn?: number | undefined;
}

function contentFor(scene: Scene, settings: RenderSettings): SceneContent {
  const { timeZone, language, secondLanguage: second, look, wallets } = settings;
  return contentOf(scene, language, { timeZone, second, wallets, contact: look?.contact });
}

function listContent(content: SceneContent, { geometry, drawing, policy, look, turn }: RenderSettings): DisplayList {
  return layOut(content, geometry, drawing.measure, policy ?? defaultQrPolicy, look, turn);
}

export function listScene(scene: Scene, settings: RenderSettings): DisplayList {
  return listContent(contentFor(scene, settings), settings);
}

/** A scene as a picture, and what stands on it in words. */
export interface DrawnScene {
  readonly list: DisplayList;
  readonly frame: Frame;
  readonly text: string;
}

export async function drawScene(scene: Scene, settings: RenderSettings): Promise<DrawnScene> {
  const content = contentFor(scene, settings);
  const list = listContent(content, settings);
  const frame = await settings.drawing.draw(list, paletteFor(settings.geometry.colours, settings.look?.accent));
  const hasCode = list.items.some(({ kind }) => kind === "qr" || kind === "picture");
  return { list, frame, text: sceneText(content, settings.language, hasCode) };
}

export function paletteFor(colours: PanelColours, accent?: string): Palette {
  if (colours === "black-white-red") return redPalette;
  if (colours !== "colour") return monoPalette;
  return accent === undefined ? colourPalette : { ...colourPalette, accent: darkened(accent) };
}

/** WCAG 2.2, 1.4.6 (level AAA), for everything that has to be read. */
const contrastMin = 7;

/** Darkens a colour until it can be read on the backdrop, and white on it. Anything that is not a colour gives the default. */
function darkened(colour: string): string {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (match === null) return colourPalette.accent;
  let rgb = match.slice(1).map((part) => Number.parseInt(part, 16));
  const css = (): string => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  while (contrastOf(css(), colourPalette.backdrop) < contrastMin) rgb = rgb.map((part) => Math.floor(part * 0.95));
  return css();
}

/** WCAG 2.2, "contrast ratio" of two colours "#rrggbb". */
export function contrastOf(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** WCAG 2.2, "relative luminance". */
function luminance(css: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(css.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The frame as the glass shows it: one-bit panels have no grey. */
export function glassOf(frame: Frame, colours: PanelColours): Frame {
  if (colours === "colour" || colours === "grey") return frame;
  const { widthPx, heightPx, rgba } = frame;
  const shown = new Uint8ClampedArray(rgba.length);
  for (let at = 0; at < rgba.length; at += 4) {
    const red = rgba[at] ?? 0;
    const green = rgba[at + 1] ?? 0;
    const blue = rgba[at + 2] ?? 0;
    const isRed = colours === "black-white-red" && red > 160 && green < 100 && blue < 100;
    const level = (red * 299 + green * 587 + blue * 114) / 1_000 < 128 ? 0 : 255;
    shown[at] = isRed ? 255 : level;
    shown[at + 1] = isRed ? 0 : level;
    shown[at + 2] = isRed ? 0 : level;
    shown[at + 3] = 255;
  }
  return { widthPx, heightPx, rgba: shown };
}
