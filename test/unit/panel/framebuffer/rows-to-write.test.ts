/** Goal: no row is ever written alone, which some displays would not show. Method: every run of every height. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { rowsToWrite } from "../../../../src/panel/framebuffer/surface.ts";

it("what is written holds the run, lies on the display and has two rows at least", () => {
  const runs = fc
    .integer({ min: 2, max: 2_000 })
    .chain((heightPx) => fc.tuple(fc.constant(heightPx), fc.nat(heightPx - 1)))
    .chain(([heightPx, first]) =>
      fc.record({
        heightPx: fc.constant(heightPx),
        first: fc.constant(first),
        rows: fc.integer({ min: 1, max: heightPx - first }),
      }),
    );
  fc.assert(
    fc.property(runs, ({ heightPx, first, rows }) => {
      const written = rowsToWrite({ first, rows }, heightPx);
      expect(written.rows).toBe(Math.max(2, rows));
      expect(written.first).toBeGreaterThanOrEqual(0);
      expect(written.first).toBeLessThanOrEqual(first);
      expect(written.first + written.rows).toBeGreaterThanOrEqual(first + rows);
      expect(written.first + written.rows).toBeLessThanOrEqual(heightPx);
    }),
  );
});

it("a display of one row has no other", () => {
  expect(rowsToWrite({ first: 0, rows: 1 }, 1)).toEqual({ first: 0, rows: 1 });
});
