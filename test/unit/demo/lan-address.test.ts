/** Goal: `--lan` opens one address, which a phone can reach. Method: computers with their networks. */
import { describe, expect, it } from "vitest";
import { type Interfaces, lanAddress } from "../../../src/demo/lan/address.ts";

const one = (address: string, more: { readonly internal?: boolean; readonly family?: string } = {}) => [
  { address, family: "IPv4", internal: false, ...more },
];
const lo = { lo: one("127.0.0.1", { internal: true }) };

describe("the address for the phone", () => {
  it.each<readonly [string, Interfaces, string]>([
    ["a laptop at home", { ...lo, wlan0: one("192.168.1.5") }, "192.168.1.5"],
    [
      "beside containers and a VPN",
      { ...lo, docker0: one("172.17.0.1"), wg0: one("10.8.0.2"), en0: one("10.0.0.7") },
      "10.0.0.7",
    ],
    ["nothing but a bridge", { ...lo, "br-1f": one("172.18.0.1") }, "172.18.0.1"],
    ["two families", { eth0: [...one("fe80::1", { family: "IPv6" }), ...one("192.168.1.6")] }, "192.168.1.6"],
    ["an address that nobody gave", { eth0: one("169.254.3.4"), wlan0: one("192.168.1.7") }, "192.168.1.7"],
  ])("%s", (_name, interfaces, address) => {
    expect(lanAddress(interfaces)).toBe(address);
  });

  it("is the one that is asked for, when it is this computer's", () => {
    const interfaces = { ...lo, eth0: one("10.0.0.7"), wlan0: one("192.168.1.5") };
    expect(lanAddress(interfaces, "192.168.1.5")).toBe("192.168.1.5");
    expect(() => lanAddress(interfaces, "0.0.0.0")).toThrow(
      /0\.0\.0\.0 is no IPv4 address .* 192\.168\.1\.5 \(wlan0\)/,
    );
  });

  it("says so where there is none", () => {
    expect(() => lanAddress(lo)).toThrow(/in no network .*127\.0\.0\.1 \(lo\)/);
  });
});
