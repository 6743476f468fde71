/**
 * Goal: what `kvitt init` writes is always right, and what it cannot write it says. Method: every trade on every panel, in every language, with
 * choices by chance; and answers with one thing wrong.
 */
import * as fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { noFacts } from "../../../src/config/check.ts";
import { faultText, parseConfig } from "../../../src/config/load.ts";
import { tradeNames } from "../../../src/config/setup/answers.ts";
import { setUp } from "../../../src/config/setup/plan.ts";
import { trades } from "../../../src/config/setup/trades.ts";
import { languages } from "../../../src/panel/languages.ts";
import { panelFolder } from "../../../src/panel/assets.ts";
import { listPanels } from "../../../src/panel/panel-file.ts";
import { walletCurrencies } from "../../../src/sale/money.ts";

const panels = await listPanels(panelFolder(import.meta.url));
const base = { id: "m-1", location: "Here", msn: "123456", broker: "mqtts://broker.example.com:8883" };
const faultsOf = (raw: unknown): string => {
  const made = setUp(raw, panels);
  return made.ok ? "" : made.faults.join("\n");
};
/** Lines of the header that the trade needs as proposed. */
const needsOf = (trade: (typeof tradeNames)[number], choose: "buttons" | "keypad"): number => {
  const { needs, products, lines } = trades[trade];
  return needs(
    products.map((_, index) => lines[choose](index)),
    choose,
  ).length;
};

const cases = tradeNames.flatMap((trade) => panels.map(({ id }) => ({ trade, panel: id })));

describe("every trade on every panel", () => {
  it.each(cases)("$trade on $panel is right in each language, or there is no line left", ({ trade, panel }) => {
    for (const language of languages) {
      const answers = { ...base, trade, panel, languages: [language] };
      const isWholeHeader = panel.startsWith("dpi-") && needsOf(trade, "buttons") > 0;
      if (isWholeHeader) expect(faultsOf(answers)).toMatch(/lines of the header are needed.*leaves 0 free/);
      else expect(faultsOf(answers)).toBe("");
    }
  });
});

/** Texts as people write them, with what TOML and the check have to bear. */
const text = (max: number) =>
  fc
    .string({ minLength: 1, maxLength: max, unit: fc.constantFrom(...Array.from("aÅøß €\"'\\#=[]{}7")) })
    .map((one) => one.trim())
    .filter((one) => one !== "");

const choices = fc.record({
  trade: fc.constantFrom(...tradeNames),
  panel: fc.constantFrom(...panels.map(({ id }) => id).filter((id) => !id.startsWith("dpi-"))),
  currency: fc.constantFrom(...walletCurrencies),
  languages: fc.shuffledSubarray([...languages], { minLength: 1 }),
  location: text(36),
  rotation: fc.constantFrom(0, 90, 180, 270),
  choose: fc.constantFrom("buttons" as const, "keypad" as const),
  names: fc.array(text(60), { minLength: 1, maxLength: 3 }),
  tens: fc.integer({ min: 1, max: 5 }),
});

describe("answers", () => {
  it("give a configuration that passes the whole check and says what was answered", () => {
    fc.assert(
      fc.property(choices, ({ choose, names, tens, trade, ...rest }) => {
        const { asks } = trades[trade];
        const sells = names.map((name) => ({ name, price: tens * 1_000 }));
        const answers = {
          ...base,
          ...rest,
          trade,
          ...(asks.includes("choose") ? { choose } : {}),
          ...(asks.includes("products") ? { products: sells } : {}),
          ...(asks.includes("price_per_hour") ? { price_per_hour: tens * 1_000 } : {}),
          ...(asks.includes("credit") ? { credit: 1_000 } : {}),
        };
        const made = setUp(answers, panels);
        if (!made.ok) throw new Error(made.faults.join("\n"));
        const loaded = parseConfig(made.text, { ...noFacts, panels });
        expect(loaded.ok ? [] : loaded.faults.map(faultText)).toEqual([]);
        expect(parse(made.text)).toMatchObject({
          machine: { id: base.id, location: rest.location },
          vipps: { currency: rest.currency, msn: base.msn },
          panel: { model: rest.panel, languages: rest.languages },
          ...(asks.includes("products") ? { product: sells } : {}),
        });
      }),
      { numRuns: 300 },
    );
  });

  it("find lines for more outputs than the good ones, none of which is on while the Pi boots", () => {
    const products = Array.from({ length: 9 }, (_, index) => ({ name: `Locker ${index + 1}`, price: 3_000 }));
    const made = setUp({ ...base, trade: "locker", panel: "hdmi-800x480-7in", choose: "keypad", products }, panels);
    expect(made.ok ? [] : made.faults).toEqual([]);
  });

  it("take the pins that a person chose, and propose others around them", () => {
    const made = setUp({ ...base, trade: "shower", pins: { "output S1": 21, "button S2": 16 } }, panels);
    expect(made.ok ? parse(made.text) : made.faults).toMatchObject({
      delivery: { lines: [{ relay: 21 }, { button: 16 }] },
    });
  });

  it.each([
    ["a trade that there is not", { trade: "bakery" }, /^trade: "snack" or "coffee"/],
    ["an id that cannot stand in a reference", { id: "a_b" }, /^id: .*write for example "a-b"/],
    ["a panel that there is not", { panel: "waveshare-7.5-v9" }, /^panel: there is no/],
    ["a language twice", { languages: ["nb", "nb"] }, /^languages: each language once/],
    ["an unknown key", { pannel: "x" }, /no such key.*pannel/],
    ["an answer that means nothing here", { price_per_hour: 3_000 }, /^price_per_hour: means nothing for snack/],
    ["a price in kroner", { products: [{ name: "Vann", price: 25 }] }, /25 is 0\.25 NOK/],
    ["a line twice", { products: [1, 2].map(() => ({ name: "Vann", price: 2_500, line: "A1" })) }, /taken by another/],
    [
      "more lines than there are",
      { products: Array.from({ length: 5 }, () => ({ name: "Vann", price: 2_500 })) },
      /keypad/,
    ],
    ["a pin of the panel", { pins: { "output A1": 17 } }, /BCM 17 is RST of the panel/],
    ["a pin that is on while the Pi boots", { pins: { "output A1": 5 } }, /pulled up while the Pi boots/],
    ["a pin twice", { pins: { "output A1": 20, "button A1": 20 } }, /does one thing/],
    ["a role that there is not", { pins: { "output B1": 20 } }, /there is no "output B1" here: output A1/],
    ["a broker of several in clear", { broker: ["mqtts://a.example.com", "mqtt://b.example.com"] }, /in clear/],
    ["a broker twice", { broker: ["mqtts://a.example.com", "mqtts://a.example.com"] }, /^broker: .*twice/],
    ["a broker that is a number", { broker: 1883 }, /^broker: /],
    ["a broker in clear", { broker: "mqtt://broker.example.com" }, /in clear/],
    ["nothing", undefined, /trade: /],
  ])("with %s are refused, with the reason", (_what, change, reason) => {
    const raw = change === undefined ? {} : { ...base, trade: "snack", ...change };
    expect(faultsOf(raw)).toMatch(reason);
  });
});
