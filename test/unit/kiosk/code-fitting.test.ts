/** Goal: no code is shown that no phone would read, and the log says once why. Method: a panel that fits or does not. */
import { expect, it } from "vitest";
import { createCodeFitting } from "../../../src/kiosk/code-fitting.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle } from "../../../src/service/simulated-clock.ts";
import { id, KioskRig, RememberingPanel } from "./rig.ts";

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
  panel.pictures = "it is too large";
  expect(codes.whyNot(picture)).toBe("it is too large");
});

it("plans a lasting code once, and says once that it does not fit", () => {
  const { panel, log, codes } = fitting();
  panel.codeFit = tooSmall;
  expect([codes.fitsForGood(text), codes.fitsForGood(text)]).toEqual([false, false]);
  expect(log.lines).toMatchObject([
    { level: "error", fields: { reason: "modules of 1 px", advice: "a larger panel" } },
  ]);
  panel.codeFit = { fits: true, moduleSizePx: 5, moduleSizeMm: 1, scanDistanceMm: 400 };
  expect(codes.fitsForGood(text)).toBe(false);
  expect(codes.fitsForGood({ kind: "content", text: "https://qr.vipps.no/2" })).toBe(true);
  expect(log.lines).toHaveLength(1);
});

it("plans a lasting picture once, and again when it is another one", () => {
  const { panel, log, codes } = fitting();
  panel.pictures = "it is too large";
  expect([codes.fitsForGood(picture), codes.fitsForGood({ ...picture, png: Uint8Array.of(1) })]).toEqual([
    false,
    false,
  ]);
  expect(log.lines).toMatchObject([{ level: "error", fields: { reason: "it is too large" } }]);
  panel.pictures = undefined;
  expect(codes.fitsForGood(picture)).toBe(false);
  expect(codes.fitsForGood({ kind: "png", png: Uint8Array.of(2) })).toBe(true);
});

it("a picture of the provider's that does not fit takes no button out of service", async () => {
  const rig = new KioskRig({ settings: { shopQr: () => picture } });
  const callback = { merchantQrId: id, locationDescription: "Test", qr: picture };
  rig.provider.check = async () => ({ kind: "ok", value: callback });
  rig.panel.pictures = "it is too large";
  await rig.start();
  await rig.clock.advance(2_000);
  expect(rig.kiosk.health().state).toBe("ready");
  expect(rig.kiosk.scene()).toMatchObject({ kind: "idle", code: undefined });
  await rig.sell();
  await settle();
  expect(rig.drops).toHaveLength(1);
});
