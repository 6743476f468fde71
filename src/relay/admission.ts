/**
 * Decides whether a check-in goes on to its machine. When it does not, the provider's app tells the customer so, and the provider sends
 * the refused event again after seconds, minutes and days: a customer who was told no must never be let in by such a repetition.
 */
import { parseJson } from "../kit/json.ts";
import { type AnsweredMessage, answeredSchema } from "../link/messages.ts";
import { customerTokenLifeMs, isTokenDead } from "../sale/customer-token.ts";
import type { Clock } from "../service/port.ts";
import type { CodeState } from "./machine-states.ts";

export type Admission =
  | { readonly kind: "forward" }
  /** Non-2xx: the app says that the store cannot be reached. */
  | { readonly kind: "refuse"; readonly status: 404 | 409 | 503; readonly reason: string }
  /** 200 and nothing else: that ends the repetitions. */
  | { readonly kind: "settled"; readonly reason: string };

/**
 * The provider repeats a refused check-in after 2 s at the earliest (Webhooks API, delivery), so nobody can have refused a younger one.
 * A tenth of a second is allowed for clocks that differ.
 */
const firstTryMs = 1_900;

export interface CheckInFacts {
  readonly ageMs: number;
  /** Whether this relay would know of a refusal: it is the only one, and was running when the code was scanned. */
  readonly knowsAll: boolean;
  readonly freshnessMs: number;
  readonly before: Answered["answer"] | undefined;
  /** Of the machine, or of its outlet. */
  readonly state: CodeState | undefined;
}

export function admitCheckIn(facts: CheckInFacts): Admission {
  if (facts.before === "forwarded") return { kind: "settled", reason: "duplicate" };
  if (isTokenDead(facts.ageMs)) return { kind: "settled", reason: "the customer token is dead" };
  if (facts.before === "refused") return { kind: "refuse", status: 409, reason: "refused before" };
  if (facts.ageMs > facts.freshnessMs) return { kind: "refuse", status: 409, reason: "stale" };
  // Another relay may have said no a moment ago, and its message may be on its way still, or never come because its broker is gone.
  if (!facts.knowsAll && facts.ageMs > firstTryMs)
    return { kind: "refuse", status: 409, reason: "it may be a repetition of what another relay refused" };
  switch (facts.state) {
    case "ready":
    case "free":
    case "finished":
      return { kind: "forward" };
    case "selling":
    case "in-use":
      return { kind: "refuse", status: 409, reason: facts.state };
    case "no such station":
      return { kind: "refuse", status: 404, reason: facts.state };
    case "init":
    case "out-of-service":
    case "lost":
    case "closed":
    case "claimed twice":
      return { kind: "refuse", status: 503, reason: facts.state };
    case undefined:
      return { kind: "refuse", status: 503, reason: "machine unknown" };
  }
}

const remembered = 10_000;

export type Answered = Pick<AnsweredMessage, "id" | "answer">;

/** What another relay said it answered; undefined when it cannot be read. */
export function readAnswered(payload: Uint8Array): Answered | undefined {
  const parsed = answeredSchema.safeParse(parseJson(payload));
  return parsed.success ? parsed.data : undefined;
}

/**
 * What was answered to which event, by whichever relay, for as long as the customer token lives. It does not outlive the process; after a
 * restart the freshness limit does the same work.
 */
export class AnsweredEvents {
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly answer: Answered["answer"]; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  remember({ id: eventId, answer }: Answered): void {
    this.#answers.delete(eventId);
    this.#answers.set(eventId, { answer, untilMs: this.#clock.monotonicMs() + customerTokenLifeMs });
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > remembered && oldest !== undefined) this.#answers.delete(oldest);
  }

  recall(eventId: string): Answered["answer"] | undefined {
    const found = this.#answers.get(eventId);
    return found !== undefined && found.untilMs > this.#clock.monotonicMs() ? found.answer : undefined;
  }
}
