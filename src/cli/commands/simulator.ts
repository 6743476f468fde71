/** `kvitt simulator`: the provider, without the provider. */
import { untilAborted } from "../../kit/abort.ts";
import { isMsn, msnRule } from "../../sale/ids.ts";
import { createSeededEntropy, createSystemEntropy } from "../../service/entropy.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { startSimulator } from "../../simulator/server.ts";
import { type CliCommand, CommandError } from "../command.ts";
import { parseFlagsOnly, portOf } from "../flags.ts";

const usage = `kvitt simulator [--port N] [--msn N] [--seed N] [--json]

Starts a simulated Vipps MobilePay (QR, ePayment, webhooks, access token) on this machine and prints where it listens.

  --port N   default 8090; 0 takes a free port
  --msn N    the sales unit, 4 to 7 digits; default 123456
  --seed N   the same ids, tokens and secrets every time
  --json     one line of JSON instead of text

Turn its switches with POST /simulator/… (docs/simulator.md).`;

function seedOf(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new CommandError(`--seed takes a whole number, not "${text}"`);
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const values = parseFlagsOnly(args, {
      port: { type: "string" },
      msn: { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean" },
      log: { type: "boolean" },
    });
    const msn = values.msn ?? "123456";
    if (!isMsn(msn)) throw new CommandError(`--msn takes ${msnRule}, not "${msn}"`);
    const entropy = values.seed === undefined ? createSystemEntropy() : createSeededEntropy(seedOf(values.seed));
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    const server = await startSimulator({
      port: portOf(values.port, 8_090),
      clock,
      entropy,
      msn,
      ...(values.log === true ? { tell: (text: string) => io.out(JSON.stringify({ msg: text })) } : {}),
    });
    try {
      const credentials = {
        client_id: `client-${msn}`,
        client_secret: `secret-${msn}`,
        subscription_key: `subscription-${msn}`,
      };
      if (values.json === true) io.out(JSON.stringify({ url: server.url, msn, ...credentials }));
      else
        io.out(
          [
            `The simulated provider listens on ${server.url} (Ctrl-C stops it).`,
            "",
            `  msn               ${msn}`,
            ...Object.entries(credentials).map(([name, value]) => `  ${name.padEnd(17)} ${value}`),
            "",
            `Try: curl -X POST ${server.url}/simulator/ledger`,
          ].join("\n"),
        );
      await untilAborted(io.signal);
    } finally {
      await server.close();
    }
    return 0;
  },
};
