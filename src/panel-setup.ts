/** Which panel the configuration means, and the sink that drives it. Part of the composition root. */
import type { Config } from "./config/schema.ts";
import { loadOnoff } from "./machine/gpio.ts";
import { headerBase, readChips } from "./machine/gpio-base.ts";
import { panelFolder } from "./panel/assets.ts";
import { createFramebufferSink } from "./panel/framebuffer/framebuffer-sink.ts";
import { type PanelGeometry, rotated } from "./panel/geometry.ts";
import { ImageSink } from "./panel/image/image-sink.ts";
import { openPanelSink } from "./panel/open-sink.ts";
import { geometryOf, loadPanel, type PanelFile } from "./panel/panel-file.ts";
import type { FrameSink } from "./panel/sink.ts";
import type { Clock, Log } from "./service/port.ts";

class PanelSetupError extends Error {
  readonly code = "panel-setup";
}

export interface PanelChoice {
  /** As the customer sees it. */
  readonly geometry: PanelGeometry;
  /** Undefined when the configuration itself has the geometry. */
  readonly file: PanelFile | undefined;
}

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
    readingDistanceMm: panel.reading_distance_mm,
  };
  return rotated(geometry, panel.rotation);
}

/** @throws PanelFileError naming the panels that are known. */
export async function choosePanel(config: Config): Promise<PanelChoice> {
  const { model, rotation } = config.panel;
  if (model === undefined) return { geometry: ownGeometry(config), file: undefined };
  const file = await loadPanel(model, panelFolder(import.meta.url));
  return { geometry: geometryOf(file, rotation), file };
}

export async function openSink(config: Config, { file }: PanelChoice, clock: Clock, log: Log): Promise<FrameSink> {
  const { panel } = config;
  const options = {
    clock,
    log: log.child({ room: "panel" }),
    rotation: panel.rotation,
    ttyPath: "/dev/tty1",
  };
  if (panel.output === "image") return new ImageSink(panel.image_file);
  if (file !== undefined)
    return openPanelSink(file, {
      ...options,
      ...(panel.device === undefined ? {} : { device: panel.device }),
      gpio: async () => ({
        openPin: await loadOnoff(),
        base: headerBase(await readChips(), config.delivery.driver === "gpio" ? config.delivery.base : undefined),
      }),
    });
  if (panel.output !== "framebuffer") throw new PanelSetupError("an e-paper panel needs a model: kvitt panel list");
  return createFramebufferSink({ ...options, ...(panel.device === undefined ? {} : { name: panel.device }) });
}
