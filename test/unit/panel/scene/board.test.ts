/**
 * Goal: on every panel the board tells of every outlet what it is doing, in a word and in a shape, and leaves none out. Method: random outlets, all
 * pages of what is drawn compared with what there is.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import type { PanelGeometry } from "../../../../src/panel/geometry.ts";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import type { BoardStation, Scene, StationState } from "../../../../src/panel/port.ts";
import { listScene } from "../../../../src/panel/render.ts";
import type { BoardRow } from "../../../../src/panel/scene/board-content.ts";
import { contentOf } from "../../../../src/panel/scene/content.ts";
import type { DisplayList } from "../../../../src/panel/scene/display-list.ts";
import { money } from "../../../../src/sale/money.ts";
import { faultsOf } from "../faults.ts";
import { geometries, geometryNamed } from "../panels.ts";
import { plain, saidBy } from "../said.ts";

const drawing = createDrawing();
const timeZone = "Europe/Oslo";
type Board = Extract<Scene, { kind: "board" }>;
/** 14:30 in Oslo. */
const fromWallMs = Date.UTC(2026, 5, 17, 12, 30);

function pagesOf(scene: Scene, geometry: PanelGeometry, language: Language): readonly DisplayList[] {
  const page = (turn: number): DisplayList => listScene(scene, { geometry, drawing, timeZone, language, turn });
  const first = page(0);
  return [first, ...Array.from({ length: first.pages - 1 }, (_, index) => page(index + 1))];
}

function rowsOf(scene: Scene, language: Language): readonly BoardRow[] {
  return contentOf(scene, language, { timeZone }).board?.rows ?? [];
}

/** Outlets whose number, or the word and shape of whose state, is on no page. */
function untold(scene: Board, geometry: PanelGeometry, language: Language): readonly string[] {
  const pages = pagesOf(scene, geometry, language);
  return rowsOf(scene, language)
    .filter(
      ({ id, mark, state, shortState, time }) =>
        !pages.some((list) => {
          const said = saidBy(list);
          const words = [state, shortState, ...(time === undefined ? [] : [contentWord(language)])].map(plain);
          const hasShape = list.items.some((item) => item.kind === "mark" && item.name === mark);
          return said.includes(plain(id)) && hasShape && words.some((word) => said.includes(word));
        }),
    )
    .map(({ id, state }) => `${id}: ${state}`);
}

/** "In use", as the legend says it. */
function contentWord(language: Language): string {
  const station = {
    id: "1",
    name: "",
    price: undefined,
    isFrom: false,
    state: "in-use",
    untilWallMs: undefined,
  } as const;
  const [row] = rowsOf({ kind: "board", stations: [station], fromWallMs, canSelect: false, calls: [] }, language);
  return row?.state ?? "";
}

const station = (index: number): fc.Arbitrary<BoardStation> =>
  fc.record({
    id: fc.constantFrom(`${index}`, `w${index}`, `L${index}`),
    name: fc.oneof(
      fc.constant(`Vaskemaskin ${index}`),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 36 }).map((given) => given.replaceAll(/\s+/g, " ")),
    ),
    price: fc.option(
      fc.integer({ min: 1, max: 99_900 }).map((value) => money(value, "NOK")),
      { nil: undefined },
    ),
    isFrom: fc.boolean(),
    state: fc.constantFrom<StationState>("free", "open", "selling", "in-use", "finished", "out-of-service", "closed"),
    untilWallMs: fc.option(
      fc.integer({ min: 0, max: 12 }).map((days) => fromWallMs + days * 43_200_000),
      { nil: undefined },
    ),
  });
const boards: fc.Arbitrary<Board> = fc
  .integer({ min: 1, max: 40 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => station(index + 1))))
  .chain((stations) =>
    fc.record({
      kind: fc.constant("board"),
      stations: fc.constant(stations),
      fromWallMs: fc.constant(fromWallMs),
      canSelect: fc.boolean(),
      calls: fc
        .option(fc.constantFrom(...stations), { nil: undefined })
        .map((one) => (one === undefined ? [] : [{ id: one.id, words: "bjørn måne" }])),
    }),
  );

