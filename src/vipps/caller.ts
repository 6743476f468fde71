/**
 * One call to the provider: headers, token, rate limit, retries, deadline, and the error that it ends in.
 * Repeats only what is safe to repeat, with the same key and the same bytes, and never past the deadline.
 */
import type { Clock, Entropy, Log } from "../service/port.ts";
import type { Credentials } from "./credentials.ts";
import { errorFromResponse, errorWithoutAnswer, parseJson, VippsError } from "./errors.ts";
import type { CallOptions } from "./port.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";
import { createAccessToken, type AccessToken } from "./access-token.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "./transport.ts";

/** `Vipps-System-*` headers: at most 30 characters each (HTTP headers, Vipps knowledge base). */
export interface SystemInfo {
  readonly name: string;
  readonly version: string;
  readonly pluginName: string;
  readonly pluginVersion: string;
}

export interface CallerSettings {
  /** `https://api.vipps.no` or `https://apitest.vipps.no`; plain http only to this machine. */
  readonly baseUrl: string;
  readonly msn: string;
  readonly credentials: Credentials;
  readonly system: SystemInfo;
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export interface Call {
  /** For errors and logs: "capture payment". */
  readonly operation: string;
  readonly method: HttpRequest["method"];
  /** Path and query below the base URL, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** Which limit it counts against, and under what reference. */
  readonly limit?: { readonly kind: "modify" | "read"; readonly key: string };
  /** Whether a copy does no harm: reads, PUT, DELETE, and what carries an Idempotency-Key. */
  readonly isSafeToRepeat: boolean;
}

const deadlineMsDefault = 30_000;
/** One try of one call; longer than the provider takes, shorter than a customer waits. */
const tryMsMax = 15_000;
const triesMax = 6;
const pauseMsMin = 300;
const pauseMsMax = 8_000;
const headerLengthMax = 30;

export interface Caller {
  /** The answer's JSON (undefined for an empty body). @throws VippsError */
  call(call: Call, options?: CallOptions): Promise<unknown>;
  /** GET without credentials, for image links that need none. @throws VippsError */
  fetchImage(url: string, options?: CallOptions): Promise<Uint8Array>;
}

/** @throws RangeError when the address cannot be right. */
export function checkBaseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RangeError(`base_url "${text}" is not a URL; write base_url = "https://apitest.vipps.no"`);
  }
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw new RangeError(`base_url "${text}" must be https; plain http is only for a simulator on this machine`);
  return url;
}

export function createCaller(settings: CallerSettings): Caller {
  return new BoundCaller(settings);
}

class BoundCaller implements Caller {
  readonly #settings: CallerSettings;
  readonly #origin: string;
  readonly #token: AccessToken;
  readonly #limits: Readonly<Record<"modify" | "read", RateLimit>>;

