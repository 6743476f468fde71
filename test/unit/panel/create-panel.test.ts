/** The panel over a sink: the newest scene wins, nothing stale is shown, and only what the sink confirmed counts. */
import { describe, expect, it, vi } from "vitest";
import { createPanel } from "../../../src/panel/create-panel.ts";
import { createDrawing } from "../../../src/panel/draw.ts";
import { descriptionOf, framePng } from "../../../src/panel/png.ts";
import type { Language, Panel, Scene } from "../../../src/panel/port.ts";
import type { Frame } from "../../../src/panel/frame.ts";
import type { FrameHint, FrameSink, PresentOutcome } from "../../../src/panel/sink.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { geometryNamed } from "./panels.ts";

class RecordingSink implements FrameSink {
  readonly shown: { readonly frame: Frame; readonly hint: FrameHint }[] = [];
  outcome: PresentOutcome = { kind: "presented" };
  #absence: string | undefined = "nothing yet";

  async open(): Promise<void> {}
  async present(frame: Frame, hint: FrameHint): Promise<PresentOutcome> {
    this.shown.push({ frame, hint });
    this.#absence = this.outcome.kind === "failed" ? this.outcome.reason : undefined;
    return this.outcome;
  }
  absence(): string | undefined {
    return this.#absence;
  }
  async close(): Promise<void> {}
}

function rig(
  id: string,
  languages: readonly Language[] = ["nb"],
): { panel: Panel; sink: RecordingSink; clock: SimulatedClock } {
  const sink = new RecordingSink();
  const clock = new SimulatedClock();
  const panel = createPanel({
    geometry: geometryNamed(id),
    sink,
    drawing: createDrawing(),
    clock,
    log: createMemoryLog(),
    languages,
    timeZone: "Europe/Oslo",
  });
  return { panel, sink, clock };
}

const small = "waveshare-2.13-v4 at 90°";

/** The frames as one text each, to tell them apart. */
const bytesOf = (sink: RecordingSink): readonly string[] =>
  sink.shown.map(({ frame }) => Buffer.from(frame.rgba).toString("base64"));

it("paints the wallet's new name over a picture that stands still, on the day and once", async () => {
  const sink = new RecordingSink();
  const clock = new SimulatedClock(Date.parse("2027-01-11T20:00:00Z"));
  const panel = createPanel({
    geometry: geometryNamed(small),
    sink,
    drawing: createDrawing(),
    clock,
    log: createMemoryLog(),
    languages: ["da"],
    wallets: { local: "mobilepay", oneNameFrom: "2027-01-12" },
    timeZone: "Europe/Copenhagen",
  });
  await panel.start();
  await panel.show(sceneNamed("idle-scan"));
  await clock.advance(2 * 3_600_000);
  expect(sink.shown).toHaveLength(2);
  await clock.advance(2 * 3_600_000);
  await vi.waitFor(() => expect(sink.shown).toHaveLength(3));
  const [, before, after] = bytesOf(sink);
  expect(after).not.toBe(before);
  await clock.advance(48 * 3_600_000);
  expect(sink.shown).toHaveLength(3);
  await panel.stop();
});

