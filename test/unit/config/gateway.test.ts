/** A machine with the gateway's access has no word about keys in its file, and its clock is checked unless everything stays on this computer. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseConfig, parseRelayFile } from "../../../src/config/load.ts";
import { isProviderHere } from "../../../src/config/transport.ts";

const vending = readFileSync(new URL("../../fixtures/config/vending.toml", import.meta.url), "utf8");

/** The example with other lines in the place of its environment. */
function machine(lines: string): string {
  const text = vending.replace(/^(environment|base_url|client_id|client_secret|subscription_key) = .*$/gm, "");
  return text.replace("[vipps]", `[vipps]\n${lines}`);
}

const faultsOf = (text: string): readonly string[] => {
  const loaded = parseConfig(text);
  return loaded.ok ? [] : loaded.faults.map(({ key }) => key);
};
const gateways = 'access = "gateway"\ngateway_urls = ["https://one.example.com", "https://two.example.com"]';

describe("a machine's file", () => {
  it("may name gateways instead of the provider", () => {
    expect(faultsOf(machine(gateways))).toEqual([]);
    expect(faultsOf(machine('environment = "test"'))).toEqual([]);
  });

  it.each([
    ["no gateway", 'access = "gateway"', ["vipps.gateway_urls"]],
    ["an environment beside them", `${gateways}\nenvironment = "test"`, ["vipps.environment"]],
    ["a key beside them", `${gateways}\nclient_secret = "x"`, ["vipps.client_secret"]],
    ["a gateway in clear", 'access = "gateway"\ngateway_urls = ["http://one.example.com"]', ["vipps.gateway_urls[0]"]],
    [
      "gateways and no word of them",
      'environment = "test"\ngateway_urls = ["https://one.example.com"]',
      ["vipps.access"],
    ],
    ["neither", "", ["vipps.environment"]],
  ])("with %s is at fault", (_what, lines, keys) => {
    expect(faultsOf(machine(lines))).toEqual(keys);
  });
});

it.each([
  [{ access: "direct" as const }, false],
  [{ access: "direct" as const, base_url: "http://127.0.0.1:8090" }, true],
  [{ access: "direct" as const, base_url: "https://proxy.example.com" }, false],
  [{ access: "gateway" as const, gateway_urls: ["https://one.example.com"] }, false],
  [{ access: "gateway" as const, gateway_urls: ["http://127.0.0.1:8081", "https://one.example.com"] }, false],
  [{ access: "gateway" as const, gateway_urls: ["http://127.0.0.1:8081"] }, true],
])("whether an unchecked clock will do for %j: %s", (vipps, isHere) => {
  expect(isProviderHere(vipps)).toBe(isHere);
});

describe("a relay's file with a gateway", () => {
  const relay = (vipps: string, url = "https://gateway.example.com"): string => `[vipps]
environment = "test"
msn = "123456"
${vipps}
[mqtt]
url = "mqtts://broker.example.com:8883"
[relay]
public_url = "https://relay.example.com"
registration_file = "/var/lib/x.json"
[gateway]
public_urls = ["${url}"]
identities_file = "/var/lib/identities"
`;
  const faults = (text: string): readonly string[] => {
    const loaded = parseRelayFile(text);
    return loaded.ok ? [] : loaded.faults.map(({ key }) => key);
  };

  it("needs the currency, and addresses that are read by nobody on the way", () => {
    expect(faults(relay('currency = "NOK"'))).toEqual([]);
    expect(faults(relay(""))).toEqual(["vipps.currency"]);
    expect(faults(relay('currency = "NOK"', "http://gateway.example.com"))).toEqual(["gateway.public_urls[0]"]);
  });
});
