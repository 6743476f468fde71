/** The `kvitt` command: finds the command, loads it, runs it. */
import { errorText } from "../kit/error-text.ts";
import { createStopSignals } from "../service/signals.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "./command.ts";

interface Listed {
  /** One line for the list of commands: it stands here, so that the list loads none of them. */
  readonly summary: string;
  readonly load: () => Promise<CliCommand>;
}

/** Nothing is loaded that is not used. Keep sorted. */
const commands: Readonly<Record<string, Listed>> = {
  command: {
    summary: "sign an order, send it to a machine, wait for the reply",
    load: async () => (await import("./commands/command-send.ts")).default,
  },
  config: {
    summary: "check a configuration; draw its wiring",
    load: async () => (await import("./commands/config.ts")).command,
  },
  demo: { summary: "watch a sale on this computer", load: async () => (await import("./commands/demo.ts")).command },
  doctor: {
    summary: "what is wrong with this machine, and what to do",
    load: async () => (await import("./commands/doctor.ts")).command,
  },
  fleet: {
    summary: "users and their rights at the broker, for Mosquitto or NATS",
    load: async () => (await import("./commands/fleet.ts")).default,
  },
  gateway: {
    summary: "machines that hold no key of the sales unit: enrol, revoke, list, join",
    load: async () => (await import("./commands/gateway.ts")).default,
  },
  guard: {
    summary: "holds the outputs (started by the daemon)",
    load: async () => (await import("./commands/guard.ts")).command,
  },
  init: {
    summary: "write a configuration, by questions or from answers",
    load: async () => (await import("./commands/init.ts")).default,
  },
  machine: {
    summary: "GPIO lines: list, test, watch, switch off; tell the daemon what was mended",
    load: async () => (await import("./commands/machine.ts")).command,
  },
  panel: {
    summary: "panels: list, preview, gallery, test on hardware",
    load: async () => (await import("./commands/panel.ts")).default,
  },
  payment: {
    summary: "look at a payment; capture, cancel or refund it",
    load: async () => (await import("./commands/payment.ts")).command,
  },
  provision: {
    summary: "make this computer the machine that a set-up file means (at boot)",
    load: async () => (await import("./commands/provision.ts")).command,
  },
  qr: {
    summary: "make, show and remove QR codes at the provider",
    load: async () => (await import("./commands/qr.ts")).command,
  },
  relay: {
    summary: "take webhooks and hand them to the machines over MQTT",
    load: async () => (await import("./commands/relay.ts")).default,
  },
  run: { summary: "run the machine", load: async () => (await import("./commands/run.ts")).command },
  sales: {
    summary: "ended sales, open ones, and what needs a person",
    load: async () => (await import("./commands/sales.ts")).command,
  },
  scanner: {
    summary: "scanners and keypads: list, watch",
    load: async () => (await import("./commands/scanner.ts")).command,
  },
  simulator: {
    summary: "a simulated Vipps MobilePay to train on",
    load: async () => (await import("./commands/simulator.ts")).command,
  },
  stickers: {
    summary: "print the machine's code: stickers with cut marks, sheet, table",
    load: async () => (await import("./commands/stickers.ts")).command,
  },
  update: {
    summary: "fetch a signed release and try it",
    load: async () => (await import("./commands/update.ts")).command,
  },
  webhooks: {
    summary: "register, list and delete webhooks at the provider",
    load: async () => (await import("./commands/webhooks.ts")).command,
  },
};

function list(): string {
  const lines = ["kvitt: scan-to-pay for unattended machines", "", "Commands:"];
  for (const [name, { summary }] of Object.entries(commands)) lines.push(`  ${name.padEnd(12)} ${summary}`);
  lines.push("", "kvitt COMMAND --help tells more of each.");
  return lines.join("\n");
}

async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "help") {
    io.out(list());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "version") {
    io.out(await (await import("../service/version.ts")).readVersion());
    return 0;
  }
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (listed === undefined)
    throw new CommandError(
      `there is no command "${name}"; "kvitt help" lists them: ${Object.keys(commands).join(", ")}`,
    );
  const command = await listed.load();
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

// Before any command loads @napi-rs/canvas, which searches the host for fonts as it is loaded: a tenth of a second of processor and 14 MB. What stands
// on a panel is drawn with the font that comes along, the same everywhere.
process.env["DISABLE_SYSTEM_FONTS_LOAD"] = "1";

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
