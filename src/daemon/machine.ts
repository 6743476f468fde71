/** The machine that the configuration means: who delivers, and what customers touch. Part of the composition root. */
import { openSync, writeSync } from "node:fs";
import { mdbClaims } from "../config/pins.ts";
import type { Config } from "../config/schema.ts";
import { openGpioMachine } from "./gpio.ts";
import { inputsOf } from "./input.ts";
import { withInputs } from "../machine/combined.ts";
import { createKioskMachine, type KioskMachine } from "../machine/kiosk-api/kiosk-machine.ts";
import type { Counter } from "../machine/kiosk-api/port.ts";
import type { LineRegister } from "../machine/gpio/line-register.ts";
import { createMdbMachine } from "../machine/mdb/mdb-machine.ts";
import { serialPort } from "../machine/mdb/serial-port.ts";
import { isTcpAddress, tcpPort } from "../machine/mdb/tcp-port.ts";
import type { Machine } from "../machine/port.ts";
import { createSimulatedMachine, type DroppedThing, type SimulatedMachine } from "../machine/simulated.ts";
import { listenOnPort } from "../service/listen.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { readSecretFile } from "../service/secret-file.ts";
import { listenOnSocket } from "../service/socket-file.ts";
import { createUlid } from "../service/ulid.ts";

export interface MachineParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who has which line of the header. */
  readonly register: LineRegister;
}

export interface MachineChoice {
  readonly machine: Machine;
  /** Where the machine is the simulated one: its handles, and what it has dropped. */
  readonly twin: { readonly machine: SimulatedMachine; readonly drops: readonly DroppedThing[] } | undefined;
  /** Where another program orders: tells the machine of the kiosk's counter, before anything starts. */
  readonly attach?: (counter: Counter) => void;
}

export function openMachine(config: Config, parts: MachineParts): MachineChoice {
  const { delivery } = config;
  const inputs = inputsOf(config, parts);
  switch (delivery.driver) {
    case "simulated": {
      const drops: DroppedThing[] = [];
      const { clock, entropy } = parts;
      const machine = createSimulatedMachine({
        clock,
        entropy,
        deliveryMs: delivery.delivery_ms,
        drops,
        ...(delivery.tray_file === undefined ? {} : { onMove: trayAt(delivery.tray_file) }),
      });
      return { machine: withInputs(machine, inputs), twin: { machine, drops } };
    }
    case "kiosk": {
      const machine = kioskOf(delivery, parts);
      return {
        machine: withInputs(machine, inputs),
        twin: undefined,
        attach: (counter) => machine.attach(counter),
      };
    }
    case "mdb":
      return { machine: withInputs(mdbOf(config, delivery, parts), inputs), twin: undefined };
    case "gpio":
      return { machine: withInputs(openGpioMachine(delivery, parts), inputs), twin: undefined };
  }
}

/** A tray on disk, for tests that kill this process: a line is there before the next thing happens. */
function trayAt(path: string): (move: object) => void {
  const tray = openSync(path, "a", 0o600);
  return (move) => void writeSync(tray, `${JSON.stringify(move)}\n`);
}

function mdbOf(
  { vipps }: Config,
  delivery: Extract<Config["delivery"], { driver: "mdb" }>,
  { clock, entropy, log, register }: MachineParts,
): Machine {
  register.deviceOwner().claim(mdbClaims(delivery.device));
  return createMdbMachine({
    currency: vipps.currency,
    address: delivery.address,
    alwaysIdle: delivery.always_idle,
    maxResponseMs: delivery.max_response_s * 1_000,
    vendMs: delivery.vend_s * 1_000,
    decimals: delivery.decimals,
    scale: delivery.scale,
    more: delivery.adapter_settings,
    openLine: isTcpAddress(delivery.device) ? tcpPort(delivery.device) : serialPort(delivery.device, delivery.baud),
    clock,
    entropy,
    log,
  });
}

function kioskOf(
  delivery: Extract<Config["delivery"], { driver: "kiosk" }>,
  { clock, entropy, log, env }: MachineParts,
): KioskMachine {
  const { socket, port, token_file: tokenFile, confirm_s: confirmS } = delivery;
  return createKioskMachine({
    socketPath: socket,
    port,
    readToken: async () => (tokenFile === undefined ? undefined : readSecretFile(tokenFile, env)),
    confirmMs: confirmS * 1_000,
    freshId: () => createUlid(clock, entropy),
    listening: { onSocket: listenOnSocket, onPort: listenOnPort },
    clock,
    log,
  });
}
