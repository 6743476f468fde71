/** What it takes to reach a broker, and how that maps to the client library's options. */
import type { IClientOptions } from "mqtt";
import { defined } from "../kit/defined.ts";
import { packetBytesMax } from "./messages.ts";
import type { TlsMaterial } from "./tls-files.ts";

export type MqttVersion = 5 | 4;

export interface MqttSettings {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`, without a user or password in it. */
  readonly url: string;
  /** Further brokers, tried in turn after the first. */
  readonly others?: readonly string[] | undefined;
  /** `auto`: MQTT 5, and 3.1.1 where the broker does not know it. */
  readonly protocol: "auto" | "5" | "3.1.1";
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: TlsMaterial | undefined;
  /** Seconds; 30 to 60 on a cellular link. */
  readonly keepaliveS: number;
  /** How long the broker keeps the session of a client that is away; 0: no session at all. */
  readonly sessionExpiryS: number;
  /** From the first byte to CONNACK. */
  readonly connectTimeoutMs: number;
  /** The longest wait between two tries. */
  readonly reconnectMaxMs: number;
}

/** What opens the broker's door, and may be renewed while the machine runs. */
export type MqttSecrets = Pick<MqttSettings, "password" | "tls">;

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5.0 §3.3.2.3.3; left out under 3.1.1, which has none. */
  readonly expiryS?: number;
  readonly contentType?: string;
}

/** How many unacknowledged messages the broker may send (MQTT 5.0 §3.1.2.11.3); each stays in memory until the journal has it. */
const receiveMaximum = 16;

export function clientOptions(settings: MqttSettings, version: MqttVersion, will: Outgoing): IClientOptions {
  return {
    ...sessionOptions(settings, version),
    will: { topic: will.topic, payload: Buffer.from(will.payload, "utf8"), qos: will.qos, retain: will.retain },
  };
}

/** The same without a will: for a client that nobody misses. */
export function sessionOptions(settings: MqttSettings, version: MqttVersion): IClientOptions {
  return {
    protocolVersion: version,
    clientId: settings.clientId,
    clean: settings.sessionExpiryS === 0,
    keepalive: settings.keepaliveS,
    connectTimeout: settings.connectTimeoutMs,
    // We schedule reconnection ourselves: it needs jitter, and a fall-back to 3.1.1.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // mqtt-packet's cache is 65,536 buffers of two bytes each, made at the first packet: 6.8 MB to save an allocation a packet.
    writeCache: false,
    ...defined({ username: settings.username, password: settings.password }),
    ...settings.tls,
    ...(version === 5
      ? {
          properties: {
            ...(settings.sessionExpiryS === 0 ? {} : { sessionExpiryInterval: settings.sessionExpiryS }),
            receiveMaximum,
            maximumPacketSize: packetBytesMax,
          },
        }
      : {}),
  };
}

/** Where the broker is, for the log: no user, no password, no query. */
export function brokerName(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "the broker";
  }
}
