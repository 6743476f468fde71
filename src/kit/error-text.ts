/** What was thrown, as text for a message and as an Error for a cause. JavaScript lets anything be thrown. */

/** The message of an error, or the thrown value as text. Never throws. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The error itself, or an error that carries the thrown value as its text. */
export function errorFrom(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
