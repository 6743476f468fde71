/**
 * One call to the provider: headers, token, rate limit, retries, deadline, and the error it may end in.
 * Repeats only what is safe to repeat, with the same key and the same bytes, and never past the deadline.
 */
import * as z from "zod";
import { defined } from "../kit/defined.ts";
import { isMsn, msnRule } from "../sale/ids.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { type AccessToken, createAccessToken } from "./access-token.ts";
import { type Authorization, identityAuthorization, keysAuthorization } from "./authorization.ts";
import { checkBaseUrl } from "./base-url.ts";
import type { Credentials } from "./credentials.ts";
import { createGuard, type TimedOptions, untilOf } from "./deadline.ts";
import { parseJson } from "../kit/json.ts";
import { errorFromAnswer } from "./error-answer.ts";
import { unusable, VippsError } from "./errors.ts";
import { createImageFetcher, type FetchImage } from "./image.ts";
import type { MachineIdentity } from "./identity.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "./transport.ts";
import { createTries, type Limits, type Tries, tryMsMax } from "./tries.ts";

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
  /** Merchant serial number: 4 to 7 digits, as text. */
  readonly msn: string;
  /** The sales unit's keys; or a machine's own identity, where `baseUrl` is a gateway that has the keys. */
  readonly credentials: Credentials | MachineIdentity;
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
  /** The payment that the call is about: counted against its limits, and on every line of the log. */
  readonly payment?: { readonly reference: string; readonly limit: "modify" | "read" };
  /** Whether a copy does no harm: reads, PUT, DELETE, and what carries an Idempotency-Key. */
  readonly isSafeToRepeat: boolean;
  /** DELETE: when a repetition is answered with 404, an earlier try has done it. */
  readonly isDoneWhenMissing?: boolean;
  /** PUT: when a repetition is answered with 409, an earlier try may have done it. Asked then whether what is there is ours. */
  readonly isMadeAlready?: () => Promise<boolean>;
  /** Customers' data in the request, to be removed from any error that quotes it. */
  readonly secrets?: readonly string[];
}

/** A request that somebody else made: it is sent as it is, once. */
export interface PassedRequest {
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export interface Caller {
  /** The answer's JSON; undefined for an empty body, or one that is not JSON. @throws VippsError */
  call(call: Call, options?: TimedOptions): Promise<unknown>;
  /** Fetches a picture behind a link of the provider, without credentials. @throws VippsError */
  readonly fetchImage: FetchImage;
  /** Sends a request with our keys added, and gives back whatever is answered. @throws VippsError when there is no token, or no answer */
  pass(request: PassedRequest, options?: TimedOptions): Promise<HttpResponse>;
  /**
   * Whether we are let in: fetches an access token unless one is held; behind a gateway asks that. @returns how long the token will be used, in
   * milliseconds. @throws VippsError
   */
  checkKeys(options?: TimedOptions): Promise<number>;
  /** These options with one deadline, shared by all calls that are given them. */
  together(options?: TimedOptions): TimedOptions;
}

/** Of the gateway itself: who this machine is there. */
export const identityPath = "/kvitt/v1/identity";
const identityAnswer = z.object({ msn: z.string(), remainingMs: z.number() });

const headerLengthMax = 30;
const windowMs = 60_000;

/** Printable ASCII of at most 30 characters; never empty. */
function systemHeader(text: string): string {
  const clean = text.replaceAll(/[^\x20-\x7e]+/g, "").trim();
  return clean === "" ? "unknown" : clean.slice(0, headerLengthMax);
}

/** @throws RangeError when base URL or MSN cannot be right. */
export function createCaller(settings: CallerSettings): Caller {
  if (!isMsn(settings.msn))
    throw new RangeError(`msn "${settings.msn}" is not a merchant serial number: ${msnRule}, as text`);
  return new BoundCaller(settings);
}

/** Without an answer nobody knows whether it was done: look before sending it again. */
function rethrowWithDoubt(error: unknown): never {
  if (!(error instanceof VippsError)) throw error;
  const { stage, status } = error.facts;
  const isUnknown = stage === "call" && (status === undefined || status >= 500);
  throw isUnknown ? new VippsError({ ...error.facts, mayHaveWorked: true }, { cause: error.cause }) : error;
}

class BoundCaller implements Caller {
  readonly fetchImage: FetchImage;
  readonly #settings: CallerSettings;
  readonly #base: string;
  readonly #tries: Tries;
  /** Undefined behind a gateway, which has it. */
  readonly #token: AccessToken | undefined;
  readonly #authorization: Authorization;
  readonly #limits: Readonly<Record<"modify" | "read", RateLimit>>;

