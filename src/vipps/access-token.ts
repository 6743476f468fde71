/**
 * The access token (Access token API, `POST /accesstoken/get`): fetched once for its whole life less a margin, however many callers wait.
 * Lifetime: 1 hour in test, 24 hours in production. All numbers in the answer are JSON strings.
 */
import * as z from "zod";
import { abortable } from "../kit/abort.ts";
import type { Clock, MonotonicMs } from "../service/port.ts";
import { isHeaderSafe } from "./credentials.ts";
import { unusable, VippsError } from "./errors.ts";
import { Secret } from "./secret.ts";

export interface AccessToken {
  /** @throws VippsError of stage `token`, or the signal's reason. */
  get(signal: AbortSignal): Promise<string>;
  /** This token was refused: fetch another, unless that has happened already. */
  drop(token: string): void;
  /** How long the held token will be used; undefined when none is held. */
  remainingMs(): number | undefined;
}

const answer = z.object({
  // A JWT without a line end: an HTTP library may quote a value that it refuses as a header in its error.
  access_token: z.string().refine(isHeaderSafe),
  expires_in: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).refine((seconds) => seconds > 0),
});

/** The end of a token's life is not used: 60 s, or a tenth of a short life. */
function marginMs(lifeMs: number): number {
  return Math.min(60_000, lifeMs / 10);
}

/** Refused keys are not tried again for this long: they stay wrong, and the endpoint has rate limits (without published figures). */
const refusedMs = 5_000;

/** `fetch` resolves with the answer's JSON and has its own time-out. */
export function createAccessToken(settings: {
  readonly clock: Clock;
  readonly fetch: () => Promise<unknown>;
}): AccessToken {
  const { clock, fetch } = settings;
  let held: { readonly token: Secret; readonly untilMs: MonotonicMs } | undefined;
  let refused: { readonly error: VippsError; readonly untilMs: MonotonicMs } | undefined;
  let fetching: Promise<string> | undefined;

  async function refresh(): Promise<string> {
    // Its life is counted from before the request left, so that it is never overestimated.
    const sentMs = clock.monotonicMs();
    const parsed = answer.safeParse(await fetch());
    if (!parsed.success) throw unusable("get access token", "the answer has no token", { stage: "token" });
    const { access_token: token, expires_in: lifeSeconds } = parsed.data;
    const lifeMs = lifeSeconds * 1_000;
    held = { token: new Secret(token), untilMs: sentMs + lifeMs - marginMs(lifeMs) };
    refused = undefined;
    return token;
  }

  function rememberRefusal(error: unknown): void {
    if (!(error instanceof VippsError)) return;
    const { advice, retryAfterMs } = error.facts;
    if (advice !== "retry" || retryAfterMs !== undefined)
      refused = { error, untilMs: clock.monotonicMs() + (retryAfterMs ?? refusedMs) };
  }

  function fetchOnce(): Promise<string> {
    fetching ??= refresh()
      .catch((error: unknown) => {
        rememberRefusal(error);
        throw error;
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  return {
    async get(signal) {
      const now = clock.monotonicMs();
      if (held !== undefined && now < held.untilMs) return held.token.reveal();
      if (refused !== undefined && now < refused.untilMs) throw refused.error;
      // All waiting callers share the fetch, so no single caller's signal ends it.
      return abortable(fetchOnce(), signal);
    },
    drop(token) {
      if (held?.token.reveal() === token) held = undefined;
    },
    remainingMs: () => (held === undefined ? undefined : Math.max(0, held.untilMs - clock.monotonicMs())),
  };
}
