/** The whole client: QR API (13 operations), ePayment, Webhooks, access token. One function per operation, each throwing VippsError and nothing else. */
import type { ExchangeAnswer } from "./answers.ts";
import { type CallbackQrs, createCallbackQrs } from "./callback-qr.ts";
import { type Caller, type CallerSettings, createCaller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import { createEpayment, type Epayment } from "./epayment.ts";
import { createExchange } from "./exchange.ts";
import type { FetchImage } from "./image.ts";
import { createOneTimeQrs, type CreateOneTimeQr } from "./one-time-qr.ts";
import { createRedirectQrs, type RedirectQrs } from "./redirect-qr.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export interface VippsClient {
  readonly redirectQrs: RedirectQrs;
  readonly callbackQrs: CallbackQrs;
  readonly qr: {
    /** `POST /qr/v1`: a landing page's address becomes a one-time QR. */
    readonly oneTime: CreateOneTimeQr;
    /** `POST /qr/v1/exchange`: a customer's personal QR for the phone number. */
    readonly exchange: (qrCode: string, options?: TimedOptions) => Promise<ExchangeAnswer>;
    /** `POST /qr/v1/exchange/customer`: a check-in's token for the phone number. */
    readonly exchangeCustomer: (customerToken: string, options?: TimedOptions) => Promise<ExchangeAnswer>;
  };
  readonly payments: Epayment;
  readonly webhooks: Webhooks;
  /** The PNG behind a link that the provider gave; needs no keys. */
  readonly fetchImage: FetchImage;
  /** Fetches an access token unless one is held; resolves with how long it will be used, in milliseconds. */
  readonly checkKeys: Caller["checkKeys"];
  /** For the gateway: another's request, with our keys added. */
  readonly pass: Caller["pass"];
  /** These options with one deadline, shared by all calls that are given them. */
  readonly together: Caller["together"];
}

/** @throws RangeError when base URL or MSN cannot be right. */
export function createVippsClient(settings: CallerSettings): VippsClient {
  const caller = createCaller(settings);
  const exchange = createExchange(caller);
  return {
    redirectQrs: createRedirectQrs(caller),
    callbackQrs: createCallbackQrs(caller),
    qr: {
      oneTime: createOneTimeQrs(caller),
      exchange: (...args) => exchange.personal(...args),
      exchangeCustomer: (...args) => exchange.customer(...args),
    },
    payments: createEpayment(caller),
    webhooks: createWebhooks(caller),
    fetchImage: caller.fetchImage,
    pass: (request, options) => caller.pass(request, options),
    checkKeys: (options) => caller.checkKeys(options),
    together: (options) => caller.together(options),
  };
}
