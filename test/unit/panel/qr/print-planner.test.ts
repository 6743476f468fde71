/** On paper and film: level Q or better, a module that can be printed, or a refusal that says how wide it has to be. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quietZoneModules } from "../../../../src/panel/qr/planner.ts";
import { defaultPrintPolicy, planPrintedQr } from "../../../../src/panel/qr/print-planner.ts";

const linkOf = (bytes: number): string => "https://qr.vipps.no/".padEnd(bytes, "k7Xp2Qv9LmZr4Tb");

describe("a printed code", () => {
  it("has level Q or H, printable modules and its quiet zone, or the refusal names a width at which it has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 600 }),
        fc.double({ min: 1, max: 150, noNaN: true }),
        (bytes, symbolMm) => {
          const planning = planPrintedQr(linkOf(bytes), symbolMm);
          if (planning.kind === "refused") {
            const neededMm = Number(/^print it (\d+) mm/.exec(planning.advice)?.[1]);
            expect(neededMm).toBeGreaterThan(symbolMm);
            expect(planPrintedQr(linkOf(bytes), neededMm).kind).toBe("planned");
            return;
          }
          const { symbol, moduleMm, sideMm, scanDistanceMm } = planning.plan;
          expect(["Q", "H"]).toContain(symbol.errorCorrection);
          expect(moduleMm).toBeGreaterThanOrEqual(defaultPrintPolicy.moduleMmMin);
          expect(planning.plan.symbolMm).toBe(symbolMm);
          expect(symbolMm).toBeGreaterThanOrEqual(defaultPrintPolicy.symbolMmMin);
          expect(moduleMm * symbol.size).toBeCloseTo(symbolMm, 9);
          expect(sideMm - symbolMm).toBeCloseTo(2 * quietZoneModules * moduleMm, 9);
          expect(scanDistanceMm).toBe(Math.round(10 * symbolMm));
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    // ISO/IEC 18004, table 7: bytes that a version holds at level Q (mixed modes need no more).
    [32, "Q", 3],
    [34, "H", 4],
    [46, "Q", 4],
    [60, "Q", 5],
  ] as const)("of %i bytes is level %s of version %i: H only where it costs no module", (bytes, level, version) => {
    const planning = planPrintedQr(linkOf(bytes).replaceAll(/\d/g, "x").toLowerCase(), 40);
    expect(planning).toMatchObject({ kind: "planned", plan: { symbol: { errorCorrection: level, version } } });
  });

  it.each([
    [
      "too small for a sticker",
      67,
      24.9,
      "24.9 mm are less than the 25 mm of a sticker",
      "print it 25 mm wide or wider",
    ],
    [
      "modules that a label printer runs together",
      200,
      30,
      "65 modules on 30 mm are 0.46 mm each, and less than 0.5 mm is not printed reliably",
      "print it 33 mm wide or wider",
    ],
    ["no number", 67, Number.NaN, "NaN mm are less than the 25 mm of a sticker", "print it 25 mm wide or wider"],
    [
      "more than any symbol holds",
      3_000,
      40,
      "a text of 3000 bytes fits no QR symbol of level Q",
      "print a shorter address",
    ],
    ["nothing", 0, 40, "a text of 0 bytes fits no QR symbol of level Q", "print a shorter address"],
  ])("is refused: %s", (_, bytes, symbolMm, reason, advice) => {
    const text = bytes === 0 ? "" : linkOf(bytes).replaceAll(/\d/g, "x");
    expect(planPrintedQr(text, symbolMm)).toEqual({ kind: "refused", reason, advice });
  });
});
