/**
 * The panel on top of any sink: scene → content → layout → pixels → glass. The newest scene wins. A scene counts as shown when the sink has
 * confirmed it, not when it has been drawn.
 */
import { backOffCeilingMs } from "../kit/back-off.ts";
import { errorText } from "../kit/error-text.ts";
import type { Frame } from "./frame.ts";
import type { Clock, Log, Timer } from "../service/port.ts";
import type { Drawing } from "./draw.ts";
import { described, encodePng } from "./png.ts";
import type { PanelGeometry } from "./geometry.ts";
import type { CodeFit, Language, Panel, PanelFacts, Scene, ShowOutcome } from "./port.ts";
import { defaultQrPolicy, planQr, type QrPolicy } from "./qr/planner.ts";
import { type DrawnScene, drawScene, type Look, type RenderSettings } from "./render.ts";
import { codeArea, pictureFault } from "./scene/layout.ts";
import type { FrameSink, PresentOutcome } from "./sink.ts";
import type { QrPicture } from "../vipps/port.ts";
import { hasOneName, type Wallet } from "./wallets.ts";

export interface PanelSettings {
  readonly geometry: PanelGeometry;
  readonly sink: FrameSink;
  readonly drawing: Drawing;
  readonly clock: Clock;
  readonly log: Log;
  /** At least one. */
  readonly languages: readonly Language[];
  /** For several languages: one after the other (the default on live glass), or the first two at once (the default elsewhere). */
  readonly languageMode?: "alternating" | "together";
  readonly timeZone: string;
  readonly qrPolicy?: QrPolicy;
  /** The operator's name, logo and colour. */
  readonly look?: Look;
  /** The wallet of the place, and the local date from which all apps have one name. */
  readonly wallets?: { readonly local: Wallet; readonly oneNameFrom: string };
}

const alternateMs = 6_000;
/**
 * How long each page of a board stands that has more outlets than room. E-paper wants 180 s between refreshes (Waveshare FAQ), so there boards are
 * to have one page: short numbers.
 */
const pageMs = { live: 8_000, still: 180_000 };
/** How often it is looked whether the wallets have one name now: glass that stands still would keep the old one. */
const namesEveryMs = 600_000;
/** Between two attempts at a scene that could not be drawn. */
const rehearsals = { firstMs: 2_000, maxMs: 60_000 };
/** So many scenes in a row are left out because they were replaced before they were drawn. */
const leftOutMax = 2;
/** Replaces a scene that cannot be drawn. It has no code, and nothing that is no longer true. */
const fallback: Scene = { kind: "out-of-service", reason: "panel" };

export function createPanel(settings: PanelSettings): Panel {
  return new SinkPanel(settings);
}

interface Wanted {
  readonly scene: Scene;
  readonly settle: (outcome: ShowOutcome) => void;
}

type Drawn = ({ readonly kind: "drawn" } & DrawnScene) | { readonly kind: "undrawable"; readonly reason: string };

/** A scene that could not be drawn, or only without its code. */
interface Undrawn {
  readonly scene: Scene;
  readonly reason: string;
  readonly tries: number;
  readonly timer: Timer;
}

function codeOf(scene: Scene): QrPicture | undefined {
  if (scene.kind === "pay") return scene.qr;
  return scene.kind === "idle" ? scene.code?.qr : undefined;
}

function isSameCode(one: QrPicture | undefined, other: QrPicture | undefined): boolean {
  if (one?.kind === "png" && other?.kind === "png") return Buffer.compare(one.png, other.png) === 0;
  if (one?.kind === "content" && other?.kind === "content") return one.text === other.text;
  return one === other;
}

