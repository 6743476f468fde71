/** Whole pixels, a quiet zone, a level that cameras read: or a refusal that says what would help. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pxToMm } from "../../../../src/panel/geometry.ts";
import { defaultQrPolicy, planQr, quietZoneModules } from "../../../../src/panel/qr/planner.ts";
import { createSymbol } from "../../../../src/panel/qr/symbol.ts";
import { codeArea } from "../../../../src/panel/scene/layout.ts";
import { geometries, geometryNamed } from "../panels.ts";

const content = fc.integer({ min: 1, max: 200 }).chain((length) => fc.stringMatching(new RegExp(`^[!-~]{${length}}$`)));
const panel = fc.constantFrom(...geometries);

describe("a plan", () => {
  it("has whole pixels, its quiet zone, and stands inside its space, for any content of up to 200 bytes", () => {
    fc.assert(
      fc.property(content, panel, (text, geometry) => {
        const space = codeArea(geometry);
        const planning = planQr(text, geometry, space);
        if (planning.kind === "refused") return;
        const { symbol, moduleSizePx, moduleSizeMm, sidePx, xPx, yPx } = planning.plan;
        expect(Number.isInteger(moduleSizePx)).toBe(true);
        expect(moduleSizePx).toBeGreaterThanOrEqual(defaultQrPolicy.modulePxMin);
        expect(moduleSizeMm).toBeGreaterThanOrEqual(defaultQrPolicy.moduleMmMin);
        expect(moduleSizeMm).toBeCloseTo(pxToMm(geometry, moduleSizePx));
        expect(symbol.size).toBe(symbol.version * 4 + 17);
        expect(sidePx).toBe((symbol.size + 2 * quietZoneModules) * moduleSizePx);
        expect([xPx, yPx].every((place) => Number.isInteger(place) && place >= 0)).toBe(true);
        expect(xPx + sidePx).toBeLessThanOrEqual(space.widthPx);
        expect(yPx + sidePx).toBeLessThanOrEqual(space.heightPx);
      }),
      { numRuns: 100 },
    );
  });

  it.each(geometries)("is possible on $id for every shape of link that was seen", (geometry) => {
    for (const bytes of [32, 41, 43, 46, 67]) {
      const text = "https://qr.vipps.no/".padEnd(bytes, "aB3");
      expect(planQr(text, geometry, codeArea(geometry)).kind, `${bytes} bytes`).toBe("planned");
    }
  });
});

describe("the level", () => {
  const text = "https://qr.vipps.no/".padEnd(67, "k7Xp2Qv9LmZr4Tb");
  /** A square panel of one millimetre a pixel: every module is readable. */
  const planned = (sidePx: number, mmPerPx = 1): readonly [string, number] => {
    const side = { widthPx: sidePx, heightPx: sidePx };
    const mm = { widthMm: sidePx * mmPerPx, heightMm: sidePx * mmPerPx };
    const planning = planQr(text, { ...geometryNamed("waveshare-4.2-v2 at 0°"), ...side, ...mm }, side);
    return planning.kind === "planned"
      ? [planning.plan.symbol.errorCorrection, planning.plan.moduleSizePx]
      : ["refused", 0];
  };

  it("is M from the size on at which its module has 5 px, and below it the largest module at L", () => {
    const ofM = createSymbol(text, "M")?.size ?? 0;
    const ofL = createSymbol(text, "L")?.size ?? 0;
    expect(ofL).toBeLessThan(ofM);
    const enough = 5 * (ofM + 2 * quietZoneModules);
    expect(planned(enough)).toEqual(["M", 5]);
    expect(planned(enough - 1)).toEqual(["L", Math.floor((enough - 1) / (ofL + 2 * quietZoneModules))]);
  });

  it("is L where the modules of M would be too small to be read in millimetres", () => {
    const sidePx = 8 * ((createSymbol(text, "L")?.size ?? 0) + 2 * quietZoneModules);
    const [, modulePx] = planned(sidePx);
    expect(planned(sidePx, 0.33 / 8)).toEqual(["L", 8]);
    expect(modulePx).toBeLessThan(8);
  });
});

describe("a refusal", () => {
  it("says how many pixels and millimetres would do, and they do", () => {
    fc.assert(
      fc.property(content, (text) => {
        const geometry = geometryNamed("waveshare-2.13-v4 at 0°");
        const planning = planQr(text, geometry, { widthPx: 40, heightPx: 40 });
        expect(planning.kind).toBe("refused");
        if (planning.kind !== "refused") return;
        const [, px = "0", mm = "0"] = /(\d+) px and (\d+) mm/.exec(planning.advice) ?? [];
        const side = { widthPx: Number(px), heightPx: Number(px) };
        const better = { ...geometry, ...side, widthMm: Number(mm), heightMm: Number(mm) };
        expect(planQr(text, better, side).kind).toBe("planned");
      }),
      { numRuns: 40 },
    );
  });

  it("is the answer to an empty content, and to one that fits no symbol", () => {
    const geometry = geometryNamed("hdmi-800x480-7in at 0°");
    expect(planQr("", geometry, codeArea(geometry)).kind).toBe("refused");
    expect(planQr("x".repeat(3_000), geometry, codeArea(geometry)).kind).toBe("refused");
  });
});
