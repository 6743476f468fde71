/**
 * Answers to commands, sent until the broker has them. Each is in the journal, together with what it tells of, so that a power cut in between takes
 * none away: a copy of the command is not answered a second time. Sent again is the same answer with the same id.
 */
import * as z from "zod";
import type { Journal, JournalChange, JsonValue } from "../journal/port.ts";
import { createRounds, type Rounds } from "../kit/rounds.ts";
import type { CommandReply, Link } from "../link/port.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { replyKey, replyPrefix } from "./journal-keys.ts";

export interface Replies {
  /** What an earlier life of this process left to be sent. */
  load(): void;
  /** It is in the journal, or its place is (see `unansweredChange`), or it is written down before it is said. */
  send(reply: CommandReply): void;
  /** The link is back. */
  wake(): void;
  stop(): void;
}

export interface ReplyParts {
  readonly journal: Journal;
  readonly link: Pick<Link, "isConnected" | "fits" | "publishReply">;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** A week of commands at one a minute is refused faster than a slow link takes the refusals. */
const repliesMax = 4_096;
/** A picture or a log is in memory alone, and can have a megabyte. */
const largeMax = 4;

const stored = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("done"), detail: z.string().exactOptional() }),
  z.object({ outcome: z.enum(["refused", "expired"]), reason: z.string() }),
  z.object({ outcome: z.literal("none") }),
]);

/** The answer, for the commit that makes it true. */
export function replyChange(reply: CommandReply): JournalChange {
  return { kind: "put", table: "fact", key: replyKey(reply.id), value: valueOf(reply) };
}

/** The command is taken, and its answer is not known before it is carried out. */
export function unansweredChange(id: string): JournalChange {
  return { kind: "put", table: "fact", key: replyKey(id), value: { outcome: "none" } };
}

function valueOf(reply: CommandReply): JsonValue {
  if (reply.outcome !== "done") return { outcome: reply.outcome, reason: reply.reason };
  if (isLarge(reply))
    return { outcome: "done", detail: "it was in an answer before this one; if none came, order it again" };
  return reply.detail === undefined ? { outcome: "done" } : { outcome: "done", detail: reply.detail };
}

/** Pure: what is to be said of a command that an earlier life of this process took. */
export function replyOf(id: string, value: JsonValue): CommandReply {
  const reply = stored.safeParse(value).data;
  if (reply === undefined)
    return { id, outcome: "refused", reason: "another version of kvitt answered it, and this one cannot read what" };
  if (reply.outcome === "none")
    return { id, outcome: "refused", reason: "the machine stopped before it could say whether this was done" };
  return { id, ...reply };
}

export function createReplies(parts: ReplyParts): Replies {
  return new ReplyQueue(parts);
}

class ReplyQueue implements Replies {
  readonly #parts: ReplyParts;
  /** By command id, oldest first. */
  readonly #waiting = new Map<string, { readonly reply: CommandReply; isSent: boolean }>();
  readonly #rounds: Rounds;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
    const { clock, entropy, log } = parts;
    this.#rounds = createRounds({
      name: "replies",
      clock,
      entropy,
      round: (onProgress) => this.#sendAll(onProgress),
      onFailure: (error, delayMs) =>
        log.warn({ error, delayMs }, "an answer to a command could not be sent; it is sent again"),
    });
  }

  load(): void {
    for (const [key, value] of this.#parts.journal.entries("fact")) {
      if (!key.startsWith(replyPrefix)) continue;
      const reply = replyOf(key.slice(replyPrefix.length), value);
      this.#waiting.set(reply.id, { reply, isSent: false });
    }
    this.wake();
  }

  send(reply: CommandReply): void {
    // Decided before it is written down: what the journal has is what is said.
    const sayable = this.#parts.link.fits(reply) ? reply : tooLarge(reply);
    this.#waiting.set(reply.id, { reply: sayable, isSent: false });
    this.#bound();
    this.wake();
  }

  wake(): void {
    this.#rounds.wake();
  }

  stop(): void {
    this.#rounds.stop();
  }

  /** What is given up here is still in the journal: the next start sends it. */
  #bound(): void {
    const large = [...this.#waiting.values()].filter(({ reply }) => isLarge(reply));
    const oldest = this.#waiting.size > repliesMax ? this.#waiting.keys().next().value : undefined;
    const surplus = large.length > largeMax ? large[0]?.reply.id : oldest;
    if (surplus === undefined) return;
    this.#waiting.delete(surplus);
    this.#parts.log.warn({ command: surplus, repliesMax, largeMax }, "an answer to a command waits for the next start");
  }

  async #sendAll(onProgress: () => void): Promise<void> {
    const { journal, link } = this.#parts;
    for (;;) {
      const next = [...this.#waiting][0];
      if (next === undefined || this.#rounds.isStopped()) return;
      const [id, waiting] = next;
      if (!waiting.isSent) {
        if (!link.isConnected()) return;
        await this.#note(waiting.reply);
        await link.publishReply(waiting.reply);
        waiting.isSent = true;
      }
      // Where the journal does not take this, only this is tried again. Lost in a power cut, it is sent again, with the same id and content.
      await journal.carry([{ kind: "delete", table: "fact", key: replyKey(id) }]);
      if (this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      onProgress();
    }
  }

  /**
   * Where the journal does not have the answer yet: that it is about to be said, lest the next start says something else. A disk that does not take this
   * keeps the answer waiting; nothing is lost by that, for such a disk takes no new command either.
   */
  async #note(reply: CommandReply): Promise<void> {
    const { journal } = this.#parts;
    const noted = stored.safeParse(journal.get("fact", replyKey(reply.id))).data;
    if (noted === undefined || noted.outcome === "none") await journal.commit([replyChange(reply)]);
  }
}

/** What was ordered is a picture or the log; without it, it was not done. */
function tooLarge({ id, ...reply }: CommandReply): CommandReply {
  const what =
    reply.outcome === "done" && reply.png !== undefined ? `the picture (${reply.png.byteLength} bytes)` : "the log";
  return { id, outcome: "refused", reason: `reply-too-large: ${what} does not fit into a reply` };
}

function isLarge(reply: CommandReply): boolean {
  return reply.outcome === "done" && (reply.png !== undefined || reply.logs !== undefined);
}
