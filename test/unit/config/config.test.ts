/**
 * Goal: every fault of a configuration is told at once, with key, value, what is allowed and a line to write. Method: a right file is
 * changed in one place, and the fault is read.
 */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { configDocs } from "../../../src/config/document.ts";
import { faultText, parseConfig } from "../../../src/config/load.ts";

const good = await readFile(new URL("../../fixtures/config/vending.toml", import.meta.url), "utf8");

function faults(text: string) {
  const loaded = parseConfig(text);
  return loaded.ok ? [] : loaded.faults;
}

describe("a configuration", () => {
  it("that is right has no fault, and defaults for all that can have one", () => {
    const loaded = parseConfig(good);
    if (!loaded.ok) throw new Error(loaded.faults.map(faultText).join("\n"));
    expect(loaded.config.sale).toMatchObject({ choose_s: 40, check_in_freshness_s: 20, unknown_delivery: "release" });
  });

  it.each([
    [
      "an unknown key, with the nearest one",
      'location = "Platform 2"',
      'locaton = "Platform 2"',
      "machine.locaton",
      /do you mean location/,
    ],
    ["a location that the app cannot show", '"Platform 2"', `"${"x".repeat(37)}"`, "machine.location", /36/],
    [
      "an id that cannot stand in a reference",
      '"platform-2"',
      '"platform_2"',
      "machine.id",
      /letters, digits and -: write for example "platform-2"/,
    ],
    ["an msn that is a number", 'msn = "123456"', "msn = 123456", "vipps.msn", /quotes/],
    ["a currency that the wallet does not take", '"NOK"', '"SEK"', "vipps.currency", /NOK/],
    ["a price under the provider's floor", "price = 2500", "price = 99", "product[0].price", /100/],
    ["two products on one line", 'line = "A2"\n', 'line = "A1"\n', "product[1].line", /another product/],
    ["a line that no relay has", 'line = "A2"\n', 'line = "Z9"\n', "product[1].line", /A1, A2/],
    [
      "web-redirect without return_url",
      'return_url = "https://example.com/look-at-the-machine"\n',
      "",
      "vipps.return_url",
      /public page/,
    ],
    ["a return_url that is not https", '"https://example.com', '"http://example.com', "vipps.return_url", /https/],
    ["neither environment nor base_url", 'environment = "test"\n', "", "vipps.environment", /base_url/],
    [
      "keys in the file",
      'environment = "test"\n',
      'environment = "test"\nclient_secret = "hunter2"\n',
      "vipps.client_secret",
      /simulator/,
    ],
    [
      "a night without an end",
      'model = "waveshare-7.5-v2"\n',
      'model = "waveshare-7.5-v2"\nnight_from = "22:00"\n',
      "panel.night_to",
      /06:00/,
    ],
    [
      "an accent that is no colour",
      'model = "waveshare-7.5-v2"\n',
      'model = "waveshare-7.5-v2"\naccent = "red"\n',
      "panel.accent",
      /#0f4c81/,
    ],
    ["no size and no model", 'model = "waveshare-7.5-v2"\n', "", "panel.model", /width_px/],
    [
      "a time zone that nobody knows",
      'location = "Platform 2"',
      'location = "Platform 2"\ntime_zone = "Mars"',
      "machine.time_zone",
      /Europe\/Oslo/,
    ],
  ])("%s is a fault", (_name, from, to, key, allowed) => {
    const found = faults(good.replace(from, to));
    const fault = found.find((one) => one.key === key);
    expect(fault, JSON.stringify(found)).toBeDefined();
    expect(fault?.allowed).toMatch(allowed);
  });

  it("reserve-dearest needs partial capture; capturing the unknown needs to be acknowledged", () => {
    const sale = '[sale]\ncheck_in_style = "reserve-dearest"\nunknown_delivery = "capture"\n\n[mqtt]';
    expect(faults(good.replace("[mqtt]", sale)).map(({ key }) => key)).toEqual([
      "sale.partial_capture",
      "sale.acknowledge_unknown_capture",
    ]);
  });

  it("tells all faults at once, and never a secret", () => {
    const bad = good
      .replace("price = 2500", "price = 25.5")
      .replace('environment = "test"', 'environment = "tets"\nclient_secret = "hunter2"');
    const text = faults(bad).map(faultText).join("\n");
    expect(text).toMatch(/product\[0\]\.price/);
    expect(text).toMatch(/vipps\.environment/);
    expect(text).not.toContain("hunter2");
  });

  it.each([
    ["in a table of a list", "relay = 16 }", "realy = 16 }", "delivery.lines[0].realy", /do you mean relay\?/],
    [
      "of the driver that is named",
      'driver = "gpio"',
      'driver = "gpio"\ndor = 4',
      "delivery.dor",
      /do you mean door\?/,
    ],
    ["of another driver", 'driver = "gpio"', 'driver = "gpio"\nbuad = 9600', "delivery.buad", /no such key$/],
    [
      "in a section that may be left out",
      "[mqtt]",
      '[quiet_hours]\nform = "22:00"\n[mqtt]',
      "quiet_hours.form",
      /from\?/,
    ],
    ["of a section", "[panel]", "[pannel]", "pannel", /do you mean panel\?/],
    ["far from every other", "[mqtt]", "[zebra]\n[mqtt]", "zebra", /no such key$/],
  ])("an unknown key %s is told with the nearest that the schema has there", (_name, from, to, key, allowed) => {
    expect(faults(good.replace(from, to)).find((one) => one.key === key)?.allowed).toMatch(allowed);
  });

  it("of another program is refused in a few lines, however long it is", () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `setting_number_${index} = ${index}`).join("\n");
    const found = faults(`${keys}\n${good}`);
    expect(found.length).toBeLessThan(30);
    expect(found.at(-1)).toMatchObject({ key: "the file", allowed: "has 19980 more unknown keys" });
  });

  it("larger than any configuration is refused without being read", () => {
    expect(faults(`# ${"x".repeat(1_100_000)}\n${good}`)).toMatchObject([{ key: "the file" }]);
  });

  it("that is no TOML is told by line and column", () => {
    expect(faults("[machine\n")[0]?.key).toMatch(/line 1/);
  });
});

it("docs/config.md calls a table a table, and says what money is counted in", () => {
  const page = configDocs();
  expect(page).toMatch(/\| `lines` \| list of tables \|/);
  expect(page).toMatch(/\| `rates` \| list of tables \|/);
  expect(page).toMatch(/\| `amounts` \| table \|[^]*\| `amounts\.min` \| whole number 1–65000000 \| \*\*required\*\*/);
  expect(page.indexOf("minor units (øre, cents)")).toBeLessThan(page.indexOf("## [machine]"));
});

it("docs/config.md is what the schema says", async () => {
  expect(await readFile(new URL("../../../docs/config.md", import.meta.url), "utf8")).toBe(configDocs());
});
