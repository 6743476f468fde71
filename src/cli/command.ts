/** What every command of the command line is: one file each, loaded only when used. */

export interface CommandIo {
  /** One line (or more) to standard output: data, and nothing else. */
  readonly out: (text: string) => void;
  /** One line (or more) to standard error: what a person should know. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number;
  /** Aborted by SIGINT and SIGTERM: stop in good order. */
  readonly signal: AbortSignal;
  /** Aborted by a second one, after a second: stop without waiting for what takes long. */
  readonly hurry: AbortSignal;
}

export interface CliCommand {
  /** What `--help` prints: arguments, options, examples. */
  readonly usage: string;
  /** Resolves to the exit code. Throws CommandError for wrong use. */
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>;
}

/** Wrong use or a failure that a person can mend: printed as one message, exit code 2 for usage and 1 for the rest. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
