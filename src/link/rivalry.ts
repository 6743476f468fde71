/**
 * Tells another client with our identity from a broker that is merely away. A broker lets one client use an identity at a time: of two, each
 * that connects throws the other out (MQTT 3.1.1 §3.1.4, MQTT 5.0 §3.1.4), and both would go on like that for ever. MQTT 5 says so
 * (DISCONNECT 0x8E, "Session taken over"); under 3.1.1 the broker only closes, right after it has accepted us.
 */
import { type BackOff, backOffMs, type Randomness } from "../kit/back-off.ts";

/** MQTT 5.0 §3.14.2.1. */
export const sessionTakenOver = 0x8e;
/** A network that breaks does not do so time and again in the first seconds; another client that comes back at once does. */
const shortLifeMs = 15_000;
/** In a row. One is an accident, or our own successor. */
const shortLivesMax = 3;
const takeoversMax = 2;

/** Minutes: long enough that the two do not take turns, short enough for whoever stops one of them and watches the other come back. */
const rivalWait: BackOff = { firstMs: 4 * 60_000, maxMs: 10 * 60_000 };
/** A connection that outlives the other's longest wait: the other is gone. */
export const rivalIsGoneMs = 11 * 60_000;

export const rivalAdvice =
  "the broker ends every connection as soon as it has accepted it: another client uses the same identity (two machines with one id? a relay started twice?), or its ACL closes the connection. Staying away for minutes";

export class Rivalry {
  #shortLives = 0;
  #takeovers = 0;
  #waits = 0;
  #isSuspected = false;

  get isSuspected(): boolean {
    return this.#isSuspected;
  }

  /**
   * The broker has ended a connection that it had accepted. True when another client is the likely cause: then wait long before the next.
   * Once it is suspected, every such end counts, however long the connection lived: the other has waited, too.
   * @param code the broker's reason code, where it gave one
   */
  ended(livedMs: number, code: number | undefined): boolean {
    const isTakeover = code === sessionTakenOver;
    const isShort = isTakeover || livedMs < (this.#isSuspected ? rivalIsGoneMs : shortLifeMs);
    if (isTakeover) this.#takeovers += 1;
    this.#shortLives = isShort ? this.#shortLives + 1 : 0;
    if (this.#shortLives >= shortLivesMax || this.#takeovers >= takeoversMax) this.#isSuspected = true;
    const isLikely = this.#isSuspected && isShort;
    if (isLikely) this.#waits += 1;
    return isLikely;
  }

  /** How long to stay away now. */
  waitMs(randomness: Randomness): number {
    return backOffMs(rivalWait, this.#waits - 1, randomness);
  }

  /** A connection has lived for `rivalIsGoneMs`. */
  forget(): void {
    this.#shortLives = 0;
    this.#takeovers = 0;
    this.#waits = 0;
    this.#isSuspected = false;
  }
}
