/**
 * An e-paper panel as a sink for frames. One refresh runs at a time. After a fault the last frame is tried again, at growing intervals, and once a
 * day the glass is refreshed in full. E-paper keeps its picture without power: docs/epaper.md says what a stop, a crash and a power cut leave on the
 * glass.
 */
import { backOffCeilingMs } from "../../kit/back-off.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Log, Timer } from "../../service/port.ts";
import type { Frame } from "../frame.ts";
import type { Rotation } from "../geometry.ts";
import type { FrameHint, FrameSink, PresentOutcome } from "../sink.ts";
import { createWiredBus, type EpaperBus, type SpiPort } from "./bus.ts";
import type { Controller } from "./controller.ts";
import { createController } from "./controllers.ts";
import { EpaperGlass, type PaintOutcome } from "./glass.ts";
import type { EpaperLines } from "./lines.ts";
import { type RefreshLimits, refreshLimits } from "./refresh-policy.ts";
import { packPlanes } from "./rows.ts";

export interface EpaperSinkOptions {
  /** The panel file's `controller: {name, parameters}`. */
  readonly controller: unknown;
  /** The glass as its controller scans it. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** How far the glass is turned clockwise relative to the frames. */
  readonly rotation?: Rotation;
  /** Called by `open`, and again after a transport fault. */
  readonly openSpi: () => Promise<SpiPort>;
  readonly lines: EpaperLines;
  readonly limits?: Partial<RefreshLimits>;
  readonly clock: Clock;
  readonly log: Log;
  /** The panel's temperature in °C, if there is a sensor. */
  readonly readCelsius?: () => Promise<number | undefined>;
}

/** Between two attempts at the same frame after a fault. */
const retries = { firstMs: 5_000, maxMs: 300_000 };

interface Last {
  readonly frame: Frame;
  readonly hint: FrameHint;
}

export class EpaperSink implements FrameSink {
  readonly #options: EpaperSinkOptions;
  readonly #controller: Controller;
  #bus: EpaperBus | undefined;
  #glass: EpaperGlass | undefined;
  /** The end of the queue: present, retry and close never overlap. */
  #tail: Promise<unknown> = Promise.resolve();
  #last: Last | undefined;
  #absence: string | undefined = "nothing was painted yet";
  #isClosed = false;
  /** Failed attempts at the last frame. */
  #tries = 0;
  #timer: Timer | undefined;

  /** @throws ControllerError if the panel file names a controller that we do not drive. */
  constructor(options: EpaperSinkOptions) {
    this.#options = options;
    this.#controller = createController(options.controller, options.widthPx, options.heightPx);
  }

  /** Opens SPI and powers the panel. A missing device is not an error: it is tried again with the next frame and on a timer. */
  async open(): Promise<void> {
    await this.#inTurn(() => this.#openGlass());
  }

  present(frame: Frame, hint: FrameHint): Promise<PresentOutcome> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return { kind: "failed", reason: "the panel is closed" };
      this.#last = { frame, hint };
      this.#tries = 0;
      return this.#paint(this.#last);
    });
  }

  absence(): string | undefined {
    return this.#absence;
  }

  /** Waits for a running refresh, then leaves the picture on the glass with the controller asleep and without power. Idempotent. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#isClosed = true;
      this.#timer?.cancel();
      await this.#glass?.powerOff().catch(() => undefined);
      await this.#bus?.close().catch(() => undefined);
      this.#bus = undefined;
      this.#glass = undefined;
      this.#absence = "the panel is closed";
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #openGlass(): Promise<EpaperGlass | undefined> {
    if (this.#glass !== undefined || this.#isClosed) return this.#glass;
    const { clock, lines, limits, log, openSpi, readCelsius } = this.#options;
    try {
      const spi = await openSpi();
      this.#bus = createWiredBus({ spi, lines, busyLevel: this.#controller.busyLevel });
      this.#glass = new EpaperGlass({
        controller: this.#controller,
        bus: this.#bus,
        limits: { ...refreshLimits, ...limits },
        clock,
        log,
        readCelsius,
      });
      await this.#glass.powerOn();
    } catch (error) {
      log.warn({ error: errorText(error) }, "the e-paper panel cannot be opened");
      await this.#drop();
    }
    return this.#glass;
  }

  async #drop(): Promise<void> {
    await this.#bus?.close().catch(() => undefined);
    this.#bus = undefined;
    this.#glass = undefined;
  }

  async #paint({ frame, hint }: Last): Promise<PresentOutcome> {
    this.#timer?.cancel();
    try {
      const { rotation = 0 } = this.#options;
      const planes = packPlanes(frame, this.#controller.geometry, { rotation, codeArea: hint.codeArea });
      const glass = await this.#openGlass();
      if (glass === undefined) return this.#failed("the panel's SPI device cannot be opened");
      return await this.#settle(glass, await glass.paint(planes, hint));
    } catch (error) {
      // A frame of another size, or a fault in the driver: either way this frame is not on the glass.
      return this.#failed(errorText(error));
    }
  }

  async #settle(glass: EpaperGlass, outcome: PaintOutcome): Promise<PresentOutcome> {
    if (outcome.kind === "painted") {
      this.#absence = undefined;
      this.#tries = 0;
      this.#repaintAfter(Math.max(1_000, glass.fullDueAtMs - this.#options.clock.monotonicMs()));
      return { kind: "presented" };
    }
    if (outcome.kind === "fault" && outcome.fault.kind === "transport") await this.#drop();
    return this.#failed(outcome.kind === "fault" ? outcome.fault.message : outcome.reason);
  }

  #failed(reason: string): PresentOutcome {
    this.#absence = reason;
    this.#repaintAfter(backOffCeilingMs(retries, this.#tries));
    this.#tries += 1;
    return { kind: "failed", reason };
  }

  #repaintAfter(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.startTimer("e-paper repaint", delayMs, () => {
      void this.#inTurn(async () => {
        if (this.#last !== undefined && !this.#isClosed) await this.#paint(this.#last);
      });
    });
  }
}

export function createEpaperSink(options: EpaperSinkOptions): EpaperSink {
  return new EpaperSink(options);
}
