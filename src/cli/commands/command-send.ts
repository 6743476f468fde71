/** `kvitt command`: the back office's side of the link, for one order to one machine. */
import { randomUUID } from "node:crypto";
import mqtt from "mqtt";
import * as z from "zod";
import { defined } from "../../kit/defined.ts";
import { orderSchema } from "../../link/command-message.ts";
import { commandKeyBytesMin, signCommand } from "../../link/command-signature.ts";
import { parseJson } from "../../kit/json.ts";
import { type ReplyMessage, replySchema } from "../../link/reply-message.ts";
import { readTlsFiles } from "../../link/tls-files.ts";
import { type MachineAddress, machineTopic } from "../../link/topics.ts";
import { isMerchantQrId, machineOf, merchantQrIdFault, type StationId, stationOf } from "../../sale/ids.ts";
import { readSecretFile, SecretFileError } from "../../service/secret-file.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";

/** A machine takes a deadline of at most a day ahead by its own clock, which may be behind ours. */
const validSMax = 84_600;

const usage = `kvitt command --broker URL --msn MSN --machine ID --key FILE ORDER [--json]

Signs one order, sends it to a machine and waits for its reply. Exit code 0 when the machine says done.

  ORDER           JSON, for example '{"kind":"identify"}' or '{"kind":"deliver","line":"B4"}'; docs/link.md lists all
  --broker URL    mqtt:// or mqtts://
  --msn MSN       the sales unit
  --machine ID    the machine's merchantQrId; {machine}--{station} for an order to one outlet
  --key FILE      the machine's command key, at least ${commandKeyBytesMin} characters, readable by you alone
  --counter N     higher than in every command before; default: milliseconds since 1970
  --valid S       seconds until it expires, 1 to ${validSMax}, default 60; also how long the reply is waited for
                  (9000 for an update, which is answered when it has passed its gate)
  --username USER user at the broker; the password comes from MQTT_PASSWORD
  --ca FILE       PEM of the broker's authority
  --json          prints the reply as JSON`;

const options = {
  broker: { type: "string" },
  msn: { type: "string" },
  machine: { type: "string" },
  key: { type: "string" },
  counter: { type: "string" },
  valid: { type: "string", default: "60" },
  username: { type: "string" },
  ca: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(args);
  const broker = needed("broker", values.broker);
  const { station, ...address } = addressOf(needed("msn", values.msn), needed("machine", values.machine));
  const validS = wholeNumber("valid", values.valid, 1, validSMax);
  const text = signed(
    { ...address, ...defined({ station }) },
    orderOf(positionals),
    await keyOf(needed("key", values.key), io.env),
    {
      counter: wholeNumber("counter", values.counter ?? String(Date.now()), 1, Number.MAX_SAFE_INTEGER),
      deadline: new Date(Date.now() + validS * 1000).toISOString(),
    },
  );
  const password = io.env["MQTT_PASSWORD"];
  const client = await mqtt.connectAsync(broker, {
    ...readTlsFiles({ ca_file: values.ca }),
    ...defined({ username: values.username, password }),
    reconnectPeriod: 0,
  });
  try {
    const reply = await exchange(
      client,
      address,
      text,
      AbortSignal.any([io.signal, AbortSignal.timeout(validS * 1000)]),
    );
    io.out(values.json ? JSON.stringify(reply) : textOf(reply));
    return reply.outcome === "done" ? 0 : 1;
  } finally {
    await client.endAsync(true);
  }
}

/** A machine, or one outlet of it. */
interface Target extends MachineAddress {
  readonly station?: StationId | undefined;
}

function textOf(reply: ReplyMessage): string {
  return reply.outcome === "done" ? reply.outcome : `${reply.outcome} ${reply.reason}`;
}

async function exchange(
  client: mqtt.MqttClient,
  address: MachineAddress,
  { id, payload }: { readonly id: string; readonly payload: string },
  signal: AbortSignal,
): Promise<ReplyMessage> {
  await client.subscribeAsync(machineTopic(address, "command/reply"), { qos: 1 });
  const reply = new Promise<ReplyMessage>((resolve, reject) => {
    client.on("message", (_topic, bytes) => {
      const parsed = replySchema.safeParse(parseJson(bytes));
      if (parsed.success && parsed.data.id === id) resolve(parsed.data);
    });
    client.on("close", () => reject(new CommandError("the broker closed the connection before the reply came", 1)));
    signal.addEventListener("abort", () => reject(new CommandError("no reply in time: is the machine connected?", 1)));
  });
  const [, answer] = await Promise.all([
    client.publishAsync(machineTopic(address, "command"), payload, { qos: 1, retain: false }),
    reply,
  ]);
  return answer;
}

function signed(
  address: Target,
  order: unknown,
  key: Uint8Array,
  { counter, deadline }: { readonly counter: number; readonly deadline: string },
): { readonly id: string; readonly payload: string } {
  const command = { id: randomUUID(), counter, deadline, ...address, order };
  return { id: command.id, payload: JSON.stringify({ ...command, signature: signCommand(command, key) }) };
}

const parse = (args: readonly string[]) => parseFlags(args, options);

function needed(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new CommandError(`kvitt command needs --${name}`);
}

function addressOf(msn: string, id: string): Target {
  if (isMerchantQrId(id)) return { msn, merchantQrId: machineOf(id), station: stationOf(id) };
  throw new CommandError(`--machine: ${merchantQrIdFault(id) ?? "it is not the id of a machine"}`);
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new CommandError(`--${name} "${text}" is not a whole number from ${min} to ${max}`);
}

function orderOf(positionals: readonly string[]): unknown {
  const order = parseJson(Buffer.from(positionals[0] ?? "", "utf8"));
  const parsed = orderSchema.safeParse(order);
  if (parsed.success && positionals.length === 1) return order;
  const fault = parsed.success ? "one order at a time" : z.prettifyError(parsed.error);
  throw new CommandError(`the order cannot be used: ${fault}\nan example: '{"kind":"deliver","line":"B4"}'`);
}

async function keyOf(path: string, env: CommandIo["env"]): Promise<Uint8Array> {
  try {
    const key = Buffer.from(await readSecretFile(path, env), "utf8");
    if (key.byteLength >= commandKeyBytesMin) return key;
  } catch (cause) {
    if (cause instanceof SecretFileError) throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
  throw new CommandError(`the key in "${path}" is shorter than ${commandKeyBytesMin} characters`, 1);
}

const command: CliCommand = { usage, run };
export default command;