class SinkPanel implements Panel {
  readonly facts: PanelFacts;
  readonly #settings: PanelSettings;
  readonly #policy: QrPolicy;
  #wanted: Wanted | undefined;
  #scene: Scene = { kind: "starting" };
  /** What is asked for meanwhile waits. */
  #isOpening = false;
  #isShowing = false;
  #isStopping = false;
  #stopped: Promise<void> | undefined;
  /** So many scenes in a row were replaced before they were drawn. */
  #leftOut = 0;
  /** The last frame that the sink was given. */
  #frame: Frame | undefined;
  /** What stands on it, in words. */
  #text = "";
  #undrawn: Undrawn | undefined;
  #language = 0;
  #alternating: Timer | undefined;
  #names: Timer | undefined;
  /** The page of a board, counted without end. */
  #turn = 0;
  #turning: Timer | undefined;

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
      hasGlass: true,
    };
  }

  async start(): Promise<void> {
    this.#isOpening = true;
    await this.#settings.sink.open().finally(() => {
      this.#isOpening = false;
    });
    // What was asked for while the device opened is newer.
    const asked = this.#wanted;
    if (asked === undefined) await this.show({ kind: "starting" });
    else await this.#drain();
    this.#alternate();
    this.#watchNames();
  }

  show(scene: Scene): Promise<ShowOutcome> {
    // Nothing is accepted after the safe scene: it would stay on the glass with nobody left to replace it.
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

  pictureFault(png: Uint8Array): string | undefined {
    return pictureFault(png, codeArea(this.#settings.geometry));
  }

  isPresent(): boolean {
    return this.absence() === undefined;
  }

  absence(): string | undefined {
    return this.#undrawn?.reason ?? this.#settings.sink.absence();
  }

  rehearse(scene: Scene): void {
    if (this.#undrawn !== undefined) this.#undrawn = { ...this.#undrawn, scene };
  }

  async screenshot(): Promise<Uint8Array> {
    const { drawing, sink } = this.#settings;
    if (this.#frame === undefined) throw new Error("nothing has been shown yet");
    const absence = sink.absence();
    if (absence !== undefined) throw new Error(`what stands on the glass is not known: ${absence}`);
    const text = this.#text;
    const png = await (drawing.encode?.(this.#frame) ?? encodePng(this.#frame));
    return described(png, text);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#alternating?.cancel();
    this.#names?.cancel();
    this.#turning?.cancel();
    this.#drawable();
    // Also while the device opens: a start that is given up does not keep the old picture.
    this.#isOpening = false;
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

  /** To the next page of a board that has several, until another scene stands there. */
  #turnPages(pages: number): void {
    this.#turning?.cancel();
    this.#turning = undefined;
    if (pages < 2 || this.#isStopping) return;
    const { clock, geometry } = this.#settings;
    this.#turning = clock.startTimer("panel page", geometry.isLive ? pageMs.live : pageMs.still, () => {
      this.#turn += 1;
      if (this.#wanted === undefined) void this.show(this.#scene);
    });
  }

  get #hasOneName(): boolean {
    const { wallets, clock, timeZone } = this.#settings;
    return wallets !== undefined && hasOneName(wallets.oneNameFrom, clock.wallMs(), timeZone);
  }

  /** Until the day of the change, and then never again. */
  #watchNames(): void {
    if (this.#settings.wallets === undefined || this.#hasOneName || this.#isStopping) return;
    this.#names = this.#settings.clock.startTimer("wallet names", namesEveryMs, () => {
      if (this.#hasOneName && this.#wanted === undefined) void this.show(this.#scene);
      this.#watchNames();
    });
  }

  async #drain(): Promise<void> {
    if (this.#isShowing || this.#isOpening) return;
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
    this.#scene = scene;
    const drawn = await this.#draw(scene);
    if (this.#isOvertaken(scene)) {
      if (drawn.kind === "drawn") this.#settings.drawing.recycle?.(drawn.frame);
      return { kind: "superseded" };
    }
    if (drawn.kind === "undrawable") {
      this.#cannotDraw(scene, drawn.reason);
      // Whatever is on the glass, perhaps a code, is no longer true.
      const instead = await this.#draw(fallback);
      if (instead.kind === "drawn") await this.#give(instead, true);
      return { kind: "failed", reason: drawn.reason };
    }
    const { refusal, pages } = drawn.list;
    this.#turnPages(pages);
    const isSafe = scene.kind === "out-of-service" || scene.kind === "starting";
    if (refusal !== undefined) this.#cannotDraw(scene, refusal);
    else if (!isSafe) this.#drawable();
    const outcome = await this.#give(drawn, isSafe);
    if (outcome.kind === "failed") return outcome;
    return refusal === undefined ? { kind: "shown" } : { kind: "failed", reason: refusal };
  }

  /**
   * Drawing takes time. A scene that has been replaced meanwhile is not shown, not even briefly, unless only its figures have moved on, or others
   * were left out before it and it has no code: where drawing takes longer than a second of a countdown, the glass would otherwise keep its old
   * picture for as long as something is counted down.
   */
  #isOvertaken(scene: Scene): boolean {
    const newer = this.#wanted?.scene;
    const isShown =
      newer === undefined ||
      (newer.kind === scene.kind && isSameCode(codeOf(newer), codeOf(scene))) ||
      (this.#leftOut >= leftOutMax && codeOf(scene) === undefined);
    this.#leftOut = isShown ? 0 : this.#leftOut + 1;
    return !isShown;
  }

  async #draw(scene: Scene): Promise<Drawn> {
    try {
      return { kind: "drawn", ...(await drawScene(scene, this.#renderSettings())) };
    } catch (error) {
      return { kind: "undrawable", reason: `the scene "${scene.kind}" cannot be drawn: ${errorText(error)}` };
    }
  }

  async #give({ list, frame, text }: DrawnScene, isSafe: boolean): Promise<PresentOutcome> {
    const { sink, drawing, log } = this.#settings;
    const before = this.#frame;
    this.#frame = frame;
    this.#text = text;
    const code = list.items.find(({ kind }) => kind === "qr" || kind === "picture");
    try {
      return await sink.present(frame, { codeArea: code?.box, isSafe, text });
    } catch (error) {
      log.error({ error }, "the panel's driver failed");
      return { kind: "failed", reason: errorText(error) };
    } finally {
      // A sink keeps only its last frame, so the one before is no longer needed.
      if (before !== undefined) drawing.recycle?.(before);
    }
  }

  #cannotDraw(scene: Scene, reason: string): void {
    if (this.#undrawn?.reason !== reason) this.#settings.log.error({ reason }, "a scene cannot be shown");
    const tries = this.#undrawn?.tries ?? 0;
    this.#undrawn?.timer.cancel();
    const timer = this.#settings.clock.startTimer("panel rehearsal", backOffCeilingMs(rehearsals, tries), () => {
      void this.#tryAgain();
    });
    this.#undrawn = { scene, reason, tries: tries + 1, timer };
  }

  #drawable(): void {
    this.#undrawn?.timer.cancel();
    this.#undrawn = undefined;
  }

  /** Draws in memory. The frame goes to the glass only if nothing else has been asked for meanwhile. */
  async #tryAgain(): Promise<void> {
    if (this.#undrawn === undefined) return;
    const { scene } = this.#undrawn;
    const drawn = await this.#draw(scene);
    if (drawn.kind === "drawn") this.#settings.drawing.recycle?.(drawn.frame);
    if (this.#undrawn === undefined || this.#isStopping) return;
    const reason = drawn.kind === "undrawable" ? drawn.reason : drawn.list.refusal;
    if (reason !== undefined) {
      this.#cannotDraw(this.#undrawn.scene, reason);
      return;
    }
    this.#settings.log.info({ scene: scene.kind }, "what could not be shown can be drawn again");
    this.#drawable();
    if (this.#scene === scene && this.#wanted === undefined) await this.#want(scene);
  }

  get #isAlternating(): boolean {
    const { languageMode, geometry } = this.#settings;
    return (languageMode ?? (geometry.isLive ? "alternating" : "together")) === "alternating";
  }

  #renderSettings(): RenderSettings {
    const { languages, timeZone, geometry, drawing, look, wallets } = this.#settings;
    const turn = this.#isAlternating ? this.#language % languages.length : 0;
    const secondLanguage = this.#isAlternating ? undefined : languages[1];
    return {
      geometry,
      drawing,
      timeZone,
      policy: this.#policy,
      language: languages[turn] ?? "en",
      secondLanguage,
      look,
      wallets: { local: wallets?.local, isOneName: this.#hasOneName },
      turn: this.#turn,
    };
  }
}
