/** Opens the sink that drives a panel, from the panel's file. */
import type { Clock, Log } from "../service/port.ts";
import { createEpaperSink } from "./epaper/epaper-sink.ts";
import { createEpaperLines, type HeaderLines } from "./epaper/gpio-lines.ts";
import { openSpi } from "./epaper/spi.ts";
import { createFramebufferSink } from "./framebuffer/framebuffer-sink.ts";
import type { Rotation } from "./geometry.ts";
import type { PanelFile } from "./panel-file.ts";
import type { FrameSink } from "./sink.ts";

export interface PanelSinkOptions {
  readonly rotation: Rotation;
  readonly clock: Clock;
  readonly log: Log;
  /** Overrides the file's framebuffer name or SPI device. */
  readonly device?: string | undefined;
  /** The terminal whose console must stay off the framebuffer. */
  readonly ttyPath?: string;
  /** Whether it stays off when kvitt ends: the last picture has to stay. */
  readonly keepsConsoleHidden?: boolean;
  /** For backlit panels: how bright they should be now, 0 … 1, and how far the picture may wander. */
  readonly light?: () => number;
  readonly shift?: { readonly maxPx: number; readonly everyMs: number };
  /** Opens the way to the header that an e-paper panel's lines take, which is its own; not called for others. */
  readonly gpio: () => Promise<HeaderLines>;
}

/** @throws whatever `gpio` throws, and ControllerError for an e-paper panel with a controller that we do not drive */
export async function openPanelSink(panel: PanelFile, options: PanelSinkOptions): Promise<FrameSink> {
  const { clock, log, rotation, device, ttyPath, keepsConsoleHidden, light, shift } = options;
  if (panel.driver === "framebuffer") {
    const name = device ?? panel.framebuffer;
    return createFramebufferSink({
      clock,
      log,
      rotation,
      name,
      ttyPath,
      keepsConsoleHidden,
      light,
      shift,
    });
  }
  const lines = await createEpaperLines(await options.gpio(), panel.pins, clock);
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
      await lines.close();
    },
  };
}
