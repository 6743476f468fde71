/** Stickers as data: everything inside its edges, nothing on the code's white edge, marks outside of what is cut, and every word that has to stand there. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import { languages } from "../../../../src/panel/languages.ts";
import { frameOf, perMmOnModules } from "../../../../src/panel/sticker/draw-print.ts";
import { boxOf, type PrintItem, type PrintPage } from "../../../../src/panel/sticker/print-item.ts";
import { a4, cutMarks, instructionPages, stickerPages, unprintableMm } from "../../../../src/panel/sticker/sheets.ts";
import {
  planSticker,
  type Sticker,
  type StickerSettings,
  type StickerWanted,
} from "../../../../src/panel/sticker/sticker.ts";
import { sheetWords } from "../../../../src/panel/sticker/words/all.ts";
import { money } from "../../../../src/sale/money.ts";
import { readByJsqr, readByZxing } from "../decoders.ts";

const { measure } = createDrawing();
const wanted: StickerWanted = {
  id: "platform-2",
  place: "Platform 2",
  link: "https://qr.vipps.no/28/2/01/031/k7Xp2Qv9LmZr4Tb",
  offer: undefined,
};
const settings: StickerSettings = {
  symbolMm: 40,
  languages: ["nb", "en"],
  wallets: { local: "vipps" },
  contact: undefined,
  measure,
};

function stickerOf(about: Partial<StickerWanted> = {}, set: Partial<StickerSettings> = {}): Sticker {
  const planning = planSticker({ ...wanted, ...about }, { ...settings, ...set });
  if (planning.kind === "refused") throw new Error(planning.reason);
  return planning.sticker;
}

const textsOf = ({ items }: Pick<PrintPage, "items">): readonly string[] =>
  items.flatMap((item) => (item.kind === "text" ? [item.text] : []));

function pagesOf(stickers: readonly Sticker[]): readonly PrintPage[] {
  const laidOut = stickerPages(stickers);
  if (laidOut.kind === "refused") throw new Error(laidOut.reason);
  return laidOut.pages;
}

/** Whether two boxes share more than a rounding error. */
function overlap(one: PrintItem, other: PrintItem): boolean {
  const [a, b] = [boxOf(one), boxOf(other)];
  const within = 0.001;
  return (
    a.left < b.right - within && b.left < a.right - within && a.top < b.bottom - within && b.top < a.bottom - within
  );
}

const anySticker = fc
  .record({
    bytes: fc.integer({ min: 25, max: 200 }),
    symbolMm: fc.integer({ min: 25, max: 120 }),
    place: fc.stringMatching(/^[A-Za-z0-9 æøåÄÖ.-]{1,36}$/),
    contact: fc.option(fc.stringMatching(/^[a-zA-Z0-9 @.+-]{1,40}$/), { nil: undefined }),
    shown: fc.shuffledSubarray([...languages], { minLength: 1 }),
    offer: fc.option(fc.constant({ name: "Vask 60 °C, ekstra lang og grundig", price: money(4_250, "DKK") }), {
      nil: undefined,
    }),
    isOneName: fc.boolean(),
  })
  .map(({ bytes, symbolMm, place, contact, shown, offer, isOneName }) => {
    const [first = "nb", ...more] = shown;
    return planSticker(
      { id: `a${"-b".repeat(18)}`, place, offer, link: "https://qr.vipps.no/".padEnd(bytes, "k7Xp2Qv9") },
      { symbolMm, contact, languages: [first, ...more], measure, wallets: { local: "mobilepay", isOneName } },
    );
  })
  .filter((planning) => planning.kind === "planned")
  .map(({ sticker }) => sticker);

