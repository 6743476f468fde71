/**
 * The port of the provider's client: what the kiosk and the relay ask of Vipps MobilePay, in the sale's terms. Types only.
 * The whole client (13 QR operations, ePayment, webhooks, token) is wider; the kiosk sees just this much.
 */
import type { EffectId, MerchantQrId, Reference } from "../sale/ids.ts";
import type { Money } from "../sale/money.ts";
import type { PaymentRequest, PaymentView } from "../sale/payment.ts";

/** Every call ends in one of these; none throws for anything that happens outside this process. */
export type CallOutcome<T> =
  | { readonly kind: "ok"; readonly value: T }
  /**
   * The provider said no, and the request had no effect. `code` is its numeric error code as text ("6060") where there is one;
   * `status` the HTTP status (400, 403, 404, 409 …).
   */
  | { readonly kind: "refused"; readonly status: number; readonly code: string | undefined; readonly detail: string }
  /**
   * Nobody knows whether it happened, or it may work later: no answer, broken connection, 5xx, 423, 429, 401 after a refresh.
   * `code` as above where the answer had one (6160, 6250, 6280 …).
   */
  | {
      readonly kind: "unknown";
      readonly reason: string;
      readonly status: number | undefined;
      readonly code: string | undefined;
      readonly retryAfterMs: number | undefined;
    };

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** All tries together; the client's default is 30 s. */
  readonly deadlineMs?: number;
  /**
   * `never`: one try; the caller asks what is true before it repeats (captures, cancels, refunds of the sale).
   * `safe`: the client repeats what is safe to repeat, with the same key and bytes.
   */
  readonly retry?: "never" | "safe";
}

/** What the panel can show for a payment or a callback QR. */
export type QrPicture =
  /** The text to encode, to be drawn by us (`TEXT/TARGETURL`, `text/targetUrl`, `qrContent`). */
  | { readonly kind: "content"; readonly text: string }
  /** The provider's own picture, fetched at the size that the panel asked for. */
  | { readonly kind: "png"; readonly png: Uint8Array };

export interface CreatedPayment {
  readonly reference: Reference;
  /** Present when the flow is `qr`. */
  readonly qr: QrPicture | undefined;
}

/** What an adjusting call answered; amounts as in PaymentView where given. */
export type Adjustment = PaymentView;

export interface Payments {
  create(request: PaymentRequest, key: EffectId, options?: CallOptions): Promise<CallOutcome<CreatedPayment>>;
  get(reference: Reference, options?: CallOptions): Promise<CallOutcome<PaymentView>>;
  capture(reference: Reference, amount: Money, key: EffectId, options?: CallOptions): Promise<CallOutcome<Adjustment>>;
  /** `transactionOnly` cancels only what is not yet authorised; the answer is 6060 when it is. */
  cancel(
    reference: Reference,
    transactionOnly: boolean,
    key: EffectId,
    options?: CallOptions,
  ): Promise<CallOutcome<Adjustment>>;
  refund(reference: Reference, amount: Money, key: EffectId, options?: CallOptions): Promise<CallOutcome<Adjustment>>;
}

export interface CallbackQr {
  readonly merchantQrId: MerchantQrId;
  readonly locationDescription: string;
  /** Stable for the life of the QR; may be kept. `qrImageUrl` may not: its token dies. */
  readonly qr: QrPicture;
}

export interface MerchantQrs {
  /** `PUT /qr/v1/merchant-callback/{merchantQrId}` with category VENDING, then GET: create or update, idempotent. */
  register(id: MerchantQrId, locationDescription: string, options?: CallOptions): Promise<CallOutcome<CallbackQr>>;
  /** `GET /qr/v1/merchant-callback/{merchantQrId}`: whether provider, keys and code are there; 404 asks for `register`. */
  check(id: MerchantQrId, options?: CallOptions): Promise<CallOutcome<CallbackQr>>;
}

/** The code of the operator's web shop: a merchant redirect QR. */
export interface ShopQr {
  readonly qr: QrPicture;
  /** How long it still lives; undefined: for ever. */
  readonly expiresInMs: number | undefined;
}

export interface ShopQrs {
  /** `GET /qr/v1/merchant-redirect/{id}`; 404 when it was deleted or its time is over. */
  get(options?: CallOptions): Promise<CallOutcome<ShopQr>>;
}
