/** What ePayment says of a payment (ePayment, states; ePayment, aggregate): by GET, as the answer to a capture, cancel or refund, and as the customer's way to it. */
import { defined } from "../kit/defined.ts";
import type { Currency } from "../sale/money.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import type { Context } from "./context.ts";
import { json } from "./message.ts";
import { imageLink } from "./qr-operations.ts";
import type { QrFormat } from "./payment-schema.ts";
import type { SimulatedPayment } from "./state.ts";

/** How long a capture is certain, from the approval (ePayment, states): by the market that the currency is paid in. */
const captureDays: Readonly<Record<Currency, number>> = { NOK: 180, DKK: 14, EUR: 14 };

export function amountOf(payment: SimulatedPayment, value: number) {
  return { currency: payment.currency, value };
}

export function paymentAnswer(context: Context, payment: SimulatedPayment) {
  const authorizedAt = payment.events.find(({ name }) => name === "AUTHORIZED")?.wallMs;
  const days = captureDays[payment.currency];
  return {
    aggregate: {
      authorizedAmount: amountOf(payment, payment.authorized),
      cancelledAmount: amountOf(payment, payment.cancelled),
      capturedAmount: amountOf(payment, payment.captured),
      refundedAmount: amountOf(payment, payment.refunded),
    },
    amount: amountOf(payment, payment.value),
    state: payment.state,
    paymentMethod: { type: "WALLET" },
    profile: {},
    pspReference: payment.pspReference,
    reference: payment.reference,
    ...(payment.state === "CREATED" && payment.userFlow === "WEB_REDIRECT"
      ? { redirectUrl: landingUrl(context, payment) }
      : {}),
    ...defined({ metadata: payment.metadata }),
    ...(authorizedAt === undefined
      ? {}
      : { captureGuaranteedUntil: new Date(authorizedAt + days * 86_400_000).toISOString().replace("Z", "+00:00") }),
  };
}

export function adjustment(payment: SimulatedPayment): HttpResponse {
  return json(
    200,
    {
      amount: amountOf(payment, payment.value),
      state: payment.state,
      aggregate: {
        authorizedAmount: amountOf(payment, payment.authorized),
        cancelledAmount: amountOf(payment, payment.cancelled),
        capturedAmount: amountOf(payment, payment.captured),
        refundedAmount: amountOf(payment, payment.refunded),
      },
      pspReference: payment.pspReference,
      reference: payment.reference,
    },
    // ePayment OpenAPI 1.8.1, AdjustResponse: success is declared as application/problem+json.
    "application/problem+json",
  );
}

function landingUrl(context: Context, payment: SimulatedPayment): string {
  return `${context.settings.publicUrl}/landing?token=${payment.token}`;
}

function oneTimeOf(context: Context, payment: SimulatedPayment, wanted: QrFormat | undefined): string {
  const format = wanted?.format ?? "IMAGE/SVG+XML";
  if (format === "TEXT/TARGETURL") return payment.qrContent;
  const image = {
    content: payment.qrContent,
    format: format === "IMAGE/PNG" ? ("png" as const) : ("svg" as const),
    sizePx: wanted?.size ?? 1_024,
    payment,
  };
  return imageLink(context, image, context.settings.paymentLifeMs);
}

/** Where the customer is sent, by flow; nowhere for a push. */
export function redirectOf(
  context: Context,
  payment: SimulatedPayment,
  wanted: QrFormat | undefined,
): string | undefined {
  switch (payment.userFlow) {
    case "QR":
      return oneTimeOf(context, payment, wanted);
    case "WEB_REDIRECT":
      return landingUrl(context, payment);
    case "NATIVE_REDIRECT":
      return `vipps://?token=${payment.token}`;
    case "PUSH_MESSAGE":
      return undefined;
  }
}
