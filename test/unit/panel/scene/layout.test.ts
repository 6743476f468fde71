/** On every panel, in every language, both ways round: nothing leaves the frame, nothing overlaps, no text is cut. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import { languages } from "../../../../src/panel/languages.ts";
import type { Offer, Scene } from "../../../../src/panel/port.ts";
import { fitText } from "../../../../src/panel/scene/text-fit.ts";
import { listScene } from "../../../../src/panel/render.ts";
import { sampleScenes } from "../../../../src/panel/scene/samples.ts";
import { faultsOf } from "../faults.ts";
import { geometries, geometryNamed } from "../panels.ts";
import { money } from "../../../../src/sale/money.ts";

const drawing = createDrawing();
const timeZone = "Europe/Oslo";
const samples = sampleScenes();

describe.each(geometries)("$id", (geometry) => {
  it("holds every scene in two languages at once", () => {
    for (const [language, secondLanguage] of [
      ["nb", "en"],
      ["fi", "sv"],
    ] as const)
      for (const { name, scene } of samples) {
        const list = listScene(scene, {
          geometry,
          drawing,
          timeZone,
          language,
          secondLanguage,
          look: { name: "Kaffe & Co. på hjørnet" },
        });
        expect(faultsOf(list, drawing.measure), `${name} in ${language} and ${secondLanguage}`).toEqual([]);
      }
  });

  it("always tells what becomes of the customer's money, and of a payment its price", () => {
    const saying = (scene: Scene): string =>
      listScene(scene, { geometry, drawing, timeZone, language: "en" })
        .items.flatMap((item) => (item.kind === "text" ? [item.lines.join(" ")] : []))
        .join("|");
    const reference = "kvitt-01JZ8Q4M7T3X9B2C";
    expect(saying({ kind: "sorry", reason: "interrupted", money: "being-refunded", reference })).toContain(
      "You will get your money back.",
    );
    const attention = saying({ kind: "sorry", reason: "unknown-delivery", money: "needs-attention", reference });
    expect(attention).toMatch(/Keep this number:.*7T3X9B2C/);
    for (const { scene } of samples) if (scene.kind === "pay") expect(saying(scene)).toContain("NOK");
  });
});

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).map((given) => given.replaceAll(/\s+/g, " "));
const offer: fc.Arbitrary<Offer> = fc.record({
  name: text,
  price: fc.integer({ min: 1, max: 65_000_000 }).map((value) => money(value, "DKK")),
  line: fc.string({ minLength: 1, maxLength: 20 }),
  soldOut: fc.boolean(),
});
const scenes: fc.Arbitrary<Scene> = fc.oneof(
  fc.record({
    kind: fc.constant("choose"),
    offers: fc.array(offer, { maxLength: 40 }),
    reserved: fc.constant(undefined),
    secondsLeft: fc.nat(300),
  }),
  fc.record({
    kind: fc.constant("pay"),
    qr: fc.record({
      kind: fc.constant("content"),
      text: fc.stringMatching(/^https:\/\/qr\.vipps\.no\/[a-z0-9]{1,180}$/),
    }),
    product: text,
    price: fc.integer({ min: 1, max: 65_000_000 }).map((value) => money(value, "NOK")),
    secondsLeft: fc.nat(600),
    canShowCode: fc.boolean(),
  }),
);

it("whatever products are called and however many there are", () => {
  fc.assert(
    fc.property(fc.constantFrom(...geometries), scenes, fc.constantFrom(...languages), (geometry, scene, language) => {
      const list = listScene(scene, { geometry, drawing, timeZone, language });
      expect(faultsOf(list, drawing.measure), geometry.id).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

it("products with short names and long numbers, all sold out, are drawn and not searched room for without end", () => {
  const widest: Offer = { name: "a", price: money(1_000, "DKK"), line: "WWWWWWWW", soldOut: true };
  for (const geometry of geometries)
    for (const count of [1, 3, 5, 8, 12, 20]) {
      const offers = Array.from({ length: count }, () => widest);
      const scene: Scene = { kind: "choose", offers, reserved: undefined, secondsLeft: 30 };
      const list = listScene(scene, { geometry, drawing, timeZone, language: "da" });
      expect(faultsOf(list, drawing.measure), `${count} on ${geometry.id}`).toEqual([]);
    }
});

it("a text that is given no room at all comes out small instead of never", () => {
  const style = { sizePx: 30, weight: "medium", measure: drawing.measure } as const;
  for (const isWholePx of [false, true])
    expect(fitText("–", { widthPx: -46, heightPx: 89 }, style, { linesMax: 1, isWholePx }).sizePx).toBe(1);
});

it("e-paper shows no time that it could not count down", () => {
  const pay = samples.filter(({ scene }) => scene.kind === "pay");
  for (const { scene } of pay) {
    const list = listScene(scene, {
      geometry: geometryNamed("waveshare-7.5-v2 at 0°"),
      drawing,
      timeZone,
      language: "en",
    });
    expect(list.items.some((item) => item.kind === "text" && item.lines.join(" ").includes("Time left"))).toBe(false);
  }
});
