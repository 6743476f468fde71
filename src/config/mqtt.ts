/** `[mqtt]`: how a machine or a relay reaches its broker. */
import * as z from "zod";
import type { MqttSettings } from "../link/mqtt-settings.ts";
import { type Fault, file } from "./fields.ts";
import { clearTextFault, encryptedUrl } from "./transport.ts";

const schemes = ["mqtt:", "mqtts:", "ws:", "wss:"];

/** One address. */
export const brokerUrl = z
  .string()
  .max(512)
  .refine(
    (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
    'a broker\'s url begins with mqtt://, mqtts://, ws:// or wss://, for example "mqtts://broker.example.com:8883"',
  )
  .refine(
    (text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""),
    "user and password do not belong in the url: write username, and put the password into password_file",
  )
  .describe('Address of the broker, for example "mqtts://broker.example.com:8883".');

/** As many as anybody runs; a round of tries stays short. */
const brokersMax = 8;

export const brokerList = z
  .array(brokerUrl)
  .min(1)
  .max(brokersMax)
  .refine((urls) => new Set(urls).size === urls.length, "the same address stands there twice");

const mqttFields = z.strictObject({
  url: brokerUrl.optional(),
  urls: brokerList
    .optional()
    .describe(
      "Instead of url: the addresses of several brokers, tried in turn, for example a cluster's nodes. The one that works is kept.",
    ),
  protocol: z
    .enum(["auto", "5", "3.1.1"])
    .default("auto")
    .describe("MQTT version. auto tries 5 and falls back to 3.1.1."),
  client_id: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 letters, digits, _ . or -")
    .optional()
    .describe("MQTT client id; default kvitt-{msn}-{id}. Two clients with the same id disconnect each other."),
  username: z.string().min(1).max(256).optional().describe("Broker user name; use one per machine."),
  password_file: file
    .optional()
    .describe("File with the password, readable only by kvitt's user; default: the credential mqtt-password."),
  ca_file: file
    .optional()
    .describe("PEM file of the CA that signed the broker's certificate; default: the system's CAs."),
  cert_file: file.optional().describe("PEM file of this machine's client certificate, if the broker requires one."),
  key_file: file.optional().describe("PEM file of that certificate's private key."),
  command_key_file: file
    .optional()
    .describe(
      "File with the key that signs commands to this machine, at least 32 characters; default: the credential command-key. Without a key all commands are refused.",
    ),
  keepalive_s: z
    .int()
    .min(10)
    .max(1200)
    .default(45)
    .describe("MQTT keep alive, in seconds; 30 to 60 on a cellular link."),
  session_expiry_s: z
    .int()
    .min(0)
    .max(4_294_967_294)
    .default(604_800)
    .describe("How long, in seconds, the broker keeps messages for a machine that is offline."),
  connect_timeout_s: z.int().min(1).max(120).default(15).describe("Time limit for a connection attempt, in seconds."),
  reconnect_max_s: z.int().min(1).max(3600).default(60).describe("Longest wait between two attempts, in seconds."),
});

export const mqttSchema = mqttFields.refine(({ url, urls }) => url !== undefined || urls !== undefined, {
  message: 'is missing: the broker\'s address, for example "mqtts://broker.example.com:8883", or several as urls',
  path: ["url"],
});

type MqttSection = z.infer<typeof mqttSchema>;

/** All addresses, the first to try first. */
export function brokerUrls({ url, urls }: Pick<MqttSection, "url" | "urls">): readonly [string, ...string[]] {
  const [first, ...others] = urls ?? (url === undefined ? [] : [url]);
  if (first === undefined) throw new Error("[mqtt] without url and urls: the schema lets none through");
  return [first, ...others];
}

/** The line of the section that names them: one address as `url`, several as `urls`. */
export function brokerLine(urls: readonly string[]): string {
  const [url, ...others] = urls;
  return url !== undefined && others.length === 0 ? `url = ${JSON.stringify(url)}` : urlsLine(urls);
}

/** Of one address in the list: what is to be written is the whole list again. */
function listFault(urls: readonly string[], index: number, risk: string): Fault | undefined {
  const fault = clearTextFault(["mqtt", "urls", index], urls[index], risk);
  return fault && { ...fault, instead: urlsLine(urls.map((url) => encryptedUrl(url) ?? url)) };
}

function urlsLine(urls: readonly string[]): string {
  return `urls = [${urls.map((url) => JSON.stringify(url)).join(", ")}]`;
}

/** Checks across keys. */
export function mqttFaults({ url, urls, cert_file: cert, key_file: key }: MqttSection): readonly Fault[] {
  const risk = "the broker's password and every sale";
  const clear = [
    clearTextFault(["mqtt", "url"], url, risk),
    ...(urls ?? []).map((_, index) => listFault(urls ?? [], index, risk)),
  ].flatMap((fault) => (fault === undefined ? [] : [fault]));
  const both: readonly Fault[] =
    url === undefined || urls === undefined
      ? []
      : [
          {
            path: ["mqtt", "urls"],
            message: "either url or urls: take the line url away, and write all addresses into urls",
            instead: urlsLine([...new Set([url, ...urls])]),
          },
        ];
  const pair =
    (cert === undefined) === (key === undefined)
      ? []
      : [
          {
            path: ["mqtt", key === undefined ? "key_file" : "cert_file"],
            message: "cert_file and key_file go together",
          },
        ];
  return [...both, ...clear, ...pair];
}

/**
 * The section in the link's words, for machine and relay alike: a new option of the connection is a line in the schema and a line here.
 * Secrets, certificates and the client's name are added by whoever connects.
 */
export function connectionSettings(mqtt: MqttSection): Omit<MqttSettings, "clientId" | "password" | "tls"> {
  const [url, ...others] = brokerUrls(mqtt);
  return {
    url,
    others,
    protocol: mqtt.protocol,
    username: mqtt.username,
    keepaliveS: mqtt.keepalive_s,
    sessionExpiryS: mqtt.session_expiry_s,
    connectTimeoutMs: mqtt.connect_timeout_s * 1_000,
    reconnectMaxMs: mqtt.reconnect_max_s * 1_000,
  };
}
