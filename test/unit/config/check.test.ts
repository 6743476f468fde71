/**
 * Goal: "is right" means that the machine comes up and can sell everything in the file. Method: a whole configuration with one thing changed, the
 * panels' own files as facts, and the fault with its key, its reason and the line to write instead.
 */
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type ConfigFacts, noFacts } from "../../../src/config/check.ts";
import type { DeviceFacts } from "../../../src/config/devices.ts";
import { type ConfigFault, isRelayFile, parseConfig, parseRelayFile } from "../../../src/config/load.ts";
import { readPanelFile } from "../../../src/panel/panel-file.ts";

const panelFolder = new URL("../../../hardware/panels/", import.meta.url);
const panels = await Promise.all(
  (await readdir(panelFolder))
    .filter((name) => name.endsWith(".json"))
    .map(async (name) => readPanelFile(await readFile(new URL(name, panelFolder), "utf8"), name)),
);
const facts: ConfigFacts = { ...noFacts, panels };

const read = (name: string): Promise<string> =>
  readFile(new URL(`../../fixtures/config/${name}.toml`, import.meta.url), "utf8");
const vending = await read("vending");
const parking = await read("parking");

function faultsOf(text: string): readonly ConfigFault[] {
  const loaded = parseConfig(text, facts);
  return loaded.ok ? [] : loaded.faults;
}

type Case = [name: string, from: string | RegExp, to: string, key: string, allowed: RegExp, example?: RegExp];

function expectFault(whole: string, [, from, to, key, allowed, example]: Case): void {
  const text = whole.replace(from, to);
  expect(text, "the fixture has nothing to change there").not.toBe(whole);
  const found = faultsOf(text);
  const fault = found.find((one) => one.key === key);
  expect(fault, JSON.stringify(found, null, 2)).toBeDefined();
  expect(fault?.allowed).toMatch(allowed);
  if (example !== undefined) expect(fault?.example).toMatch(example);
}

describe("a whole configuration", () => {
  it.each([
    ["vending", vending],
    ["parking", parking],
  ])("to begin with, %s, is right", (_name, text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});

const a1 = '{ line = "A1", button = 5, relay = 16 }';
const model = 'model = "waveshare-7.5-v2"';

describe("the header", () => {
  it.each<Case>([
    [
      "RST of the panel",
      "relay = 16",
      "relay = 17",
      "delivery.lines[0].relay",
      /BCM 17 is RST of the panel waveshare-7\.5-v2.*the output of A1/,
      /^relay = 16$/,
    ],
    ["PWR of the panel", "relay = 16", "relay = 18", "delivery.lines[0].relay", /PWR of the panel/],
    [
      "DC of the panel",
      "button = 5",
      "button = 25",
      "delivery.lines[0].button",
      /DC of the panel.*the button of A1/,
      /^button = 5$/,
    ],
    ["BUSY of the panel", "button = 5", "button = 24", "delivery.lines[0].button", /BUSY of the panel/],
    ["MOSI of the panel's SPI", "button = 5", "button = 10", "delivery.lines[0].button", /MOSI of SPI0/],
    ["a chip select", 'driver = "gpio"', 'driver = "gpio"\ndoor = 7', "delivery.door", /CE1 of SPI0.*door/],
    ["I2C", "button = 5", "button = 2", "delivery.lines[0].button", /SDA of I2C/, /^button = 5$/],
    ["the UART", "relay = 16", "relay = 14", "delivery.lines[0].relay", /TXD of the UART/],
    [
      "the memory of a HAT",
      'driver = "gpio"',
      'driver = "gpio"\nlamp = 1',
      "delivery.lamp",
      /ID_SC of the HAT's memory.*lamp/,
      /^lamp = /,
    ],
    [
      "an output that is on while the Pi boots",
      "relay = 16",
      "relay = 4",
      "delivery.lines[0].relay",
      /BCM 4 is pulled up while the Pi boots/,
      /^relay = 16$/,
    ],
    [
      "a lamp that is on while the Pi boots",
      'driver = "gpio"',
      'driver = "gpio"\nlamp = 4',
      "delivery.lamp",
      /pulled up/,
    ],
    [
      "two outputs",
      "relay = 20",
      "relay = 16",
      "delivery.lines[1].relay",
      /the output of A1 already.*the output of A2/,
      /^relay = \d+$/,
    ],
    [
      "a lamp and a button",
      'driver = "gpio"',
      'driver = "gpio"\nlamp = 16',
      "delivery.lines[0].relay",
      /BCM 16 is lamp already and cannot be the output of A1/,
    ],
    [
      "two sensors of other levels",
      a1,
      '{ line = "A1", button = 5, relay = 16, acknowledge = 22 }, { line = "B", relay = 26, acknowledge = 22, acknowledge_active_low = false }',
      "delivery.lines[1].acknowledge",
      /other level/,
    ],
    [
      "a parallel display",
      model,
      'model = "dpi-800x480-4in"',
      "delivery.lines[0].relay",
      /BCM 16 is DPI, which the panel dpi-800x480-4in needs.*no line is free/,
    ],
  ])("%s is a fault that names both holders", (...one) => expectFault(vending, one));

  it("an SPI display holds its bus, and an HDMI display nothing", () => {
    const tft = vending.replace(model, 'model = "tft-480x320-3.5in"').replace("relay = 16", "relay = 11");
    const [fault, ...others] = faultsOf(tft);
    expect(fault?.key).toBe("delivery.lines[0].relay");
    expect(fault?.allowed).toMatch(/SCLK of SPI0/);
    expect(others).toEqual([]);
    const hdmi = vending.replace(model, 'model = "hdmi-800x480-7in"').replace("relay = 16", "relay = 11");
    expect(faultsOf(hdmi)).toEqual([]);
  });

  it("an output that is off at a high level may be where the Pi pulls up", () => {
    expect(faultsOf(vending.replace(a1, '{ line = "A1", button = 5, relay = 4, active_low = true }'))).toEqual([]);
  });

  it("an output that is on at a low level, where the Pi pulls down, is worth a look", () => {
    const loaded = parseConfig(
      vending.replace(a1, '{ line = "A1", button = 5, relay = 16, active_low = true }'),
      facts,
    );
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [{ key: "delivery.lines[0].relay", example: "gpio=16=op,dh   # in /boot/firmware/config.txt" }],
    });
  });

  it("an MDB adapter on the header's UART does not go with a parallel display", () => {
    const mdb = vending.replace(/driver = "gpio"\nlines = \[[^\]]*\]/, 'driver = "mdb"\ndevice = "/dev/ttyAMA0"');
    expect(faultsOf(mdb)).toEqual([]);
    expect(faultsOf(mdb.replace(model, 'model = "dpi-800x480-4in"'))[0]).toMatchObject({ key: "delivery.device" });
  });
});

