/** `kvitt demo`: a sale to watch, and a sale from a script. */
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { untilAborted } from "../../kit/abort.ts";
import { isMachineKind, machineKinds } from "../../demo/machines/machines.ts";
import type { MachineKind } from "../../demo/machines/port.ts";
import { lanAddress } from "../../demo/lan/address.ts";
import { makeCertificate } from "../../demo/lan/certificate.ts";
import { openPhoneDoor, type PhoneDoor } from "../../demo/lan/phone-server.ts";
import { openPage } from "../../demo/page-server.ts";
import { parseScript, playScript } from "../../demo/script.ts";
import { DemoWorld } from "../../demo/world.ts";
import { createReadableLog } from "../../service/service-log.ts";
import { createOwned } from "../../service/owned.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { type CliCommand, CommandError } from "../command.ts";
import { parseFlagsOnly, portOf } from "../flags.ts";

const usage = `kvitt demo [--port N] [--machine KIND] [--lan [--address A]]
kvitt demo --headless --script FILE [--json]

Starts a simulated provider, a broker, the relay and a machine on this computer, and a page to play with them.
With --headless --script it plays a script (docs/demo.md) and ends with checks on the ledger, the journal and the panel;
exit code 1 when one fails.

  --port N        where the page is; default 8088, 0 takes a free port
  --machine KIND  vending (default), relay, mdb, parking or kiosk; the page can change it
  --lan           lets a visitor's own phone, in the same network, be the wallet: the page shows a code to open it with
  --address A     of this computer, where the phone comes in; default: the first that a phone can reach`;

/** Three processes one after the other, each in its time. */
const closeWorldMs = 90_000;

async function play(file: string, asJson: boolean, io: Parameters<CliCommand["run"]>[1]): Promise<number> {
  const steps = parseScript(await readFile(file, "utf8"));
  const world = await DemoWorld.start({ signal: io.signal, hurry: io.hurry });
  try {
    const result = await playScript(world, steps, (line) => (asJson ? io.err(line) : io.out(line)), io.signal);
    if (asJson) io.out(JSON.stringify(result));
    else
      io.out(
        result.failures.length === 0
          ? `passed: ${result.checks} checks`
          : `FAILED:\n${result.failures.map((one) => `  ${one}`).join("\n")}`,
      );
    return result.failures.length === 0 ? 0 : 1;
  } finally {
    await world.close();
  }
}

function kindOf(text = "vending"): MachineKind {
  if (isMachineKind(text)) return text;
  throw new CommandError(`--machine takes ${machineKinds.join(", ")}, not "${text}"`);
}

/** For a visitor's own phone. @throws LanError, ListenError */
async function openDoor(address: string | undefined): Promise<PhoneDoor> {
  const chosen = lanAddress(networkInterfaces(), address);
  return openPhoneDoor({ address: chosen, port: 0, certificate: await makeCertificate(chosen) });
}

function doorText({ place, url }: PhoneDoor): string {
  return `Open to your network until it ends: ${place}, with the wallet and nothing else.\nThe phone's page is ${url} (the demo's page shows it as a code).`;
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const values = parseFlagsOnly(args, {
      port: { type: "string" },
      headless: { type: "boolean" },
      script: { type: "string" },
      machine: { type: "string" },
      lan: { type: "boolean" },
      address: { type: "string" },
      json: { type: "boolean" },
    });
    if (values.headless === true || values.script !== undefined) {
      if (values.script === undefined) throw new CommandError("--headless needs --script FILE (docs/demo.md)");
      return play(values.script, values.json === true, io);
    }
    if (values.address !== undefined && values.lan !== true) throw new CommandError("--address goes with --lan");
    const port = portOf(values.port, 8_088);
    const kind = kindOf(values.machine);
    await using owned = createOwned({
      clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
      log: createReadableLog("error", io.err),
    });
    const page = await openPage(port);
    owned.defer("page", () => page.close());
    const door = values.lan === true ? await openDoor(values.address) : undefined;
    owned.defer("phone's page", () => door?.close());
    try {
      const world = await DemoWorld.start({ kind, signal: io.signal, hurry: io.hurry });
      owned.defer("world", () => world.close(), closeWorldMs);
      door?.show(world);
      page.show(world, door);
    } catch (error) {
      if (!io.signal.aborted) throw error;
      return 0;
    }
    if (values.json === true) io.out(JSON.stringify({ url: page.url, phoneUrl: door?.url }));
    else io.out(`The demo is on ${page.url} (Ctrl-C ends it).`);
    if (values.json !== true && door !== undefined) io.out(doorText(door));
    await untilAborted(io.signal);
    return 0;
  },
};
