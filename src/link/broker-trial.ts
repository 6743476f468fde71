/**
 * Tries a broker as the machine would use it, beside the machine's own connection and without disturbing it: a client id of its own, no session, no
 * will. The ACL is tried by doing: reading and writing what is the machine's, and what is not.
 */
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { errorText } from "../kit/error-text.ts";
import { parseJson } from "../kit/json.ts";
import { merchantQrId } from "../sale/ids.ts";
import type { Clock } from "../service/port.ts";
import { connectionFault, type ConnectionFault } from "./connection-fault.ts";
import { relayHealthSchema } from "./messages.ts";
import { type MqttSettings, type MqttVersion, sessionOptions } from "./mqtt-settings.ts";
import { eventFilter, type MachineAddress, machineTopic, parseTopic, relayFilter, stateFilter } from "./topics.ts";

export interface TriedRelay {
  readonly instance: string;
  readonly alive: boolean;
  readonly registered: boolean;
  /** Since it said so; undefined where it does not say when. */
  readonly ageS: number | undefined;
  readonly validForS: number | undefined;
}

export type BrokerTrial =
  | { readonly kind: "failed"; readonly fault: string }
  | {
      readonly kind: "connected";
      readonly version: "5" | "3.1.1";
      readonly isEncrypted: boolean;
      /** Subscriptions of our own that were refused. */
      readonly refused: readonly string[];
      /** What the broker answered to a message on a topic of ours; undefined where MQTT 3.1.1 says nothing (its PUBACK has no reason). */
      readonly mayWriteOwn: boolean | undefined;
      /** Topics of other machines that came. */
      readonly foreign: readonly string[];
      readonly mayWriteForeign: boolean | undefined;
      readonly relays: readonly TriedRelay[];
    };

export interface BrokerTrialParts {
  readonly settings: MqttSettings;
  readonly address: MachineAddress;
  readonly clock: Pick<Clock, "sleep" | "wallMs">;
  readonly signal: AbortSignal;
  /** The client library's `connect`; tests pass their own. */
  readonly connect?: (url: string, options: IClientOptions) => MqttClient;
}

/** Retained messages follow the SUBACK at once (MQTT 5.0 §3.3.1.3); a slow link needs a moment. */
const retainedMs = 1_500;
/** A machine that nobody has: what may be written there may be written anywhere. */
const strangerName = "kvitt-doctor-writes-here-in-vain";

export async function tryBroker(parts: BrokerTrialParts): Promise<BrokerTrial> {
  const { protocol } = parts.settings;
  const versions: readonly MqttVersion[] = protocol === "auto" ? [5, 4] : [protocol === "5" ? 5 : 4];
  let fault = "";
  for (const version of versions) {
    const opened = await open(parts, version);
    if ("client" in opened) {
      try {
        return await trial(parts, opened.client, version);
      } catch (error) {
        return { kind: "failed", fault: errorText(error) };
      } finally {
        opened.client.end(true);
      }
    }
    ({ text: fault } = opened);
    if (opened.versionDoubt === "none") break;
  }
  return { kind: "failed", fault };
}

type Opened = { readonly client: MqttClient } | ConnectionFault;

function open({ settings, signal, connect = mqtt.connect }: BrokerTrialParts, version: MqttVersion): Promise<Opened> {
  const own: MqttSettings = { ...settings, clientId: `${settings.clientId}-doctor`, sessionExpiryS: 0 };
  return new Promise((resolve) => {
    const client = connect(settings.url, sessionOptions(own, version));
    const fail = (cause: unknown): void => {
      signal.removeEventListener("abort", abort);
      client.end(true);
      resolve(connectionFault(cause));
    };
    const abort = (): void => fail(new Error("no answer in time"));
    signal.addEventListener("abort", abort, { once: true });
    client.on("error", fail);
    client.once("close", () => fail(new Error("the broker closed the connection without a word")));
    client.once("connect", () => {
      signal.removeEventListener("abort", abort);
      resolve({ client });
    });
  });
}

async function trial(parts: BrokerTrialParts, client: MqttClient, version: MqttVersion): Promise<BrokerTrial> {
  const { address, clock, settings, signal } = parts;
  const foreign = new Set<string>();
  const relays = new Map<string, TriedRelay>();
  client.on("message", (topic, payload) => {
    const meaning = parseTopic(topic);
    if (meaning?.kind === "machine" && meaning.merchantQrId !== address.merchantQrId) foreign.add(topic);
    if (meaning?.kind === "relay") relays.set(meaning.instance, relayOf(meaning.instance, payload, clock.wallMs()));
  });
  const ours = [eventFilter(address), machineTopic(address, "command"), relayFilter(address.msn)];
  const refused: string[] = [];
  for (const filter of ours) if (!(await isGranted(client, filter))) refused.push(filter);
  // Whether it is granted says nothing: brokers grant it and then send what the ACL lets through.
  await isGranted(client, stateFilter(address.msn));
  // A back office knows no such command and passes over the reply.
  const reply = JSON.stringify({ id: "kvitt-doctor", outcome: "refused", reason: "a try of kvitt doctor" });
  const mayWriteOwn = await isTaken(client, machineTopic(address, "command/reply"), reply);
  const mayWriteForeign = await isTaken(
    client,
    machineTopic({ ...address, merchantQrId: merchantQrId(strangerName) }, "health"),
    "",
  );
  await clock.sleep(retainedMs, signal);
  const isV5 = version === 5;
  return {
    kind: "connected",
    version: isV5 ? "5" : "3.1.1",
    isEncrypted: /^(mqtts|wss):/.test(settings.url),
    refused,
    mayWriteOwn: isV5 ? mayWriteOwn : undefined,
    foreign: [...foreign],
    mayWriteForeign: isV5 ? mayWriteForeign : undefined,
    relays: [...relays.values()],
  };
}

function isGranted(client: MqttClient, filter: string): Promise<boolean> {
  return new Promise((resolve) => {
    client.subscribe(filter, { qos: 1 }, (error, granted) =>
      resolve(error === null && (granted ?? []).every(({ qos }) => qos < 128)),
    );
  });
}

/** A refusal is a reason code of 128 or more in PUBACK (MQTT 5.0 §3.4.2.1), which the library hands on as an error. */
function isTaken(client: MqttClient, topic: string, payload: string): Promise<boolean> {
  return new Promise((resolve) => {
    client.publish(topic, payload, { qos: 1, retain: false }, (error) =>
      resolve(error === undefined || error === null),
    );
  });
}

function relayOf(instance: string, payload: Buffer, nowMs: number): TriedRelay {
  const parsed = relayHealthSchema.safeParse(parseJson(payload));
  if (!parsed.success) return { instance, alive: false, registered: false, ageS: undefined, validForS: undefined };
  const { alive, registered, at, validForS } = parsed.data;
  const ageS = at === undefined ? undefined : Math.round((nowMs - Date.parse(at)) / 1_000);
  return { instance, alive, registered, ageS, validForS };
}
