/** The kiosk's door: payments in the words of the sale, over the client. Nothing thrown leaves; every call ends in a CallOutcome. */
import type { MerchantQrId } from "../sale/ids.ts";
import { isMinor, type Minor, type Money, minor } from "../sale/money.ts";
import type { PaymentRequest, PaymentView, ReceiptLine } from "../sale/payment.ts";
import type { CallbackRequest, VippsClient } from "./client.ts";
import { errorWithoutAnswer, VippsError } from "./errors.ts";
import type { CallbackQr, CallOptions, CallOutcome, CreatedPayment, MerchantQrs, Payments, QrPicture } from "./port.ts";
import type { CreatePaymentBody, PaymentAnswer } from "./schema.ts";

export interface PresentationSettings {
  /** `epayment`: userFlow QR, which the provider recommends. `qr-api`: landing page, then `POST /qr/v1`. */
  readonly oneTimeRoute: "epayment" | "qr-api";
  /** `own`: the content, to be drawn by us. `provider`: the provider's own picture, of this size. */
  readonly qrRendering: "own" | "provider";
  readonly qrSizePx: number;
  /** Opens on the customer's phone after a WEB_REDIRECT payment. */
  readonly returnUrl: string | undefined;
}

/** Runs a call and turns what it throws into an outcome. A fault of ours is still thrown. */
export async function outcomeOf<T>(call: () => Promise<T>): Promise<CallOutcome<T>> {
  try {
    return { kind: "ok", value: await call() };
  } catch (error) {
    if (!(error instanceof VippsError)) throw error;
    const { advice, status, code, title, detail, faults, retryAfterMs } = error.facts;
    const isAnswered = status !== undefined && status >= 400 && status < 500;
    if (isAnswered && (advice === "change-request" || advice === "give-up")) {
      const parts = [title, detail, ...faults.map((fault) => `${fault.name}: ${fault.reason}`)];
      return { kind: "refused", status, code, detail: parts.filter((part) => part !== "").join("; ") };
    }
    return { kind: "unknown", reason: error.message, status, code, retryAfterMs };
  }
}

/** Tax out of a total that includes it; the three always add up. Rate in hundredths of a percent. */
function taxOf(total: number, vatRate: number): number {
  return Math.round((total * vatRate) / (10_000 + vatRate));
}

function orderLine(line: ReceiptLine) {
  const tax = taxOf(line.total, line.vatRate);
  return {
    name: line.name,
    id: line.id,
    totalAmount: line.total,
    totalAmountExcludingTax: line.total - tax,
    totalTaxAmount: tax,
    taxRate: line.vatRate,
  };
}

function customerOf(request: PaymentRequest): CreatePaymentBody["customer"] {
  switch (request.customer?.kind) {
    case undefined:
      return undefined;
    case "customer-token":
      return { customerToken: request.customer.token };
    case "personal-qr":
      return { personalQr: request.customer.text };
    case "phone-number":
      return { phoneNumber: request.customer.phoneNumber };
  }
}

const userFlows = { qr: "QR", push: "PUSH_MESSAGE", "web-redirect": "WEB_REDIRECT" } as const;

/** The body of `POST /epayment/v1/payments`: the same request and settings always give the same bytes. */
export function bodyOf(request: PaymentRequest, settings: PresentationSettings): CreatePaymentBody {
  const isQrByLanding = request.flow === "qr" && settings.oneTimeRoute === "qr-api";
  const userFlow = isQrByLanding ? "WEB_REDIRECT" : userFlows[request.flow];
  const customer = customerOf(request);
  const { currency } = request.amount;
  return {
    amount: { currency, value: request.amount.minor },
    paymentMethod: { type: "WALLET" },
    reference: request.reference,
    userFlow,
    // Physical sale with the customer at the machine; the provider's default is CUSTOMER_NOT_PRESENT.
    customerInteraction: "CUSTOMER_PRESENT",
    paymentDescription: request.description,
    ...(customer === undefined ? {} : { customer }),
    ...(userFlow === "QR"
      ? {
          qrFormat:
            settings.qrRendering === "own"
              ? { format: "TEXT/TARGETURL" as const }
              : { format: "IMAGE/PNG" as const, size: settings.qrSizePx },
        }
      : {}),
    ...(settings.returnUrl !== undefined && userFlow === "WEB_REDIRECT" ? { returnUrl: settings.returnUrl } : {}),
    ...(Object.keys(request.metadata).length === 0 ? {} : { metadata: { ...request.metadata } }),
    ...(request.lines.length === 0
      ? {}
      : { receipt: { orderLines: request.lines.map(orderLine), bottomLine: { currency } } }),
    ...(request.minimumAge === undefined ? {} : { minimumUserAge: request.minimumAge }),
  };
}

