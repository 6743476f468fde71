/** What the simulated provider remembers: one object per provider, nothing global. */
import type { Currency } from "../sale/money.ts";
import type { HttpResponse } from "../vipps/transport.ts";

/** A sales unit with its keys and approvals. */
export interface SalesUnit {
  readonly msn: string;
  readonly name: string;
  readonly currency: Currency;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionKey: string;
  /** PUSH_MESSAGE needs approval (5080). */
  pushApproved: boolean;
  /** Some units must capture in full (6140). */
  partialCapture: boolean;
  /** `expiresAt` needs approval (5050). */
  longLivingApproved: boolean;
  /** Whether merchant callback QRs and ePayment are in the unit's agreement; without them their operations answer 403. */
  callbackAllowed: boolean;
  epaymentAllowed: boolean;
}

export interface SimulatedUser {
  readonly id: string;
  readonly phoneNumber: string;
  readonly age: number;
  /** What stands in the personal QR of the app. */
  readonly personalQr: string;
  /** Has approved a payment in the app once: only then the test environment approves for them (10020). */
  hasApproved: boolean;
  app: AppScreen;
}

/** What the wallet app shows. */
export type AppScreen =
  | { readonly kind: "home" }
  | { readonly kind: "connecting"; readonly place: string }
  | { readonly kind: "waiting"; readonly place: string; readonly category: string; readonly sinceMs: number }
  | { readonly kind: "cannot-connect" }
  | { readonly kind: "request"; readonly msn: string; readonly reference: string }
  | { readonly kind: "approved"; readonly msn: string; readonly reference: string }
  | { readonly kind: "declined" }
  | { readonly kind: "message"; readonly text: string };

export interface CallbackQr {
  readonly msn: string;
  readonly merchantQrId: string;
  readonly content: string;
  locationDescription: string;
  category: string;
}

export interface RedirectQr {
  readonly msn: string;
  readonly id: string;
  readonly content: string;
  redirectUrl: string;
  /** Monotonic; infinite without a ttl. */
  readonly endsMs: number;
}

export type SimulatedState = "CREATED" | "AUTHORIZED" | "ABORTED" | "EXPIRED" | "TERMINATED";

export interface PaymentEvent {
  readonly name:
    | "CREATED"
    | "ABORTED"
    | "EXPIRED"
    | "CANCELLED"
    | "CAPTURED"
    | "REFUNDED"
    | "AUTHORIZED"
    | "TERMINATED";
  readonly pspReference: string;
  readonly value: number;
  readonly wallMs: number;
  readonly idempotencyKey: string | undefined;
}

export interface SimulatedPayment {
  readonly msn: string;
  readonly reference: string;
  readonly value: number;
  readonly currency: Currency;
  readonly userFlow: "PUSH_MESSAGE" | "NATIVE_REDIRECT" | "WEB_REDIRECT" | "QR";
  readonly description: string;
  readonly minimumUserAge: number;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly pspReference: string;
  readonly token: string;
  /** What the one-time QR's symbol holds. */
  readonly qrContent: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Until then, GET answers 404 (a request that lands late). */
  readonly visibleMs: number;
  state: SimulatedState;
  /** Approved with magic amount 201: authorised only then. */
  authorizesMs: number | undefined;
  authorized: number;
  captured: number;
  cancelled: number;
  refunded: number;
  payer: string | undefined;
  readonly events: PaymentEvent[];
}

export interface Registration {
  readonly id: string;
  readonly msn: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly secret: string;
}

export interface CustomerToken {
  readonly token: string;
  readonly msn: string;
  readonly userId: string;
  readonly endsMs: number;
}

export interface SimulatedImage {
  readonly content: string;
  readonly format: "svg" | "png";
  readonly sizePx: number;
  readonly endsMs: number;
  /** A one-time QR's image dies with its payment. */
  readonly payment: SimulatedPayment | undefined;
}

export interface StoredAnswer {
  readonly body: string;
  readonly answer: HttpResponse;
}

export interface ProviderState {
  readonly units: Map<string, SalesUnit>;
  readonly users: Map<string, SimulatedUser>;
  readonly accessTokens: Map<string, { readonly clientId: string; readonly endsMs: number }>;
  readonly callbackQrs: Map<string, CallbackQr>;
  readonly redirectQrs: Map<string, RedirectQr>;
  readonly payments: Map<string, SimulatedPayment>;
  readonly registrations: Map<string, Registration>;
  readonly customerTokens: Map<string, CustomerToken>;
  readonly images: Map<string, SimulatedImage>;
  readonly answers: Map<string, StoredAnswer>;
  readonly calls: Map<string, number[]>;
}

export function emptyState(): ProviderState {
  return {
    units: new Map(),
    users: new Map(),
    accessTokens: new Map(),
    callbackQrs: new Map(),
    redirectQrs: new Map(),
    payments: new Map(),
    registrations: new Map(),
    customerTokens: new Map(),
    images: new Map(),
    answers: new Map(),
    calls: new Map(),
  };
}

export function paymentKey(msn: string, reference: string): string {
  return `${msn}/${reference}`;
}

/** Whether nothing but a refund can still happen to a payment. One whose money is held, or may still come, is never forgotten. */
export function isEnded({ state, authorized, captured, cancelled }: SimulatedPayment): boolean {
  return state === "AUTHORIZED" ? captured + cancelled >= authorized : state !== "CREATED";
}
