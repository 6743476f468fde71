/** Which panel the configuration means, and the sink that drives it. Part of the composition root. */
import type { Config } from "./config/schema.ts";
import type { FramebufferSinkOptions } from "./panel/framebuffer/framebuffer-sink.ts";
import { createFramebufferSink } from "./panel/framebuffer/framebuffer-sink.ts";
import { type PanelGeometry, rotated } from "./panel/geometry.ts";
import { ImageSink } from "./panel/image/image-sink.ts";
import type { FrameSink } from "./panel/sink.ts";
import type { Clock, Log } from "./service/port.ts";

export type PanelOutput = "framebuffer" | "epaper" | "image";

export class PanelSetupError extends Error {
  readonly code = "panel-setup";
}

/** The geometry as the customer sees it, and what drives the glass. */
export async function panelOf(
  config: Config,
): Promise<{ readonly geometry: PanelGeometry; readonly output: PanelOutput }> {
  const { panel } = config;
  const { width_px: widthPx, height_px: heightPx, width_mm: widthMm, height_mm: heightMm } = panel;
  if (widthPx === undefined || heightPx === undefined || widthMm === undefined || heightMm === undefined)
    throw new PanelSetupError("the panel's size is not known");
  const output = panel.output ?? "framebuffer";
  const geometry: PanelGeometry = {
    id: panel.model ?? "own",
    name: panel.model ?? "own panel",
    widthPx,
    heightPx,
    widthMm,
    heightMm,
    colours: panel.colours ?? "colour",
    isLive: output !== "epaper",
    readingDistanceMm: panel.reading_distance_mm,
  };
  return { geometry: rotated(geometry, panel.rotation), output };
}

export async function openSink(
  config: Config,
  _geometry: PanelGeometry,
  output: PanelOutput,
  clock: Clock,
  log: Log,
): Promise<FrameSink> {
  const { panel } = config;
  switch (output) {
    case "image":
      return new ImageSink(panel.image_file);
    case "framebuffer": {
      const options: FramebufferSinkOptions = {
        clock,
        log: log.child({ room: "panel" }),
        rotation: panel.rotation,
        ttyPath: "/dev/tty1",
        ...(panel.device === undefined ? {} : { name: panel.device }),
      };
      return createFramebufferSink(options);
    }
    case "epaper":
      throw new PanelSetupError("an e-paper panel needs a model from hardware/panels");
  }
}
