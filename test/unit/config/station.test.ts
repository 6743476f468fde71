/** Goal: a file with outlets that could not all sell is told so before anybody glues a sticker. Method: a laundry that is right, with one thing changed. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/schema.ts";
import { longestQueue, productsOf, waitsFor } from "../../../src/config/outlets.ts";
import { policyOf } from "../../../src/daemon/sale.ts";
import { type Case, expectFault, facts, faultsOf, read, vending } from "./check-cases.ts";

const laundry = await read("laundry");

/** The laundry without what GPIO lines say. */
const simulated = laundry.replace(/driver = "gpio"[\s\S]*?(?=\[\[product\]\])/, 'driver = "simulated"\n\n');
const secondStation = /\[\[station\]\]\nid = "w2"/;
const ofFirst = 'lines = ["w1"]\nruns_min = 42';

function configOf(text: string): Config {
  const loaded = parseConfig(text, facts);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults, null, 2));
  return loaded.config;
}

describe("a laundry", () => {
  it.each([
    ["of eight washers that are bought by their stickers alone", laundry],
    ["on simulated lines", simulated],
    ["without a panel", withoutPanel(laundry)],
    ["whose washers take more time while they run", laundry.replace(ofFirst, `${ofFirst}\nextend = true`)],
    ["with an outlet that is a right", laundry.replace(ofFirst, 'lines = ["w1"]\nparallel = true')],
    ["with one outlet of two lines, which its buttons tell apart", twoLines(laundry, "button = 8", "button = 7")],
    [
      "whose output keeps the time, and takes more of it",
      laundry
        .replace(
          /form = "pulse"\nrelay = 12\nacknowledge = 4\ncredit_value = 1000/,
          'form = "timed"\nrelay = 12\non_s = 600',
        )
        .replace(ofFirst, 'lines = ["w1"]\nextend = true'),
    ],
  ])("%s is right", (_name, text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});

function withoutPanel(text: string): string {
  return text.replace('model = "hdmi-1024x600-7in"', 'output = "none"');
}

describe("a machine without a panel", () => {
  const sale = (keys: string): string => `[sale]\n${keys}\n\n[delivery]`;
  it.each<Case>([
    ["that has a model", 'output = "none"', 'output = "none"\nmodel = "hdmi-1024x600-7in"', "panel.model", /no panel/],
    [
      "that is a picture",
      'output = "none"',
      'output = "none"\nimage_file = "/run/x.png"',
      "panel.image_file",
      /no panel/,
    ],
    [
      "that nobody scans",
      "[delivery]",
      sale('check_in_style = "off"'),
      "sale.check_in_style",
      /scan a sticker/,
      /then-pay/,
    ],
    [
      "with a scanner",
      "[delivery]",
      sale('show_code = true\n\n[[input]]\nkind = "scanner"'),
      "sale.show_code",
      /there is no panel/,
      /^show_code = false$/,
    ],
    [
      "with a web shop",
      "[delivery]",
      '[shop]\nredirect_qr_id = "shop"\n\n[delivery]',
      "shop",
      /shown on a panel|without/,
    ],
    [
      "behind MDB",
      /driver = "gpio"[\s\S]*?(?=\[\[product\]\])/,
      'driver = "mdb"\ndevice = "/dev/ttyAMA0"\n\n',
      "panel.output",
      /name a panel/,
    ],
  ])("%s is told what is wrong", (...one) => {
    expectFault(withoutPanel(laundry), one);
  });

  it("needs no [[station]], and no button for the one thing that it sells", () => {
    const one = withoutPanel(laundry)
      .replace(/\[\[station\]\][\s\S]*$/, "")
      .replace(/\[\[product\]\]\nid = "wash-2"[\s\S]*$/, "")
      .replace("[delivery]", sale('check_in_style = "pay-at-once"'));
    expect(faultsOf(one)).toEqual([]);
  });

  it("never offers what would have to be paid by a code on it", () => {
    expect(policyOf(configOf(laundry)).selectFirst).toBe(true);
    expect(policyOf(configOf(withoutPanel(laundry))).selectFirst).toBe(false);
  });
});

/** Washers 1 and 2 are one outlet. */
function twoLines(text: string, one: string, two: string): string {
  return text
    .replace(ofFirst, 'lines = ["w1", "w2"]')
    .replace(/\[\[station\]\]\nid = "w2"[^[]*lines = \["w2"\]\nruns_min = 42\n/, "")
    .replace("relay = 12\n", `relay = 12\n${one}\n`)
    .replace("relay = 13\n", `relay = 13\n${two}\n`);
}

describe("an outlet", () => {
  it.each<Case>([
    ["with another's id", secondStation, '[[station]]\nid = "w1"', "station[1].id", /"w1" is another station already/],
    ["without an id that a code can have", secondStation, '[[station]]\nid = "-2"', "station[1].id", /no - at its beg/],
    [
      "whose code would be too long",
      secondStation,
      `[[station]]\nid = "${"w".repeat(27)}"`,
      "station[1].id",
      /is longer than 37 characters: a station of "laundry-3" has at most 26/,
    ],
    [
      "with an old sticker of another kind",
      ofFirst,
      `${ofFirst}\nqr_id = "a/b"`,
      "station[0].qr_id",
      /letters, digits/,
    ],
    [
      "with the machine's id for a sticker",
      ofFirst,
      `${ofFirst}\nqr_id = "laundry-3"`,
      "station[0].qr_id",
      /machine's own/,
    ],
    [
      "with another's old sticker",
      /(lines = \["w[12]"\]\nruns_min = 42)/g,
      '$1\nqr_id = "beacon-7"',
      "station[1].qr_id",
      /"beacon-7" is another station's sticker/,
    ],
    ["without a name", 'name = "Vaskemaskin 2"', 'name = ""', "station[1].name", /./],
    [
      "with another's line",
      'lines = ["w2"]',
      'lines = ["w2", "w1"]',
      "station[1].lines",
      /"w1" belongs to station "w1"/,
    ],
    [
      "that sells nothing",
      'lines = ["w2"]',
      'lines = ["w22"]',
      "station[1].lines",
      /no \[\[product\]\] is sold on w22: station "w2" has nothing to sell/,
      /^lines = \["w2"\]$/,
    ],
    [
      "that never runs and takes more time",
      ofFirst,
      'lines = ["w1"]\nextend = true',
      "station[0].extend",
      /never does/,
    ],
    [
      "that never runs and has to be emptied",
      ofFirst,
      'lines = ["w1"]\nempty_after_min = 10',
      "station[0].empty_after_min",
      /never finished/,
      /^runs_min = 42$/,
    ],
    [
      "that is a right and has to be emptied",
      ofFirst,
      'lines = ["w1"]\nparallel = true\nempty_after_min = 10',
      "station[0].parallel",
      /is never in use/,
    ],
    [
      "whose output keeps the time, with another time",
      /form = "pulse"\nrelay = 12\nacknowledge = 4\ncredit_value = 1000/,
      'form = "timed"\nrelay = 12\non_s = 600',
      "station[0].runs_min",
      /says itself how long/,
    ],
    ["that is a right and runs", ofFirst, `${ofFirst}\nparallel = true`, "station[0].parallel", /is never in use/],
    [
      "that waits for a word with a space",
      ofFirst,
      `${ofFirst}\nwaits_for = "the bus"`,
      "station[0].waits_for",
      /digits/,
    ],
    ["that runs for two days", ofFirst, 'lines = ["w1"]\nruns_min = 2880', "station[0].runs_min", /1440/],
    ["with a key that there is not", ofFirst, `${ofFirst}\nrun_min = 1`, "station[0].run_min", /runs_min/],
  ])("%s is told what to write", (...one) => {
    expectFault(laundry, one);
  });

  it("with several products cannot ask for a price at once", () => {
    const atOnce = laundry.replace("[delivery]", '[sale]\ncheck_in_style = "pay-at-once"\n\n[delivery]');
    expect(faultsOf(atOnce)).toEqual([]);
    const [fault] = faultsOf(twoLines(atOnce, "button = 8", "button = 7"));
    expect(fault?.key).toBe("sale.check_in_style");
    expect(fault?.allowed).toMatch(/station "w1" has 2/);
    expect(fault?.example).toBe('check_in_style = "choose-then-pay"');
  });

  it("with several products needs a way to choose, and one with a single product does not", () => {
    const keys = faultsOf(twoLines(laundry, "", "")).map(({ key }) => key);
    expect(keys).toEqual(["delivery.lines[0].button", "delivery.lines[1].button"]);
    const noScan = laundry.replace("[delivery]", '[sale]\ncheck_in_style = "off"\n\n[delivery]');
    expect(faultsOf(noScan).map(({ key }) => key)).toContain("delivery.lines[7].button");
  });
});

describe("a machine with outlets", () => {
  it.each<Case>([
    [
      "whose product belongs to none",
      /\[\[station\]\]\nid = "w8"[\s\S]*$/,
      "",
      "product[7].line",
      /line "w8" belongs to no \[\[station\]\], so nobody can buy "wash-8"/,
    ],
    [
      "with a web shop",
      "[delivery]",
      '[shop]\nredirect_qr_id = "shop"\n\n[delivery]',
      "shop",
      /without \[\[station\]\] only/,
    ],
    [
      "with typed amounts",
      "[delivery]",
      '[[input]]\nkind = "keypad"\nvendor_id = "1a2c"\namounts = { line = "w1", min = 1000, max = 5000, step = 1000 }\n\n[delivery]',
      "input[0].amounts",
      /whose outlet/,
    ],
    [
      "behind a vending machine's bus",
      /driver = "gpio"[\s\S]*?(?=\[\[product\]\])/,
      'driver = "mdb"\ndevice = "/dev/ttyAMA0"\n\n',
      "delivery.driver",
      /there is one outlet/,
    ],
    ["with 41 of them", /$/, more(33), "station", /40/],
  ])("%s is told what is wrong", (...one) => {
    expectFault(laundry, one);
  });

  it("sells time by the hour only without them", () => {
    const tariff = "[tariff]\nprice_per_hour = 3000\nminutes_min = 30\nminutes_max = 120\n\n[delivery]";
    expectFault(laundry, ["a tariff", "[delivery]", tariff, "tariff", /without \[\[station\]\] only/]);
  });

  function more(count: number): string {
    return Array.from({ length: count }, (_, n) => `\n[[station]]\nid = "m${n}"\nname = "M"\nlines = ["m${n}"]\n`).join(
      "",
    );
  }
});

it("outlets sell what is on their lines", () => {
  const config = configOf(laundry);
  const [, second] = config.station;
  expect(second && productsOf(config, second).map(({ id }) => id)).toEqual(["wash-2"]);
});

describe("who waits for whom", () => {
  it.each([
    ["GPIO moves one line at a time", laundry, "machine", 8],
    ["simulated lines go side by side", simulated, "station w2", 1],
    [
      "where two share a supply",
      simulated.replaceAll(/(id = "w[23]"\nname = .*\n)(?=lines)/g, '$1waits_for = "supply"\n'),
      "supply",
      2,
    ],
    ["a machine without outlets", vending, undefined, 1],
  ])("%s", (_name, text, word, longest) => {
    const config = configOf(text);
    const [, second] = config.station;
    expect(second && waitsFor(config, second)).toBe(word);
    expect(longestQueue(config)).toBe(longest);
  });
});
