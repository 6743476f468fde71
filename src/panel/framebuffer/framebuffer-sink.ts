/**
 * A display on /dev/fbN as a sink for frames. The device may be missing at start, disappear and come back. It is looked for on a timer, reopened and
 * repainted whole. A change of a connector's status also repaints it, because a television that was off may have lost its picture.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Log, Timer } from "../../service/port.ts";
import type { Frame } from "../frame.ts";
import type { Rotation } from "../geometry.ts";
import type { FrameSink } from "../sink.ts";
import { type Backlight, findBacklight } from "./backlight.ts";
import { hideConsole, type HiddenConsole } from "./console.ts";
import { findFramebuffer, type FramebufferGeometry } from "./geometry.ts";
import { hasPlainMargin, type PackView } from "./pack.ts";
import { Surface } from "./surface.ts";

export interface FramebufferSinkOptions {
  /** The framebuffer's name or device ("vc4drmfb", "fb1"); without it, the first. */
  readonly name?: string | undefined;
  /** How far the glass is turned clockwise relative to the frames. */
  readonly rotation?: Rotation;
  readonly clock: Clock;
  readonly log: Log;
  /** "/sys" and "/dev", unless a test has its own. */
  readonly sysRoot?: string;
  readonly devRoot?: string;
  /** The terminal whose console is kept off the glass; undefined leaves it. */
  readonly ttyPath?: string | undefined;
  /** Leaves the console hidden at the end, for a picture that has to stay: in text mode the kernel would paint its own over it. */
  readonly keepsConsoleHidden?: boolean | undefined;
  /** How bright the panel should be now, 0..1; asked with each look at the device. */
  readonly light?: (() => number) | undefined;
  /** Moves the picture a little so that no edge burns in. Only frames with a plain margin of `maxPx` are moved. */
  readonly shift?: { readonly maxPx: number; readonly everyMs: number } | undefined;
  /** How often to look at the device. */
  readonly pollMs?: number;
}

export type FramebufferPresentOutcome =
  | { readonly kind: "presented"; readonly rowsWritten: number }
  | { readonly kind: "failed"; readonly reason: string };

const pollMsDefault = 2_000;
/** Any darker, and a camera can no longer tell dark modules from light ones. */
const softwareLightMin = 0.35;

