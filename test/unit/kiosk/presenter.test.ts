/** Goal: the panel shows what belongs to the state, once each, and a code that it did not take is known. Method: a panel that remembers. */
import { describe, expect, it } from "vitest";
import { createPresenter } from "../../../src/kiosk/presenter.ts";
import { plainSceneFacts } from "../../../src/kiosk/scene.ts";
import type { OutOfServiceReason } from "../../../src/panel/port.ts";
import type { QrPicture } from "../../../src/vipps/port.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { policy, SaleUnderTest } from "../sale/support.ts";
import { reference } from "./records.ts";
import { RememberingPanel } from "./rig.ts";

const qr = { kind: "content", text: "https://qr.vipps.no/1" } as const;

function presenting(panel = new RememberingPanel()) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const sale = new SaleUnderTest();
  const now: {
    outOfService: OutOfServiceReason | undefined;
    isStarting: boolean;
    callbackQr: QrPicture | undefined;
  } = { outOfService: undefined, isStarting: false, callbackQr: undefined };
  let notShown = 0;
  const presenter = createPresenter({
    panel,
    clock,
    log,
    state: () => sale.state,
    inputs: () => ({ ...now, policy, shopQr: undefined, facts: plainSceneFacts }),
    onCodeNotShown: () => (notShown += 1),
  });
  const kinds = (): readonly string[] => panel.scenes.map(({ kind }) => kind);
  return { presenter, panel, clock, log, sale, now, kinds, notShown: () => notShown };
}

describe("the panel", () => {
  it("is shown each scene once, however often it is asked for", async () => {
    const { presenter, kinds, now } = presenting();
    expect(presenter.scene().kind).toBe("starting");
    await presenter.show();
    await presenter.show();
    now.outOfService = "operator";
    await presenter.show();
    await presenter.show();
    now.outOfService = undefined;
    await presenter.show();
    expect(kinds()).toEqual(["idle", "out-of-service", "idle"]);
    expect(presenter.scene().kind).toBe("idle");
  });

  it.each([
    [false, 1],
    [true, 3],
  ])("follows a countdown only where it can (%s)", async (liveCountdown, shown) => {
    const panel = new RememberingPanel();
    Object.assign(panel, { facts: { ...panel.facts, liveCountdown } });
    const { presenter, clock, sale } = presenting(panel);
    sale.press("A1");
    await presenter.show();
    for (let second = 0; second < 2; second += 1) {
      await clock.advance(1_000);
      await presenter.show();
    }
    expect(panel.scenes).toHaveLength(shown);
  });
});

describe("the code of a payment", () => {
  it("is shown while its session waits for it, and not for the next", async () => {
    const { presenter, sale, kinds } = presenting();
    const first = sale.selectAndCreate();
    presenter.keepCode(first, qr);
    await presenter.show();
    sale.tell({ about: "session", event: { kind: "selection-cancelled" } });
    await presenter.show();
    sale.selectAndCreate();
    await presenter.show();
    expect(kinds()).toEqual(["pay", "sorry", "wait"]);
  });

  it("of a payment that nobody waits for is not kept", async () => {
    const { presenter, sale, kinds } = presenting();
    presenter.keepCode(reference, qr);
    sale.selectAndCreate();
    presenter.keepCode(reference, qr);
    await presenter.show();
    expect(kinds()).toEqual(["wait"]);
  });

  it("that the panel did not take is told, with a line that names the sale", async () => {
    const panel = new RememberingPanel();
    panel.outcome = { kind: "failed", reason: "BUSY for 30 s" };
    const { presenter, sale, log, notShown } = presenting(panel);
    const payment = sale.selectAndCreate();
    presenter.keepCode(payment, qr);
    await presenter.show();
    expect(notShown()).toBe(1);
    expect(log.lines).toMatchObject([
      { level: "info", message: "the panel shows another scene", fields: { reference: payment, scene: "pay" } },
      { level: "warn", fields: { reference: payment, scene: "pay", reason: "BUSY for 30 s" } },
    ]);
  });
});

it.each([
  [{ kind: "failed", reason: "BUSY" } as const, ["info", "warn"]],
  [{ kind: "superseded" } as const, ["info"]],
  [new Error("EIO"), ["info", "error"]],
])("another scene that ended as %o is the panel's own business", async (outcome, levels) => {
  const panel = new RememberingPanel();
  panel.outcome = outcome;
  const { presenter, log, notShown } = presenting(panel);
  await presenter.show();
  expect(notShown()).toBe(0);
  expect(log.lines.map(({ level }) => level)).toEqual(levels);
});

it("a code that was taken off meanwhile is not missed", async () => {
  const panel = new RememberingPanel();
  panel.outcome = { kind: "failed", reason: "BUSY" };
  const { presenter, sale, notShown } = presenting(panel);
  presenter.keepCode(sale.selectAndCreate(), qr);
  const slow = presenter.show();
  sale.tell({ about: "session", event: { kind: "selection-cancelled" } });
  await Promise.all([slow, presenter.show()]);
  expect(notShown()).toBe(0);
});

describe("a panel that is why the machine is out of service", () => {
  it("rehearses what belongs there otherwise, with its code", async () => {
    const { presenter, panel, now, kinds } = presenting();
    now.outOfService = "panel";
    now.callbackQr = qr;
    await presenter.show();
    await presenter.show();
    expect(kinds()).toEqual(["out-of-service"]);
    expect(panel.rehearsed.at(-1)).toMatchObject({ kind: "idle", code: { kind: "callback", qr } });
  });

  it("rehearses nothing while something else is wrong", async () => {
    const { presenter, panel, now } = presenting();
    now.outOfService = "provider";
    await presenter.show();
    expect(panel.rehearsed).toEqual([]);
  });
});
