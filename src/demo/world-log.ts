/** What happens in the demo, line by line, and every scene that was shown. */
import type { Happening, LogEntry, Speaker } from "./happening.ts";
import { heard } from "./words.ts";

const linesMax = 400;

export class WorldLog {
  readonly #entries: LogEntry[] = [];
  readonly #scenes: string[] = [];
  readonly #changed: () => void;
  #next = 0;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** The number of the first line that is kept, or of the next. */
  get from(): number {
    return this.#entries[0]?.n ?? this.#next;
  }

  get last(): number {
    return this.#next - 1;
  }

  /** Oldest first, also those that were over before anybody looked. */
  get scenes(): readonly string[] {
    return this.#scenes;
  }

  /** A process wrote a line. */
  hear(who: Speaker, line: string): void {
    const words = heard(line);
    if (words === undefined) return;
    if (words.what.kind === "scene") this.#scenes.push(words.what.scene);
    this.say(who, words.what, words.level, line);
  }

  say(who: Speaker, what: Happening, level = "info", raw?: string): void {
    this.#entries.push({ n: this.#next, who, level, what, raw });
    this.#next += 1;
    if (this.#entries.length > linesMax) this.#entries.shift();
    this.#changed();
  }

  /** The glass went dark without a word. */
  darken(): void {
    this.#scenes.push("dark");
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
