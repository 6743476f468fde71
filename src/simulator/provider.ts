/**
 * The provider as a pure function from request to answer: token, gateway, routes, faults. Time, randomness and webhook delivery are passed
 * in, so that a simulation controls them; `server.ts` adds HTTP.
 */
import { createHash } from "node:crypto";
import { customerTokenLifeMs } from "../sale/customer-token.ts";
import { msnPattern } from "../sale/ids.ts";
import { paymentLifeMs } from "../sale/payment.ts";
import type { Clock, Entropy } from "../service/port.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import { remember } from "./bounded.ts";
import { type Context, type Handler, type ProviderSettings, type ProviderSwitches, randomText } from "./context.ts";
import { type Fault, NoAnswer } from "./faults.ts";
import { badHeader, badMsn, longHeader, notAllowed } from "./gate.ts";
import { drawImage } from "./image.ts";
import {
  empty,
  gateway,
  htmlBadGateway,
  internalError,
  json,
  paymentProblem,
  qrProblem,
  type SimulatedRequest,
  traceIdPlace,
} from "./message.ts";
import { refused } from "./payment-errors.ts";
import { letTimePass } from "./payment-life.ts";
import * as payments from "./payment-operations.ts";
import { createPhone, type Phone } from "./phone.ts";
import * as qr from "./qr-operations.ts";
import { emptyState, type ProviderState, type SalesUnit, type SimulatedPayment, type SimulatedUser } from "./state.ts";
import * as deliveries from "./webhook-deliveries.ts";
import * as webhooks from "./webhook-operations.ts";

export interface ProviderOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly send: deliveries.SendWebhook;
  readonly settings?: Partial<ProviderSettings>;
  /** Asked for every request; the simulation's dice, or a queue of the control API. `operation` is "create payment" and the like. */
  readonly faultFor?: (operation: string, request: SimulatedRequest) => Fault | undefined;
  /** Asked for every webhook delivery. */
  readonly deliveryFaultFor?: () => deliveries.DeliveryFault | undefined;
  /** Called with everything that happens, in plain words. */
  readonly tell?: (text: string) => void;
}

export interface LedgerRow {
  readonly msn: string;
  readonly reference: string;
  readonly state: SimulatedPayment["state"];
  readonly currency: string;
  readonly amount: number;
  readonly authorized: number;
  readonly captured: number;
  readonly cancelled: number;
  readonly refunded: number;
  readonly payer: string | undefined;
}

export interface Provider {
  /** Rejects with NoAnswer where the network would; never answers when the fault says hang, until `signal` aborts. */
  handle(request: SimulatedRequest, signal?: AbortSignal): Promise<HttpResponse>;
  readonly switches: ProviderSwitches;
  readonly state: ProviderState;
  readonly context: Context;
  addUnit(unit: Partial<SalesUnit> & { readonly msn: string }): SalesUnit;
  addUser(user: Partial<Omit<SimulatedUser, "app">> & { readonly id: string }): SimulatedUser;
  phone(userId: string): Phone;
  ledger(): readonly LedgerRow[];
  revokeTokens(): void;
}

const defaults: ProviderSettings = {
  publicUrl: "https://qr.vipps.no",
  tokenLifeMs: 3_600_000,
  imageLinkLifeMs: 3_600_000,
  paymentLifeMs,
  customerTokenLifeMs,
  allowLocalWebhooks: true,
  rateLimits: true,
};

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly operation: string;
  readonly handler: Handler;
  /** Whether the MSN header has to be there. */
  readonly needsMsn: boolean;
}

interface Found {
  readonly route: Route;
  readonly parts: readonly string[];
}

