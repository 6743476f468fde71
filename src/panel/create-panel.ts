/**
 * The panel over any sink: scene → content → layout → pixels → glass. The newest scene wins; what stands on the glass is what the sink
 * has confirmed, never what was only drawn.
 */
import { errorText } from "../kit/error-text.ts";
import type { Frame } from "./frame.ts";
import type { Clock, Log, Timer } from "../service/port.ts";
import { type Drawing, encodePng } from "./draw.ts";
import type { PanelGeometry } from "./geometry.ts";
import type { CodeFit, Language, Panel, PanelFacts, Scene, ShowOutcome } from "./port.ts";
import { defaultQrPolicy, planQr, type QrPolicy } from "./qr/planner.ts";
import { drawScene, type Look, type RenderSettings } from "./render.ts";
import { codeArea } from "./scene/layout.ts";
import type { FrameSink } from "./sink.ts";

export interface PanelSettings {
  readonly geometry: PanelGeometry;
  readonly sink: FrameSink;
  readonly drawing: Drawing;
  readonly clock: Clock;
  readonly log: Log;
  /** At least one. */
  readonly languages: readonly Language[];
  /** With several languages: one after the other (live glass; the default there), or the first two at once (the default elsewhere). */
  readonly languageMode?: "alternating" | "together";
  readonly timeZone: string;
  readonly qrPolicy?: QrPolicy;
  /** The operator's name, sign and colour. */
  readonly look?: Look;
}

const alternateMs = 6_000;

export function createPanel(settings: PanelSettings): Panel {
  return new SinkPanel(settings);
}

interface Wanted {
  readonly scene: Scene;
  readonly settle: (outcome: ShowOutcome) => void;
}

class SinkPanel implements Panel {
  readonly facts: PanelFacts;
  readonly #settings: PanelSettings;
  readonly #policy: QrPolicy;
  #wanted: Wanted | undefined;
  #scene: Scene = { kind: "starting" };
  #isShowing = false;
  #isStopping = false;
  #onGlass: Frame | undefined;
  #language = 0;
  #alternating: Timer | undefined;

  constructor(settings: PanelSettings) {
    this.#settings = settings;
    this.#policy = settings.qrPolicy ?? defaultQrPolicy;
    const { geometry } = settings;
    const area = codeArea(geometry);
    this.facts = {
      id: geometry.id,
      widthPx: geometry.widthPx,
      heightPx: geometry.heightPx,
      liveCountdown: geometry.isLive,
      providerQrSizePx: Math.max(100, Math.min(2_000, area.widthPx, area.heightPx)),
    };
  }

  async start(): Promise<void> {
    await this.#settings.sink.open();
    await this.show({ kind: "starting" });
    this.#alternate();
  }

  show(scene: Scene): Promise<ShowOutcome> {
    // From the safe scene on nothing else is taken: whatever came after it would stand on the glass when nobody is left to change it.
    if (this.#isStopping) return Promise.resolve({ kind: "failed", reason: "the panel is closed" });
    return this.#want(scene);
  }

  #want(scene: Scene): Promise<ShowOutcome> {
    return new Promise((resolve) => {
      this.#wanted?.settle({ kind: "superseded" });
      this.#wanted = { scene, settle: resolve };
      void this.#drain();
    });
  }

  fit(qrText: string): CodeFit {
    const { geometry } = this.#settings;
    const planning = planQr(qrText, geometry, codeArea(geometry), this.#policy);
    if (planning.kind === "refused") return { fits: false, reason: planning.reason, advice: planning.advice };
    const { moduleSizePx, moduleSizeMm, scanDistanceMm } = planning.plan;
    return { fits: true, moduleSizePx, moduleSizeMm, scanDistanceMm };
  }

  isPresent(): boolean {
    return this.#settings.sink.isPresent();
  }

  async screenshot(): Promise<Uint8Array> {
    if (this.#onGlass === undefined) throw new Error("nothing has been shown yet");
    const { drawing } = this.#settings;
    return drawing.encode?.(this.#onGlass) ?? encodePng(this.#onGlass);
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#alternating?.cancel();
    await this.#want({ kind: "out-of-service", reason: "stopped" });
    await this.#settings.sink.close();
    await this.#settings.drawing.close?.();
  }

  #alternate(): void {
    const { languages, clock } = this.#settings;
    if (languages.length < 2 || !this.#isAlternating || this.#isStopping) return;
    this.#alternating = clock.startTimer("panel language", alternateMs, () => {
      this.#language += 1;
      if (this.#wanted === undefined) void this.show(this.#scene);
      this.#alternate();
    });
  }

  async #drain(): Promise<void> {
    if (this.#isShowing) return;
    this.#isShowing = true;
    try {
      for (let next = this.#wanted; next !== undefined; next = this.#wanted) {
        this.#wanted = undefined;
        next.settle(await this.#present(next.scene));
      }
    } finally {
      this.#isShowing = false;
    }
  }

  async #present(scene: Scene): Promise<ShowOutcome> {
    const { sink, log, drawing } = this.#settings;
    this.#scene = scene;
    try {
      const { list, frame } = await drawScene(scene, this.#renderSettings());
      // Drawing takes time: what is wanted no longer is not shown, not even for a moment.
      if (this.#wanted !== undefined) {
        drawing.recycle?.(frame);
        return { kind: "superseded" };
      }
      const code = list.items.find(({ kind }) => kind === "qr" || kind === "picture");
      const isSafe = scene.kind === "out-of-service" || scene.kind === "starting";
      const outcome = await sink.present(frame, { codeArea: code?.box, isSafe });
      if (outcome.kind === "failed") return outcome;
      // A sink keeps its last frame alone, so from now on nobody looks at the one before.
      if (this.#onGlass !== undefined) drawing.recycle?.(this.#onGlass);
      this.#onGlass = frame;
      if (list.refusal !== undefined) return { kind: "failed", reason: list.refusal };
      return { kind: "shown" };
    } catch (error) {
      log.error({ error, scene: scene.kind }, "the scene could not be drawn");
      return { kind: "failed", reason: errorText(error) };
    }
  }

  get #isAlternating(): boolean {
    const { languageMode, geometry } = this.#settings;
    return (languageMode ?? (geometry.isLive ? "alternating" : "together")) === "alternating";
  }

  #renderSettings(): RenderSettings {
    const { languages, timeZone, geometry, drawing, look } = this.#settings;
    const turn = this.#isAlternating ? this.#language % languages.length : 0;
    const secondLanguage = this.#isAlternating ? undefined : languages[1];
    return {
      geometry,
      drawing,
      timeZone,
      policy: this.#policy,
      language: languages[turn] ?? "en",
      ...(secondLanguage === undefined ? {} : { secondLanguage }),
      ...(look === undefined ? {} : { look }),
    };
  }
}
