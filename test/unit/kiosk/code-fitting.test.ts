/** Goal: no code is shown that no phone would read, and the log says once why. Method: a panel that fits or does not. */
import { expect, it } from "vitest";
import { createCodeFitting } from "../../../src/kiosk/code-fitting.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { RememberingPanel } from "./rig.ts";

const text = { kind: "content", text: "https://qr.vipps.no/1" } as const;
const picture = { kind: "png", png: Uint8Array.of(1) } as const;

function fitting() {
  const panel = new RememberingPanel();
  const log = createMemoryLog();
  return { panel, log, codes: createCodeFitting(panel, log) };
}

const tooSmall = { fits: false, reason: "modules of 1 px", advice: "a larger panel" } as const;

it("says why a code cannot be shown", () => {
  const { panel, codes } = fitting();
  expect(codes.whyNot(text)).toBeUndefined();
  panel.codeFit = tooSmall;
  expect(codes.whyNot(text)).toBe("modules of 1 px");
  expect(codes.whyNot(picture)).toBeUndefined();
});

it("plans a lasting code once, and says once that it does not fit", () => {
  const { panel, log, codes } = fitting();
  panel.codeFit = tooSmall;
  expect([codes.fitsForGood(text), codes.fitsForGood(text), codes.fitsForGood(picture)]).toEqual([false, false, true]);
  expect(log.lines).toMatchObject([
    { level: "error", fields: { reason: "modules of 1 px", advice: "a larger panel" } },
  ]);
  panel.codeFit = { fits: true, moduleSizePx: 5, moduleSizeMm: 1, scanDistanceMm: 400 };
  expect(codes.fitsForGood(text)).toBe(false);
  expect(codes.fitsForGood({ kind: "content", text: "https://qr.vipps.no/2" })).toBe(true);
  expect(log.lines).toHaveLength(1);
});
