/** The panel as a picture file, for tests and for displays that another program drives. */
import { rename, writeFile } from "node:fs/promises";
import { backOffCeilingMs } from "../../kit/back-off.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Timer } from "../../service/port.ts";
import type { Frame } from "../frame.ts";
import { described, encodePng } from "../png.ts";
import type { FrameHint, FrameSink, PresentOutcome } from "../sink.ts";

/** Between two attempts to write the same picture. */
const retries = { firstMs: 1_000, maxMs: 60_000 };

export interface ImageSinkOptions {
  /** Without a file, frames are only kept in memory. */
  readonly file: string | undefined;
  readonly clock: Clock;
}

/** Writes `file` atomically: a reader never sees half a picture. A picture that stands in it already is not written again: the file may lie on a card. */
export class ImageSink implements FrameSink {
  readonly #options: ImageSinkOptions;
  #last: Frame | undefined;
  #text: string | undefined;
  /** What stands in the file. */
  #written: Uint8Array | undefined;
  #absence: string | undefined = "nothing was shown yet";
  #tries = 0;
  #retry: Timer | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: ImageSinkOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {}

  present(frame: Frame, { text }: Pick<FrameHint, "text"> = {}): Promise<PresentOutcome> {
    this.#last = frame;
    this.#text = text;
    this.#tries = 0;
    return this.#write();
  }

  absence(): string | undefined {
    return this.#absence;
  }

  async close(): Promise<void> {
    this.#retry?.cancel();
    this.#last = undefined;
    await this.#tail;
  }

  /** Writes never overlap: two of them would mix their pictures in the temporary file. */
  #write(): Promise<PresentOutcome> {
    this.#retry?.cancel();
    const written = this.#tail.then(() => this.#writeLast());
    this.#tail = written;
    return written;
  }

  async #writeLast(): Promise<PresentOutcome> {
    const { file, clock } = this.#options;
    const frame = this.#last;
    if (frame === undefined) return { kind: "failed", reason: "the panel is closed" };
    try {
      if (file !== undefined) {
        const text = this.#text;
        const bare = await encodePng(frame);
        const png = text === undefined ? bare : described(bare, text);
        if (this.#written === undefined || Buffer.compare(this.#written, png) !== 0) {
          const temporary = `${file}.new`;
          await writeFile(temporary, png);
          await rename(temporary, file);
          this.#written = png;
        }
      }
      this.#absence = undefined;
      return { kind: "presented" };
    } catch (error) {
      this.#written = undefined;
      const reason = `the picture could not be written: ${errorText(error)}`;
      this.#absence = reason;
      const waitMs = backOffCeilingMs(retries, this.#tries);
      this.#tries += 1;
      if (this.#last !== undefined) this.#retry = clock.startTimer("picture file", waitMs, () => void this.#write());
      return { kind: "failed", reason };
    }
  }
}