  constructor(settings: CallerSettings) {
    const { clock, baseUrl, credentials, msn } = settings;
    const base = checkBaseUrl(baseUrl);
    this.#settings = settings;
    this.#base = base.href.replace(/\/$/, "");
    this.#tries = createTries(settings);
    if ("machine" in credentials) this.#authorization = identityAuthorization({ msn, identity: credentials, clock });
    else {
      const token = createAccessToken({ clock, fetch: () => this.#fetchToken(credentials) });
      this.#token = token;
      const tokenFor = (operation: string, limits: Limits): Promise<string> => this.#tokenFor(token, operation, limits);
      this.#authorization = keysAuthorization({ msn, credentials, token, tokenFor });
    }
    this.#limits = { modify: createRateLimit(clock, 5, windowMs), read: createRateLimit(clock, 120, windowMs) };
    this.fetchImage = createImageFetcher(this.#tries, base, () => clock.wallMs());
  }

  call(call: Call, options: TimedOptions = {}): Promise<unknown> {
    // Serialised once: a retry carries the same bytes.
    const body = call.body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(call.body));
    let mayHaveActed = false;
    const mayRepeat = ({ facts }: VippsError): boolean => {
      // Whatever it is, it may be repeated if it never reached the provider's service.
      const isUntouched = facts.stage === "token" || facts.status === 429;
      mayHaveActed ||= !isUntouched;
      return options.retry !== "never" && (call.isSafeToRepeat || isUntouched);
    };
    const about = { operation: call.operation, reference: call.payment?.reference };
    const work = this.#tries.repeat(about, options, mayRepeat, async (limits) => {
      const response = await this.#once(call, body, limits);
      if (response.status === 404 && mayHaveActed && call.isDoneWhenMissing === true) return undefined;
      if (response.status === 409 && mayHaveActed && (await call.isMadeAlready?.()) === true) return undefined;
      return this.#read(call, response);
    });
    return call.isSafeToRepeat ? work : work.catch(rethrowWithDoubt);
  }

  async checkKeys(options: TimedOptions = {}): Promise<number> {
    const token = this.#token;
    if (token === undefined) return this.#checkIdentity(options);
    const operation = "get access token";
    await this.#tries.repeat(
      { operation },
      options,
      () => options.retry !== "never",
      (limits) => this.#tokenFor(token, operation, limits),
    );
    return token.remainingMs() ?? 0;
  }

  /** Asks the gateway who we are there, and whether it has access to the provider. */
  async #checkIdentity(options: TimedOptions): Promise<number> {
    const operation = "check identity";
    const answer = identityAnswer.safeParse(
      await this.call({ operation, method: "GET", path: identityPath, isSafeToRepeat: true }, options),
    );
    if (answer.success && answer.data.msn === this.#settings.msn) return answer.data.remainingMs;
    throw unusable(operation, "the answer is no gateway's: check gateway_urls", { advice: "give-up" });
  }

  async pass({ method, path, headers, body }: PassedRequest, options: TimedOptions = {}): Promise<HttpResponse> {
    const { clock } = this.#settings;
    const limits = { untilMs: untilOf(clock, options), signal: options.signal };
    const call: Call = { operation: `${method} passed on`, method, path, headers, isSafeToRepeat: false };
    const response = await this.#sendAuthorized(call, body, limits);
    if (response.status !== 401) return response;
    throw new VippsError({
      operation: call.operation,
      stage: "token",
      advice: "give-up",
      status: 401,
      title: this.#authorization.refusedTitle,
    });
  }

