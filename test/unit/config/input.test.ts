/** Goal: amounts that nobody could charge or deliver are told when the file is read. Method: a right file, and one thing wrong with it. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { faultText, parseConfig } from "../../../src/config/load.ts";

const vending = await readFile(new URL("../../fixtures/config/vending.toml", import.meta.url), "utf8");
const head = vending.slice(0, vending.indexOf("[delivery]"));
const amounts = 'amounts = { line = "wash", min = 1000, max = 20000, step = 1000 }';
const laundry = `${head}
[delivery]
driver = "gpio"
lines = [{ line = "wash", form = "pulse", relay = 16, credit_value = 1000 }]

[[input]]
kind = "keypad"
vendor_id = "1a2c"
${amounts}
`;

function faultsOf(text: string): string {
  const loaded = parseConfig(text);
  return loaded.ok ? "" : loaded.faults.map(faultText).join("\n");
}

describe("amounts on a keypad", () => {
  it("are taken by a line with credits", () => {
    expect(faultsOf(laundry)).toBe("");
  });

  it.each([
    ["a line that is none", laundry.replace('line = "wash", min', 'line = "dry", min'), /no line "dry"/],
    ["steps that are no credits", laundry.replace("step = 1000", "step = 500"), /whole number of credits/],
    ["more credits than are sent", laundry.replace("max = 20000", "max = 90000"), /max_pulses/],
    ["less than the provider takes", laundry.replace("min = 1000", "min = 50"), /takes no payment under 100/],
    ["a least that is no step", laundry.replace("min = 1000", "min = 1500"), /no multiple of step/],
    ["a most under the least", laundry.replace("max = 20000", "max = 500"), /more than max/],
    ["a scanner", laundry.replace('kind = "keypad"', 'kind = "scanner"'), /types no amounts/],
    ["a machine without lines", laundry.replace(/driver = "gpio"\n.*\n/, 'driver = "simulated"\n'), /driver is "gpio"/],
  ])("%s is a fault", (_, text, words) => {
    expect(faultsOf(text)).toMatch(words);
  });
});
