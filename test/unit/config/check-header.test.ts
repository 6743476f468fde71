/** Goal and method as in check.test.ts, for the header: which pin is free, and what it does before Linux runs. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { a1, type Case, expectFault, facts, faultsOf, model, vending } from "./check-cases.ts";

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
