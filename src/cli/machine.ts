/** `kvitt machine lines|test|off`: the GPIO lines, by name. */
import { parseArgs } from "node:util";
import { faultText, loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { createGpioMachine, type GpioLine } from "../machine/gpio/gpio-machine.ts";
import { headerBase, readChips } from "../machine/gpio/header.ts";
import { money } from "../sale/money.ts";
import { createLog } from "../service/log.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "./command.ts";

const usage = `kvitt machine lines --config FILE [--json]   names, BCM and sysfs numbers of the lines
kvitt machine test LINE --config FILE        switches the line's output on, as a delivery does
kvitt machine off --config FILE              switches every output off`;

function linesOf(config: Config): { readonly base: number | undefined; readonly lines: readonly GpioLine[] } {
  const { delivery } = config;
  if (delivery.driver !== "gpio") return { base: undefined, lines: [] };
  const lines = delivery.lines.map((one) => ({
    line: one.line,
    button: one.button,
    buttonActiveLow: one.button_active_low,
    relay: one.relay,
    activeLow: one.active_low,
    onMs: one.on_ms,
  }));
  return { base: delivery.base, lines };
}

async function list(config: Config, asJson: boolean, io: CommandIo): Promise<number> {
  const { base, lines } = linesOf(config);
  const first = lines.length === 0 ? 0 : headerBase(await readChips(), base);
  const rows = lines.map((one) => ({
    line: one.line,
    relay: one.relay,
    relay_sysfs: first + one.relay,
    button: one.button ?? null,
    button_sysfs: one.button === undefined ? null : first + one.button,
  }));
  if (asJson) io.out(JSON.stringify(rows));
  else if (rows.length === 0) io.out(`the driver "${config.delivery.driver}" has no GPIO lines`);
  else
    for (const row of rows)
      io.out(
        `${row.line.padEnd(10)} relay BCM ${row.relay} (${row.relay_sysfs})  button ${row.button === null ? "none" : `BCM ${row.button} (${row.button_sysfs ?? ""})`}`,
      );
  return 0;
}

/** Opening the lines puts every output off first; a test then delivers once. */
async function move(config: Config, line: string | undefined, io: CommandIo): Promise<number> {
  const { base, lines } = linesOf(config);
  if (lines.length === 0) {
    io.out(`the driver "${config.delivery.driver}" has no outputs`);
    return 0;
  }
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const machine = createGpioMachine({ base, lines, clock, log: createLog("warn", (text) => io.err(text.trimEnd())) });
  await machine.start(() => {});
  const readiness = machine.readiness();
  if (!readiness.ready) throw new CommandError(readiness.detail, 1);
  try {
    if (line === undefined) return 0;
    const order = {
      deliveryId: "test",
      reference: undefined,
      selection: { kind: "line", line } as const,
      price: money(0, config.vipps.currency),
    };
    const outcome = await machine.deliver(order, io.signal);
    io.out(JSON.stringify(outcome));
    return outcome.kind === "delivered" ? 0 : 1;
  } finally {
    await machine.stop();
  }
}

export const command: CliCommand = {
  summary: "GPIO lines: list, test, switch off",
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { config: { type: "string" }, json: { type: "boolean" } },
      allowPositionals: true,
    });
    if (values.config === undefined) throw new CommandError("which configuration? add --config FILE");
    const loaded = await loadConfig(values.config);
    if (!loaded.ok) throw new CommandError(loaded.faults.map(faultText).join("\n"), 1);
    const [action, line] = positionals;
    switch (action) {
      case "lines":
        return list(loaded.config, values.json === true, io);
      case "off":
        return move(loaded.config, undefined, io);
      case "test":
        if (line === undefined) throw new CommandError("which line? kvitt machine test LINE");
        return move(loaded.config, line, io);
      case undefined:
      default:
        throw new CommandError(usage);
    }
  },
};
