/** Promise 4, looked at every second: a code stands on the glass only while it can be paid, as far as the machine can know; a session lasts its time. */
import type { StateMessage } from "../../src/link/port.ts";
import type { MachineReadiness } from "../../src/machine/port.ts";
import type { Scene } from "../../src/panel/port.ts";
import type { Catalogue } from "../../src/sale/catalogue.ts";
import type { SimulatedPayment } from "../../src/simulator/state.ts";
import { codeOf } from "./twins.ts";

/** What the world knows, that the machine may not know yet. */
export interface Truth {
  readonly monoMs: number;
  readonly isOn: boolean;
  readonly scene: Scene;
  /** Since when the daemon wants it there: its seconds count from then. */
  readonly wantedMs: number;
  readonly payments: Iterable<SimulatedPayment>;
  readonly isPartitioned: boolean;
  readonly isConnected: boolean;
  readonly readiness: MachineReadiness | undefined;
  readonly isAnyRelayAlive: boolean;
  readonly isClockPlausible: boolean;
  readonly isOutOfService: boolean;
  readonly isQuiet: boolean;
  /** Since the last commit that failed, none succeeded. */
  readonly hasJournalFailed: boolean;
  readonly catalogue: Catalogue | undefined;
  /** One thing is sold, and a scan asks for its price. */
  readonly paysAtOnce: boolean;
  /** False where the last picture was not taken: then nobody can tell, and nothing is asked of what stands there. */
  readonly isGlassKnown: boolean;
  readonly isPanelPresent: boolean;
  /** So much longer a picture may take than at once. */
  readonly slackMs: number;
  /** Several outlets have it. */
  readonly isShared: boolean;
  /** What the machine says of itself upstream. */
  readonly state: StateMessage["state"] | undefined;
  /** Another computer takes this one's connection again and again. */
  readonly hasRival: boolean;
}

/** No session is longer, with a disk that takes no writes for five minutes. */
const sessionMs = 600_000;

export class Glass {
  readonly #lie: (text: string) => void;
  /** Since when, on the world's clock, something is as it is: for how long a panel may not know it. */
  readonly #since = new Map<string, number>();
  #countdown: { readonly scene: Scene; readonly endsMs: number } | undefined;

  constructor(lie: (text: string) => void) {
    this.#lie = lie;
  }

  look(all: Truth): void {
    this.#lookAtState(all);
    // What cannot be seen is as good as dark.
    const truth = { ...all, isOn: all.isOn && all.isGlassKnown };
    this.#lookAtPayment(truth);
    this.#lookAtRequest(truth);
    this.#lookAtCallback(truth);
    this.#lookAtAnyCode(truth);
    this.#lookAtSession(truth);
  }

  /** Everything that lasted ends with the power. */
  forget(): void {
    this.#since.clear();
    this.#countdown = undefined;
  }