function boardOf(count: number, calls: Board["calls"] = []): Board {
  const stations = Array.from({ length: count }, (_, index): BoardStation => ({
    id: `w${index + 1}`,
    name: `Vaskemaskin ${index + 1}`,
    price: money(3_900, "NOK"),
    isFrom: false,
    state: index % 2 === 0 ? "free" : "in-use",
    untilWallMs: index % 2 === 0 ? undefined : fromWallMs + 600_000,
  }));
  return { kind: "board", stations, fromWallMs, canSelect: false, calls };
}

describe("the board", () => {
  it("tells of every outlet on some page what it is doing, in a shape and a word, and nothing leaves its box", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...geometries),
        fc.boolean(),
        fc.constantFrom(...languages),
        boards,
        (given, isLargeType, language, scene) => {
          const geometry = { ...given, isLargeType };
          // Where somebody was called, the page with that outlet stays.
          const resting = { ...scene, calls: [] };
          expect(untold(resting, geometry, language), geometry.id).toEqual([]);
          for (const one of [scene, resting])
            for (const list of pagesOf(one, geometry, language))
              expect(faultsOf(list, drawing.measure), geometry.id).toEqual([]);
        },
      ),
      { numRuns: 80 },
    );
  });

  it("says at once which outlet was scanned, on the page with its number, and its row looks different", () => {
    for (const geometry of geometries.filter((_, index) => index % 3 === 0))
      for (const count of [3, 16, 40]) {
        const call = { id: `w${count}`, words: "bjørn måne" };
        const [resting, called] = [boardOf(count), boardOf(count, [call])].map((scene) =>
          listScene(scene, { geometry, drawing, timeZone, language: "nb" }),
        );
        if (resting === undefined || called === undefined) throw new Error("two lists were asked for");
        const which = `${count} on ${geometry.id}`;
        const said = saidBy(called);
        expect(said, which).toContain(plain(`W${count}: Se på telefonen`));
        expect(said, which).toContain(plain("Appen viser: bjørn måne"));
        expect(said, which).toContain(`W${count}`);
        // Light letters' field within dark, which no other row has.
        expect(called.items.filter((item) => item.kind === "rect" && item.ink === "paper").length, which).toBe(1);
        expect(
          resting.items.some((item) => item.kind === "rect" && item.ink === "paper"),
          which,
        ).toBe(false);
      }
  });

  it("gives a time of another day with its day", () => {
    const until = (untilWallMs: number): string => {
      const board = boardOf(2);
      const stations = board.stations.map((one) => ({ ...one, untilWallMs }));
      return rowsOf({ ...board, stations }, "nb")[1]?.state.replaceAll("\u00a0", " ") ?? "";
    };
    expect(until(fromWallMs + 3_600_000)).toBe("I bruk til 15:30");
    expect(until(fromWallMs + 24 * 3_600_000)).toBe("I bruk til tor. 14:30");
    expect(until(fromWallMs + 9 * 24 * 3_600_000)).toBe("I bruk til 26. juni");
  });

  it("has names, states and prices where there is room", () => {
    for (const id of [
      "hdmi-800x480-7in at 0°",
      "dsi-720x1280-touch2 at 0°",
      "hdmi-1920x1080-21in at 0°",
      "waveshare-4.2-v2 at 0°",
    ]) {
      const said = saidBy(listScene(boardOf(8), { geometry: geometryNamed(id), drawing, timeZone, language: "nb" }));
      for (const text of ["W8", "Vaskemaskin 8", "I bruk til 14:40", "Ledig", "39 kr"])
        expect(said, id).toContain(plain(text));
    }
  });
});
