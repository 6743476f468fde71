/**
 * Goal: what customers need stands on every panel, in every language, whatever products are called. Method: the texts of the display list are
 * compared with what was to be said; ornament may be missing, nothing else.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import type { PanelGeometry } from "../../../../src/panel/geometry.ts";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import type { Offer, Scene } from "../../../../src/panel/port.ts";
import { listScene } from "../../../../src/panel/render.ts";
import { contentOf } from "../../../../src/panel/scene/content.ts";
import { sampleScenes } from "../../../../src/panel/scene/samples.ts";
import { texts } from "../../../../src/panel/scene/texts/all.ts";
import { money } from "../../../../src/sale/money.ts";
import { faultsOf } from "../faults.ts";
import { geometries } from "../panels.ts";
import { missingIn, plain, saidBy } from "../said.ts";

const drawing = createDrawing();
const timeZone = "Europe/Oslo";

function missingOn(geometry: PanelGeometry, language: Language, scene: Scene): readonly string[] {
  const list = listScene(scene, { geometry, drawing, timeZone, language });
  return [...missingIn(list, contentOf(scene, language, { timeZone })), ...faultsOf(list, drawing.measure)];
}

const product = "Lyhytkestoisentäysjyväruisleipäkinkkuvoileipä";
const odd: readonly (readonly [string, Scene])[] = [
  ...sampleScenes().map(({ name, scene }) => [name, scene] as const),
  [
    "a wide price and a word that is too long",
    {
      kind: "pay",
      qr: { kind: "content", text: "https://qr.vipps.no/28/2/05/031/kX2pQ7vLm" },
      product,
      price: money(12_345_650, "NOK"),
      secondsLeft: 90,
      canShowCode: true,
    },
  ],
  [
    "the same while waiting",
    { kind: "wait", product, price: money(12_345_650, "NOK"), toPhone: true, secondsLeft: 90 },
  ],
  [
    "a parking ticket that ends on another day",
    {
      kind: "choose-time",
      plate: "ABC 123456",
      plateWanted: true,
      isPlateRefused: false,
      minutes: 22 * 60 + 30,
      fromWallMs: Date.UTC(2026, 8, 30, 20),
      untilWallMs: Date.UTC(2026, 9, 1, 7),
      price: money(99_950, "NOK"),
      secondsLeft: 40,
    },
  ],
  [
    "a ticket",
    { kind: "valid-until", plate: "ABC 123456", untilWallMs: Date.UTC(2026, 8, 30, 7), price: money(99_950, "NOK") },
  ],
];

it.each(geometries)("$id keeps the date, the price, the product and what to do now", (geometry) => {
  for (const language of languages)
    for (const [name, scene] of odd) expect(missingOn(geometry, language, scene), `${name} in ${language}`).toEqual([]);
});

function offersOf(count: number, soldOutEvery: number): readonly Offer[] {
  return Array.from({ length: count }, (_, index) => ({
    name: ["Kaffe", "Peanøtter med havsalt", "Lyhytkestoinen täysjyväruisleipä", "Brus 0,5 l"][index % 4] ?? "",
    price: money(2_500 + index * 50, "NOK"),
    line: `Q${index + 10}`,
    soldOut: index % soldOutEvery === soldOutEvery - 1,
  }));
}

describe("of the products that can be bought", () => {
  const qr = { kind: "content", text: "https://qr.vipps.no/28/2/05/031/kX2pQ7vLm" } as const;
  const scene = fc
    .record({
      count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 200 })),
      every: fc.integer({ min: 2, max: 9 }),
      kind: fc.constantFrom("choose", "reserved", "idle", "select"),
    })
    .map(({ count, every, kind }): Extract<Scene, { kind: "idle" | "choose" }> => {
      const offers = offersOf(count, every);
      if (kind === "choose" || kind === "reserved")
        return {
          kind: "choose",
          offers,
          reserved: kind === "reserved" ? money(9_900, "NOK") : undefined,
          secondsLeft: 30,
        };
      return {
        kind: "idle",
        code: kind === "idle" ? { kind: "callback", qr } : undefined,
        canSelectFirst: true,
        offers,
      };
    });

  it("none is left out in silence", () => {
    fc.assert(
      fc.property(fc.constantFrom(...geometries), fc.constantFrom(...languages), scene, (geometry, language, given) => {
        const list = listScene(given, { geometry, drawing, timeZone, language });
        const said = saidBy(list);
        const forSale = given.offers.filter(({ soldOut }) => !soldOut);
        const hidden = forSale.filter(({ line }) => !said.includes(line)).length;
        if (hidden > 0)
          expect(
            said.some((text) => [plain(texts[language].more(hidden)), `+${hidden}`].includes(text)),
            geometry.id,
          ).toBe(true);
        expect(faultsOf(list, drawing.measure), geometry.id).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

it("on one-bit glass every size of type is a whole number of pixels", () => {
  for (const geometry of geometries.filter(({ colours }) => colours === "black-white" || colours === "black-white-red"))
    for (const { name, scene } of sampleScenes())
      for (const item of listScene(scene, { geometry, drawing, timeZone, language: "fi" }).items)
        if (item.kind === "text") expect(item.sizePx % 1, `${geometry.id}, ${name}: ${item.lines.join(" / ")}`).toBe(0);
});
