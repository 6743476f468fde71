/** The `kvitt` command: finds the command, loads it, runs it. */
import { errorText } from "../kit/error-text.ts";
import { createStopSignals } from "../service/signals.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "./command.ts";

/** Each command's loader; nothing is loaded that is not used. Keep sorted. */
const loaders: Readonly<Record<string, () => Promise<CliCommand>>> = {
  command: async () => (await import("./commands/command-send.ts")).default,
  config: async () => (await import("./commands/config.ts")).command,
  demo: async () => (await import("./commands/demo.ts")).command,
  guard: async () => (await import("./commands/guard.ts")).command,
  machine: async () => (await import("./commands/machine.ts")).command,
  panel: async () => (await import("./commands/panel.ts")).default,
  payment: async () => (await import("./commands/payment.ts")).command,
  qr: async () => (await import("./commands/qr.ts")).command,
  relay: async () => (await import("./commands/relay.ts")).default,
  run: async () => (await import("./commands/run.ts")).command,
  sales: async () => (await import("./commands/sales.ts")).command,
  scanner: async () => (await import("./commands/scanner.ts")).command,
  simulator: async () => (await import("./commands/simulator.ts")).command,
  webhooks: async () => (await import("./commands/webhooks.ts")).command,
};

async function list(): Promise<string> {
  const lines = ["kvitt: scan-to-pay for unattended machines", "", "Commands:"];
  for (const [name, load] of Object.entries(loaders)) lines.push(`  ${name.padEnd(12)} ${(await load()).summary}`);
  lines.push("", "kvitt COMMAND --help tells more of each.");
  return lines.join("\n");
}

async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "help") {
    io.out(await list());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "version") {
    io.out(await (await import("../service/version.ts")).readVersion());
    return 0;
  }
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (load === undefined)
    throw new CommandError(
      `there is no command "${name}"; "kvitt help" lists them: ${Object.keys(loaders).join(", ")}`,
    );
  const command = await load();
  if (args.includes("--help")) {
    io.out(command.usage);
    return 0;
  }
  return command.run(args, io);
}

/** What a command leaves open for longer was forgotten by somebody, and would keep this process alive for ever. */
const endWithinMs = 3_000;

function endSoon(): void {
  setTimeout(() => {
    process.stderr.write(`kvitt: ended by force; still open: ${process.getActiveResourcesInfo().join(", ")}\n`);
    process.exit();
  }, endWithinMs).unref();
}

/** First what went wrong, then what went wrong while that was cleared up. */
function causesOf(error: unknown): readonly unknown[] {
  return error instanceof SuppressedError ? [...causesOf(error.suppressed), ...causesOf(error.error)] : [error];
}

const signals = createStopSignals(process, createSystemClock({ floorWallMs: 0, requireSynchronized: false }));
// A reader that goes away (`kvitt … | head`) is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2), {
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
  for (const cause of causes) process.stderr.write(`kvitt: ${errorText(cause)}\n`);
  const [first] = causes;
  process.exitCode = first instanceof CommandError ? first.exitCode : 1;
}
endSoon();
