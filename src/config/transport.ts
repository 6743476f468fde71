/** Passwords and keys leave this computer only over TLS. Pure. */
import type { Fault } from "./fields.ts";

/** Whether the address is a loopback address (RFC 1122, 3.2.1.3; RFC 6761, 6.3). */
export function isLoopback(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** Whether everything that is asked of the provider stays on this computer: a simulator, or a gateway before one. */
export function isProviderHere(vipps: {
  readonly access: "direct" | "gateway";
  readonly base_url?: string | undefined;
  readonly gateway_urls?: readonly string[] | undefined;
}): boolean {
  return vipps.access === "gateway" ? vipps.gateway_urls?.every(isLoopback) === true : isLoopback(vipps.base_url);
}

const secured: Readonly<Record<string, string>> = { "mqtt:": "mqtts:", "ws:": "wss:", "http:": "https:" };
/** IANA's ports for MQTT without and with TLS. */
const [plainMqttPort, secureMqttPort] = ["1883", "8883"];

/** The same place, so that nobody can read what is sent there; undefined where nobody can, or nothing is known of the address. */
export function encryptedUrl(url: string): string | undefined {
  if (!URL.canParse(url) || isLoopback(url)) return undefined;
  const { protocol, port, host, hostname, pathname, search } = new URL(url);
  const scheme = secured[protocol];
  if (scheme === undefined) return undefined;
  const place = port === plainMqttPort ? `${hostname}:${secureMqttPort}` : host;
  return `${scheme}//${place}${pathname === "/" ? "" : pathname}${search}`;
}

/** A fault if data sent to the address can be read in transit. @param what the data at risk */
export function clearTextFault(path: Fault["path"], url: string | undefined, what: string): Fault | undefined {
  const encrypted = url === undefined ? undefined : encryptedUrl(url);
  if (url === undefined || encrypted === undefined) return undefined;
  return {
    path,
    message: `${what} would go to ${new URL(url).hostname} in clear: ${new URL(encrypted).protocol}// keeps it from being read on the way`,
    instead: `${String(path.at(-1))} = ${JSON.stringify(encrypted)}`,
  };
}
