/** Goal: one search for a reference finds every line of its sale. Method: whole sales at a kiosk, and a look at every line of the log. */
import { describe, expect, it } from "vitest";
import { saleLog } from "../../../src/kiosk/sale-log.ts";
import { createMemoryLog, type LogLine } from "../../../src/service/log.ts";
import { settle } from "../../../src/service/simulated-clock.ts";
import { KioskRig, lost } from "./rig.ts";

/** Lines about the machine as a whole. */
const ofTheMachine = new Set(["readiness changed", "the provider did not answer; asking again"]);

const scenesOfTheMachine: ReadonlySet<unknown> = new Set(["idle", "out-of-service"]);

/** What was said between the first press and the end. */
async function linesOf(run: (rig: KioskRig) => Promise<unknown>) {
  const rig = await new KioskRig().start();
  rig.lines.length = 0;
  await run(rig);
  const { reference } = rig.provider.requests[0] ?? {};
  if (reference === undefined) throw new Error("there was no sale");
  const isOfTheSale = ({ message, fields }: LogLine): boolean =>
    !ofTheMachine.has(message) && !scenesOfTheMachine.has(fields["scene"]);
  return { rig, reference, lines: rig.lines.filter(isOfTheSale) };
}

describe("every line of a sale carries its reference", () => {
  it.each<readonly [string, (rig: KioskRig) => Promise<unknown>, readonly string[]]>([
    ["that went well", (rig) => rig.sell(), ["delivering", "the delivery ended", "moving money", "a sale ended"]],
    [
      "whose coil jammed",
      async (rig) => {
        rig.machine.setFault("jam");
        await rig.sell();
      },
      ["the delivery ended", "moving money", "a sale ended"],
    ],
    [
      "that the provider refused",
      async (rig) => {
        rig.provider.fault = { kind: "refused", status: 400, code: "4010", detail: "no" };
        await rig.sell();
      },
      ["the provider refused to create a payment", "a sale ended"],
    ],
    [
      "whose code does not fit the panel",
      async (rig) => {
        rig.provider.approvesAtOnce = false;
        rig.panel.codeFit = { fits: false, reason: "modules of 1 px", advice: "a larger panel" };
        await rig.sell();
      },
      ["the payment's code cannot be shown on this panel"],
    ],
    [
      "whose code the panel did not take",
      async (rig) => {
        rig.provider.approvesAtOnce = false;
        const show = rig.panel.show.bind(rig.panel);
        rig.panel.show = async (scene) => (scene.kind === "pay" ? { kind: "failed", reason: "BUSY" } : show(scene));
        await rig.sell();
      },
      ["the panel did not take the scene"],
    ],
    [
      "that the customer took back",
      async (rig) => {
        rig.provider.approvesAtOnce = false;
        rig.machine.press("A1");
        await settle();
        rig.machine.cancel();
        await rig.clock.advance(20_000);
      },
      ["moving money", "a sale ended"],
    ],
    [
      "whose buttons are pressed once more",
      async (rig) => {
        rig.machine.press("A1");
        await rig.clock.advance(1_500);
        rig.machine.press("A2");
        await rig.clock.advance(20_000);
      },
      ["a sale ended"],
    ],
    [
      "that nobody answers for",
      async (rig) => {
        rig.machine.press("A1");
        await rig.clock.advance(1_500);
        rig.provider.fault = lost;
        await rig.clock.advance(15_000);
      },
      ["delivering"],
    ],
    [
      "that is refunded",
      async (rig) => {
        const sold = await rig.sell();
        await rig.command({ kind: "refund", reference: sold, amount: undefined });
        await rig.clock.advance(20_000);
      },
      ["moving money", "a sale ended"],
    ],
  ])("%s", async (_, run, expected) => {
    const { reference, lines } = await linesOf(run);
    const messages = lines.map(({ message }) => message);
    for (const message of expected) expect(messages).toContain(message);
    const without = lines.filter(({ fields }) => fields["reference"] !== reference);
    expect(without).toEqual([]);
  });
});

it("a service vend, which has no payment, has the id of its delivery on its lines", async () => {
  const rig = await new KioskRig().start();
  rig.lines.length = 0;
  await rig.command({ kind: "deliver", line: "A1", orderId: undefined });
  await rig.clock.advance(5_000);
  const lines = rig.lines.filter(({ message }) => message.includes("deliver"));
  expect(lines.map(({ fields }) => fields["deliveryId"])).toEqual(["command-1", "command-1"]);
});

it("a log without a reference is the log as it was", () => {
  const log = createMemoryLog();
  saleLog(log, undefined).info({}, "one");
  saleLog(log, "r").info({}, "two");
  expect(log.lines.map(({ fields }) => fields)).toEqual([{}, { reference: "r" }]);
});
