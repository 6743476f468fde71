/** What the kiosk uses: payments and callback QRs in the sale's terms, over the client. Nothing throws; every call ends in a CallOutcome. */
import type { MerchantQrId } from "../sale/ids.ts";
import type { Money } from "../sale/money.ts";
import type { PaymentRequest, PaymentView } from "../sale/payment.ts";
import type { PaymentAnswer } from "./answers.ts";
import type { VippsClient } from "./client.ts";
import type { TimedOptions } from "./deadline.ts";
import { unusable, VippsError } from "./errors.ts";
import { bodyOf, type PresentationSettings, viewOf } from "./payment-mapping.ts";
import type {
  CallbackQr,
  CallOptions,
  CallOutcome,
  CreatedPayment,
  MerchantQrs,
  Payments,
  QrPicture,
  ShopQr,
  ShopQrs,
} from "./port.ts";
import type { QrWanted } from "./qr-image.ts";

export type { PresentationSettings } from "./payment-mapping.ts";

/** Whether the provider refused the request, or we did before it left. Either way it had no effect. */
function isRefusal({ facts }: VippsError): boolean {
  const { stage, status, advice } = facts;
  const isSaidNo = (stage === "check" || stage === "call") && status !== undefined && status >= 400 && status < 500;
  // A 401 is about the keys, not about the request.
  return isSaidNo && status !== 401 && (advice === "change-request" || advice === "give-up");
}

/** Runs a call and turns a VippsError into an outcome. A bug of ours is still thrown. */
export async function outcomeOf<T>(call: () => Promise<T>): Promise<CallOutcome<T>> {
  try {
    return { kind: "ok", value: await call() };
  } catch (error) {
    if (!(error instanceof VippsError)) throw error;
    const { status, code, retryAfterMs } = error.facts;
    if (status !== undefined && isRefusal(error)) return { kind: "refused", status, code, detail: error.message };
    return { kind: "unknown", reason: error.message, status, code, retryAfterMs };
  }
}

type Picture = (source: string, options: TimedOptions) => Promise<QrPicture>;

/** What to show: the content itself, or the picture behind the link. */
function pictureBy(client: VippsClient, { qrRendering }: PresentationSettings): Picture {
  return async (source, options) =>
    qrRendering === "own"
      ? { kind: "content", text: source }
      : { kind: "png", png: await client.fetchImage(source, options) };
}

function wantedBy({ qrRendering, qrSizePx }: PresentationSettings): QrWanted {
  return qrRendering === "own" ? { format: "target-url" } : { format: "png", sizePx: qrSizePx };
}

export function createPayments(client: VippsClient, settings: PresentationSettings): Payments {
  const picture = pictureBy(client, settings);

  /** For flow `qr`: already in the answer, or made from the landing page's address. */
  async function qrOf(redirectUrl: string, options: TimedOptions): Promise<QrPicture> {
    if (settings.oneTimeRoute === "epayment") return picture(redirectUrl, options);
    return picture((await client.qr.oneTime(redirectUrl, wantedBy(settings), options)).url, options);
  }

  async function create(request: PaymentRequest, key: string, given?: CallOptions): Promise<CreatedPayment> {
    const operation = "create payment";
    const options = client.together(given);
    const { reference } = request;
    const answer = await client.payments.create(bodyOf(request, settings), key, options);
    if (request.flow !== "qr") return { reference, qr: undefined };
    if (typeof answer.redirectUrl !== "string" || answer.redirectUrl === "")
      throw unusable(operation, "the answer has nothing to show");
    try {
      return { reference, qr: await qrOf(answer.redirectUrl, options) };
    } catch (cause) {
      if (!(cause instanceof VippsError)) throw cause;
      // The payment exists. Whatever went wrong with the picture, it must not look as if nothing was created.
      throw unusable(operation, `created, but its code could not be had (${cause.message})`, { cause });
    }
  }

  const value = (amount: Money) => ({ currency: amount.currency, value: amount.minor });
  const viewed = (operation: string, call: () => Promise<PaymentAnswer>): Promise<CallOutcome<PaymentView>> =>
    outcomeOf(async () => viewOf(operation, await call()));
  return {
    create: (request, key, options) => outcomeOf(() => create(request, key, options)),
    get: (reference, options) => viewed("get payment", () => client.payments.get(reference, options)),
    capture: (reference, amount, key, options) =>
      viewed("capture payment", () => client.payments.capture(reference, value(amount), key, options)),
    cancel: (reference, transactionOnly, key, options) =>
      viewed("cancel payment", () => client.payments.cancel(reference, transactionOnly, key, options)),
    refund: (reference, amount, key, options) =>
      viewed("refund payment", () => client.payments.refund(reference, value(amount), key, options)),
  };
}

/** The machine's callback QR: PUT (create or update), then GET for what to show. */
export function createMerchantQrs(client: VippsClient, settings: PresentationSettings): MerchantQrs {
  const picture = pictureBy(client, settings);

  async function get(id: MerchantQrId, options: TimedOptions): Promise<CallbackQr> {
    const answer = await client.callbackQrs.get(id, wantedBy(settings), options);
    const source = settings.qrRendering === "own" ? answer.qrContent : answer.qrImageUrl;
    if (typeof source !== "string" || source === "" || answer.merchantQrId !== id)
      throw unusable("get merchant callback QR", "the answer has no code for this machine");
    const { locationDescription } = answer;
    return {
      merchantQrId: id,
      locationDescription: locationDescription ?? "",
      qr: await picture(source, options),
    };
  }

  async function register(id: MerchantQrId, locationDescription: string, given?: CallOptions): Promise<CallbackQr> {
    const options = client.together(given);
    await client.callbackQrs.put(id, { locationDescription, category: "VENDING" }, options);
    return get(id, options);
  }

  return {
    register: (id, locationDescription, options) => outcomeOf(() => register(id, locationDescription, options)),
    check: (id, options) => outcomeOf(() => get(id, client.together(options))),
  };
}

/** The web shop's code, as it is to be shown. `id` is the merchant redirect QR's. */
export function createShopQrs(client: VippsClient, id: string, settings: PresentationSettings): ShopQrs {
  const picture = pictureBy(client, settings);

  async function get(given?: CallOptions): Promise<ShopQr> {
    const options = client.together(given);
    const { url, expiresIn } = await client.redirectQrs.get(id, wantedBy(settings), options);
    const livesForEver = typeof expiresIn !== "number" || expiresIn < 0;
    return { qr: await picture(url, options), expiresInMs: livesForEver ? undefined : expiresIn * 1_000 };
  }

  return { get: (options) => outcomeOf(() => get(options)) };
}
