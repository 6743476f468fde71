/** The panels that we know: one JSON file each in hardware/panels, checked when it is read. */
import { readdir, readFile } from "node:fs/promises";
import * as z from "zod";
import { CodedError } from "../kit/coded-error.ts";
import { controllerSchema } from "./epaper/controllers.ts";
import { type PanelGeometry, type Rotation, rotated } from "./geometry.ts";

const line = z.int().min(0).max(27);
const sides = {
  widthPx: z.int().min(100).max(4_096),
  heightPx: z.int().min(100).max(4_096),
  widthMm: z.number().min(10).max(3_000),
  heightMm: z.number().min(10).max(3_000),
};
const about = {
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,60}$/, "small letters, digits, dots and dashes"),
  name: z.string().min(1).max(80),
  ...sides,
  readingDistanceMm: z.number().min(150).max(3_000),
  /** Where each figure comes from: a figure without a source is a guess. */
  sources: z.object({ px: z.string().min(1), mm: z.string().min(1) }).catchall(z.string().min(1)),
};

const epaperFile = z.strictObject({
  ...about,
  driver: z.literal("epaper"),
  colours: z.enum(["black-white", "black-white-red"]),
  isLive: z.literal(false),
  controller: controllerSchema,
  spiDevice: z.string().startsWith("/dev/"),
  spiHz: z.int().min(100_000).max(20_000_000),
  /** BCM numbers. The chip select belongs to the kernel's SPI driver. */
  pins: z.strictObject({ reset: line, dataCommand: line, busy: line, power: line.optional() }),
  /** A page next to the file. */
  wiring: z.string().min(1),
});

const framebufferFile = z.strictObject({
  ...about,
  driver: z.literal("framebuffer"),
  colours: z.literal("colour"),
  isLive: z.literal(true),
  /** The framebuffer's name; without it the first one found. */
  framebuffer: z.string().min(1).optional(),
});

const panelFileSchema = z.discriminatedUnion("driver", [epaperFile, framebufferFile]);

/** A panel as it was built: width and height as the glass is scanned, before any rotation. */
export type PanelFile = z.infer<typeof panelFileSchema>;

/** Codes: `panel-file-invalid`, `panel-unknown`. */
export class PanelFileError extends CodedError<"panel-file-invalid" | "panel-unknown"> {}

/** @throws PanelFileError `panel-file-invalid`, saying what is wrong in which key. `from` names the file in the message. */
export function readPanelFile(text: string, from = "the panel file"): PanelFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new PanelFileError("panel-file-invalid", `${from} is not JSON: ${String(error)}`, { cause: error });
  }
  const parsed = panelFileSchema.safeParse(json);
  if (!parsed.success)
    throw new PanelFileError("panel-file-invalid", `${from} describes no panel: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/**
 * The panel `id` of the folder (with a slash at its end).
 * @throws PanelFileError `panel-unknown`, naming those that there are; `panel-file-invalid`
 */
export async function loadPanel(id: string, folder: URL): Promise<PanelFile> {
  const ids = await panelIds(folder);
  // The id comes from a configuration or a command line, so it is looked up rather than joined to a path.
  if (!ids.includes(id))
    throw new PanelFileError("panel-unknown", `there is no panel "${id}"; known are ${ids.join(", ")}`);
  return readOne(id, folder);
}

/** All panels of the folder, in the order of their ids. @throws PanelFileError `panel-file-invalid` */
export async function listPanels(folder: URL): Promise<readonly PanelFile[]> {
  return Promise.all((await panelIds(folder)).map((id) => readOne(id, folder)));
}

/** What the layout needs to know about the panel, as customers see it when the glass is turned. */
export function geometryOf(panel: PanelFile, rotation: Rotation = 0): PanelGeometry {
  const { id, name, widthPx, heightPx, widthMm, heightMm, colours, isLive, readingDistanceMm } = panel;
  return rotated({ id, name, widthPx, heightPx, widthMm, heightMm, colours, isLive, readingDistanceMm }, rotation);
}

async function panelIds(folder: URL): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

async function readOne(id: string, folder: URL): Promise<PanelFile> {
  const panel = readPanelFile(await readFile(new URL(`${id}.json`, folder), "utf8"), `${id}.json`);
  if (panel.id !== id)
    throw new PanelFileError("panel-file-invalid", `${id}.json has the id "${panel.id}"; a file is named after its id`);
  return panel;
}
