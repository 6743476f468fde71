/** The demo's two configuration files, and what its machine sells. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export const products = [
  { id: "water", name: "Water", price: 2_500, vatRate: 1_500, line: "A1" },
  { id: "cola", name: "Cola", price: 3_200, vatRate: 1_500, line: "A2" },
  { id: "juice", name: "Apple juice", price: 2_900, vatRate: 1_500, line: "A3" },
  { id: "nuts", name: "Salted nuts", price: 3_500, vatRate: 1_500, line: "B1" },
  { id: "chocolate", name: "Chocolate", price: 2_800, vatRate: 1_500, line: "B2" },
] as const;

export interface DemoPlaces {
  readonly folder: string;
  readonly providerUrl: string;
  /** The same provider over a wire that can be cut. */
  readonly wireUrl: string;
  readonly brokerPort: number;
  readonly relayPort: number;
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

export function kioskToml(places: DemoPlaces): string {
  const { folder, wireUrl, brokerPort } = places;
  return `[machine]
id = "demo-1"
location = "Demo machine"

${vippsTable(wireUrl)}return_url = "https://example.com/look-at-the-machine"
probe_s = 2

[sale]
show_code = true
choose_s = 30
pay_s = 60
deliver_s = 10
show_s = 4

[journal]
directory = "${join(folder, "journal")}"

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

[delivery]
driver = "simulated"
delivery_ms = 1500
control_socket = "${join(folder, "machine.sock")}"
${products
  .map(
    (one) => `
[[product]]
id = "${one.id}"
name = "${one.name}"
price = ${one.price}
vat_rate = ${one.vatRate}
line = "${one.line}"
`,
  )
  .join("")}`;
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

export async function writeConfigs(places: DemoPlaces): Promise<void> {
  await writeFile(join(places.folder, "kiosk.toml"), kioskToml(places), { mode: 0o600 });
  await writeFile(join(places.folder, "relay.toml"), relayToml(places), { mode: 0o600 });
}