function money(
  operation: string,
  amount: { readonly value: number; readonly currency: string },
  currency: string,
): Minor {
  if (isMinor(amount.value) && (amount.currency === currency || amount.value === 0)) return minor(amount.value);
  throw errorWithoutAnswer(operation, `the answer mixes amounts in ${amount.currency} and ${currency}`);
}

export function viewOf(operation: string, answer: PaymentAnswer): PaymentView {
  const { currency } = answer.amount;
  const { authorizedAmount, capturedAmount, cancelledAmount, refundedAmount } = answer.aggregate;
  return {
    reference: answer.reference,
    state: answer.state,
    currency,
    amount: money(operation, answer.amount, currency),
    authorized: money(operation, authorizedAmount, currency),
    captured: money(operation, capturedAmount, currency),
    cancelled: money(operation, cancelledAmount, currency),
    refunded: money(operation, refundedAmount, currency),
    ...(typeof answer.captureGuaranteedUntil === "string"
      ? { captureGuaranteedUntil: answer.captureGuaranteedUntil }
      : {}),
  };
}

export function createPayments(client: VippsClient, settings: PresentationSettings): Payments {
  const isOwn = settings.qrRendering === "own";
  const wanted = isOwn ? ({ format: "target-url" } as const) : ({ format: "png", sizePx: settings.qrSizePx } as const);

  async function picture(text: string, options?: CallOptions): Promise<QrPicture> {
    return isOwn ? { kind: "content", text } : { kind: "png", png: await client.fetchImage(text, options) };
  }

  /** What to show for a payment with flow `qr`: already in the answer, or made from the landing page's address. */
  async function qrOf(redirectUrl: string, options?: CallOptions): Promise<QrPicture> {
    if (settings.oneTimeRoute === "epayment") return picture(redirectUrl, options);
    const made = await client.qr.oneTime(redirectUrl, wanted, options);
    return picture(made.url, options);
  }

  async function create(request: PaymentRequest, key: string, options?: CallOptions): Promise<CreatedPayment> {
    const answer = await client.payments.create(bodyOf(request, settings), key, options);
    if (request.flow !== "qr") return { reference: request.reference, qr: undefined };
    if (typeof answer.redirectUrl !== "string" || answer.redirectUrl === "")
      throw errorWithoutAnswer("create payment", "the answer has nothing to show");
    try {
      return { reference: request.reference, qr: await qrOf(answer.redirectUrl, options) };
    } catch (error) {
      // The payment exists: whatever the picture's fault is, it must not look as if nothing was created.
      throw errorWithoutAnswer("create payment", "created, but its code could not be fetched", error);
    }
  }

  const value = (amount: Money) => ({ currency: amount.currency, value: amount.minor });
  return {
    create: (request, key, options) => outcomeOf(() => create(request, key, options)),
    get: (reference, options) =>
      outcomeOf(async () => viewOf("get payment", await client.payments.get(reference, options))),
    capture: (reference, amount, key, options) =>
      outcomeOf(async () =>
        viewOf("capture payment", await client.payments.capture(reference, value(amount), key, options)),
      ),
    cancel: (reference, transactionOnly, key, options) =>
      outcomeOf(async () =>
        viewOf("cancel payment", await client.payments.cancel(reference, transactionOnly, key, options)),
      ),
    refund: (reference, amount, key, options) =>
      outcomeOf(async () =>
        viewOf("refund payment", await client.payments.refund(reference, value(amount), key, options)),
      ),
  };
}

/** Registers the machine's callback QR: PUT (create or update), then GET for what to show. */
export function createMerchantQrs(client: VippsClient, settings: PresentationSettings): MerchantQrs {
  const isOwn = settings.qrRendering === "own";
  const wanted = isOwn ? undefined : ({ format: "png", sizePx: settings.qrSizePx } as const);

  async function get(id: MerchantQrId, options?: CallOptions): Promise<CallbackQr> {
    const answer = await client.callbackQrs.get(id, wanted, options);
    const source = isOwn ? answer.qrContent : answer.qrImageUrl;
    if (typeof source !== "string" || source === "" || answer.merchantQrId !== id)
      throw errorWithoutAnswer("get merchant callback QR", "the answer has no code for this machine");
    const qr: QrPicture = isOwn
      ? { kind: "content", text: source }
      : { kind: "png", png: await client.fetchImage(source, options) };
    return { merchantQrId: id, locationDescription: answer.locationDescription ?? "", qr };
  }

  return {
    register: (id, locationDescription, options) =>
      outcomeOf(async () => {
        const request: CallbackRequest = { locationDescription, category: "VENDING" };
        await client.callbackQrs.put(id, request, options);
        return get(id, options);
      }),
    check: (id, options) => outcomeOf(() => get(id, options)),
  };
}