describe("amounts and rates", () => {
  it.each<Case>([
    [
      "a price with a point",
      "price = 2500",
      "price = 25.00",
      "product[0].price",
      /25 kroner is 2500/,
      /^price = 2500$/,
    ],
    [
      "a small price with a point",
      "price = 2500",
      "price = 2.0",
      "product[0].price",
      /2 kroner is 200/,
      /^price = 200$/,
    ],
    [
      "a price that is no whole number",
      "price = 2500",
      "price = 24.90",
      "product[0].price",
      /24\.9 kroner is 2490/,
      /^price = 2490$/,
    ],
    ["a price in quotes", "price = 2500", 'price = "25,00"', "product[0].price", /minor units/],
    [
      "a price of øre",
      "price = 2500",
      "price = 50",
      "product[0].price",
      /under 100.*50 is 0\.50 NOK/,
      /^price = 5000$/,
    ],
    ["a price over the provider's ceiling", "price = 2500", "price = 65000001", "product[0].price", /65000000/],
    [
      "a rate of VAT in percent",
      "vat_rate = 1500",
      "vat_rate = 15",
      "product[0].vat_rate",
      /15 % is 1500/,
      /^vat_rate = 1500$/,
    ],
    [
      "a rate of VAT with a point",
      "vat_rate = 1500",
      "vat_rate = 25.0",
      "product[0].vat_rate",
      /25 % is 2500/,
      /^vat_rate = 2500$/,
    ],
    [
      "the usual rate of VAT in percent",
      "[mqtt]",
      "[sale]\ndefault_vat_rate = 25\n[mqtt]",
      "sale.default_vat_rate",
      /25 % is 2500/,
      /= 2500$/,
    ],
    [
      "a whole number of seconds with a point",
      'driver = "gpio"',
      'driver = "gpio"\nstable_ms = 30.0',
      "delivery.stable_ms",
      /without a point/,
    ],
  ])("%s is a fault", (...one) => expectFault(vending, one));

  it("a price of cents is a fault, though the provider takes it", () => {
    expectFault(vending.replace('"NOK"', '"EUR"'), [
      "",
      "price = 2500",
      "price = 2",
      "product[0].price",
      /2\.00 EUR is 200/,
    ]);
    expectFault(vending.replace('"NOK"', '"DKK"'), [
      "",
      "price = 2500",
      "price = 25",
      "product[0].price",
      /25\.00 DKK is 2500/,
    ]);
  });

  it.each<Case>([
    [
      "an hour with a point",
      "price_per_hour = 3000",
      "price_per_hour = 30.00",
      "tariff.rates[0].price_per_hour",
      /30 kroner is 3000/,
      /= 3000$/,
    ],
    [
      "an hour of øre",
      "price_per_hour = 3000",
      "price_per_hour = 30",
      "tariff.rates[0].price_per_hour",
      /30\.00 NOK is 3000/,
      /= 3000$/,
    ],
  ])("%s is a fault", (...one) => expectFault(parking, one));
});

