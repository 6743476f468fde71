/**
 * The thread that draws large frames: drawing 1920×1080 takes longer than the event loop may be blocked. It is an entry point of its own; a bundle
 * has it as draw-worker.js next to the program, with the font in font/.
 */
import type { Frame } from "./frame.ts";
import { parentPort, workerData } from "node:worker_threads";
import { createDrawing, type Palette } from "./draw.ts";
import { encodePng } from "./png.ts";
import { fromPortable, type PortableList } from "./portable-list.ts";

export interface DrawRequest {
  readonly id: number;
  readonly list: PortableList;
  readonly palette: Palette;
  /** The memory of an earlier frame, to draw into. */
  readonly memory: ArrayBuffer | undefined;
}

export interface EncodeRequest {
  readonly id: number;
  /** A copy whose memory is transferred. */
  readonly frame: Frame;
}

export type DrawReply =
  | { readonly id: number; readonly png: Uint8Array }
  | { readonly id: number; readonly widthPx: number; readonly heightPx: number; readonly rgba: Uint8ClampedArray }
  | { readonly id: number; readonly error: string };

function fontFolderOf(data: unknown): URL | undefined {
  return typeof data === "object" && data !== null && "fontFolder" in data && typeof data.fontFolder === "string"
    ? new URL(data.fontFolder)
    : undefined;
}

const port = parentPort;
if (port !== null) {
  const drawing = createDrawing(fontFolderOf(workerData));
  const fail = (id: number, error: unknown): void => port.postMessage({ id, error: String(error) } satisfies DrawReply);
  port.on("message", (request: DrawRequest | EncodeRequest) => {
    if ("frame" in request) {
      const { id, frame } = request;
      encodePng(frame).then(
        (png) => port.postMessage({ id, png } satisfies DrawReply),
        (error: unknown) => fail(id, error),
      );
      return;
    }
    const { id, list, palette, memory } = request;
    drawing.draw(fromPortable(list), palette, memory).then(
      ({ widthPx, heightPx, rgba }) => {
        // A frame owns its memory, so it is transferred rather than copied.
        port.postMessage(
          { id, widthPx, heightPx, rgba } satisfies DrawReply,
          rgba.buffer instanceof ArrayBuffer ? [rgba.buffer] : [],
        );
      },
      (error: unknown) => fail(id, error),
    );
  });
}
