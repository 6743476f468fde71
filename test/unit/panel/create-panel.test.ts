/** The panel over a sink: the newest scene wins, nothing stale is shown, and only what the sink confirmed counts. */
import { describe, expect, it } from "vitest";
import { createPanel } from "../../../src/panel/create-panel.ts";
import { createDrawing } from "../../../src/panel/draw.ts";
import type { Language, Panel } from "../../../src/panel/port.ts";
import type { Frame } from "../../../src/panel/frame.ts";
import type { FrameHint, FrameSink, PresentOutcome } from "../../../src/panel/sink.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { geometryNamed } from "./panels.ts";

class RecordingSink implements FrameSink {
  readonly shown: { readonly frame: Frame; readonly hint: FrameHint }[] = [];
  outcome: PresentOutcome = { kind: "presented" };

  async open(): Promise<void> {}
  async present(frame: Frame, hint: FrameHint): Promise<PresentOutcome> {
    this.shown.push({ frame, hint });
    return this.outcome;
  }
  isPresent(): boolean {
    return this.outcome.kind === "presented";
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

function sceneNamed(name: string) {
  const found = sampleScenes().find((sample) => sample.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found.scene;
}

const small = "waveshare-2.13-v4 at 90°";

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
    const { panel, sink } = rig(small);
    await panel.start();
    const [, late] = await Promise.all([panel.stop(), panel.show(sceneNamed("pay")), panel.stop()]);
    expect(late).toEqual({ kind: "failed", reason: "the panel is closed" });
    expect(sink.shown.map(({ hint }) => hint)).toEqual([
      { codeArea: undefined, isSafe: true },
      { codeArea: undefined, isSafe: true },
    ]);
  });

  it("shows the newest of many scenes, and never one that is wanted no longer", async () => {
    const { panel, sink } = rig(small);
    const outcomes = await Promise.all([
      panel.show(sceneNamed("pay")),
      panel.show({ kind: "busy" }),
      panel.show({ kind: "deliver", product: "Kaffe" }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["superseded", "superseded", "shown"]);
    expect(sink.shown).toHaveLength(1);
    expect(sink.shown[0]?.hint.codeArea).toBeUndefined();
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

  it("says beforehand whether a code fits", () => {
    const { panel } = rig(small);
    expect(panel.fit("https://qr.vipps.no/vp/abcdefghi")).toMatchObject({ fits: true });
    expect(panel.fit("x".repeat(900))).toMatchObject({ fits: false });
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
});
