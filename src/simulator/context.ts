/** What every operation of the simulated provider works with. */
import type { Clock, Entropy } from "../service/port.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import type { SimulatedRequest } from "./message.ts";
import type { ProviderState, SalesUnit, SimulatedPayment } from "./state.ts";

export interface ProviderSettings {
  /** Where links to images and landing pages point; no slash at the end. */
  readonly publicUrl: string;
  readonly tokenLifeMs: number;
  /** How long a link to an image works. */
  readonly imageLinkLifeMs: number;
  readonly paymentLifeMs: number;
  readonly customerTokenLifeMs: number;
  /** Plain-http webhook addresses on this machine. */
  readonly allowLocalWebhooks: boolean;
  readonly rateLimits: boolean;
}

/** Switches for tests and the demo, changed while it runs. */
export interface ProviderSwitches {
  forgetIdempotencyKeys: boolean;
  /** The customer approves in the very moment of the next cancel, which gets this answer. */
  approveDuringCancel: "6060" | "6250" | "423" | undefined;
  /** How long GET answers 404 to payments created from now on. */
  createdVisibleAfterMs: number;
  /** Whether a check-in whose delivery was refused is sent again (undocumented; both are possible). */
  retryCheckIns: boolean;
  /** How long the app waits for a request after a check-in; how long the real one does is not known (question 1). Undefined: for ever. */
  appWaitsMs: number | undefined;
}

export interface Context {
  readonly state: ProviderState;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly settings: ProviderSettings;
  readonly switches: ProviderSwitches;
  /** Called for whatever webhooks report. */
  readonly announce: (payment: SimulatedPayment, event: SimulatedPayment["events"][number]) => void;
}

export interface Operation {
  readonly context: Context;
  readonly request: SimulatedRequest;
  readonly unit: SalesUnit;
  /** Decoded parts of the path that the route names, in order. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export type Handler = (operation: Operation) => HttpResponse;

const hexDigits = "0123456789abcdef";
const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function randomHex(entropy: Entropy, length: number): string {
  return Array.from(entropy.bytes(length), (byte) => hexDigits[byte % 16]).join("");
}

export function randomText(entropy: Entropy, length: number): string {
  return Array.from(entropy.bytes(length), (byte) => tokenLetters[byte % tokenLetters.length]).join("");
}

export function randomUuid(entropy: Entropy): string {
  const hex = randomHex(entropy, 32);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}
