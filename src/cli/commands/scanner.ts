/** `kvitt scanner list|watch`: the HID devices that are plugged in, and what a scanner or keypad of the configuration says. */
import { untilAborted } from "../../kit/abort.ts";
import { hidBusOf, inputsOf } from "../../daemon/input.ts";
import { openNodeHidBus } from "../../machine/hid/node-hid-bus.ts";
import { posUsagePage } from "../../machine/hid/hid-input.ts";
import { createSystemEntropy } from "../../service/entropy.ts";
import { createReadableLog } from "../../service/service-log.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openUncheckedConfig } from "../open-config.ts";
import { table } from "../table.ts";

const usage = `kvitt scanner list [--json]                       HID devices on this machine, with their ids
kvitt scanner watch --config FILE [--json] [--text] what the [[input]]s of the configuration say, until you press Ctrl-C

  --text  shows what was scanned; without it only its length and beginning, because a customer's code is the customer's`;

const clockOf = () => createSystemClock({ floorWallMs: 0, requireSynchronized: false });

async function list(asJson: boolean, io: CommandIo): Promise<number> {
  const bus = await openNodeHidBus(false, clockOf());
  const hex = (id: number): string => id.toString(16).padStart(4, "0");
  const rows = (await bus.list()).map((one) => ({
    vendor_id: hex(one.vendorId),
    product_id: hex(one.productId),
    serial: one.serialNumber ?? null,
    product: one.product ?? null,
    mode: one.usagePage === posUsagePage ? "HID POS scanner" : one.usagePage === 1 ? "types or points" : "other",
    path: one.path,
  }));
  if (asJson) io.out(JSON.stringify(rows));
  else
    io.out(
      table(
        ["vendor_id", "product_id", "serial", "mode", "product", "path"],
        rows.map((row) => [row.vendor_id, row.product_id, row.serial, row.mode, row.product, row.path]),
        "no HID device is plugged in, or none may be seen",
      ),
    );
  return 0;
}

async function watch(file: string | undefined, asJson: boolean, isPlain: boolean, io: CommandIo): Promise<number> {
  const config = await openUncheckedConfig(file);
  if (config.input.length === 0) throw new CommandError("the configuration has no [[input]]: docs/scanners.md", 1);
  const clock = clockOf();
  const log = createReadableLog("info", io.err);
  const inputs = inputsOf(config, { clock, entropy: createSystemEntropy(), log }, hidBusOf(config, clock));
  for (const input of inputs)
    await input.start((event) => {
      const shown =
        event.kind === "code-scanned" && !isPlain
          ? { kind: event.kind, length: event.text.length, begins: event.text.slice(0, 3) }
          : event;
      io.out(asJson ? JSON.stringify({ input: input.name, ...shown }) : `${input.name}: ${JSON.stringify(shown)}`);
    });
  await untilAborted(io.signal);
  for (const input of inputs) await input.stop();
  return 0;
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, {
      config: { type: "string" },
      json: { type: "boolean" },
      text: { type: "boolean" },
    });
    switch (positionals[0]) {
      case "list":
        return list(values.json === true, io);
      case "watch":
        return watch(values.config, values.json === true, values.text === true, io);
      case undefined:
      default:
        throw new CommandError(usage);
    }
  },
};
