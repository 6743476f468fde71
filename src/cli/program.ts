/** What a program with commands does: finds the command, loads it, runs it, and ends. */
import { errorText } from "../kit/error-text.ts";
import { createStopSignals } from "../service/signals.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "./command.ts";

interface Listed {
  /** One line for the list of commands: it stands here, so that the list loads none of them. */
  readonly summary: string;
  readonly load: () => Promise<CliCommand>;
}
export type Commands = Readonly<Record<string, Listed>>;

interface Program {
  /** As it is typed. */
  readonly name: string;
  readonly title: string;
}

function list({ name: program, title }: Program, commands: Commands): string {
  const lines = [`${program}: ${title}`, "", "Commands:"];
  for (const [name, { summary }] of Object.entries(commands)) lines.push(`  ${name.padEnd(12)} ${summary}`);
  lines.push("", `${program} COMMAND --help tells more of each.`);
  return lines.join("\n");
}

/**
 * Commands are several programs' own: the lines that say how one is typed, the first of its text up to an empty line, begin with `kvitt`, and get the
 * name of the program that runs it. What is typed on another computer stands further down, and stays.
 */
function inOwnName(text: string, { name }: Program): string {
  const end = text.indexOf("\n\n");
  const [synopsis, rest] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
  return synopsis.replaceAll(/^kvitt(?= )/gm, name) + rest;
}

async function run(program: Program, commands: Commands, argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "help") {
    io.out(list(program, commands));
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "version") {
    io.out(await (await import("../service/version.ts")).readVersion());
    return 0;
  }
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (listed === undefined)
    throw new CommandError(
      `there is no command "${name}"; "${program.name} help" lists them: ${Object.keys(commands).join(", ")}`,
    );
  const command = await listed.load();
  if (args.includes("--help")) {
    io.out(inOwnName(command.usage, program));
    return 0;
  }
  return command.run(args, io);
}

/** What a command leaves open for longer was forgotten by somebody, and would keep this process alive for ever. */
const endWithinMs = 3_000;

function endSoon({ name }: Program): void {
  setTimeout(() => {
    process.stderr.write(`${name}: ended by force; still open: ${process.getActiveResourcesInfo().join(", ")}\n`);
    process.exit();
  }, endWithinMs).unref();
}

/** First what went wrong, then what went wrong while that was cleared up. */
function causesOf(error: unknown): readonly unknown[] {
  return error instanceof SuppressedError ? [...causesOf(error.suppressed), ...causesOf(error.error)] : [error];
}

/** Runs what the process's arguments say, and sets its exit code. */
export async function runProgram(program: Program, commands: Commands): Promise<void> {
  const signals = createStopSignals(process, createSystemClock({ floorWallMs: 0, requireSynchronized: false }));
  // A reader that goes away (`kvitt … | head`) is no fault of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

  try {
    process.exitCode = await run(program, commands, process.argv.slice(2), {
      out: (text) => process.stdout.write(`${text}\n`),
      err: (text) => process.stderr.write(`${text}\n`),
      env: process.env,
      isTty: process.stdout.isTTY,
      columns: process.stdout.columns ?? 80,
      signal: signals.stop,
      hurry: signals.hurry,
    });
  } catch (error) {
    const causes = causesOf(error);
    for (const cause of causes) process.stderr.write(`${program.name}: ${inOwnName(errorText(cause), program)}\n`);
    const [first] = causes;
    process.exitCode = first instanceof CommandError ? first.exitCode : 1;
  }
  endSoon(program);
}
