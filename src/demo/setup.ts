/** The demo's two configuration files. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigParts } from "./machines/port.ts";
import { vendingMachine } from "./machines/vending.ts";

export interface DemoPlaces {
  readonly folder: string;
  readonly providerUrl: string;
  /** The same provider over a wire that can be cut. */
  readonly wireUrl: string;
  readonly brokerPort: number;
  readonly relayPort: number;
  /** The journal's folder below `folder`; a machine of another kind has another one. */
  readonly journal?: string;
}

function vippsTable(url: string): string {
  return `[vipps]
base_url = "${url}"
msn = "123456"
currency = "NOK"
client_id = "client-123456"
client_secret = "secret-123456"
subscription_key = "subscription-123456"
`;
}

/** The machine's configuration: what all have, and the parts of this one; the vending machine's unless said otherwise. */
export function kioskToml(places: DemoPlaces, parts?: ConfigParts): string {
  const { folder, wireUrl, brokerPort, journal = "journal" } = places;
  const { machine = "", sale = "", tables } = parts ?? vendingMachine({ folder, port: 0 }).config;
  return `[machine]
id = "demo-1"
location = "Demo machine"
state_socket = "${join(folder, "state.sock")}"
service_socket = "${join(folder, "service.sock")}"
${machine}

${vippsTable(wireUrl)}return_url = "https://example.com/look-at-the-machine"
probe_s = 2

[sale]
choose_s = 30
pay_s = 60
deliver_s = 20
show_s = 4
${sale}

[journal]
directory = "${join(folder, journal)}"

[mqtt]
url = "mqtt://127.0.0.1:${brokerPort}"
protocol = "3.1.1"
reconnect_max_s = 3

[panel]
output = "image"
image_file = "${join(folder, "panel.png")}"
width_px = 600
height_px = 360
width_mm = 115
height_mm = 69
languages = ["en"]

${tables}`;
}

export function relayToml(places: DemoPlaces): string {
  const { folder, providerUrl, brokerPort, relayPort } = places;
  return `${vippsTable(providerUrl)}
[mqtt]
url = "mqtt://127.0.0.1:${brokerPort}"
protocol = "3.1.1"
reconnect_max_s = 3

[relay]
instance = "demo-relay"
listen_port = ${relayPort}
public_url = "http://127.0.0.1:${relayPort}"
registration_file = "${join(folder, "relay.json")}"
`;
}

export async function writeConfigs(places: DemoPlaces, parts: ConfigParts): Promise<void> {
  await writeFile(join(places.folder, "kiosk.toml"), kioskToml(places, parts), { mode: 0o600 });
  await writeFile(join(places.folder, "relay.toml"), relayToml(places), { mode: 0o600 });
}
