/**
 * An error with a stable code. Callers and tests look at `code` and never at the wording; each room extends it with its own codes:
 * `class SpiError extends CodedError<"spi-absent" | "spi-write"> {}`.
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  /** @param message what happened, where, and how to mend it; never a secret */
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
