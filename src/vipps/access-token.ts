/**
 * The access token (Access token API, `POST /accesstoken/get`): fetched once for its whole life less a margin, however many wait.
 * Lifetime: 1 hour in test, 24 hours in production. All numbers in the answer are JSON strings.
 */
import { z } from "zod";
import type { Clock } from "../service/port.ts";
import { errorWithoutAnswer } from "./errors.ts";
import { Secret } from "./secret.ts";

export interface AccessToken {
  get(signal: AbortSignal): Promise<string>;
  /** This token was refused: fetch another, unless somebody has done so already. */
  drop(token: string): void;
}

const answer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive(),
});

/** A token is not used in its last part: 60 s, or a tenth of a short life. */
function marginMs(lifeMs: number): number {
  return Math.min(60_000, lifeMs / 10);
}

export function createAccessToken(settings: {
  readonly clock: Clock;
  readonly fetch: (signal: AbortSignal) => Promise<unknown>;
}): AccessToken {
  const { clock, fetch } = settings;
  let held: { readonly token: Secret; readonly untilMs: number } | undefined;
  let fetching: Promise<string> | undefined;

  async function refresh(): Promise<string> {
    // The fetch belongs to all who wait, so no single caller's signal ends it; its own time-out does.
    const parsed = answer.safeParse(await fetch(new AbortController().signal));
    if (!parsed.success) throw errorWithoutAnswer("get access token", "the answer has no token");
    const { access_token: token, expires_in: lifeSeconds } = parsed.data;
    const lifeMs = lifeSeconds * 1_000;
    held = { token: new Secret(token), untilMs: clock.monotonicMs() + lifeMs - marginMs(lifeMs) };
    return token;
  }

  return {
    async get(signal) {
      if (held !== undefined && clock.monotonicMs() < held.untilMs) return held.token.reveal();
      fetching ??= refresh().finally(() => {
        fetching = undefined;
      });
      return raceSignal(fetching, signal);
    },
    drop(token) {
      if (held?.token.reveal() === token) held = undefined;
    },
  };
}

function raceSignal(promise: Promise<string>, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", fail));
  });
}
