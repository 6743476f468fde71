/** From the state of the sale to what the customer sees. Pure. */
import type { DeliveryForm, Offer, OutOfServiceReason, Scene } from "../panel/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import { isForSale } from "../sale/catalogue.ts";
import type { SalePolicy } from "../sale/policy.ts";
import type { Notice, Session } from "../sale/session.ts";
import type { Purchase } from "../sale/settlement.ts";
import { catalogueNow, type SaleState } from "../sale/state.ts";
import { isPlateRefused, quoteOf } from "../sale/time-moves.ts";
import type { QrPicture } from "../vipps/port.ts";
import type { SceneFacts } from "./port.ts";

/** For a machine of which nothing is known. */
export const plainSceneFacts: SceneFacts = { formOf: () => "goods", opensAt: undefined };

export interface SceneInputs {
  readonly facts: SceneFacts;
  readonly state: SaleState;
  readonly policy: SalePolicy;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly isStarting: boolean;
  readonly outOfService: OutOfServiceReason | undefined;
  readonly callbackQr: QrPicture | undefined;
  readonly shopQr: QrPicture | undefined;
  /** Of the payment that the session waits for, once it was created. */
  readonly paymentQr: QrPicture | undefined;
}

function offersOf(catalogue: Catalogue): readonly Offer[] {
  return catalogue.products.map((product) => ({
    name: product.name,
    price: product.price,
    line: product.line,
    soldOut: !isForSale(product),
  }));
}

function secondsUntil(deadlineMono: number, monoMs: number): number {
  return Math.max(0, Math.ceil((deadlineMono - monoMs) / 1_000));
}

/** Codes go up only while they can be paid (promise 4): with `oneTimeQr` lost, the code comes off and the customer waits. */
function payingScene(inputs: SceneInputs, session: Extract<Session, { kind: "paying" }>): Scene {
  const { state, policy, monoMs, paymentQr } = inputs;
  const secondsLeft = secondsUntil(session.deadlineMono, monoMs);
  const product = session.purchase?.name;
  const canShow = session.how === "qr" && session.isCreated && paymentQr !== undefined && state.readiness.oneTimeQr;
  if (!canShow || secondsLeft === 0)
    return {
      kind: "wait",
      product,
      price: session.amount,
      toPhone: session.how !== "qr" && session.isCreated,
      secondsLeft,
    };
  return {
    kind: "pay",
    qr: paymentQr,
    product: product ?? "",
    price: session.amount,
    secondsLeft,
    canShowCode: policy.showCode && !state.pushRefused,
  };
}

function sessionScene(inputs: SceneInputs, session: Exclude<Session, { kind: "none" }>): Scene {
  const { policy, monoMs, wallMs, state, facts } = inputs;
  switch (session.kind) {
    case "choosing":
    case "choosing-reserved":
      return {
        kind: "choose",
        offers: offersOf(catalogueNow({ ...state, catalogue: session.catalogue })),
        reserved: session.kind === "choosing-reserved" ? session.funds : undefined,
        secondsLeft: secondsUntil(session.deadlineMono, monoMs),
      };
    case "choosing-time": {
      const quote = quoteOf(session, policy, wallMs);
      return {
        kind: "choose-time",
        plate: session.plate,
        plateWanted: policy.plateWanted,
        isPlateRefused: isPlateRefused(session.plate),
        minutes: session.minutes,
        fromWallMs: wallMs,
        untilWallMs: quote.untilWallMs,
        price: { minor: quote.price, currency: policy.currency },
        secondsLeft: secondsUntil(session.deadlineMono, monoMs),
      };
    }
    case "paying":
      return payingScene(inputs, session);
    case "confirming":
      return {
        kind: "wait",
        product: session.purchase.name,
        price: session.purchase.price,
        toPhone: false,
        secondsLeft: secondsUntil(session.deadlineMono, monoMs),
      };
    case "delivering":
      return { kind: "deliver", product: session.purchase.name, form: formOf(session.purchase, facts) };
    case "service-vend":
      return { kind: "deliver", product: session.name, form: "goods" };
  }
}

function formOf({ selection, line }: Purchase, facts: SceneFacts): DeliveryForm {
  return selection.kind === "time" ? "time" : facts.formOf(line);
}

function noticeScene(notice: Notice): Scene {
  switch (notice.kind) {
    case "thanks":
      return { kind: "thanks", product: notice.product, price: notice.price };
    case "valid-until": {
      const { plate, untilWallMs, price } = notice;
      return { kind: "valid-until", plate, untilWallMs, price };
    }
    case "sorry": {
      const { reason, money, reference } = notice;
      return { kind: "sorry", reason, money, reference };
    }
    case "refused":
      return { kind: "refused", reason: notice.reason };
    case "busy":
      return { kind: "busy" };
  }
}

function idleScene(inputs: SceneInputs): Scene {
  const { state, policy, callbackQr, shopQr } = inputs;
  const code =
    shopQr !== undefined && state.readiness.oneTimeQr
      ? ({ kind: "shop", qr: shopQr } as const)
      : callbackQr !== undefined && state.readiness.callbackQr
        ? ({ kind: "callback", qr: callbackQr } as const)
        : undefined;
  return {
    kind: "idle",
    code,
    canSelectFirst: (policy.selectFirst || policy.timeSales !== undefined) && state.readiness.oneTimeQr,
    offers: offersOf(catalogueNow(state)),
  };
}

export function sceneOf(inputs: SceneInputs): Scene {
  const { session, notice } = inputs.state;
  if (session.kind !== "none") {
    const isBusyNotice = notice?.kind === "busy" && session.kind !== "paying";
    return isBusyNotice ? { kind: "busy" } : sessionScene(inputs, session);
  }
  if (notice !== null) return noticeScene(notice);
  if (inputs.isStarting) return { kind: "starting" };
  if (inputs.outOfService === "quiet-hours")
    return { kind: "out-of-service", reason: "quiet-hours", opensAt: inputs.facts.opensAt };
  if (inputs.outOfService !== undefined) return { kind: "out-of-service", reason: inputs.outOfService };
  return idleScene(inputs);
}