describe("a sticker", () => {
  it("keeps everything inside its edges and nothing on anything else, whatever stands on it", () => {
    fc.assert(
      fc.property(anySticker, ({ page }) => {
        for (const item of page.items) {
          const { left, top, right, bottom } = boxOf(item);
          expect(left).toBeGreaterThanOrEqual(-0.001);
          expect(top).toBeGreaterThanOrEqual(0);
          expect(right).toBeLessThanOrEqual(page.widthMm + 0.001);
          expect(bottom).toBeLessThanOrEqual(page.heightMm);
        }
        for (const [index, item] of page.items.entries())
          for (const other of page.items.slice(index + 1)) expect(overlap(item, other)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it("says to scan in the app of the place and of the reader, the place, who helps, id and revision", () => {
    const sticker = stickerOf({}, { contact: "22 33 44 55" });
    const said = textsOf(sticker.page).join(" ");
    for (const words of [
      "Skann i Vipps",
      "Scan in Vipps or MobilePay",
      "og velg på automaten.",
      "Platform 2",
      "Hjelp: 22 33 44 55",
      `platform-2 · ${sticker.revision}`,
    ])
      expect(said).toContain(words);
  });

  it.each([
    ["DKK at home", { languages: ["da"], wallets: { local: "mobilepay" } }, "Scan i MobilePay"],
    [
      "after the change of name",
      { languages: ["da"], wallets: { local: "mobilepay", isOneName: true } },
      "Scan i Vipps",
    ],
    ["in Finnish", { languages: ["fi"], wallets: { local: "mobilepay" } }, "Skannaa MobilePaylla"],
  ] as const)("names the app, %s", (_, set, words) => {
    expect(textsOf(stickerOf({}, set).page).join(" ")).toContain(words);
  });

  it("says what is sold and its price where it is one thing", () => {
    const offer = { name: "Parkering", price: money(2_550, "NOK") };
    expect(textsOf(stickerOf({ offer }).page)).toContain("Parkering, 25,50 kr");
  });

  it("never sends anybody to the camera, in any language", () => {
    for (const language of languages)
      expect(textsOf(stickerOf({}, { languages: [language] }).page).join(" ")).not.toMatch(/[ck]amera/i);
  });

  it("has a revision of its own for everything that may change on it, and the same one for the same", () => {
    const all = [
      stickerOf(),
      stickerOf({ id: "platform-3" }),
      stickerOf({ place: "Platform 3" }),
      stickerOf({ link: `${wanted.link}x` }),
      stickerOf({ offer: { name: "Vask", price: money(4_000, "NOK") } }),
      stickerOf({ offer: { name: "Vask", price: money(4_100, "NOK") } }),
      stickerOf({}, { contact: "22 33 44 55" }),
      stickerOf({}, { languages: ["nb"] }),
      stickerOf({}, { symbolMm: 50 }),
    ];
    expect(new Set(all.map(({ revision }) => revision)).size).toBe(all.length);
    expect(stickerOf().revision).toBe(stickerOf().revision);
    expect(all.every(({ revision }) => /^[A-Z2-7]{6}$/.test(revision))).toBe(true);
  });

  it.each([25, 40, 120])("of %i mm is read by two decoders from few pixels and from many", async (symbolMm) => {
    const { page, plan, link } = stickerOf({}, { symbolMm });
    for (const pxPerModule of [3, 10]) {
      const picture = frameOf(page, perMmOnModules(plan.moduleMm, (pxPerModule * 25.4) / plan.moduleMm));
      expect(readByJsqr(picture)).toBe(link);
      expect(await readByZxing(picture)).toBe(link);
    }
  });

  it("has a white edge of four modules, and its modules on whole pixels, in a picture that is made for them", () => {
    const { page, plan } = stickerOf();
    const perMm = perMmOnModules(plan.moduleMm, 300);
    expect(perMm * plan.moduleMm).toBeCloseTo(Math.round(perMm * plan.moduleMm), 9);
    const { rgba, widthPx } = frameOf(page, perMm);
    const code = page.items.find((item) => item.kind === "qr");
    if (code === undefined) throw new Error("no code");
    const { left, top, right, bottom } = boxOf(code);
    const greys = new Set<number>();
    const quietGreys = new Set<number>();
    const quietPx = 4 * plan.moduleMm * perMm;
    for (let y = Math.ceil(top * perMm); y < Math.floor(bottom * perMm); y += 1)
      for (let x = Math.ceil(left * perMm); x < Math.floor(right * perMm); x += 1) {
        const grey = rgba[(y * widthPx + x) * 4] ?? 0;
        greys.add(grey);
        const fromEdgePx = Math.min(x - left * perMm, y - top * perMm, right * perMm - 1 - x, bottom * perMm - 1 - y);
        if (fromEdgePx < quietPx - 0.5) quietGreys.add(grey);
      }
    expect([...quietGreys]).toEqual([255]);
    expect([...greys].toSorted((a, b) => a - b)).toEqual([0, 255]);
  });
});

describe("pages of stickers", () => {
  it("have everything inside what a printer prints, and no mark inside what is cut out", () => {
    fc.assert(
      fc.property(fc.array(anySticker, { minLength: 1, maxLength: 9 }), (stickers) => {
        const laidOut = stickerPages(stickers);
        if (laidOut.kind === "refused") return;
        for (const { items, widthMm, heightMm } of laidOut.pages) {
          expect([widthMm, heightMm]).toEqual([a4.widthMm, a4.heightMm]);
          for (const item of items) {
            const { left, top, right, bottom } = boxOf(item);
            expect(Math.min(left, top)).toBeGreaterThanOrEqual(unprintableMm);
            expect(right).toBeLessThanOrEqual(a4.widthMm - unprintableMm);
            expect(bottom).toBeLessThanOrEqual(a4.heightMm - unprintableMm);
          }
          const marks = items.filter((item) => item.kind === "rect");
          for (const mark of marks)
            for (const other of items) if (other !== mark) expect(overlap(mark, other)).toBe(false);
        }
        const codes = laidOut.pages.flatMap(({ items }) => items.filter((item) => item.kind === "qr"));
        expect(codes.map(({ plan }) => plan)).toEqual(stickers.map(({ plan }) => plan));
      }),
      { numRuns: 12 },
    );
  });

  it("have eight marks around a sticker, in line with its edges and clear of its corners", () => {
    const marks = cutMarks(20, 30, { widthMm: 60, heightMm: 100, items: [] }).map(boxOf);
    expect(marks).toHaveLength(8);
    const middles = marks.map(({ left, top, right, bottom }) =>
      right - left > bottom - top ? { yMm: (top + bottom) / 2 } : { xMm: (left + right) / 2 },
    );
    expect(middles.flatMap(({ xMm }) => xMm ?? []).toSorted((a, b) => a - b)).toEqual([20, 20, 80, 80]);
    expect(middles.flatMap(({ yMm }) => yMm ?? []).toSorted((a, b) => a - b)).toEqual([30, 30, 130, 130]);
    for (const { left, top, right, bottom } of marks)
      expect(right <= 19 || left >= 81 || bottom <= 29 || top >= 131).toBe(true);
  });

  it("are as many as are needed, and the order stays", () => {
    const pages = pagesOf(Array.from({ length: 9 }, (_, index) => stickerOf({ id: `m${index}` })));
    expect(pages.map(({ items }) => items.filter(({ kind }) => kind === "qr").length)).toEqual([4, 4, 1]);
    for (const { items } of pages)
      for (const [index, item] of items.entries())
        for (const other of items.slice(index + 1)) expect(overlap(item, other)).toBe(false);
    expect(
      pages
        .flatMap(textsOf)
        .filter((text) => /^m\d · /.test(text))
        .map((text) => text[1]),
    ).toEqual(Array.from("012345678"));
  });

  it("refuse a sticker that is larger than A4", () => {
    const big = { ...stickerOf(), page: { widthMm: 190, heightMm: 200, items: [] } };
    const reason = "a sticker of 190 × 200 mm does not fit a page of A4 with its cut marks";
    expect(stickerPages([big])).toMatchObject({ kind: "refused", reason });
  });
});

describe("the sheet", () => {
  it.each(languages)("in %s fits its page, with a line of exactly 50 mm and the table", (language) => {
    const stickers = [stickerOf()];
    const pages = instructionPages(stickers, { language, app: "Vipps", measure });
    expect(pages).toHaveLength(1);
    const [page] = pages;
    if (page === undefined) throw new Error("no page");
    for (const item of page.items) {
      const { left, top, right, bottom } = boxOf(item);
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(20);
      expect(right).toBeLessThanOrEqual(a4.widthMm - 20 + 0.001);
      expect(bottom).toBeLessThanOrEqual(a4.heightMm - 20);
    }
    const ends = page.items.flatMap((item) => (item.kind === "rect" && item.heightMm === 4 ? [boxOf(item)] : []));
    expect(Math.max(...ends.map(({ right }) => right)) - Math.min(...ends.map(({ left }) => left))).toBeCloseTo(50, 9);
    const said = textsOf(page);
    for (const words of ["platform-2", "Platform 2", stickers[0]?.revision ?? "", sheetWords[language].ruler(50)])
      expect(said).toContain(words);
    expect(said.join(" ")).toContain("Vipps");
  });

  it("says as much in every language", () => {
    const counts = languages.map((language) => sheetWords[language].steps("APP").length);
    expect(new Set(counts).size).toBe(1);
    for (const language of languages) expect(sheetWords[language].steps("APP").join(" ")).toContain("APP");
  });

  it("goes on to another page with a long table, every id once", () => {
    const ids = Array.from({ length: 60 }, (_, index) => `machine-${index}`);
    const stickers = ids.map((id) => ({ ...stickerOf(), id }));
    const pages = instructionPages(stickers, { language: "nb", app: "Vipps", measure });
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(textsOf).filter((text) => text.startsWith("machine-"))).toEqual(ids);
  });
});
