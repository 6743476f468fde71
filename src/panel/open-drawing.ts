/** Chooses who draws for a panel: the event loop if its frames are small, a thread if they are large. */
import type { Frame } from "./frame.ts";
import { Worker } from "node:worker_threads";
import type { Clock, Log, Timer } from "../service/port.ts";
import { drawWorkerFile } from "./assets.ts";
import type { DrawReply, DrawRequest, EncodeRequest } from "./draw-worker.ts";
import { createDrawing, type Drawing, type Palette } from "./draw.ts";
import type { PanelGeometry } from "./geometry.ts";
import { toPortable } from "./portable-list.ts";
import type { DisplayList } from "./scene/display-list.ts";

export interface DrawingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly fontFolder?: URL;
  /** The thread's program, if it is not next to this one. */
  readonly workerUrl?: URL;
  /** How long after the first frame the thread is started; until then frames are drawn here. Default: with the first frame. */
  readonly threadAfterMs?: number;
}

/** Frames of up to this size (400×300 and a little more) are drawn in less than the 10 ms for which the event loop may be blocked, even on a Pi. */
const inProcessPixelsMax = 160_000;
/** A thread that takes longer has hung. */
const drawTimeoutMs = 10_000;

export function openDrawing(geometry: PanelGeometry, options: DrawingOptions): Drawing {
  const drawing = createDrawing(options.fontFolder);
  const isSmall = geometry.widthPx * geometry.heightPx <= inProcessPixelsMax;
  return isSmall ? drawing : new WorkerDrawing(drawing, options);
}

interface Pending {
  readonly resolve: (reply: Exclude<DrawReply, { readonly error: string }>) => void;
  readonly reject: (error: Error) => void;
}

/** Draws in a thread. If the thread dies or hangs, the current frame is drawn here, and the next frame starts a new thread. */
export class WorkerDrawing implements Drawing {
  readonly measure: Drawing["measure"];
  readonly #twin: Drawing;
  readonly #options: DrawingOptions;
  readonly #pending = new Map<number, Pending>();
  /** Memory of the frame before the last. The next frame is drawn into it, so that nothing has to be collected. */
  #memory: ArrayBuffer | undefined;
  #worker: Worker | undefined;
  #nextId = 1;
  #isClosed = false;
  #isThreadDue: boolean;
  #threadDue: Timer | undefined;

  constructor(twin: Drawing, options: DrawingOptions) {
    this.measure = twin.measure;
    this.#twin = twin;
    this.#options = options;
    this.#isThreadDue = options.threadAfterMs === undefined;
  }

  async draw(list: DisplayList, palette: Palette): Promise<Frame> {
    if (!this.#isThreadDue) return this.#drawBeforeThread(list, palette);
    try {
      return await this.#drawInThread(list, palette);
    } catch (error) {
      this.#options.log.warn(
        { error: String(error) },
        "the drawing thread failed; this frame is drawn on the event loop",
      );
      return this.#twin.draw(list, palette);
    }
  }

  recycle({ rgba }: Frame): void {
    const { buffer } = rgba;
    // Transferred memory has no bytes left.
    if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) this.#memory = buffer;
  }

  async encode({ widthPx, heightPx, rgba }: Frame): Promise<Uint8Array> {
    // Copied at once: the frame itself stays on the glass and may be recycled meanwhile.
    const copy = rgba.slice();
    const frame: Frame = { widthPx, heightPx, rgba: copy };
    const reply = await this.#ask((id) => ({ id, frame }), [copy.buffer]);
    if ("png" in reply) return reply.png;
    throw new Error("the drawing thread answered something else");
  }

  /** Ends the thread. Frames that are under way are drawn here. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#threadDue?.cancel();
    await this.#drop(new Error("the drawing thread was closed"));
  }

  #drawBeforeThread(list: DisplayList, palette: Palette): Promise<Frame> {
    const { clock, threadAfterMs: afterMs = 0 } = this.#options;
    this.#threadDue ??= clock.startTimer("drawing thread", afterMs, () => {
      this.#isThreadDue = true;
      this.#twin.forget?.();
      if (!this.#isClosed) this.#worker ??= this.#start();
    });
    const memory = this.#memory;
    this.#memory = undefined;
    return this.#twin.draw(list, palette, memory);
  }

  async #drawInThread(list: DisplayList, palette: Palette): Promise<Frame> {
    const memory = this.#memory;
    this.#memory = undefined;
    const reply = await this.#ask(
      (id) => ({ id, list: toPortable(list), palette, memory }),
      memory === undefined ? [] : [memory],
    );
    if ("rgba" in reply) return { widthPx: reply.widthPx, heightPx: reply.heightPx, rgba: reply.rgba };
    throw new Error("the drawing thread answered something else");
  }

  /** @param handedOver memory that is transferred to the thread */
  #ask(
    request: (id: number) => DrawRequest | EncodeRequest,
    handedOver: readonly ArrayBuffer[],
  ): Promise<Exclude<DrawReply, { readonly error: string }>> {
    if (this.#isClosed) return Promise.reject(new Error("the drawing thread is closed"));
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    const timer = this.#options.clock.startTimer("panel drawing", drawTimeoutMs, () => {
      void this.#drop(new Error(`no answer from the drawing thread in ${drawTimeoutMs} ms`));
    });
    const answered = new Promise<Exclude<DrawReply, { readonly error: string }>>((resolve, reject) =>
      this.#pending.set(id, { resolve, reject }),
    );
    worker.postMessage(request(id), [...handedOver]);
    return answered.finally(() => {
      timer.cancel();
      this.#pending.delete(id);
    });
  }

  #start(): Worker {
    const { fontFolder, workerUrl } = this.#options;
    const worker = new Worker(workerUrl ?? drawWorkerFile(import.meta.url), {
      workerData: { fontFolder: fontFolder?.href },
    });
    // The thread alone does not keep the process alive; the time-out of a frame under way does.
    worker.unref();
    worker.on("message", (reply: DrawReply) => {
      const pending = this.#pending.get(reply.id);
      if ("error" in reply) pending?.reject(new Error(reply.error));
      else pending?.resolve(reply);
    });
    worker.on("error", (error: Error) => void this.#drop(error, worker));
    worker.on("exit", (code) => void this.#drop(new Error(`the drawing thread ended with ${code}`), worker));
    return worker;
  }

  async #drop(error: Error, worker = this.#worker): Promise<void> {
    if (worker === undefined || worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    await worker.terminate();
  }
}