describe("what is sold", () => {
  it.each<Case>([
    ["a line that there is not", 'line = "A2"\n', 'line = "Z9"\n', "product[1].line", /A1, A2/],
    [
      "a price of more pulses than are sent",
      a1,
      '{ line = "A1", button = 5, relay = 16, form = "pulse", credit_value = 10 }',
      "product[0].price",
      /250 pulses/,
    ],
    [
      "a train that lasts longer than a delivery may",
      a1,
      '{ line = "A1", button = 5, relay = 16, form = "pulse", credit_value = 100, on_ms = 2000, off_ms = 2000 }',
      "product[0].price",
      /100 s.*deliver_s = 100/,
    ],
    ["a line that nobody can choose", "button = 5, ", "", "delivery.lines[0].button", /nobody can choose line "A1"/],
    ["a name that cannot be drawn", 'name = "Vann"', 'name = "Va\\u0000nn"', "product[0].name", /U\+0000/],
    ["a name of nothing", 'name = "Vann"', 'name = "   "', "product[0].name", /nothing to read/],
    ["a location that cannot be drawn", '"Platform 2"', '"Plat\\u202Eform"', "machine.location", /U\+202E/],
    ["a code without a scanner", "[mqtt]", "[sale]\nshow_code = true\n[mqtt]", "sale.show_code", /no scanner/],
    [
      "no way to buy",
      "[mqtt]",
      '[sale]\ncheck_in_style = "off"\nselect_first = false\n[mqtt]',
      "sale.select_first",
      /nobody can buy/,
    ],
    ["nothing, by a kiosk on gpio", /\[\[product\]\][^]*/, "", "product", /nothing to sell/],
  ])("%s is a fault", (...one) => expectFault(vending, one));

  it("a kiosk without products needs a front end that sells them", () => {
    const kiosk = vending
      .replace('location = "Platform 2"', 'location = "Platform 2"\nkind = "kiosk"')
      .replace(/\[\[product\]\][^]*/, "");
    expect(faultsOf(kiosk)).toMatchObject([{ key: "product" }]);
    expect(faultsOf(kiosk.replace(/driver = "gpio"\nlines = \[[^\]]*\]/, 'driver = "kiosk"'))).toEqual([]);
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

describe("a tariff", () => {
  const rates = /rates = \[[^]*?\n\]/;
  const everyDay = 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]';
  it.each<Case>([
    ["nothing to type with", /\[\[input\]\][^[]*/, "", "tariff.plate", /nothing to type with/],
    [
      "a free rate for all days before a paid one",
      rates,
      `rates = [{ ${everyDay}, price_per_hour = 0 }, { days = ["mon"], price_per_hour = 3000 }]`,
      "tariff.price_per_hour",
      /no hour of the week costs anything/,
    ],
    [
      "a rate that never counts",
      rates,
      `rates = [{ ${everyDay}, price_per_hour = 1000 }, { days = ["mon"], from = "08:00", to = "10:00", price_per_hour = 3000 }]`,
      "tariff.rates[1].days",
      /never counts/,
    ],
    [
      "a rate that two before it cover",
      rates,
      'rates = [{ days = ["fri", "holiday"], from = "20:00", to = "04:00", price_per_hour = 1000 }, { days = ["sat"], from = "04:00", price_per_hour = 1000 }, { days = ["sat"], price_per_hour = 2000 }]',
      "tariff.rates[2].days",
      /never counts/,
    ],
    [
      "a time that lasts for years",
      rates,
      'rates = [{ days = ["mon"], from = "08:00", to = "08:05", price_per_hour = 3000 }]',
      "tariff.minutes_max",
      /days.*at most a year/,
      /^minutes_max = \d+$/,
    ],
    [
      "an output that is not timed",
      "plate = true",
      'plate = true\nline = "gate"',
      "tariff.line",
      /no line "gate"/,
      /^line = "barrier"$/,
    ],
    [
      "more minutes than an output may be on",
      "plate = true",
      'plate = true\nline = "barrier"',
      "tariff.line",
      /2880 minutes.*max_on_s = 172800/,
    ],
    [
      "a rate that begins at the end of the day",
      'from = "10:00", to = "15:00"',
      'from = "24:00", to = "15:00"',
      "tariff.rates[1].from",
      /time of day/,
    ],
  ])("%s is a fault", (...one) => expectFault(parking, one));

  it("a rate over midnight that leaves a later one some hours is right", () => {
    const text = parking.replace(
      rates,
      'rates = [{ days = ["fri"], from = "22:00", to = "06:00", price_per_hour = 3000 }, { days = ["sat"], price_per_hour = 2000 }]',
    );
    expect(faultsOf(text)).toEqual([]);
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
    ["an unknown key", "[relay]", "[relay]\nlisten = 80", "relay.listen"],
  ])("with %s is refused, without its value", (_name, from, to, key) => {
    const found = relayFaults(relay.replace(from, to));
    expect(found.map((one) => one.key)).toContain(key);
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });
});
