/** A relay's file: one sales unit or several, each once, and every fault says what to write instead. */
import { expect, it } from "vitest";
import { parseRelayFile } from "../../../src/config/load.ts";
import { unitsOf } from "../../../src/config/relay.ts";

function file(parts: { readonly vipps?: string; readonly relay?: string; readonly units?: string }): string {
  const { vipps = "", relay = 'registration_dir = "/var/lib/x"', units = "" } = parts;
  return `[vipps]
environment = "test"
${vipps}
[mqtt]
url = "mqtts://broker.example.com:8883"
[relay]
public_url = "https://relay.example.com"
${relay}
${units}`;
}

const unit = (msn: string, more = ""): string => `[[unit]]\nmsn = "${msn}"\ncurrency = "NOK"\n${more}\n`;

it("a file of one sales unit is what it was", () => {
  const loaded = parseRelayFile(file({ vipps: 'msn = "123456"', relay: 'registration_file = "/var/lib/x.json"' }));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  expect(unitsOf(loaded.config)).toEqual([{ msn: "123456", keys: "vipps" }]);
});

it("several sales units have keys by the name of their credentials", () => {
  const loaded = parseRelayFile(file({ units: unit("111111") + unit("222222", 'keys = "acme"') }));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  expect(unitsOf(loaded.config)).toEqual([
    { msn: "111111", currency: "NOK", keys: "vipps" },
    { msn: "222222", currency: "NOK", keys: "acme" },
  ]);
});

it.each([
  ["no sales unit", file({}), "vipps.msn"],
  ["one in both places", file({ vipps: 'msn = "111111"', units: unit("222222") }), "vipps.msn"],
  ["one twice", file({ units: unit("111111") + unit("111111") }), "unit[1].msn"],
  [
    "several and one file of secrets",
    file({ units: unit("111111"), relay: 'registration_file = "/x"' }),
    "relay.registration_dir",
  ],
  ["one and a folder of secrets", file({ vipps: 'msn = "111111"' }), "relay.registration_file"],
  [
    "both places for secrets",
    file({ units: unit("111111"), relay: 'registration_file = "/x"\nregistration_dir = "/y"' }),
    "relay.registration_file",
  ],
  [
    "a currency that the wallet does not take",
    file({ units: unit("111111").replace("NOK", "USD") }),
    "unit[0].currency",
  ],
  ["keys that are no name of a credential", file({ units: unit("111111", 'keys = "../x"') }), "unit[0].keys"],
])("%s is a fault", (_what, text, key) => {
  const loaded = parseRelayFile(text);
  expect(loaded.ok ? [] : loaded.faults.map((fault) => fault.key)).toContain(key);
});
