/** `kvitt machine`: for whoever wires, mends and refills the machine. The GPIO lines by name, and a word to the daemon that runs. */
import { untilAborted } from "../../kit/abort.ts";
import type { GpioDelivery } from "../../config/gpio.ts";
import { boardClaims } from "../../config/pins.ts";
import type { Config } from "../../config/schema.ts";
import { gpioSettings, linesChoice, openGpioMachine, outputsOf } from "../../daemon/gpio.ts";
import { errorText } from "../../kit/error-text.ts";
import { headerBase, readChips } from "../../machine/gpio/header.ts";
import { createLineRegister } from "../../machine/gpio/line-register.ts";
import { lineInfosOf } from "../../machine/gpio/line-info.ts";
import { lineUseOf, type LineUse } from "../../machine/gpio/line-users.ts";
import type { InputSpec, OutputSpec } from "../../machine/gpio/lines.ts";
import { openLines } from "../../machine/gpio/open-lines.ts";
import type { LineSettings } from "../../machine/gpio/settings.ts";
import { money } from "../../sale/money.ts";
import { createSystemEntropy } from "../../service/entropy.ts";
import { createReadableLog } from "../../service/service-log.ts";
import type { Clock } from "../../service/port.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { askOfDaemon, daemonActions, isDaemonAction } from "../ask-of-daemon.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openConfig, openUncheckedConfig } from "../open-config.ts";
import { serviceSocketOf } from "../service-socket.ts";
import { table } from "../table.ts";

const usage = `kvitt machine lines --config FILE [--json]       names, numbers, levels of the lines, and who holds them
kvitt machine test LINE --config FILE [--price N] delivers once on that line, as a sale does (N in minor units)
kvitt machine watch --config FILE [--json]       shows every edge of every input until you press Ctrl-C
kvitt machine off --config FILE                  switches every output off
kvitt machine try --config FILE [--page FILE]    a guided first sale: real hardware, simulated provider; ends in a page to keep
kvitt machine serviced [LINE] [--config FILE]    says that the machine, or one line, was refilled or mended: what was jammed or
                                                 sold out is offered again
kvitt machine state [--config FILE]              what the machine is doing, as JSON
kvitt machine logs [--config FILE] [--json]      what the daemon's log said in the last hour

Stop the service first for test, try, watch and off: a line of the header belongs to one process. serviced, state and logs
ask the daemon that runs, on its service socket: /run/kvitt/service.sock unless the configuration names another.`;

function gpioOf(config: Config): GpioDelivery {
  const { delivery } = config;
  if (delivery.driver === "gpio") return delivery;
  throw new CommandError(`the driver "${delivery.driver}" has no GPIO lines`, 1);
}

function clockOf(): Clock {
  return createSystemClock({ floorWallMs: 0, requireSynchronized: false });
}

/** Every input, once; a sensor that several lines share has one name. */
export function inputsOf(delivery: GpioDelivery): readonly InputSpec[] {
  const { lines, wide } = gpioSettings(delivery);
  const ofLine = (line: LineSettings): readonly (InputSpec | undefined)[] => {
    switch (line.form) {
      case "relay":
      case "pulse":
        return [line.button, line.acknowledge?.input];
      case "motor":
        return [line.button, line.home, line.drop];
      case "timed":
        return [line.button];
    }
  };
  const all = [wide.inhibit, wide.door, wide.cancelButton, ...lines.flatMap(ofLine)];
  const byPin = new Map<number, InputSpec>();
  for (const input of all) if (input !== undefined && !byPin.has(input.bcm)) byPin.set(input.bcm, input);
  return [...byPin.values()];
}

interface Row {
  readonly name: string;
  readonly kind: "output" | "input";
  readonly bcm: number;
  readonly sysfs: number | null;
  readonly active_low: boolean;
  readonly level: 0 | 1 | null;
  readonly active: boolean | null;
  readonly held_by: string | null;
}

function rowOf(
  kind: Row["kind"],
  spec: OutputSpec | InputSpec,
  sysfs: number | null,
  use: Partial<LineUse> | undefined,
): Row {
  return {
    name: spec.name,
    kind,
    bcm: spec.bcm,
    sysfs,
    active_low: spec.activeLow,
    level: use?.level ?? null,
    active: use?.level === undefined ? null : (use.level === 1) !== spec.activeLow,
    held_by: use?.holder ?? null,
  };
}

async function list(delivery: GpioDelivery, asJson: boolean, io: CommandIo): Promise<number> {
  const sysfs = "/sys/class/gpio";
  const base =
    delivery.back_end === "simulated"
      ? undefined
      : await readChips(sysfs).then(
          (chips) => headerBase(chips, delivery.base),
          (error: unknown) => {
            io.err(errorText(error));
            return undefined;
          },
        );
  const specs = [
    ...outputsOf(delivery).map((spec) => ({ kind: "output" as const, spec })),
    ...inputsOf(delivery).map((spec) => ({ kind: "input" as const, spec })),
  ];
  // The character device knows the holder also where sysfs and debugfs are closed or gone; where it is closed itself, they have to do.
  const bcms = specs.map(({ spec }) => spec.bcm);
  const held = delivery.back_end === "simulated" ? undefined : await lineInfosOf(bcms).catch(() => undefined);
  const rows: Row[] = [];
  for (const { kind, spec } of specs) {
    const number = base === undefined ? null : base + spec.bcm;
    const use = number === null ? undefined : await lineUseOf(number, { sysfs, debugfs: "/sys/kernel/debug" });
    const holder = held?.get(spec.bcm)?.holder;
    rows.push(rowOf(kind, spec, number, use ?? (holder === undefined ? undefined : { holder })));
  }
  if (asJson) io.out(JSON.stringify(rows));
  else
    io.out(
      table(
        ["name", "kind", "BCM", "sysfs", "active at", "now", "held by"],
        rows.map((row) => [
          row.name,
          row.kind,
          row.bcm,
          row.sysfs,
          row.active_low ? "low" : "high",
          row.active === null ? "?" : row.active ? "active" : "at rest",
          row.held_by,
        ]),
        "there are no lines",
      ),
    );
  return 0;
}

