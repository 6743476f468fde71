/** A client over a transport that the test writes: what leaves is recorded, what comes back is made up. Time moves when the test moves it. */
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { createVippsClient } from "../../../src/vipps/client.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import type { HttpRequest, HttpResponse } from "../../../src/vipps/transport.ts";

export const keys = {
  id: "fb492b5e-client",
  secret: "Y8Kteew6GE2ZmeycEt6egg==",
  subscription: "0f14ebcab0eb4b29ae0cb90d91b4a84a",
};

export interface Sent {
  readonly method: string;
  /** Below the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
  readonly atMs: number;
}

export type Answer = (request: Sent, number: number, signal: AbortSignal) => HttpResponse | Promise<HttpResponse>;

const encoder = new TextEncoder();

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: encoder.encode(JSON.stringify(value)),
  };
}

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers, body: encoder.encode(body) };
}

export const nothing = (status: number): HttpResponse => ({ status, headers: {}, body: new Uint8Array() });

/** An answer that never comes; it does not even listen to the signal. */
export const never = (): Promise<HttpResponse> => new Promise(() => {});

export function tokenAnswer(token: string, seconds = 3_600): HttpResponse {
  return json(200, {
    token_type: "Bearer",
    expires_in: String(seconds),
    ext_expires_in: "0",
    expires_on: "1547823408",
    not_before: "1547819508",
    resource: "00000002-0000-0000-c000-000000000000",
    access_token: token,
  });
}

export interface WorldOptions {
  readonly baseUrl?: string;
  /** Answers `POST /accesstoken/get`; by default tokens named token-1, token-2, … */
  readonly token?: Answer;
}

/** A client of sales unit 123456. `answer` gets every request but the token's; `number` counts them from 1. */
export function world(answer: Answer, options: WorldOptions = {}) {
  const clock = new SimulatedClock(Date.UTC(2026, 10, 23, 12));
  const log = createMemoryLog();
  const sent: Sent[] = [];
  const tokens: Sent[] = [];
  const baseUrl = options.baseUrl ?? "https://apitest.vipps.no";
  const token = options.token ?? ((_request, number) => tokenAnswer(`token-${number}`));
  const client = createVippsClient({
    baseUrl,
    msn: "123456",
    credentials: credentials(keys.id, keys.secret, keys.subscription),
    system: { name: "kvitt", version: "0.1.0", pluginName: "kvitt-vending", pluginVersion: "0.1.0" },
    transport: async (request) => {
      const one = sentOf(request, baseUrl, clock.monotonicMs());
      const isToken = one.path === "/accesstoken/get";
      const list = isToken ? tokens : sent;
      list.push(one);
      return (isToken ? token : answer)(one, list.length, request.signal);
    },
    clock,
    entropy: createSeededEntropy(7),
    log,
  });
  return { client, clock, log, sent, tokens };
}

function sentOf({ method, url, headers, body }: HttpRequest, baseUrl: string, atMs: number): Sent {
  return {
    method,
    path: url.startsWith(baseUrl) ? url.slice(baseUrl.length) : url,
    headers,
    text: body === undefined ? undefined : new TextDecoder().decode(body),
    atMs,
  };
}

/** The promise's end, as a value, so that a rejection is never unhandled while time moves. */
export function ended<T>(promise: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Moves time, timer by timer, until the promise ends. */
export async function through<T>(clock: SimulatedClock, promise: Promise<T>, limitMs = 600_000): Promise<T> {
  const state = { isOver: false };
  const over = ended(promise).then(() => {
    state.isOver = true;
  });
  const endMs = clock.monotonicMs() + limitMs;
  for (await clock.advance(0); !state.isOver;) {
    const nextMs = clock.nextMs();
    if (nextMs === undefined || nextMs > endMs) throw new Error("it never ended");
    await clock.advance(nextMs - clock.monotonicMs());
  }
  await over;
  return promise;
}