  constructor(settings: CallerSettings) {
    this.#settings = settings;
    this.#origin = checkBaseUrl(settings.baseUrl).href.replace(/\/$/, "");
    this.#token = createAccessToken({
      clock: settings.clock,
      fetch: (signal) => this.#fetchToken(signal),
    });
    this.#limits = {
      modify: createRateLimit(settings.clock, 5, 60_000),
      read: createRateLimit(settings.clock, 120, 60_000),
    };
  }

  async call(call: Call, options: CallOptions = {}): Promise<unknown> {
    const { clock, entropy } = this.#settings;
    const until = clock.monotonicMs() + (options.deadlineMs ?? deadlineMsDefault);
    const mayRepeat = options.retry !== "never" && call.isSafeToRepeat;
    // Serialised once: a retry carries the same bytes.
    const body = call.body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(call.body));
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(call, body, until, options.signal);
      } catch (error) {
        if (!(error instanceof VippsError)) throw error;
        const { advice, retryAfterMs = 0 } = error.facts;
        if (!mayRepeat || advice !== "retry" || tries >= triesMax || options.signal?.aborted === true) throw error;
        const ownPauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** (tries - 1)) * (0.5 + entropy.fraction());
        const pauseMs = Math.max(retryAfterMs, ownPauseMs);
        if (clock.monotonicMs() + pauseMs >= until) throw error;
        this.#settings.log.debug({ operation: call.operation, tries, pauseMs }, "trying again");
        await this.#pause(call, pauseMs, options.signal);
      }
    }
  }

  async fetchImage(url: string, options: CallOptions = {}): Promise<Uint8Array> {
    const operation = "fetch QR image";
    const until = this.#settings.clock.monotonicMs() + (options.deadlineMs ?? deadlineMsDefault);
    const isOurs = url.startsWith("https:") || url.startsWith(`${this.#origin}/`) || this.#origin.startsWith("http:");
    if (!isOurs) throw errorWithoutAnswer(operation, "the image link is not https");
    const request = { method: "GET", url, headers: { accept: "image/png" }, body: undefined } as const;
    const response = await this.#send(operation, request, until, options.signal);
    if (response.status !== 200) throw errorFromResponse(operation, response, this.#settings.clock.wallMs());
    return response.body;
  }

  async #pause(call: Call, pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#settings.clock.sleep(pauseMs, signal);
    } catch (error) {
      throw errorWithoutAnswer(call.operation, "stopped while waiting to try again", error);
    }
  }

  async #once(
    call: Call,
    body: Uint8Array | undefined,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    await this.#keepLimit(call, until, signal);
    const token = await this.#tokenFor(call, until, signal);
    const first = await this.#send(call.operation, this.#request(call, body, token), until, signal);
    if (first.status !== 401) return this.#read(call, first);
    // An unexpected 401: drop the token, fetch one, try once more. A 401 was refused at the gate, so a copy does no harm.
    this.#token.drop(token);
    const fresh = await this.#tokenFor(call, until, signal);
    return this.#read(call, await this.#send(call.operation, this.#request(call, body, fresh), until, signal));
  }

  async #keepLimit(call: Call, until: number, signal: AbortSignal | undefined): Promise<void> {
    if (call.limit === undefined) return;
    const { clock } = this.#settings;
    const limit = this.#limits[call.limit.kind];
    const key = call.limit.kind === "read" ? call.limit.key : `${call.operation} ${call.limit.key}`;
    for (let waitMs = limit.take(key); waitMs > 0; waitMs = limit.take(key)) {
      if (clock.monotonicMs() + waitMs >= until)
        throw new VippsError({
          operation: call.operation,
          advice: "retry",
          status: 429,
          code: undefined,
          title: "kept back: the provider's rate limit for this reference would be broken",
          detail: "",
          faults: [],
          traceId: undefined,
          retryAfterMs: waitMs,
          takenId: undefined,
        });
      await this.#pause(call, waitMs, signal);
    }
  }

  async #tokenFor(call: Call, until: number, signal: AbortSignal | undefined): Promise<string> {
    const guard = this.#guard(until, signal);
    try {
      return await this.#token.get(guard.signal);
    } catch (error) {
      if (error instanceof VippsError) throw error;
      throw errorWithoutAnswer(call.operation, "no access token in time", error);
    } finally {
      guard.release();
    }
  }

  #systemHeaders(): Record<string, string> {
    const { system, msn, credentials } = this.#settings;
    const short = (text: string): string => text.slice(0, headerLengthMax);
    return {
      "ocp-apim-subscription-key": credentials.subscriptionKey.reveal(),
      "merchant-serial-number": msn,
      "vipps-system-name": short(system.name),
      "vipps-system-version": short(system.version),
      "vipps-system-plugin-name": short(system.pluginName),
      "vipps-system-plugin-version": short(system.pluginVersion),
    };
  }

  #request(call: Call, body: Uint8Array | undefined, token: string): Omit<HttpRequest, "signal"> {
    return {
      method: call.method,
      url: this.#origin + call.path,
      headers: {
        ...this.#systemHeaders(),
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
        ...call.headers,
      },
      body,
    };
  }

  /** The signal of one try: the caller's, the deadline's, and the try's own limit, on the clock that was passed in. */
  #guard(
    until: number,
    signal: AbortSignal | undefined,
  ): { readonly signal: AbortSignal; readonly release: () => void } {
    const { clock } = this.#settings;
    const controller = new AbortController();
    const leftMs = Math.min(tryMsMax, Math.max(1, until - clock.monotonicMs()));
    const timer = clock.startTimer("provider call", leftMs, () =>
      controller.abort(new Error(`no whole answer within ${Math.round(leftMs)} ms`)),
    );
    const forward = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", forward, { once: true });
    if (signal?.aborted === true) forward();
    return {
      signal: controller.signal,
      release: () => {
        timer.cancel();
        signal?.removeEventListener("abort", forward);
      },
    };
  }

  async #send(
    operation: string,
    request: Omit<HttpRequest, "signal">,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    const guard = this.#guard(until, signal);
    try {
      return await abortable(this.#settings.transport({ ...request, signal: guard.signal }), guard.signal);
    } catch (error) {
      throw errorWithoutAnswer(operation, guard.signal.aborted ? "no whole answer in time" : "no answer", error);
    } finally {
      guard.release();
    }
  }

  #read(call: Call, response: HttpResponse): unknown {
    // Success is the status alone: capture, cancel and refund answer 200 with content type application/problem+json (EPSPEC).
    if (response.status >= 200 && response.status < 300) {
      if (response.body.length === 0) return undefined;
      const json = parseJson(response.body);
      if (json === undefined)
        throw errorWithoutAnswer(call.operation, "the answer is not JSON", undefined, response.status);
      return json;
    }
    if (response.status >= 300 && response.status < 400)
      throw errorWithoutAnswer(
        call.operation,
        "the answer is a redirect, which is not followed with keys",
        undefined,
        response.status,
      );
    throw errorFromResponse(call.operation, response, this.#settings.clock.wallMs());
  }

  /** POST /accesstoken/get (Access token API): an empty body, keys in headers. */
  async #fetchToken(signal: AbortSignal): Promise<unknown> {
    const { credentials } = this.#settings;
    const operation = "get access token";
    const until = this.#settings.clock.monotonicMs() + tryMsMax;
    const response = await this.#send(
      operation,
      {
        method: "POST",
        url: `${this.#origin}/accesstoken/get`,
        headers: {
          ...this.#systemHeaders(),
          client_id: credentials.clientId.reveal(),
          client_secret: credentials.clientSecret.reveal(),
          accept: "application/json",
        },
        body: new Uint8Array(),
      },
      until,
      signal,
    );
    if (response.status !== 200) throw errorFromResponse(operation, response, this.#settings.clock.wallMs());
    return parseJson(response.body);
  }
}

/** A transport that does not listen to its signal is left behind. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", fail));
  });
}
