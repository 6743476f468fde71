/**
 * Goal: somebody can copy a recipe, wire by its picture, and sell. Method: the files as they lie there, against what `kvitt init` writes, the whole
 * check, and the header read from the picture as a person reads it.
 */
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { noFacts } from "../../../src/config/check.ts";
import { pinNames } from "../../../src/config/header-pins.ts";
import { faultText, parseConfig } from "../../../src/config/load.ts";
import { answersJsonSchema, tradeNames } from "../../../src/config/setup/answers.ts";
import { recipeFiles } from "../../../src/config/setup/recipes.ts";
import { panelFolder } from "../../../src/panel/assets.ts";
import { listPanels } from "../../../src/panel/panel-file.ts";

const panels = await listPanels(panelFolder(import.meta.url));
const folder = new URL("../../../hardware/recipes/", import.meta.url);
const files = recipeFiles(panels);
const read = (file: string): Promise<string> => readFile(new URL(file, folder), "utf8");

describe("hardware/recipes", () => {
  it("has a configuration and a picture for each trade, and nothing else", async () => {
    const names = tradeNames.flatMap((trade) => [`${trade}.toml`, `${trade}.pins.txt`]);
    expect((await readdir(folder)).toSorted()).toEqual(names.toSorted());
    expect([...files.keys()].toSorted()).toEqual(names.toSorted());
  });

  it.each([...files])("%s is as scripts/recipes.ts writes it", async (file, text) => {
    expect(await read(file)).toBe(text);
  });

  it("the schema of the answers is as scripts/recipes.ts writes it", async () => {
    const published = await readFile(
      new URL("../../../docs/schemas/init-answers.schema.json", import.meta.url),
      "utf8",
    );
    expect(published).toBe(answersJsonSchema());
  });

  it.each(tradeNames)("%s is a page of docs/recipes.md", async (trade) => {
    const page = await readFile(new URL("../../../docs/recipes.md", import.meta.url), "utf8");
    expect(page).toContain(`(../hardware/recipes/${trade}.toml)`);
    expect(page).toContain(`(../hardware/recipes/${trade}.pins.txt)`);
  });
});

/** What stands beside each pin of a picture. */
function wordsOf(picture: string): ReadonlyMap<number, string> {
  const words = new Map<number, string>();
  for (const line of picture.split("\n")) {
    const match = /^ *(.*?) +(\S+) +(\d+) ● ● (\d+) +(\S+) *(.*)$/.exec(line);
    if (match === null) continue;
    const [, left = "", nameLeft, pinLeft, pinRight, nameRight, right = ""] = match;
    expect(nameLeft).toBe(pinNames[Number(pinLeft)]);
    expect(nameRight).toBe(pinNames[Number(pinRight)]);
    words.set(Number(pinLeft), left);
    words.set(Number(pinRight), right);
  }
  return words;
}

const bcmKeys = /^(relay|button|home|drop|acknowledge|door|inhibit) = (\d+)$/gm;

describe.each(tradeNames)("the recipe %s", (trade) => {
  it("passes the whole check without a warning", async () => {
    const loaded = parseConfig(await read(`${trade}.toml`), { ...noFacts, panels });
    expect(loaded.ok ? loaded.warnings.map(faultText) : loaded.faults.map(faultText)).toEqual([]);
  });

  it("has each line of the file on the picture, at its pin, and nothing that the file does not have", async () => {
    const words = wordsOf(await read(`${trade}.pins.txt`));
    expect(words.size).toBe(40);
    const used = [...(await read(`${trade}.toml`)).matchAll(bcmKeys)].map(([, key = "", bcm = ""]) => ({ key, bcm }));
    const spoken = { relay: "the output", button: "the button", home: "the home switch", drop: "the drop sensor" };
    for (const { key, bcm } of used) {
      const [pin] = Object.entries(pinNames).find(([, name]) => name === `GPIO${bcm}`) ?? [];
      expect(words.get(Number(pin))).toContain(Object.entries(spoken).find(([one]) => one === key)?.[1] ?? key);
    }
    const ofDelivery = [...words.values()].filter((text) =>
      /output|button|switch|sensor|input|door|inhibit/.test(text),
    );
    expect(ofDelivery).toHaveLength(new Set(used.map(({ bcm }) => bcm)).size);
  });

  it("gives every line its level before Linux runs", async () => {
    const picture = await read(`${trade}.pins.txt`);
    const lines = new Map(
      [...picture.matchAll(/^gpio=([\d,]+)=(.*)$/gm)].map(([, bcms = "", level = ""]) => [level, bcms]),
    );
    const toml = await read(`${trade}.toml`);
    const numbers = (keys: RegExp): readonly number[] =>
      [...new Set([...toml.matchAll(keys)].map(([, bcm]) => Number(bcm)))].toSorted((a, b) => a - b);
    expect(lines.get("op,dl") ?? "").toBe(numbers(/^relay = (\d+)$/gm).join(","));
    expect(lines.get("ip,pu") ?? "").toBe(
      numbers(/^(?:button|home|drop|acknowledge|door|inhibit) = (\d+)$/gm).join(","),
    );
  });
});
