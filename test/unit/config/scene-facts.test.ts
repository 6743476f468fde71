/** Goal: the words on the panel fit the machine. Method: a right file, and the same file with a line changed. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { faultText, parseConfig } from "../../../src/config/load.ts";
import type { SceneFacts } from "../../../src/kiosk/port.ts";
import { sceneFactsOf } from "../../../src/daemon/sale.ts";

const folder = new URL("../../fixtures/config/", import.meta.url);
const vending = await readFile(new URL("vending.toml", folder), "utf8");
const parking = await readFile(new URL("parking.toml", folder), "utf8");

function factsOf(text: string): SceneFacts {
  const loaded = parseConfig(text);
  if (!loaded.ok) throw new Error(loaded.faults.map(faultText).join("\n"));
  return sceneFactsOf(loaded.config);
}

it.each([
  ["a relay", vending, "A1", "goods"],
  [
    "a coil",
    vending.replace("button = 5, relay = 16", 'form = "motor", home = 22, button = 5, relay = 16'),
    "A1",
    "falls",
  ],
  ["an output that is on for a time", parking, "barrier", "time"],
  ["a line that there is not", vending, "Z9", "goods"],
  ["what the operator says", vending.replace("[panel]", '[panel]\ndelivery_words = "drink"'), "A1", "drink"],
])("%s is told by how it delivers", (_name, text, line, form) => {
  expect(factsOf(text).formOf(line)).toBe(form);
});

it("the end of the quiet hours is when it opens", () => {
  expect(factsOf(vending).opensAt).toBeUndefined();
  expect(factsOf(`${vending}\n[quiet_hours]\nfrom = "22:00"\nto = "06:00"\n`).opensAt).toBe("06:00");
});
