/** What the tests of the check start from: whole files, the facts beside them, and a way to change one thing and look for its fault. */
import { readdir, readFile } from "node:fs/promises";
import { expect } from "vitest";
import { type ConfigFacts, noFacts } from "../../../src/config/check.ts";
import { type ConfigFault, parseConfig } from "../../../src/config/load.ts";
import { readPanelFile } from "../../../src/panel/panel-file.ts";

const panelFolder = new URL("../../../hardware/panels/", import.meta.url);
export const panels = await Promise.all(
  (await readdir(panelFolder))
    .filter((name) => name.endsWith(".json"))
    .map(async (name) => readPanelFile(await readFile(new URL(name, panelFolder), "utf8"), name)),
);
export const facts: ConfigFacts = { ...noFacts, panels };

export const read = (name: string): Promise<string> =>
  readFile(new URL(`../../fixtures/config/${name}.toml`, import.meta.url), "utf8");
export const vending = await read("vending");
export const parking = await read("parking");

/** Lines of the vending machine's file that are changed often. */
export const a1 = '{ line = "A1", button = 5, relay = 16 }';
export const model = 'model = "waveshare-7.5-v2"';

export function faultsOf(text: string): readonly ConfigFault[] {
  const loaded = parseConfig(text, facts);
  return loaded.ok ? [] : loaded.faults;
}

export type Case = [name: string, from: string | RegExp, to: string, key: string, allowed: RegExp, example?: RegExp];

export function expectFault(whole: string, [, from, to, key, allowed, example]: Case): void {
  const text = whole.replace(from, to);
  expect(text, "the fixture has nothing to change there").not.toBe(whole);
  const found = faultsOf(text);
  const fault = found.find((one) => one.key === key);
  expect(fault, JSON.stringify(found, null, 2)).toBeDefined();
  expect(fault?.allowed).toMatch(allowed);
  if (example !== undefined) expect(fault?.example).toMatch(example);
}
