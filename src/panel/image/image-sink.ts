/** The panel as a picture file: for the demo, for tests, and for displays that another program drives. */
import type { Frame } from "../frame.ts";
import { rename, writeFile } from "node:fs/promises";
import { errorText } from "../../kit/error-text.ts";
import { encodePng } from "../draw.ts";
import type { FrameSink, PresentOutcome } from "../sink.ts";

/** Writes `file` whole, or not at all: a reader never sees half a picture. Without a file it only keeps the frame. */
export class ImageSink implements FrameSink {
  readonly #file: string | undefined;
  #frame: Frame | undefined;

  constructor(file?: string) {
    this.#file = file;
  }

  async open(): Promise<void> {}

  get frame(): Frame | undefined {
    return this.#frame;
  }

  async present(frame: Frame): Promise<PresentOutcome> {
    try {
      if (this.#file !== undefined) {
        const temporary = `${this.#file}.new`;
        await writeFile(temporary, await encodePng(frame));
        await rename(temporary, this.#file);
      }
      this.#frame = frame;
      return { kind: "presented" };
    } catch (error) {
      return {
        kind: "failed",
        reason: `the picture could not be written: ${errorText(error)}`,
      };
    }
  }

  isPresent(): boolean {
    return true;
  }

  async close(): Promise<void> {}
}
