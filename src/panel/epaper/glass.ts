/** One e-paper panel: which picture is on the glass, and how the next one gets there. It knows nothing about scenes. */
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Log } from "../../service/port.ts";
import type { FrameHint } from "../sink.ts";
import type { EpaperBus } from "./bus.ts";
import type { Controller, Planes, RefreshKind } from "./controller.ts";
import { RefreshBudget } from "./refresh-budget.ts";
import { chooseRefresh, type RefreshAnswer, type RefreshLimits } from "./refresh-policy.ts";
import { samePlanes } from "./rows.ts";
import { type EpaperFault, runSteps, type Step } from "./steps.ts";

export type PaintOutcome =
  | { readonly kind: "painted"; readonly refresh: RefreshKind | "none" }
  /** The panel must not be refreshed now; the picture has not changed. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "fault"; readonly fault: EpaperFault };

export interface EpaperGlassOptions {
  readonly controller: Controller;
  readonly bus: EpaperBus;
  readonly limits: RefreshLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** The panel's temperature in °C, if there is a sensor. */
  readonly readCelsius: (() => Promise<number | undefined>) | undefined;
}

/** A partial refresh wears the glass less than a full one, which flips every pixel several times. */
const partialCost = 0.25;

export class EpaperGlass {
  readonly #options: EpaperGlassOptions;
  readonly #budget: RefreshBudget;
  /** What is certainly on the glass; undefined after start and after a fault. */
  #shown: Planes | undefined;
  #shownHasCode = false;
  #partials = 0;
  #fullAtMs = 0;

  constructor(options: EpaperGlassOptions) {
    this.#options = options;
    this.#budget = new RefreshBudget(options.clock, options.limits.budgetIntervalMs, options.limits.budgetBurst);
  }

  /** When the next full refresh is due, in monotonic time. */
  get fullDueAtMs(): number {
    return this.#fullAtMs + this.#options.limits.fullAtLeastEveryMs;
  }

  /** Puts the picture on the glass, or says why it could not. The caller must wait for it: two calls must not overlap. */
  async paint(planes: Planes, hint: FrameHint): Promise<PaintOutcome> {
    const { log } = this.#options;
    const answer = chooseRefresh(await this.#question(planes, hint), this.#options.limits);
    if (answer.kind === "refused") return answer;
    if (answer.kind === "none") return { kind: "painted", refresh: "none" };
    const fault = await this.#refresh(answer, planes);
    if (fault !== undefined) {
      log.error({ fault: fault.kind }, fault.message);
      return { kind: "fault", fault };
    }
    this.#shownHasCode = hint.codeArea !== undefined;
    return { kind: "painted", refresh: answer.kind };
  }

  async powerOn(): Promise<void> {
    this.#shown = undefined;
    await this.#options.bus.setPower(true);
  }

  /** Cuts the panel's power. The picture stays. */
  async powerOff(): Promise<void> {
    await this.#options.bus.setPower(false);
  }

  async #question(planes: Planes, hint: FrameHint) {
    const { controller, clock, readCelsius } = this.#options;
    return {
      abilities: controller.refreshes,
      isGlassKnown: this.#shown !== undefined,
      isSamePicture: this.#shown !== undefined && samePlanes(this.#shown, planes),
      containsCode: hint.codeArea !== undefined,
      mayShowCode: this.#shown === undefined || this.#shownHasCode,
      isSafe: hint.isSafe,
      // A partial refresh only drives black and white and would leave old red standing.
      usesRed: hasInk(planes.red) || hasInk(this.#shown?.red),
      partialsSinceFull: this.#partials,
      sinceFullMs: clock.monotonicMs() - this.#fullAtMs,
      hasToken: this.#budget.tokens >= 1,
      celsius: await readCelsius?.().catch(() => undefined),
    };
  }

  async #refresh(
    answer: Extract<RefreshAnswer, { kind: RefreshKind }>,
    planes: Planes,
  ): Promise<EpaperFault | undefined> {
    const { bus, clock, controller, log } = this.#options;
    const before = this.#shown;
    this.#shown = undefined;
    const { kind, steps } = programOf(controller, answer.kind, before, planes);
    if (!this.#budget.take(kind === "partial" ? partialCost : 1))
      log.warn({ tokens: this.#budget.tokens }, "the panel is refreshed more often than its maker advises");
    const startMs = clock.monotonicMs();
    const refreshed = await runSteps(bus, clock, steps);
    // The charge pump must not stay on, whatever happened.
    const slept = refreshed.kind === "done" ? await runSteps(bus, clock, controller.sleep()) : refreshed;
    if (slept.kind === "fault") {
      await this.#cutPower();
      return slept.fault;
    }
    this.#shown = planes;
    this.#partials = kind === "partial" ? this.#partials + 1 : 0;
    if (kind !== "partial") this.#fullAtMs = clock.monotonicMs();
    log.debug({ refresh: kind, why: answer.why, tookMs: Math.round(clock.monotonicMs() - startMs) }, "refreshed");
    return undefined;
  }

  /** RST low stops the charge pump even if the controller does not respond; PWR low cuts the rest. */
  async #cutPower(): Promise<void> {
    const { bus, clock, log } = this.#options;
    try {
      await bus.setReset(0);
      await bus.setPower(false);
      await clock.sleep(powerCycleMs);
      await bus.setPower(true);
      await bus.setReset(1);
      // It comes up with its charge pump off; the next refresh begins with a reset.
    } catch (error) {
      log.warn({ error: errorText(error) }, "the panel's power could not be cut");
    }
  }
}

/** Long enough for the capacitors on the HAT to discharge. */
const powerCycleMs = 200;

function programOf(
  controller: Controller,
  wanted: RefreshKind,
  before: Planes | undefined,
  after: Planes,
): { kind: RefreshKind; steps: readonly Step[] } {
  if (wanted === "partial" && before !== undefined) {
    const steps = controller.partial(before, after);
    if (steps !== undefined) return { kind: "partial", steps };
  }
  if (wanted === "fast") {
    const steps = controller.fast(after);
    if (steps !== undefined) return { kind: "fast", steps };
  }
  return { kind: "full", steps: controller.full(after) };
}

function hasInk(red: Uint8Array | undefined): boolean {
  return red?.some((value) => value !== 0) ?? false;
}
