/** Goal: the wiring pages can be wired by: pictures, tables and configuration name the same pins. Method: the pages are read as a person would, and held against each other. */
import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { gpioDelivery } from "../../../src/config/gpio.ts";
import { pinNames } from "../../../src/config/header-pins.ts";
import { pinsOf, wiringPictures } from "../../../scripts/wiring-pictures.ts";

const folder = new URL("../../../hardware/wiring/", import.meta.url);
const numbers = (text: string): readonly number[] => [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));

/** Rows "| signal | pins | GPIO numbers | …", of tables whose head says so. */
function rowsOf(page: string): readonly { readonly pins: readonly number[]; readonly gpios: readonly number[] }[] {
  const table = page.slice(page.indexOf("| Signal | Pin | GPIO"));
  return [...table.matchAll(/^\| [^|]+ \| ([\d, ]+) \|([\d, ]*)\|/gm)].map(([, pins = "", gpios = ""]) => ({
    pins: numbers(pins),
    gpios: numbers(gpios),
  }));
}

describe.each([...wiringPictures().keys()])("%s", (file) => {
  it("is as the script draws it", async () => {
    expect(await readFile(new URL(file, folder), "utf8")).toBe(wiringPictures().get(file));
  });

  it("has the pins of its page, and each has the number that the page gives it", async () => {
    const rows = rowsOf(await readFile(new URL(file.replace(".svg", ".md"), folder), "utf8"));
    for (const { pins, gpios } of rows)
      for (const [index, gpio] of gpios.entries()) expect(pinNames[pins[index] ?? 0]).toBe(`GPIO${gpio}`);
    expect(rows.flatMap(({ pins }) => pins).toSorted((a, b) => a - b)).toEqual(pinsOf(file).toSorted((a, b) => a - b));
  });
});

describe.each(["relay", "pulse", "motor"])("the configuration on the page %s", (name) => {
  it("is one, and names no line that is not in its table", async () => {
    const page = await readFile(new URL(`${name}.md`, folder), "utf8");
    const toml = /```toml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const { delivery } = z.object({ delivery: gpioDelivery }).parse(parse(toml));
    const known = rowsOf(page).flatMap(({ gpios }) => gpios);
    const bcm = new Set(["button", "relay", "acknowledge", "home", "drop", "inhibit", "door"]);
    const used = [delivery, ...delivery.lines].flatMap((one) =>
      Object.entries(one).flatMap(([key, value]) => (bcm.has(key) && typeof value === "number" ? [value] : [])),
    );
    expect(used.length).toBeGreaterThan(1);
    for (const gpio of used) expect(known).toContain(gpio);
  });
});
