/** From a PaymentRequest to the body of `POST /epayment/v1/payments`, and from the provider's answer to a PaymentView. Pure. */
import { defined } from "../kit/defined.ts";
import { isMinor, type Minor, minor } from "../sale/money.ts";
import type { PaymentRequest, PaymentView, ReceiptLine } from "../sale/payment.ts";
import type { PaymentAnswer } from "./answers.ts";
import { unusable } from "./errors.ts";
import type { CreatePaymentBody } from "./payment-rules.ts";

export interface PresentationSettings {
  /** `epayment`: userFlow QR, which the provider recommends. `qr-api`: landing page, then `POST /qr/v1`. */
  readonly oneTimeRoute: "epayment" | "qr-api";
  /** `own`: the content, to be drawn by us. `provider`: the provider's own picture, of this size. */
  readonly qrRendering: "own" | "provider";
  readonly qrSizePx: number;
  /** Opens on the customer's phone after a WEB_REDIRECT payment. */
  readonly returnUrl: string | undefined;
  /** Terms that the customer accepts by paying (ePayment, 2026). */
  readonly legalLinks?: { readonly termsOfSaleUrl: string; readonly privacyPolicyUrl: string } | undefined;
}

/** The tax contained in a total, rounded half up, so that tax and remainder always add up. Rate in hundredths of a percent. */
function taxOf(total: number, vatRate: number): number {
  return Math.round((total * vatRate) / (10_000 + vatRate));
}

function orderLineOf({ id, name, quantity, total, vatRate }: ReceiptLine) {
  const tax = taxOf(total, vatRate);
  const unitPrice = total / quantity;
  // Without unitInfo the provider takes the line for one piece.
  const isSeveral = Number.isSafeInteger(quantity) && quantity > 1 && Number.isSafeInteger(unitPrice);
  return {
    name,
    id,
    totalAmount: total,
    totalAmountExcludingTax: total - tax,
    totalTaxAmount: tax,
    taxRate: vatRate,
    ...(isSeveral ? { unitInfo: { unitPrice, quantity: String(quantity), quantityUnit: "PCS" as const } } : {}),
  };
}

function customerOf({ customer }: PaymentRequest): Pick<CreatePaymentBody, "customer"> {
  switch (customer?.kind) {
    case undefined:
      return {};
    case "customer-token":
      return { customer: { customerToken: customer.token } };
    case "personal-qr":
      return { customer: { personalQr: customer.text } };
    case "phone-number":
      return { customer: { phoneNumber: customer.phoneNumber } };
  }
}

const userFlows = { qr: "QR", push: "PUSH_MESSAGE", "web-redirect": "WEB_REDIRECT" } as const;

function flowOf(
  request: PaymentRequest,
  settings: PresentationSettings,
): Pick<CreatePaymentBody, "userFlow" | "qrFormat" | "returnUrl"> {
  const isByLandingPage = request.flow === "qr" && settings.oneTimeRoute === "qr-api";
  const userFlow = isByLandingPage ? "WEB_REDIRECT" : userFlows[request.flow];
  switch (userFlow) {
    case "QR":
      return settings.qrRendering === "own"
        ? { userFlow, qrFormat: { format: "TEXT/TARGETURL" } }
        : { userFlow, qrFormat: { format: "IMAGE/PNG", size: settings.qrSizePx } };
    case "WEB_REDIRECT":
      return settings.returnUrl === undefined ? { userFlow } : { userFlow, returnUrl: settings.returnUrl };
    case "PUSH_MESSAGE":
      return { userFlow };
  }
}

/** The same request and settings always produce the same bytes. */
export function bodyOf(request: PaymentRequest, settings: PresentationSettings): CreatePaymentBody {
  const { currency } = request.amount;
  const { lines, metadata, minimumAge } = request;
  return {
    amount: { currency, value: request.amount.minor },
    paymentMethod: { type: "WALLET" },
    reference: request.reference,
    ...flowOf(request, settings),
    ...customerOf(request),
    // Required by regulation in a physical sale; the provider's default is CUSTOMER_NOT_PRESENT.
    customerInteraction: "CUSTOMER_PRESENT",
    paymentDescription: request.description,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata: sorted(metadata) }),
    ...(lines.length === 0 ? {} : { receipt: { orderLines: lines.map(orderLineOf), bottomLine: { currency } } }),
    ...defined({ minimumUserAge: minimumAge, merchantLegalLinks: settings.legalLinks }),
  };
}

/** Sorted, because a journal may return them in another order. */
function sorted(pairs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(pairs).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

type Amount = PaymentAnswer["amount"];

function minorOf(operation: string, amount: Amount, currency: string): Minor {
  if (isMinor(amount.value) && (amount.currency === currency || amount.value === 0)) return minor(amount.value);
  throw unusable(operation, "the answer mixes currencies");
}

/** @throws VippsError when the amounts are of several currencies. */
export function viewOf(operation: string, answer: PaymentAnswer): PaymentView {
  const { amount, aggregate, reference, state, captureGuaranteedUntil } = answer;
  const { currency } = amount;
  return {
    reference,
    state,
    currency,
    amount: minorOf(operation, amount, currency),
    authorized: minorOf(operation, aggregate.authorizedAmount, currency),
    captured: minorOf(operation, aggregate.capturedAmount, currency),
    cancelled: minorOf(operation, aggregate.cancelledAmount, currency),
    refunded: minorOf(operation, aggregate.refundedAmount, currency),
    ...(typeof captureGuaranteedUntil === "string" ? { captureGuaranteedUntil } : {}),
  };
}