function route(method: string, path: string, operation: string, handler: Handler, needsMsn = false): Route {
  const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`);
  return { method, pattern, operation, handler, needsMsn };
}

const routes: readonly Route[] = [
  route("POST", "/qr/v1/merchant-redirect", "create redirect QR", qr.createRedirect),
  route("GET", "/qr/v1/merchant-redirect", "list redirect QRs", qr.listRedirects),
  route("GET", "/qr/v1/merchant-redirect/{id}", "get redirect QR", qr.getRedirect),
  route("PUT", "/qr/v1/merchant-redirect/{id}", "update redirect QR", qr.updateRedirect),
  route("DELETE", "/qr/v1/merchant-redirect/{id}", "delete redirect QR", qr.deleteRedirect),
  route("POST", "/qr/v1/exchange/customer", "exchange customer token", qr.exchangeCustomer),
  route("POST", "/qr/v1/exchange", "exchange personal QR", qr.exchangePersonal),
  route("POST", "/qr/v1/?", "create one-time QR", qr.createOneTime),
  route("PUT", "/qr/v1/merchant-callback/mobilepay/{beaconId}", "map beacon", qr.putMobilePay, true),
  route("GET", "/qr/v1/merchant-callback", "list callback QRs", qr.listCallbacks, true),
  route("GET", "/qr/v1/merchant-callback/{id}", "get callback QR", qr.getCallback, true),
  route("PUT", "/qr/v1/merchant-callback/{id}", "put callback QR", qr.putCallback, true),
  route("DELETE", "/qr/v1/merchant-callback/{id}", "delete callback QR", qr.deleteCallback, true),
  route("POST", "/epayment/v1/payments", "create payment", payments.createPayment, true),
  route("GET", "/epayment/v1/payments/{reference}", "get payment", payments.getPayment, true),
  route("GET", "/epayment/v1/payments/{reference}/events", "get payment events", payments.getEvents, true),
  route("POST", "/epayment/v1/payments/{reference}/capture", "capture payment", payments.capturePayment, true),
  route("POST", "/epayment/v1/payments/{reference}/cancel", "cancel payment", payments.cancelPayment, true),
  route("POST", "/epayment/v1/payments/{reference}/refund", "refund payment", payments.refundPayment, true),
  route("POST", "/epayment/v1/test/payments/{reference}/approve", "force approve", payments.forceApprove, true),
  route("POST", "/webhooks/v1/webhooks", "register webhook", webhooks.registerWebhook),
  route("GET", "/webhooks/v1/webhooks", "list webhooks", webhooks.listWebhooks),
  route("DELETE", "/webhooks/v1/webhooks/{id}", "delete webhook", webhooks.deleteWebhook),
];

/** A decoded part of a path. Invalid percent-encoding is kept as it is and matches no id. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function createProvider(options: ProviderOptions): Provider {
  return new SimulatedProvider(options);
}

class SimulatedProvider implements Provider {
  readonly switches: ProviderSwitches = {
    forgetIdempotencyKeys: false,
    approveDuringCancel: undefined,
    createdVisibleAfterMs: 0,
    retryCheckIns: true,
    appWaitsMs: undefined,
  };
  readonly state = emptyState();
  readonly context: Context;
  readonly #options: ProviderOptions;
  readonly #deliveries: deliveries.Deliveries;
  #traces = 0;

  constructor(options: ProviderOptions) {
    this.#options = options;
    const { clock, entropy, send } = options;
    this.#deliveries = deliveries.createDeliveries({
      clock,
      send,
      faultFor: () => options.deliveryFaultFor?.(),
      isRegistered: (id) => this.state.registrations.has(id),
    });
    this.context = {
      state: this.state,
      clock,
      entropy,
      settings: { ...defaults, ...options.settings },
      switches: this.switches,
      announce: (payment, event) => this.#announce(payment, event),
    };
  }

  addUnit(unit: Partial<SalesUnit> & { readonly msn: string }): SalesUnit {
    const whole: SalesUnit = {
      name: "Test merchant",
      currency: "NOK",
      clientId: `client-${unit.msn}`,
      clientSecret: `secret-${unit.msn}`,
      subscriptionKey: `subscription-${unit.msn}`,
      pushApproved: false,
      partialCapture: true,
      longLivingApproved: false,
      callbackAllowed: true,
      epaymentAllowed: true,
      ...unit,
    };
    this.state.units.set(whole.msn, whole);
    return whole;
  }

  addUser(user: Partial<Omit<SimulatedUser, "app">> & { readonly id: string }): SimulatedUser {
    const whole: SimulatedUser = {
      phoneNumber: `4790${String(100_000 + this.state.users.size)}`,
      age: 30,
      personalQr: `https://qr.vipps.no/p/${randomText(this.context.entropy, 20)}`,
      hasApproved: true,
      ...user,
      app: { kind: "home" },
    };
    this.state.users.set(whole.id, whole);
    return whole;
  }

  phone(userId: string): Phone {
    const user = this.state.users.get(userId) ?? this.addUser({ id: userId });
    return createPhone(this.context, this.#deliveries, user, (text) => this.#tell(text));
  }

  ledger(): readonly LedgerRow[] {
    return [...this.state.payments.values()].map((payment) => {
      letTimePass(this.context, payment);
      const { msn, reference, state, currency, value, authorized, captured, cancelled, refunded, payer } = payment;
      return { msn, reference, state, currency, amount: value, authorized, captured, cancelled, refunded, payer };
    });
  }

  revokeTokens(): void {
    this.state.accessTokens.clear();
  }

  async handle(request: SimulatedRequest, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#traced(await this.#answer(request, signal));
  }

  /** Every error has a trace of its own (W3C Trace Context). */
  #traced(answer: HttpResponse): HttpResponse {
    if (answer.status < 400) return answer;
    const text = new TextDecoder().decode(answer.body);
    if (!text.includes(traceIdPlace)) return answer;
    this.#traces += 1;
    const digits = createHash("sha256").update(`trace ${this.#traces}`).digest("hex");
    const traceId = `00-${digits.slice(0, 32)}-${digits.slice(32, 48)}-00`;
    return { ...answer, body: new TextEncoder().encode(text.replaceAll(traceIdPlace, traceId)) };
  }

  async #answer(request: SimulatedRequest, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const url = new URL(request.url, "http://provider");
    const found = this.#find(request.method, url.pathname);
    const operation = found?.route.operation ?? (url.pathname === "/accesstoken/get" ? "get access token" : "other");
    const fault = this.#options.faultFor?.(operation, request);
    if (fault !== undefined) return this.#fail(fault, () => this.#act(request, url, found), signal);
    return this.#act(request, url, found);
  }

  async #fail(fault: Fault, act: () => Promise<HttpResponse>, signal: AbortSignal | undefined): Promise<HttpResponse> {
    switch (fault.kind) {
      case "no-connection":
        throw new NoAnswer("connection refused");
      case "lost-answer":
        await act();
        throw new NoAnswer("connection reset after the request");
      case "hang":
        if (fault.acts) await act();
        return hang(signal);
      case "late":
        this.context.clock.startTimer("late request", fault.delayMs, () => void act());
        throw new NoAnswer("connection reset; the request is still on its way");
      case "bad-gateway":
        if (fault.acts) await act();
        return htmlBadGateway();
      case "internal":
        if (fault.acts) await act();
        return internalError();
      case "throttled":
        return gateway(429, "Rate limit is exceeded.", { "retry-after": String(fault.retryAfterSeconds) });
      case "locked":
        return paymentProblem(423, "The payment is locked");
      case "refused":
        return refused(fault.code);
      case "revoked-token":
        this.revokeTokens();
        return act();
    }
  }

  #find(method: string, path: string): Found | undefined {
    for (const one of routes) {
      const match = one.method === method ? one.pattern.exec(path) : null;
      if (match !== null) return { route: one, parts: match.slice(1).map(decoded) };
    }
    return undefined;
  }

  async #act(request: SimulatedRequest, url: URL, found: Found | undefined): Promise<HttpResponse> {
    if (url.pathname === "/accesstoken/get" && request.method === "POST") return this.#token(request);
    if (url.pathname.startsWith("/generate/qr.")) return this.#image(url);
    if (url.pathname === "/landing") return json(200, { message: "the landing page of the wallet" });
    if (found === undefined) return empty(404);
    const { operation, needsMsn, handler } = found.route;
    const unit = this.#authenticate(request, url.pathname, needsMsn);
    if ("status" in unit) return unit;
    const tooLong = longHeader(request);
    if (tooLong !== undefined) return badHeader(url.pathname, tooLong);
    const forbidden = notAllowed(url.pathname, unit);
    if (forbidden !== undefined) return forbidden;
    const isEpayment = url.pathname.startsWith("/epayment/");
    const hasBody = request.method === "POST" || request.method === "PUT";
    const type = request.headers["content-type"] ?? "";
    if (hasBody && (request.body?.length ?? 0) > 0 && !type.startsWith("application/json"))
      return isEpayment
        ? paymentProblem(415, "Unsupported Media Type")
        : qrProblem(415, "Unsupported Media Type", "Send application/json");
    const answer = handler({ context: this.context, request, unit, parts: found.parts, query: url.searchParams });
    if (request.method !== "GET") this.#tell(`${operation}: ${answer.status}`);
    return answer;
  }

  #authenticate(request: SimulatedRequest, path: string, needsMsn: boolean): SalesUnit | HttpResponse {
    const { headers } = request;
    const key = headers["ocp-apim-subscription-key"];
    const keyOwner = [...this.state.units.values()].find((unit) => unit.subscriptionKey === key);
    if (keyOwner === undefined) return gateway(401, "Access denied due to invalid subscription key.");
    const authorization = headers["authorization"] ?? "";
    // The word Bearer with a capital B is required (knowledge base, errors).
    const token = authorization.startsWith("Bearer ") ? this.state.accessTokens.get(authorization.slice(7)) : undefined;
    if (token === undefined || token.endsMs <= this.context.clock.monotonicMs()) return gateway(401, "Unauthorized");
    if (token.clientId !== keyOwner.clientId) return gateway(401, "Unauthorized");
    const msn = headers["merchant-serial-number"];
    if (msn === undefined) return needsMsn ? gateway(403, "Merchant-Serial-Number is missing") : keyOwner;
    if (!msnPattern.test(msn)) return badMsn(path);
    return msn === keyOwner.msn ? keyOwner : gateway(403, "Merchant-Serial-Number is not one of yours");
  }

  #token(request: SimulatedRequest): HttpResponse {
    const { headers } = request;
    const unit = [...this.state.units.values()].find(
      (one) =>
        one.clientId === headers["client_id"] &&
        one.clientSecret === headers["client_secret"] &&
        one.subscriptionKey === headers["ocp-apim-subscription-key"],
    );
    if (unit === undefined) return gateway(401, "Access denied: wrong client_id, client_secret or subscription key.");
    const { clock, entropy, settings } = this.context;
    const token = `eyJ.${randomText(entropy, 900)}.${randomText(entropy, 120)}`;
    const endsMs = clock.monotonicMs() + settings.tokenLifeMs;
    remember(this.state.accessTokens, token, { clientId: unit.clientId, endsMs });
    const seconds = Math.floor(settings.tokenLifeMs / 1_000);
    const now = Math.floor(clock.wallMs() / 1_000);
    // All numbers are JSON strings (Access token OpenAPI).
    return json(200, {
      token_type: "Bearer",
      expires_in: String(seconds),
      ext_expires_in: "0",
      expires_on: String(now + seconds),
      not_before: String(now),
      resource: "00000002-0000-0000-c000-000000000000",
      access_token: token,
    });
  }

  async #image(url: URL): Promise<HttpResponse> {
    const image = this.state.images.get(url.searchParams.get("token") ?? "");
    const isOver = image?.payment !== undefined && image.payment.state !== "CREATED";
    if (image === undefined || isOver || image.endsMs <= this.context.clock.monotonicMs()) return empty(404);
    return drawImage(image);
  }

  #announce(payment: SimulatedPayment, event: SimulatedPayment["events"][number]): void {
    this.#tell(`payment …${payment.reference.slice(-6)}: ${event.name}`);
    const type = deliveries.eventTypeOf(event.name);
    for (const registration of this.state.registrations.values())
      if (registration.msn === payment.msn && registration.events.includes(type))
        this.#deliveries.enqueue(registration, payment.reference, deliveries.paymentEventBody(payment, event));
  }

  #tell(text: string): void {
    this.#options.tell?.(text);
  }
}

function hang(signal: AbortSignal | undefined): Promise<HttpResponse> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(new NoAnswer("no answer"));
    if (signal?.aborted === true) fail();
    signal?.addEventListener("abort", fail, { once: true });
  });
}