/** Without the guard, so that it works when the guard does not: opening an output puts it off. */
async function off(delivery: GpioDelivery, io: CommandIo): Promise<number> {
  const lines = await openLines(linesChoice(delivery), clockOf());
  const faults: string[] = [];
  for (const spec of outputsOf(delivery))
    await lines.openOutput(spec).catch((error: unknown) => {
      faults.push(errorText(error));
    });
  await lines.close();
  for (const fault of faults) io.err(fault);
  return faults.length === 0 ? 0 : 1;
}

async function test(config: Config, line: string, priceMinor: number, io: CommandIo): Promise<number> {
  const delivery = gpioOf(config);
  const names = delivery.lines.map((one) => one.line);
  if (!names.includes(line)) throw new CommandError(`there is no line "${line}": there are ${names.join(", ")}`, 1);
  const log = createReadableLog("warn", io.err);
  const machine = openGpioMachine(delivery, {
    clock: clockOf(),
    entropy: createSystemEntropy(),
    log,
    register: createLineRegister(boardClaims),
  });
  await machine.start(() => {});
  try {
    const readiness = machine.readiness();
    if (!readiness.ready) throw new CommandError(`${readiness.fault}: ${readiness.detail}`, 1);
    const order = {
      deliveryId: "test",
      reference: undefined,
      selection: { kind: "line", line } as const,
      price: money(priceMinor, config.vipps.currency),
    };
    const outcome = await machine.deliver(order, io.signal);
    io.out(JSON.stringify(outcome));
    return outcome.kind === "delivered" ? 0 : 1;
  } finally {
    await machine.stop();
  }
}

async function watch(delivery: GpioDelivery, asJson: boolean, io: CommandIo): Promise<number> {
  const clock = clockOf();
  const lines = await openLines(linesChoice(delivery), clock);
  const started = clock.monotonicMs();
  const lost = new AbortController();
  const since = new Map<number, number>();
  const tell = (spec: InputSpec, active: boolean, monoMs: number): void => {
    const before = since.get(spec.bcm);
    since.set(spec.bcm, monoMs);
    const ms = Math.round((monoMs - started) * 10) / 10;
    const held = before === undefined ? null : Math.round((monoMs - before) * 10) / 10;
    if (asJson) io.out(JSON.stringify({ name: spec.name, bcm: spec.bcm, active, at_ms: ms, after_ms: held }));
    else
      io.out(
        `${ms.toFixed(1).padStart(10)} ms  ${spec.name.padEnd(16)} BCM ${String(spec.bcm).padEnd(2)}  ${active ? "active " : "at rest"}${held === null ? "" : `  after ${held} ms`}`,
      );
  };
  try {
    for (const spec of inputsOf(delivery)) {
      const input = await lines.openInput(
        spec,
        ({ active, monoMs }) => tell(spec, active, monoMs),
        (error) => {
          io.err(`${spec.name} went away: ${error.message}`);
          lost.abort();
        },
      );
      tell(spec, input.isActive(), started);
    }
    await untilAborted(AbortSignal.any([io.signal, lost.signal]));
  } finally {
    await lines.close();
  }
  return lost.signal.aborted ? 1 : 0;
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, {
      config: { type: "string" },
      json: { type: "boolean" },
      price: { type: "string" },
      page: { type: "string" },
    });
    const [action, line] = positionals;
    if (action === undefined || !["lines", "test", "try", "watch", "off", ...daemonActions].includes(action))
      throw new CommandError(usage);
    if (isDaemonAction(action)) {
      // Whoever mends the machine may not be allowed to read its secrets.
      const file = values.config === undefined ? undefined : await openUncheckedConfig(values.config);
      return askOfDaemon(action, { socket: serviceSocketOf(file), line, asJson: values.json === true, io });
    }
    // The service manager runs this when the daemon could not start, perhaps for a fault of the configuration.
    const isOff = action === "off";
    const config = isOff ? await openUncheckedConfig(values.config) : await openConfig(values.config, io.env);
    const asJson = values.json === true;
    switch (action) {
      case "lines":
        return list(gpioOf(config), asJson, io);
      case "watch":
        return watch(gpioOf(config), asJson, io);
      case "try":
        return (await import("../machine-try.ts")).tryMachine({ config, page: values.page, io });
      case "test": {
        if (line === undefined) throw new CommandError("which line? kvitt machine test LINE");
        const price = Number(values.price ?? config.product.find((one) => one.line === line)?.price ?? 0);
        if (!Number.isSafeInteger(price) || price < 0)
          throw new CommandError(`--price ${values.price ?? ""}: a whole number of minor units`);
        return test(config, line, price, io);
      }
      default:
        // After the daemon's end the unit asks for this whatever the driver: nothing to switch is no failure.
        return config.delivery.driver === "gpio" ? off(config.delivery, io) : 0;
    }
  },
};
