/**
 * Goal: "is right" means that the machine comes up and can sell everything in the file. Method: a whole configuration with one thing changed, the
 * panels' own files as facts, and the fault with its key, its reason and the line to write instead.
 */
import { describe, expect, it } from "vitest";
import { noFacts } from "../../../src/config/check.ts";
import { type DeviceFacts } from "../../../src/config/devices.ts";
import { type ConfigFault, isRelayFile, parseConfig, parseRelayFile } from "../../../src/config/load.ts";
import { type Case, expectFault, facts, faultsOf, model, panels, parking, vending } from "./check-cases.ts";

describe("a whole configuration", () => {
  it.each([
    ["vending", vending],
    ["parking", parking],
  ])("to begin with, %s, is right", (_name, text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});

it("one wrong value does not hide what is wrong in other sections", () => {
  const text = vending
    .replace("price = 2500", "price = 24.90")
    .replace(model, 'model = "waveshare-7.5-v3"')
    .replace('location = "Platform 2"', 'locaton = "Platform 2"')
    .replace("relay = 20", "relay = 14")
    .replace("price = 3200", "price = 32");
  expect(faultsOf(text).map(({ key }) => key)).toEqual([
    "machine.location",
    "machine.locaton",
    "product[0].price",
    "product[1].price",
    "delivery.lines[1].relay",
    "panel.model",
  ]);
});

describe("names and places", () => {
  it.each<Case>([
    [
      "a panel that there is not",
      model,
      'model = "waveshare-7.5v2"',
      "panel.model",
      /do you mean waveshare-7\.5-v2/,
      /^model = "waveshare-7\.5-v2"$/,
    ],
    ["a panel far from all", model, 'model = "trinitron"', "panel.model", /known are .*hdmi/],
    [
      "a panel driven as another",
      model,
      `${model}\noutput = "framebuffer"`,
      "panel.output",
      /driven as epaper/,
      /"epaper"/,
    ],
    [
      "a night of no time",
      model,
      `${model}\nnight_from = "22:00"\nnight_to = "22:00"`,
      "panel.night_to",
      /no time at all/,
    ],
    [
      "quiet hours of no time",
      "[mqtt]",
      '[quiet_hours]\nfrom = "06:00"\nto = "06:00"\n[mqtt]',
      "quiet_hours.to",
      /no time at all/,
      /^to = /,
    ],
    ["the relays' topic as a name", '"platform-2"', '"relay"', "machine.id", /where relays stand/, /^id = /],
    ["an outlet's name", '"platform-2"', '"laundry--w1"', "machine.id", /has "--" in it.*stickers\.md, "Another id"/],
    [
      "a name that ends in a hyphen",
      '"platform-2"',
      '"platform-"',
      "machine.id",
      /ends in "-".*stickers\.md, "Another id"/,
    ],
    [
      "a broker without TLS",
      "mqtts://broker.example.com:8883",
      "mqtt://broker.example.com:1883",
      "mqtt.url",
      /in clear/,
      /"mqtts:\/\/broker\.example\.com:8883"/,
    ],
    [
      "a broker over web sockets without TLS",
      "mqtts://broker.example.com:8883",
      "ws://10.0.0.5/mqtt",
      "mqtt.url",
      /in clear/,
      /"wss:\/\/10\.0\.0\.5\/mqtt"/,
    ],
    [
      "a provider without TLS",
      'environment = "test"',
      'base_url = "http://provider.example.com:8090"',
      "vipps.base_url",
      /in clear/,
      /"https:/,
    ],
    [
      "terms of sale without a privacy policy",
      'msn = "123456"',
      'msn = "123456"\nterms_of_sale_url = "https://example.com/terms"',
      "vipps.privacy_policy_url",
      /go together/,
      /^privacy_policy_url = "https/,
    ],
    [
      "a key in the file",
      'environment = "test"',
      'environment = "production"\nclient_id = "abc"',
      "vipps.client_id",
      /file of its own/,
    ],
    [
      "another key in the file",
      'environment = "test"',
      'environment = "test"\nsubscription_key = "abc"',
      "vipps.subscription_key",
      /file of its own/,
    ],
  ])("%s is a fault", (...one) => expectFault(vending, one));

  it.each(["127.0.0.1", "localhost", "[::1]", "127.3.2.1"])("what goes to %s stays here", (host) => {
    const here = vending
      .replace("mqtts://broker.example.com:8883", `mqtt://${host}:1883`)
      .replace('environment = "test"', `base_url = "http://${host}:8090"`);
    expect(faultsOf(here)).toEqual([]);
  });

  it("files that are not on this computer are told, and are no fault", () => {
    const loaded = parseConfig(vending.replace("[mqtt]", '[mqtt]\nca_file = "/etc/kvitt/ca.pem"'), {
      ...noFacts,
      panels,
      isThere: () => false,
    });
    expect(loaded).toMatchObject({ ok: true, warnings: [{ key: "mqtt.ca_file", value: '"/etc/kvitt/ca.pem"' }] });
  });
});

describe("on the machine itself", () => {
  const paths = ["/dev/spidev0.0", "/dev/ttyACM0", "/sys/class/gpio/export", "/dev/gpiochip0"];
  const all: DeviceFacts = {
    isThere: (path) => paths.includes(path),
    framebuffers: ["vc4drmfb"],
    hid: { ids: ["1a2c:2d43"] },
  };
  const without = (...gone: readonly string[]): DeviceFacts => ({
    ...all,
    isThere: (path) => paths.includes(path) && !gone.includes(path),
  });
  const keysHere = (text: string, devices: DeviceFacts): readonly string[] => {
    const loaded = parseConfig(text, { ...noFacts, panels, isThere: devices.isThere, devices, isHere: true });
    return loaded.ok ? [] : loaded.faults.map(({ key }) => key);
  };
  const mdb = vending.replace(/\[delivery\][^]*?\n\n/, '[delivery]\ndriver = "mdb"\n\n');

  it.each([
    ["vending", vending],
    ["parking", parking],
    ["MDB", mdb],
  ])("%s is right where everything is there", (_name, text) => {
    expect(keysHere(text, all)).toEqual([]);
  });

  it.each<readonly [what: string, text: string, devices: DeviceFacts, key: string]>([
    ["a file", vending.replace("[mqtt]", '[mqtt]\nca_file = "/etc/kvitt/ca.pem"'), all, "mqtt.ca_file"],
    ["SPI", vending, without("/dev/spidev0.0"), "panel.device"],
    ["any GPIO", vending, without("/sys/class/gpio/export", "/dev/gpiochip0"), "delivery.back_end"],
    [
      "GPIO in sysfs, where the file wants it",
      vending.replace('"gpio"', '"gpio"\nback_end = "sysfs"'),
      without("/sys/class/gpio/export"),
      "delivery.back_end",
    ],
    [
      "the character device, where the file wants it",
      vending.replace('"gpio"', '"gpio"\nback_end = "cdev"'),
      without("/dev/gpiochip0"),
      "delivery.back_end",
    ],
    ["a framebuffer", parking, { ...all, framebuffers: [] }, "panel.model"],
    [
      "the framebuffer of the model",
      parking.replace(/output = [^]*?height_mm.*/, 'model = "hdmi-800x480-7in"'),
      { ...all, framebuffers: ["simpledrmdrmfb"] },
      "panel.model",
    ],
    ["the adapter", mdb, without("/dev/ttyACM0"), "delivery.device"],
    ["the keypad", parking, { ...all, hid: { ids: ["1a2c:0001"] } }, "input[0].vendor_id"],
    ["node-hid", parking, { ...all, hid: { fault: "node-hid could not be loaded" } }, "input"],
  ])("without %s it is wrong", (_what, text, devices, key) => {
    expect(keysHere(text, devices)).toEqual([key]);
  });

  it("and anywhere else it is right, and worth a look there", () => {
    const devices = without("/dev/spidev0.0");
    const loaded = parseConfig(vending, { ...noFacts, panels, isThere: devices.isThere, devices });
    expect(loaded).toMatchObject({ ok: true, warnings: [{ key: "panel.device" }] });
    const unasked = parseConfig(parking, { ...noFacts, panels, devices: { ...all, hid: undefined }, isHere: true });
    expect(unasked.ok).toBe(true);
  });

  it("takes either way to the header when the file leaves it open", () => {
    expect(keysHere(vending, without("/sys/class/gpio/export"))).toEqual([]);
    expect(keysHere(vending, without("/dev/gpiochip0"))).toEqual([]);
  });
});

describe("a relay's file", () => {
  const relay = `[vipps]
environment = "production"
msn = "123456"
credentials_dir = "/etc/kvitt/credentials"
[mqtt]
url = "mqtts://broker.example.com:8883"
[relay]
public_url = "https://relay.example.com"
registration_file = "/var/lib/kvitt-relay/webhooks.json"
`;
  const relayFaults = (text: string): readonly ConfigFault[] => {
    const loaded = parseRelayFile(text, facts);
    return loaded.ok ? [] : loaded.faults;
  };

  it("is told from a machine's, and this one is right", () => {
    expect([isRelayFile(relay), isRelayFile(vending)]).toEqual([true, false]);
    expect(relayFaults(relay)).toEqual([]);
  });

  it.each([
    ["a merchant's key", 'msn = "123456"', 'msn = "123456"\nsubscription_key = "hunter2"', "vipps.subscription_key"],
    ["another of them", 'msn = "123456"', 'msn = "123456"\nclient_id = "hunter2"', "vipps.client_id"],
    ["a broker without TLS", "mqtts://", "mqtt://", "mqtt.url"],
    ["an address without TLS", "https://relay", "http://relay", "relay.public_url"],
    [
      "one of several brokers without TLS",
      'url = "mqtts://',
      'urls = ["mqtts://a.example.com", "mqtt://b.example.com"]\n# "',
      "mqtt.urls[1]",
    ],
    ["url and urls", "[mqtt]", '[mqtt]\nurls = ["mqtts://b.example.com"]', "mqtt.urls"],
    ["a broker named twice", "[mqtt]", '[mqtt]\nurls = ["mqtts://b", "mqtts://b"]', "mqtt.urls"],
    ["no broker", 'url = "mqtts://', '# "', "mqtt.url"],
    ["a dot in the name of a relay", "[relay]", '[relay]\ninstance = "relay.1"', "relay.instance"],
    ["an unknown key", "[relay]", "[relay]\nlisten = 80", "relay.listen"],
  ])("with %s is refused, without its value", (_name, from, to, key) => {
    const found = relayFaults(relay.replace(from, to));
    expect(found.map((one) => one.key)).toContain(key);
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("with url and urls is told the line to write, and with urls alone is right", () => {
    const mqttUrl = /^url = "(mqtts:[^"]+)"$/m;
    const url = mqttUrl.exec(relay)?.[1] ?? "";
    const [fault] = relayFaults(relay.replace("[mqtt]", '[mqtt]\nurls = ["mqtts://b.example.com"]'));
    expect(fault?.example).toBe(`urls = ["${url}", "mqtts://b.example.com"]`);
    expect(relayFaults(relay.replace(mqttUrl, fault?.example ?? ""))).toEqual([]);
  });
});