  together(options: TimedOptions = {}): TimedOptions {
    return { ...options, untilMs: untilOf(this.#settings.clock, options) };
  }

  async #once(call: Call, body: Uint8Array | undefined, limits: Limits): Promise<HttpResponse> {
    await this.#keepLimit(call, limits);
    return this.#sendAuthorized(call, body, limits);
  }

  async #sendAuthorized(call: Call, body: Uint8Array | undefined, limits: Limits): Promise<HttpResponse> {
    const { operation, method, path } = call;
    const headers = this.#headersOf(call, body);
    const once = async () => {
      const proof = await this.#authorization.headers(operation, { method, path, headers, body }, limits);
      const request = { method, url: this.#base + path, headers: { ...headers, ...proof }, body };
      return { proof, response: await this.#tries.send({ operation, stage: "call" }, request, limits) };
    };
    const first = await once();
    if (first.response.status !== 401 || !this.#authorization.renew(first.proof, first.response)) return first.response;
    // An unexpected 401: another token, or the right time, and once more. The request was refused, so a copy does no harm.
    return (await once()).response;
  }

  /** Waits until the call may leave, or fails at once if that would be past the deadline. */
  async #keepLimit(call: Call, { untilMs, signal }: Limits): Promise<void> {
    if (call.payment === undefined) return;
    const { reference, limit: kind } = call.payment;
    const limit = this.#limits[kind];
    const name = { operation: call.operation, stage: "limit" } as const;
    for (;;) {
      const waitMs = limit.take(kind === "read" ? reference : `${call.operation} ${reference}`);
      if (waitMs <= 0) return;
      if (this.#settings.clock.monotonicMs() + waitMs >= untilMs)
        throw new VippsError({
          ...name,
          advice: "retry",
          status: 429,
          title: "kept back, because the provider takes no more calls for this reference now",
          retryAfterMs: waitMs,
        });
      await this.#tries.pause(name, waitMs, signal);
    }
  }

  async #tokenFor(token: AccessToken, operation: string, { untilMs, signal }: Limits): Promise<string> {
    const guard = createGuard(this.#settings.clock, untilMs, tryMsMax, signal);
    try {
      return await token.get(guard.signal);
    } catch (cause) {
      if (cause instanceof VippsError) throw cause;
      const isStopped = signal?.aborted === true;
      const title = isStopped ? "stopped by the caller" : "no access token in time";
      throw unusable(operation, title, { stage: "token", advice: isStopped ? "give-up" : "retry", cause });
    } finally {
      guard.release();
    }
  }

  #systemHeaders(): Record<string, string> {
    const { system } = this.#settings;
    return {
      "vipps-system-name": systemHeader(system.name),
      "vipps-system-version": systemHeader(system.version),
      "vipps-system-plugin-name": systemHeader(system.pluginName),
      "vipps-system-plugin-version": systemHeader(system.pluginVersion),
    };
  }

  #headersOf(call: Call, body: Uint8Array | undefined): Readonly<Record<string, string>> {
    return {
      ...this.#systemHeaders(),
      // The only declared 200 of capture, cancel and refund is application/problem+json (ePayment OpenAPI 1.8.1): a client that asks for JSON
      // alone may get 406.
      accept: "application/json, application/problem+json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...defined({ "idempotency-key": call.idempotencyKey }),
      ...call.headers,
    };
  }

  #read(call: Call, response: HttpResponse): unknown {
    const { operation, secrets = [] } = call;
    const { status } = response;
    // Only the status tells success: capture, cancel and refund answer 200 as application/problem+json (ePayment OpenAPI 1.8.1).
    if (status >= 200 && status < 300) return parseJson(response.body);
    if (status >= 300 && status < 400)
      throw unusable(operation, "the answer is a redirect, which is never followed with keys: check base_url", {
        advice: "give-up",
        status,
      });
    const error = errorFromAnswer(response, {
      operation,
      stage: "call",
      nowWallMs: this.#settings.clock.wallMs(),
      secrets,
    });
    if (error.facts.advice !== "refresh-token") throw error;
    // It was refreshed once already.
    throw new VippsError({
      ...error.facts,
      advice: "give-up",
      title: this.#authorization.refusedTitle,
    });
  }

  /** POST /accesstoken/get (Access token API): an empty body, keys in headers. */
  async #fetchToken(credentials: Credentials): Promise<unknown> {
    const { clock, msn } = this.#settings;
    const name = { operation: "get access token", stage: "token" } as const;
    const request = {
      method: "POST",
      url: `${this.#base}/accesstoken/get`,
      headers: {
        ...this.#systemHeaders(),
        "ocp-apim-subscription-key": credentials.subscriptionKey.reveal(),
        "merchant-serial-number": msn,
        client_id: credentials.clientId.reveal(),
        client_secret: credentials.clientSecret.reveal(),
        accept: "application/json, application/problem+json",
      },
      body: new Uint8Array(),
    } as const;
    const limits = { untilMs: clock.monotonicMs() + tryMsMax, signal: undefined };
    const response = await this.#tries.send(name, request, limits);
    if (response.status === 200) return parseJson(response.body);
    const secrets = [credentials.clientId, credentials.clientSecret, credentials.subscriptionKey];
    const error = errorFromAnswer(response, {
      ...name,
      nowWallMs: clock.wallMs(),
      secrets: secrets.map((secret) => secret.reveal()),
    });
    if (error.facts.advice === "retry") throw error;
    throw new VippsError({
      ...error.facts,
      advice: "give-up",
      title: "the keys were refused: check client_id, client_secret, subscription_key, msn and the environment",
      detail: [error.facts.title, error.facts.detail].filter((part) => part !== "").join("; "),
    });
  }
}
