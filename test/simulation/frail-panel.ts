/**
 * Glass that takes its time, does not take every picture, and is unplugged. The glass stands through power cuts; `FrailPanel` is the daemon's way to it in
 * one life, as the port has it: the newest scene wins, and the last one is tried until it is there.
 */
import type { PanelFacts, Scene, ShowOutcome } from "../../src/panel/port.ts";
import type { Clock, Timer } from "../../src/service/port.ts";
import { PanelTwin, plainFacts } from "./twins.ts";
import type { Dice } from "./traits.ts";

const retryMs = 3_000;

export class FrailGlass {
  /** How long a refresh takes. */
  readonly refreshMs: number;
  /** Whether the daemon sees by itself that it is unplugged; e-paper is noticed at its next refresh. */
  readonly isNoticed: boolean;
  /** A countdown moves on every second, which only glass can follow that takes no time. */
  readonly isLive: boolean;
  isPlugged = true;
  /** How likely a refresh is to fail. */
  failures = 0;
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.refreshMs = dice.pick([0, 300, 1_500]);
    this.isNoticed = dice.chance(0.5);
    this.isLive = this.refreshMs === 0 && dice.chance(0.5);
  }

  mend(): void {
    this.isPlugged = true;
    this.failures = 0;
  }

  /** Why a refresh that ends now did not succeed. */
  fault(): string | undefined {
    if (!this.isPlugged) return "it is not there";
    return this.#dice.chance(this.failures) ? "BUSY stayed where it was" : undefined;
  }
}

export interface FrailPanelParts {
  readonly glass: FrailGlass;
  readonly clock: Clock;
  /** What one sees, and since when the daemon wants it there; undefined where nobody can tell. */
  readonly onGlass: (scene: Scene | undefined, wantedMs: number) => void;
}

export class FrailPanel extends PanelTwin {
  override readonly facts: PanelFacts;
  readonly #parts: FrailPanelParts;
  #wanted: { readonly scene: Scene; readonly settle: (outcome: ShowOutcome) => void } | undefined;
  #last: Scene = { kind: "starting" };
  #lastMs = 0;
  #isShowing = false;
  #absence: string | undefined = "nothing was shown yet";
  #retry: Timer | undefined;
  #watch: Timer | undefined;

  constructor(parts: FrailPanelParts) {
    super(() => {});
    this.#parts = parts;
    this.facts = { ...plainFacts, liveCountdown: parts.glass.isLive };
  }

  override async start(): Promise<void> {
    if (this.#parts.glass.isNoticed) this.#lookLater();
    await this.show({ kind: "starting" });
  }

  override show(scene: Scene): Promise<ShowOutcome> {
    return new Promise((resolve) => {
      this.#wanted?.settle({ kind: "superseded" });
      this.#wanted = { scene, settle: resolve };
      void this.#drain();
    });
  }

  override isPresent(): boolean {
    return this.#absence === undefined;
  }

  override absence(): string | undefined {
    return this.#absence;
  }

  override async screenshot(): Promise<Uint8Array> {
    if (this.#absence !== undefined) throw new Error(`what stands on the glass is not known: ${this.#absence}`);
    return super.screenshot();
  }

  override async stop(): Promise<void> {
    this.#watch?.cancel();
    this.#retry?.cancel();
    await this.show({ kind: "out-of-service", reason: "stopped" });
    this.#retry?.cancel();
  }

  async #drain(): Promise<void> {
    if (this.#isShowing) return;
    this.#isShowing = true;
    for (let next = this.#wanted; next !== undefined; next = this.#wanted) {
      this.#wanted = undefined;
      next.settle(await this.#refresh(next.scene));
    }
    this.#isShowing = false;
  }

  async #refresh(scene: Scene): Promise<ShowOutcome> {
    const { glass, clock, onGlass } = this.#parts;
    this.#retry?.cancel();
    // Another try at the same one is as old as the first.
    if (scene !== this.#last) this.#lastMs = clock.monotonicMs();
    this.#last = scene;
    if (glass.refreshMs > 0) await clock.sleep(glass.refreshMs);
    const reason = glass.fault();
    this.#absence = reason;
    onGlass(reason === undefined ? scene : undefined, this.#lastMs);
    if (reason === undefined) return { kind: "shown" };
    this.#retry = clock.startTimer("panel tries again", retryMs, () => this.#again());
    return { kind: "failed", reason };
  }

  #again(): void {
    if (this.#isShowing || this.#wanted !== undefined) return;
    void this.show(this.#last);
  }

  #lookLater(): void {
    const { glass, clock, onGlass } = this.#parts;
    this.#watch = clock.startTimer("panel is looked for", 1_000, () => {
      if (!glass.isPlugged && this.#absence === undefined) {
        this.#absence = "it is not there";
        onGlass(undefined, this.#lastMs);
        this.#again();
      }
      this.#lookLater();
    });
  }
}
