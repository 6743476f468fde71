/** The `kvitt` command: finds the command, loads it, runs it. */
import { type CliCommand, CommandError, type CommandIo } from "./command.ts";

/** Each command's loader; nothing is loaded that is not used. Keep sorted. */
const loaders: Readonly<Record<string, () => Promise<CliCommand>>> = {
  command: async () => (await import("./command-send.ts")).default,
  config: async () => (await import("./config.ts")).command,
  demo: async () => (await import("./demo.ts")).command,
  guard: async () => (await import("./guard.ts")).command,
  machine: async () => (await import("./machine.ts")).command,
  panel: async () => (await import("./panel.ts")).default,
  payment: async () => (await import("./payment.ts")).command,
  qr: async () => (await import("./qr.ts")).command,
  relay: async () => (await import("./relay.ts")).default,
  run: async () => (await import("./run.ts")).command,
  sales: async () => (await import("./sales.ts")).command,
  scanner: async () => (await import("./scanner.ts")).command,
  simulator: async () => (await import("./simulator.ts")).command,
  webhooks: async () => (await import("./webhooks.ts")).command,
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
    io.out(await (await import("../main.ts")).readVersion(import.meta.url));
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

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
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
    signal: stop.signal,
  });
} catch (error) {
  process.stderr.write(`kvitt: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommandError ? error.exitCode : 1;
}
