/** From a panel's file to the sink that drives it. */
import type { Clock, Log } from "../service/port.ts";
import { createEpaperSink } from "./epaper/epaper-sink.ts";
import { createEpaperLines, type OpenPanelPin } from "./epaper/gpio-lines.ts";
import { openSpi } from "./epaper/spi.ts";
import { createFramebufferSink } from "./framebuffer/framebuffer-sink.ts";
import type { Rotation } from "./geometry.ts";
import type { PanelFile } from "./panel-file.ts";
import type { FrameSink } from "./sink.ts";

export interface PanelSinkOptions {
  readonly rotation: Rotation;
  readonly clock: Clock;
  readonly log: Log;
  /** Instead of the file's framebuffer name or SPI device. */
  readonly device?: string;
  /** The terminal whose console is kept off a framebuffer. */
  readonly ttyPath?: string;
  /** Of glass that shines: how bright it should be now, 0 … 1, and how far its picture wanders. */
  readonly light?: () => number;
  readonly shift?: { readonly maxPx: number; readonly everyMs: number };
  /** Opens the GPIO lines of an e-paper panel; asked for those alone. `base` is the number of the header's first line. */
  readonly gpio: () => Promise<{ readonly openPin: OpenPanelPin; readonly base: number }>;
}

/** @throws whatever `gpio` throws, and ControllerError for an e-paper panel's file that no controller of ours takes */
export async function openPanelSink(panel: PanelFile, options: PanelSinkOptions): Promise<FrameSink> {
  const { clock, log, rotation, device, ttyPath, light, shift } = options;
  if (panel.driver === "framebuffer") {
    const name = device ?? panel.framebuffer;
    return createFramebufferSink({
      clock,
      log,
      rotation,
      ...(name === undefined ? {} : { name }),
      ...(ttyPath === undefined ? {} : { ttyPath }),
      ...(light === undefined ? {} : { light }),
      ...(shift === undefined ? {} : { shift }),
    });
  }
  const { openPin, base } = await options.gpio();
  const lines = createEpaperLines(openPin, base, panel.pins, clock);
  const path = device ?? panel.spiDevice;
  const sink = createEpaperSink({
    controller: panel.controller,
    widthPx: panel.widthPx,
    heightPx: panel.heightPx,
    rotation,
    openSpi: () => openSpi({ path, speedHz: panel.spiHz, clock, log }),
    lines,
    clock,
    log,
  });
  return {
    open: () => sink.open(),
    present: (frame, hint) => sink.present(frame, hint),
    absence: () => sink.absence(),
    async close() {
      await sink.close();
      lines.close();
    },
  };
}
