/**
 * One glass for all outlets: a board while nobody talks to it, and otherwise one outlet, the focus. Whoever touches the machine gets it; a
 * code that somebody is about to pay, and a plate that is being typed, are never taken away. Who scanned a sticker needs no glass, and has it while it is free.
 */
import { errorText } from "../kit/error-text.ts";
import type { Panel, Scene, ShowOutcome, StationSign } from "../panel/port.ts";
import type { StationId } from "../sale/ids.ts";
import type { Log } from "../service/port.ts";

export interface GlassParts {
  readonly panel: Panel;
  /** What stands there while nobody talks to the machine. */
  readonly board: () => Scene;
  /** What an outlet's scenes say of where they belong. */
  readonly sign: (station: StationId) => StationSign;
  readonly log: Log;
}

export class Glass {
  readonly #parts: GlassParts;
  readonly #scenes = new Map<StationId, Scene>();
  #focus: StationId | undefined;
  /** Somebody has pressed a button of this outlet, and it has not answered yet. */
  #touched: StationId | undefined;
  #started: Promise<void> | undefined;
  #shown = "";

  constructor(parts: GlassParts) {
    this.#parts = parts;
  }

  /** The outlet that the glass, the keys and the scanner are about. */
  focus(): StationId | undefined {
    return this.#focus ?? this.#touched;
  }

  /** Somebody presses something of this outlet. False: the glass is another customer's now, and the press counts for nothing. */
  touch(station: StationId): boolean {
    const isOther = this.#focus !== undefined && this.#focus !== station;
    // Whose session began with a sticker chooses with the buttons, whoever has the glass.
    if (isOther && this.#isKept()) return !isRest(this.#scenes.get(station));
    this.#touched = station;
    if (!isRest(this.#scenes.get(station))) void this.#give(station);
    return true;
  }

  /** The board says something else than before. */
  boardChanged(): void {
    if (this.#focus === undefined) void this.#show(this.#parts.board());
  }

  /** The panel as the kiosk of this outlet has it. */
  of(station: StationId): Panel {
    const { panel } = this.#parts;
    return {
      facts: panel.facts,
      start: () => (this.#started ??= panel.start()),
      show: (scene) => this.#showFor(station, scene),
      fit: (text) => panel.fit(text),
      pictureFault: (png) => panel.pictureFault(png),
      isPresent: () => panel.isPresent(),
      absence: () => panel.absence(),
      rehearse: (scene) => panel.rehearse(scene),
      screenshot: () => panel.screenshot(),
      stop: () => Promise.resolve(),
    };
  }

  #isKept(): boolean {
    const scene = this.#focus === undefined ? undefined : this.#scenes.get(this.#focus);
    return scene?.kind === "pay" || scene?.kind === "choose-time" || (scene?.kind === "wait" && !scene.toPhone);
  }

  async #showFor(station: StationId, scene: Scene): Promise<ShowOutcome> {
    this.#scenes.set(station, scene);
    if (isRest(scene)) {
      if (this.#touched === station) this.#touched = undefined;
      if (this.#focus === station) this.#focus = undefined;
      return this.#focus === undefined ? this.#showNext() : { kind: "shown" };
    }
    const isWanted = this.#focus === station || this.#focus === undefined || this.#touched === station;
    if (isWanted && (this.#focus === station || !this.#isKept())) return this.#give(station);
    // Nobody can pay a code that is not there. Everything else of this customer is said by the app and by the outlet itself.
    return scene.kind === "pay" ? { kind: "failed", reason: "the glass shows another outlet" } : { kind: "shown" };
  }

  #give(station: StationId): Promise<ShowOutcome> {
    this.#focus = station;
    if (this.#touched === station) this.#touched = undefined;
    const { sign, board } = this.#parts;
    const scene = this.#scenes.get(station);
    return this.#show(scene === undefined ? board() : { ...scene, station: sign(station) });
  }

  /** The latest that has something to say, or the board. */
  #showNext(): Promise<ShowOutcome> {
    const next = [...this.#scenes].findLast(([, scene]) => !isRest(scene) && scene.kind !== "pay")?.[0];
    return next === undefined ? this.#show(this.#parts.board()) : this.#give(next);
  }

  async #show(scene: Scene): Promise<ShowOutcome> {
    const key = JSON.stringify(scene);
    if (key === this.#shown) return { kind: "shown" };
    this.#shown = key;
    try {
      return await this.#parts.panel.show(scene);
    } catch (error) {
      this.#parts.log.error({ error, scene: scene.kind }, "the panel's driver failed");
      return { kind: "failed", reason: errorText(error) };
    }
  }
}

/** Nobody is at this outlet: what it says stands on the board. */
function isRest(scene: Scene | undefined): boolean {
  return scene === undefined || scene.kind === "idle" || scene.kind === "starting" || scene.kind === "out-of-service";
}
