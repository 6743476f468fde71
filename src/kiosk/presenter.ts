/** Keeps the panel at the scene that belongs to the state of the sale, and remembers the code of the payment that the session waits for. */
import type { Panel, Scene } from "../panel/port.ts";
import type { Reference } from "../sale/ids.ts";
import { referenceOfSession } from "../sale/session.ts";
import type { SaleState } from "../sale/state.ts";
import type { Clock, Log } from "../service/port.ts";
import type { QrPicture } from "../vipps/port.ts";
import { saleLog } from "./sale-log.ts";
import { type SceneInputs, sceneOf } from "./scene.ts";

export interface PresenterParts {
  readonly panel: Panel;
  readonly clock: Clock;
  readonly log: Log;
  readonly state: () => SaleState;
  /** The rest of what a scene is made from. */
  readonly inputs: () => Omit<SceneInputs, "state" | "monoMs" | "wallMs" | "paymentQr">;
  /** The panel did not take the code that a customer is to pay. */
  readonly onCodeNotShown: () => void;
}

export interface Presenter {
  /** Shows the scene where it changed; resolves when the panel has answered. Never rejects. */
  show(): Promise<void>;
  scene(): Scene;
  /** Keeps the code of a payment, while the session waits for it. */
  keepCode(reference: Reference, qr: QrPicture): void;
}

export function createPresenter(parts: PresenterParts): Presenter {
  return new ScenePresenter(parts);
}

class ScenePresenter implements Presenter {
  readonly #parts: PresenterParts;
  #paymentCode: { readonly reference: Reference; readonly qr: QrPicture } | undefined;
  #scene: Scene = { kind: "starting" };
  #shownKey = "";
  #lastSale: Reference | undefined;

  constructor(parts: PresenterParts) {
    this.#parts = parts;
  }

  scene(): Scene {
    return this.#scene;
  }

  keepCode(reference: Reference, qr: QrPicture): void {
    if (referenceOfSession(this.#parts.state().session) === reference) this.#paymentCode = { reference, qr };
  }

  async show(): Promise<void> {
    const { panel, inputs } = this.#parts;
    const scene = this.#sceneNow();
    if (inputs().outOfService === "panel") panel.rehearse(this.#sceneOtherwise());
    const isAnother = scene.kind !== this.#scene.kind;
    this.#scene = scene;
    const key = keyOf(scene, panel.facts.liveCountdown);
    if (key === this.#shownKey) return;
    this.#shownKey = key;
    const log = saleLog(this.#parts.log, this.#saleShown());
    if (isAnother) log.info({ scene: scene.kind }, "the panel shows another scene");
    try {
      const outcome = await panel.show(scene);
      if (outcome.kind !== "failed") return;
      log.warn({ scene: scene.kind, reason: outcome.reason }, "the panel did not take the scene");
      if (scene.kind === "pay" && this.#shownKey === key) this.#parts.onCodeNotShown();
    } catch (error) {
      log.error({ error, scene: scene.kind }, "the panel's driver failed");
    }
  }

  /** The sale that the scene is about: of the session that is on, or of the last one while its thanks or sorry stays on the panel. */
  #saleShown(): Reference | undefined {
    const { session, notice } = this.#parts.state();
    const reference = referenceOfSession(session);
    const isAfterwards = session.kind === "none" && notice !== null && notice.kind !== "busy";
    this.#lastSale = reference ?? (isAfterwards ? this.#lastSale : undefined);
    return this.#lastSale;
  }

  #sceneNow(): Scene {
    return sceneOf(this.#sceneInputs());
  }

  /** What would stand there if the machine were in service: the panel has to be able to draw that before it may be. */
  #sceneOtherwise(): Scene {
    const inputs = this.#sceneInputs();
    const state = { ...inputs.state, notice: null, readiness: { checkIn: true, callbackQr: true, oneTimeQr: true } };
    return sceneOf({ ...inputs, state, outOfService: undefined });
  }

  #sceneInputs(): SceneInputs {
    const { clock, state, inputs } = this.#parts;
    const reference = referenceOfSession(state().session);
    if (reference === undefined) this.#paymentCode = undefined;
    const paymentQr = this.#paymentCode?.reference === reference ? this.#paymentCode?.qr : undefined;
    return { ...inputs(), state: state(), monoMs: clock.monotonicMs(), wallMs: clock.wallMs(), paymentQr };
  }
}

/** The same for two scenes that look the same. A countdown counts as a change only where the panel can follow it. */
function keyOf(scene: Scene, isCountdownLive: boolean): string {
  return JSON.stringify(scene, (name, value: unknown) =>
    name === "secondsLeft" && !isCountdownLive ? undefined : value,
  );
}
