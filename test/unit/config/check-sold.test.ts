/** Goal and method as in check.test.ts, for what is sold: amounts, rates, products, tariffs. */
import { describe, expect, it } from "vitest";
import { a1, type Case, expectFault, faultsOf, parking, vending } from "./check-cases.ts";

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
    [
      "more than one thing that a scan could mean",
      "[mqtt]",
      '[sale]\ncheck_in_style = "pay-at-once"\n[mqtt]',
      "sale.check_in_style",
      /the only product, and there are 2/,
      /choose-then-pay/,
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