export class FramebufferSink implements FrameSink {
  readonly #options: FramebufferSinkOptions;
  #tail: Promise<unknown> = Promise.resolve();
  #surface: Surface | undefined;
  #console: HiddenConsole | undefined;
  #backlight: Backlight | undefined;
  #last: Frame | undefined;
  /** How the last frame was painted; undefined if it is not certainly on the glass. */
  #painted: string | undefined;
  #light = 1;
  #connectors = "";
  /** Why the last frame is not on the glass; undefined while it is. */
  #absence: string | undefined = "the framebuffer was not looked for yet";
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: FramebufferSinkOptions) {
    this.#options = options;
  }

  /** Looks for the device for the first time. A missing device is not an error: it is waited for. */
  async open(): Promise<void> {
    const { ttyPath, log } = this.#options;
    await this.#inTurn(async () => {
      if (ttyPath !== undefined) this.#console ??= await hideConsole(ttyPath, log);
      this.#backlight = await findBacklight(this.#sysRoot);
      await this.#look();
      this.#pollLater();
    });
  }

  /** Writes what differs from the frame before. Fails for a frame of another size than the display's, as displays may be swapped while running. */
  present(frame: Frame): Promise<FramebufferPresentOutcome> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return { kind: "failed", reason: "the panel is closed" };
      this.#last = frame;
      this.#painted = undefined;
      if (this.#surface === undefined) await this.#look();
      return this.#paint();
    });
  }

  absence(): string | undefined {
    return this.#absence;
  }

  /** Of the device that is open now. */
  geometry(): FramebufferGeometry | undefined {
    return this.#surface?.geometry;
  }

  /** Leaves the last frame on the glass, and restores the console's mode unless it has to stay hidden. Idempotent. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#isClosed = true;
      this.#timer?.cancel();
      await this.#backlight?.set(1).catch(() => undefined);
      await this.#drop("the panel is closed");
      if (this.#options.keepsConsoleHidden !== true) await this.#console?.restore();
      this.#console = undefined;
    });
  }

  get #sysRoot(): string {
    return this.#options.sysRoot ?? "/sys";
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #pollLater(): void {
    if (this.#isClosed) return;
    const { clock, log, pollMs } = this.#options;
    this.#timer = clock.startTimer("framebuffer poll", pollMs ?? pollMsDefault, () => {
      void this.#inTurn(() => this.#poll())
        .catch((error: unknown) => log.error({ error: errorText(error) }, "the framebuffer could not be looked at"))
        .finally(() => this.#pollLater());
    });
  }

  /** Finds the device, loses it, or finds another one in its place. */
  async #poll(): Promise<void> {
    if (this.#isClosed) return;
    const connectors = await this.#readConnectors();
    const changed = connectors !== this.#connectors;
    this.#connectors = connectors;
    await this.#look();
    if (changed) {
      this.#surface?.forget();
      this.#painted = undefined;
    }
    await this.#applyLight();
    if (this.#last !== undefined && this.#painted !== this.#paintKey(this.#last)) await this.#paint();
  }

  async #look(): Promise<void> {
    const { devRoot, log, name } = this.#options;
    const found = await findFramebuffer(this.#sysRoot, name);
    if (found.kind !== "found") {
      await this.#drop(found.reason);
      return;
    }
    if (this.#surface !== undefined && isSame(this.#surface.geometry, found.geometry)) return;
    if (this.#surface !== undefined) await this.#drop("the framebuffer changed");
    try {
      this.#surface = await Surface.open(join(devRoot ?? "/dev", found.geometry.device), found.geometry);
      log.info({ ...found.geometry }, "the framebuffer is open");
    } catch (error) {
      this.#miss(
        `/dev/${found.geometry.device} cannot be opened (${errorText(error)}): is the service's user in the group video?`,
      );
    }
  }

  /** Notes that the last frame is not on the glass. Logged once per reason. */
  #miss(reason: string): string {
    if (reason !== this.#absence) this.#options.log.warn({ reason }, "the last frame is not on the glass");
    this.#absence = reason;
    this.#painted = undefined;
    return reason;
  }

  async #drop(reason: string): Promise<void> {
    this.#miss(reason);
    const surface = this.#surface;
    this.#surface = undefined;
    await surface?.close().catch(() => undefined);
  }

  async #paint(): Promise<FramebufferPresentOutcome> {
    const surface = this.#surface;
    const frame = this.#last;
    if (surface === undefined || frame === undefined)
      return { kind: "failed", reason: this.#absence ?? "there is no frame yet" };
    try {
      const rowsWritten = await surface.draw(frame, this.#view(frame));
      this.#painted = this.#paintKey(frame);
      this.#absence = undefined;
      return { kind: "presented", rowsWritten };
    } catch (error) {
      // The frame was made for another display than the one that is connected now. No old picture of ours may stay on that one.
      if (error instanceof RangeError) {
        await surface.blank().catch(() => undefined);
        return { kind: "failed", reason: this.#miss(error.message) };
      }
      const reason = `/dev/${surface.geometry.device} did not take the frame (${errorText(error)})`;
      await this.#drop(reason);
      return { kind: "failed", reason };
    }
  }

  #paintKey(frame: Frame): string {
    return JSON.stringify(this.#view(frame));
  }

  #view(frame: Frame): PackView {
    const { rotation, shift, clock } = this.#options;
    const isMovable = shift !== undefined && shift.maxPx > 0 && hasPlainMargin(frame, shift.maxPx);
    return {
      rotation: rotation ?? 0,
      shift: isMovable ? shiftAt(Math.floor(clock.monotonicMs() / shift.everyMs), shift.maxPx) : { x: 0, y: 0 },
      light: this.#backlight === undefined ? Math.max(softwareLightMin, this.#light) : 1,
    };
  }

  async #applyLight(): Promise<void> {
    const light = this.#options.light?.() ?? 1;
    if (light === this.#light) return;
    this.#light = light;
    try {
      await this.#backlight?.set(light);
    } catch (error) {
      this.#options.log.warn(
        { error: errorText(error) },
        "the backlight does not answer: the frame is darkened instead",
      );
      this.#backlight = undefined;
    }
  }

  /** The status of every connector, in one string. */
  async #readConnectors(): Promise<string> {
    const folder = join(this.#sysRoot, "class/drm");
    const entries = (await readdir(folder).catch(() => [])).filter((entry) => /^card\d+-/.test(entry)).sort();
    const read = (entry: string) => readFile(join(folder, entry, "status"), "utf8").catch(() => "");
    return (await Promise.all(entries.map(read))).join(",");
  }
}

/** Walks over every position within ±`maxPx`, one step per turn. */
export function shiftAt(turn: number, maxPx: number): { x: number; y: number } {
  const side = 2 * maxPx + 1;
  // Starts in the middle. Every other row runs backwards, so that each move is one pixel.
  const at = (turn + Math.floor((side * side) / 2)) % (side * side);
  const row = Math.floor(at / side);
  const column = row % 2 === 0 ? at % side : side - 1 - (at % side);
  return { x: column - maxPx, y: row - maxPx };
}

function isSame(one: FramebufferGeometry, other: FramebufferGeometry): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function createFramebufferSink(options: FramebufferSinkOptions): FramebufferSink {
  return new FramebufferSink(options);
}