function sceneNamed(name: string) {
  const found = sampleScenes().find((sample) => sample.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found.scene;
}

describe("a panel", () => {
  it("paints starting, and at its end a safe scene", async () => {
    const { panel, sink } = rig(small);
    await panel.start();
    expect(sink.shown.map(({ hint }) => hint.isSafe)).toEqual([true]);
    await panel.stop();
    expect(sink.shown.map(({ hint }) => hint.isSafe)).toEqual([true, true]);
    expect((await panel.show({ kind: "busy" })).kind).toBe("failed");
  });

  it("lets nothing overtake the safe scene at its end", async () => {
    const { panel, sink } = rig(small, ["en"]);
    await panel.start();
    const [, late] = await Promise.all([panel.stop(), panel.show(sceneNamed("pay")), panel.stop()]);
    expect(late).toEqual({ kind: "failed", reason: "the panel is closed" });
    expect(sink.shown.map(({ hint }) => hint)).toMatchObject([
      { codeArea: undefined, isSafe: true, text: "Starting. One moment." },
      { codeArea: undefined, isSafe: true, text: "Closed. The machine is switched off." },
    ]);
  });

  it("shows the newest of many scenes, and never one that is wanted no longer", async () => {
    const { panel, sink } = rig(small);
    const outcomes = await Promise.all([
      panel.show(sceneNamed("pay")),
      panel.show({ kind: "busy" }),
      panel.show({ kind: "deliver", product: "Kaffe", form: "goods" }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["superseded", "superseded", "shown"]);
    expect(sink.shown).toHaveLength(1);
    expect(sink.shown[0]?.hint.codeArea).toBeUndefined();
  });

  describe("whose drawing is slower than what it is asked for", () => {
    const product = "Kaffe";
    const price = money(2_500, "NOK");
    const pay = (text: string, secondsLeft: number): Scene => ({
      kind: "pay",
      qr: { kind: "content", text },
      product,
      price,
      secondsLeft,
      canShowCode: false,
    });
    const waiting = (secondsLeft: number): Scene => ({ kind: "wait", product, price, toPhone: false, secondsLeft });

    /** Each scene is asked for while the one before it is being drawn. */
    async function hurried(scenes: readonly Scene[]) {
      const sink = new RecordingSink();
      const drawing = createDrawing();
      const asked = scenes.values();
      const outcomes: Promise<unknown>[] = [];
      const ask = (): void => {
        const { value, done } = asked.next();
        if (done !== true) outcomes.push(panel.show(value));
      };
      const panel = createPanel({
        geometry: geometryNamed("hdmi-800x480-7in at 0°"),
        sink,
        drawing: { ...drawing, draw: (...request) => (ask(), drawing.draw(...request)) },
        clock: new SimulatedClock(),
        log: createMemoryLog(),
        languages: ["en"],
        timeZone: "Europe/Oslo",
      });
      ask();
      for (const outcome of outcomes) await outcome;
      return sink.shown.map(({ hint }) => ({ text: hint.text ?? "", hasCode: hint.codeArea !== undefined }));
    }

    it("shows a countdown all the same: it does not keep the old picture until nothing counts down", async () => {
      const shown = await hurried([9, 8, 7, 6, 5].map(waiting));
      expect(shown).toHaveLength(5);
    });

    it("shows a code that is still the one that is wanted", async () => {
      const shown = await hurried([9, 8, 7].map((seconds) => pay("https://qr.vipps.no/vp/a", seconds)));
      expect(shown.map(({ hasCode }) => hasCode)).toEqual([true, true, true]);
    });

    it("never shows a code that is wanted no longer, however long that goes on", async () => {
      const codes = ["a", "b", "c", "d", "e", "f"].map((name) => pay(`https://qr.vipps.no/vp/${name}`, 9));
      expect(await hurried(codes)).toHaveLength(1);
      const left = await hurried([...codes.slice(0, 5), { kind: "busy" }]);
      expect(left).toMatchObject([{ hasCode: false }]);
      expect(left[0]?.text).toContain("Busy");
    });

    it("takes a code away within three drawings, whatever comes after it and however fast", async () => {
      const kinds: readonly Scene[] = [
        waiting(9),
        { kind: "deliver", product, form: "goods" },
        { kind: "busy" },
        waiting(8),
        { kind: "starting" },
        { kind: "busy" },
        { kind: "thanks", product, price },
      ];
      const shown = await hurried(kinds);
      expect(shown.map(({ text }) => /Busy|Thank/.exec(text)?.[0])).toEqual(["Busy", "Busy", "Thank"]);
    });
  });

  it("tells the sink where the code stands", async () => {
    const { panel, sink } = rig(small);
    expect(await panel.show(sceneNamed("pay"))).toEqual({ kind: "shown" });
    expect(sink.shown[0]?.hint).toMatchObject({ isSafe: false });
    expect(sink.shown[0]?.hint.codeArea?.widthPx).toBeGreaterThan(60);
  });

  it("counts a code that does not fit, and a frame that the glass did not take, as not shown", async () => {
    const { panel, sink } = rig(small);
    const long = await panel.show({
      kind: "idle",
      code: { kind: "callback", qr: { kind: "content", text: "x".repeat(900) } },
      canSelectFirst: true,
      offers: [],
    });
    expect(long.kind).toBe("failed");
    sink.outcome = { kind: "failed", reason: "BUSY never released" };
    expect(await panel.show({ kind: "busy" })).toEqual({ kind: "failed", reason: "BUSY never released" });
  });

  it("is present only while the last frame is on the glass", async () => {
    const { panel, sink } = rig(small);
    expect(panel.isPresent()).toBe(false);
    await panel.start();
    expect(panel.isPresent()).toBe(true);
    sink.outcome = { kind: "failed", reason: "BUSY never released" };
    await panel.show({ kind: "busy" });
    expect(panel.isPresent()).toBe(false);
    expect(panel.absence()).toBe("BUSY never released");
    await expect(panel.screenshot()).rejects.toThrow("BUSY never released");
    sink.outcome = { kind: "presented" };
    await panel.show({ kind: "busy" });
    expect(panel.isPresent()).toBe(true);
  });

  it("says beforehand whether a code fits", () => {
    const { panel } = rig(small);
    expect(panel.fit("https://qr.vipps.no/vp/abcdefghi")).toMatchObject({ fits: true });
    expect(panel.fit("x".repeat(900))).toMatchObject({ fits: false });
    expect(panel.pictureFault(Uint8Array.of(1))).toBe("the provider's picture is not a PNG");
    const header = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];
    expect(panel.pictureFault(Uint8Array.from([...header, 0, 0, 0, 40, 0, 0, 0, 40]))).toBeUndefined();
    expect(panel.pictureFault(Uint8Array.from([...header, 0, 0, 9, 0, 0, 0, 9, 0]))).toContain("larger than");
  });

  it("turns the pages of a board that has more outlets than room, until another scene stands there", async () => {
    const { panel, sink, clock } = rig(small);
    const stations = Array.from({ length: 40 }, (_, index) => ({
      id: `washer-${index + 1}`,
      name: `Washer ${index + 1}`,
      price: money(3_900, "NOK"),
      isFrom: false,
      state: "free" as const,
      untilWallMs: undefined,
    }));
    await panel.start();
    await panel.show({ kind: "board", stations, fromWallMs: 0, canSelect: false, calls: [] });
    const before = sink.shown.length;
    await clock.advance(179_000);
    expect(sink.shown.length).toBe(before);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(sink.shown.length).toBe(before + 1));
    expect(bytesOf(sink).at(-1)).not.toBe(bytesOf(sink).at(-2));
    await panel.show({ kind: "busy" });
    await clock.advance(600_000);
    expect(sink.shown.length).toBe(before + 2);
    await panel.stop();
  });

  it("alternates languages on live glass, and shows two at once on e-paper", async () => {
    const live = rig("hdmi-800x480-7in at 0°", ["nb", "en"]);
    await live.panel.start();
    await live.clock.advance(6_500);
    expect(live.sink.shown.length).toBe(2);
    const paper = rig("waveshare-7.5-v2 at 0°", ["nb", "en"]);
    await paper.panel.start();
    await paper.clock.advance(60_000);
    expect(paper.sink.shown.length).toBe(1);
  });

  it("shows every scene, whatever a name has in it", async () => {
    const { panel, sink } = rig(small);
    for (const name of ["Kaf\u0000fe", "Kaffe\nmed melk", "\u202eeffaK", "\ud800", "\u0000", "☕"]) {
      const price = money(2_500, "NOK");
      const offers = [{ name, price, line: name, soldOut: false }];
      const qr = { kind: "content", text: "https://qr.vipps.no/vp/abcdefghi" } as const;
      const scenes: readonly Scene[] = [
        { kind: "idle", code: { kind: "callback", qr }, canSelectFirst: true, offers },
        { kind: "choose", offers, reserved: undefined, secondsLeft: 9 },
        { kind: "pay", qr, product: name, price, secondsLeft: 9, canShowCode: false },
        { kind: "deliver", product: name, form: "goods" },
        { kind: "thanks", product: name, price },
        { kind: "valid-until", plate: name, untilWallMs: 0, price },
      ];
      for (const scene of scenes) expect(await panel.show(scene), `${scene.kind} ${name}`).toEqual({ kind: "shown" });
    }
    expect(sink.shown).toHaveLength(36);
  });

  describe("that cannot draw a scene", () => {
    /** A picture that says its size and ends there. */
    const brokenIdle = (side: number): Scene => {
      const png = framePng({ widthPx: side, heightPx: side, rgba: new Uint8ClampedArray(side * side * 4) });
      return {
        kind: "idle",
        code: { kind: "callback", qr: { kind: "png", png: png.subarray(0, 40) } },
        canSelectFirst: true,
        offers: [],
      };
    };

    async function broken() {
      const all = rig(small);
      await all.panel.start();
      await all.panel.show(sceneNamed("idle"));
      const outcome = await all.panel.show(brokenIdle(100));
      return { ...all, outcome };
    }

    it("takes the old picture and its code away, and is not present", async () => {
      const { panel, sink, outcome } = await broken();
      expect(outcome.kind === "failed" && outcome.reason).toMatch(/"idle" cannot be drawn/);
      expect(sink.shown.at(-1)?.hint).toMatchObject({ codeArea: undefined, isSafe: true });
      expect(panel.isPresent()).toBe(false);
      expect(panel.absence()).toContain('"idle" cannot be drawn');
    });

    it("stays so while the safe scene stands there, however long", async () => {
      const { panel, clock, sink } = await broken();
      await panel.show({ kind: "out-of-service", reason: "panel" });
      await clock.advance(10 * 60_000);
      expect(panel.isPresent()).toBe(false);
      expect(sink.shown.at(-1)?.hint.isSafe).toBe(true);
      // One try at a time, and at most a minute to the next.
      await expect.poll(() => clock.timers().length).toBe(1);
      await panel.stop();
      expect(clock.timers()).toEqual([]);
    });

    it("tries what should stand there by now, and is present again once that can be drawn", async () => {
      const { panel, clock } = await broken();
      await panel.show({ kind: "out-of-service", reason: "panel" });
      panel.rehearse(sceneNamed("idle"));
      expect(panel.isPresent()).toBe(false);
      await clock.advance(60_000);
      await expect.poll(() => panel.isPresent()).toBe(true);
      expect(await panel.show(sceneNamed("idle"))).toEqual({ kind: "shown" });
    });

    it("is present again with the next scene that is drawn", async () => {
      const { panel } = await broken();
      await panel.show(sceneNamed("thanks"));
      expect(panel.isPresent()).toBe(true);
    });
  });

  it("has a screenshot of what was shown last", async () => {
    const { panel } = rig(small);
    await expect(panel.screenshot()).rejects.toThrow("nothing has been shown yet");
    await panel.start();
    expect(
      Buffer.from(await panel.screenshot())
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  });

  it("puts what stands on the glass into the screenshot in words", async () => {
    const { panel } = rig(small, ["en"]);
    await panel.start();
    expect(descriptionOf(await panel.screenshot())).toBe("Starting. One moment.");
    await panel.show({ kind: "busy" });
    expect(descriptionOf(await panel.screenshot())).toContain("Busy.");
  });
});