  #lasts(what: string, isSo: boolean, { monoMs }: Truth): number {
    if (!isSo) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, monoMs);
    return isSo ? monoMs - (this.#since.get(what) ?? 0) : 0;
  }

  /** What is said upstream and what stands there are the same. */
  #lookAtState(truth: Truth): void {
    const { isOn, isPanelPresent, isGlassKnown, slackMs, state, scene } = truth;
    if (this.#lasts("absent", isOn && !isPanelPresent && state === "ready", truth) > 5_000 + slackMs)
      this.#lie("the machine says that it is ready, and nothing can be shown");
    const isClosed = isOn && isGlassKnown && scene.kind === "out-of-service" && state === "ready";
    if (this.#lasts("closed", isClosed, truth) > 5_000 + slackMs)
      this.#lie("the machine says that it is ready, and its panel that it is out of service");
  }

  #lookAtPayment(truth: Truth): void {
    const { scene, isOn, monoMs } = truth;
    const code = isOn && scene.kind === "pay" ? codeOf(scene) : undefined;
    const payment = code === undefined ? undefined : [...truth.payments].find(({ qrContent }) => qrContent === code);
    if (code !== undefined && payment === undefined) this.#lie("the panel shows a code that belongs to no payment");
    const isOver = payment !== undefined && payment.state !== "CREATED";
    // It polls every few seconds; with a provider that fails three requests in ten it may take a minute to hear of it.
    if (this.#lasts("over", isOver && !truth.isPartitioned, truth) > 60_000)
      this.#lie("the panel shows the code of a payment that is over");
    if (payment !== undefined && monoMs > payment.expiresMs + 5_000 + truth.slackMs)
      this.#lie("the panel shows the code of a payment that has expired");
    if (payment !== undefined && scene.kind === "pay" && scene.price.minor !== payment.value)
      this.#lie(`the panel says ${scene.price.minor}, and the payment is for ${payment.value}`);
  }

  /** What the phone is asked for is what the glass says. */
  #lookAtRequest({ scene, isOn, payments, monoMs, paysAtOnce, hasJournalFailed }: Truth): void {
    // While the journal takes no writes, no session can end.
    if (!isOn || hasJournalFailed) return;
    if (paysAtOnce && scene.kind === "choose") this.#lie("the panel lets one choose where there is one thing");
    if (scene.kind !== "wait" || !scene.toPhone) return;
    const isAsked = [...payments].some(
      ({ value, createdMs }) => value === scene.price.minor && createdMs > monoMs - sessionMs,
    );
    if (!isAsked) this.#lie(`the panel says ${scene.price.minor}, and the phone is asked for something else`);
  }

  #lookAtCallback(truth: Truth): void {
    const { scene, isOn } = truth;
    const isCallback = isOn && scene.kind === "idle" && scene.code?.kind === "callback";
    if (this.#lasts("link", isCallback && !truth.isConnected, truth) > 3_000 + truth.slackMs)
      this.#lie("the panel shows the callback code while nobody would hear of a scan");
    const isBetweenSales = truth.readiness?.ready === false && truth.readiness.fault === "post-delay";
    if (
      this.#lasts("machine", isCallback && truth.readiness?.ready !== true && !isBetweenSales, truth) >
      3_000 + truth.slackMs
    )
      this.#lie("the panel shows the callback code while the machine cannot sell");
    // The provider is probed every 20 s, and a request may take its whole deadline to fail.
    if (this.#lasts("provider", isCallback && truth.isPartitioned, truth) > 120_000)
      this.#lie("the panel shows the callback code while the provider is out of reach");
    // A relay that the broker could not announce as dead is believed until its word expires (180 s).
    if (this.#lasts("relay", isCallback && !truth.isAnyRelayAlive, truth) > 200_000)
      this.#lie("the panel shows the callback code while no relay is alive");
  }

  #lookAtAnyCode(truth: Truth): void {
    const { scene, isOn } = truth;
    const hasCode = isOn && codeOf(scene) !== undefined;
    if (this.#lasts("rival", hasCode && truth.hasRival, truth) > 3_000 + truth.slackMs)
      this.#lie("the panel shows a code while another machine has this one's id");
    if (this.#lasts("clock", hasCode && !truth.isClockPlausible, truth) > 3_000 + truth.slackMs)
      this.#lie("the panel shows a code while nobody knows the time");
    // A payment whose code is up already may be paid; the machine sells nothing new.
    if (
      this.#lasts("operator", hasCode && scene.kind === "idle" && truth.isOutOfService, truth) >
      3_000 + truth.slackMs
    )
      this.#lie("the panel shows a code while the machine was taken out of service");
    if (this.#lasts("quiet", hasCode && scene.kind === "idle" && truth.isQuiet, truth) > 3_000 + truth.slackMs)
      this.#lie("the panel shows a code in quiet hours");
    if (this.#lasts("journal", hasCode && truth.hasJournalFailed, truth) > 3_000 + truth.slackMs)
      this.#lie("the panel shows a code while the journal takes no writes");
  }

  #lookAtSession(truth: Truth): void {
    const { scene, isOn } = truth;
    const secondsLeft =
      scene.kind === "pay" || scene.kind === "choose" || scene.kind === "choose-time" ? scene.secondsLeft : undefined;
    // A glass that several outlets share goes from one to the other: none of their countdowns is seen from its beginning.
    const isOwn = scene.kind === "sorry" && scene.reason === "timed-out" && !truth.isShared;
    if (isOwn && this.#countdown !== undefined) {
      const leftMs = this.#countdown.endsMs - truth.monoMs;
      if (leftMs > 3_000 + truth.slackMs) this.#lie(`a session ended ${Math.round(leftMs / 1_000)} s before its time`);
    }
    if (secondsLeft === undefined) this.#countdown = undefined;
    else if (this.#countdown?.scene !== scene)
      this.#countdown = { scene, endsMs: truth.wantedMs + secondsLeft * 1_000 };
    const isOvertime = isOn && (this.#countdown?.endsMs ?? truth.monoMs) < truth.monoMs - 5_000;
    if (this.#lasts("overtime", isOvertime && !truth.hasJournalFailed, truth) > 2_000 + truth.slackMs)
      this.#lie("a session lasts longer than its time");
    const { catalogue } = truth;
    const isOld =
      isOn &&
      scene.kind === "idle" &&
      catalogue !== undefined &&
      scene.offers.some(({ line, price }) =>
        catalogue.products.some((product) => product.line === line && product.price.minor !== price.minor),
      );
    if (this.#lasts("catalogue", isOld, truth) > 3_000 + truth.slackMs)
      this.#lie("the panel offers other prices than the catalogue that was set");
  }
}
