/**
 * A state of the world as a text and a number, made from everything that is in it: a field that a type gains tomorrow is in there without anybody
 * thinking of it. What is left out, or taken relative to now, is named here and nowhere else.
 */

/** Counts that only set how long a wait is; the model lets every wait end at any time. */
const leftOut: ReadonlySet<string> = new Set(["attempts"]);
/** Monotonic times: only what is left of them matters. */
const isDeadline = (key: string): boolean => key.endsWith("Mono");

/** Writes canonical texts; parts that do not depend on the time are written once, however many states share them. */
export class Canonical {
  readonly #known = new WeakMap<object, string>();
  #nowMs = 0;
  #relative = 0;

  text(state: object, nowMs: number): string {
    this.#nowMs = nowMs;
    return this.#write(state, "");
  }

  #write(value: unknown, key: string): string {
    if (typeof value === "number") {
      if (!isDeadline(key)) return String(value);
      this.#relative += 1;
      return `~${Math.max(0, value - this.#nowMs)}`;
    }
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value !== "object" || value === null) return String(value);
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const before = this.#relative;
    const text = this.#writeObject(value);
    if (this.#relative === before) this.#known.set(value, text);
    return text;
  }

  #writeObject(value: object): string {
    if (value instanceof Set) return `<${[...value].map(String).toSorted().join()}>`;
    if (Array.isArray(value)) return `[${value.map((one: unknown) => this.#write(one, "")).join()}]`;
    const entries: readonly (readonly [unknown, unknown])[] = value instanceof Map ? [...value] : Object.entries(value);
    return `{${entries
      .filter(([key, one]) => one !== undefined && !leftOut.has(String(key)))
      .map(([key, one]) => `${String(key)}:${this.#write(one, String(key))}`)
      .toSorted()
      .join()}}`;
  }
}

/** 53 bits of a text: two hashes of 32 bits side by side. Two of a million states share one with a probability of 1 in 10,000. */
export function hashOf(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
}
