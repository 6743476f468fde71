/** Goal: each effect reaches the one part that acts on it, and what that says comes back as an event. Method: parts that remember. */
import { describe, expect, it } from "vitest";
import { perform, type PerformParts } from "../../../src/kiosk/perform.ts";
import type { Effect } from "../../../src/sale/effect.ts";
import { effectId } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle } from "../../../src/service/simulated-clock.ts";
import type { CallOutcome } from "../../../src/vipps/port.ts";
import { history, record, reference } from "./records.ts";
import { lost, ObedientProvider } from "./rig.ts";

const amount = money(2_500, "NOK");
const id = effectId("01-effect");
const request = { reference, amount, flow: "qr", description: "Water", lines: [], metadata: {} } as const;
const create = { kind: "create", reference, id, request, customer: null } as const;
const deliver = {
  kind: "deliver",
  reference,
  deliveryId: "delivery-1",
  selection: { kind: "line", line: "A1" },
  price: amount,
  untilWallMs: null,
} as const;
const timer = { kind: "start-timer", name: "session", afterMs: 1_000, jitter: false } as const;
const reply = { kind: "reply", commandId: "c1", outcome: "done", detail: "" } as const;

function performing(
  changes: {
    readonly fault?: Extract<CallOutcome<never>, { kind: "refused" | "unknown" }>;
    readonly codeFault?: string;
    readonly machineFault?: Error;
  } = {},
) {
  const told: unknown[][] = [];
  const log = createMemoryLog();
  const payments = new ObedientProvider();
  payments.fault = changes.fault;
  const tell =
    (name: string) =>
    (...args: readonly unknown[]): void =>
      void told.push([name, ...args]);
  const tellMachine = async (name: string): Promise<void> => {
    told.push([name]);
    if (changes.machineFault !== undefined) throw changes.machineFault;
  };
  const parts: PerformParts = {
    provider: { payments, log, customerOf: () => undefined },
    deliveries: { start: tell("deliver"), running: () => 0 },
    timers: { start: tell("start timer"), cancel: tell("cancel timer"), cancelAll: () => {} },
    machine: { openSession: (funds) => tellMachine(`open ${funds.minor}`), closeSession: () => tellMachine("close") },
    put: tell("put"),
    observe: tell("observe"),
    takeCode: (payment, qr) => {
      told.push(["code", payment, qr]);
      return changes.codeFault;
    },
    onReport: tell("report"),
    onReply: tell("reply"),
    log,
  };
  const run = async (effect: Effect): Promise<readonly unknown[]> => {
    perform(effect, parts);
    await settle();
    return told;
  };
  return { run, log, payments };
}

describe("an effect", () => {
  it.each<readonly [Effect, unknown[]]>([
    [deliver, ["deliver", deliver]],
    [timer, ["start timer", timer]],
    [{ kind: "cancel-timer", name: "session" }, ["cancel timer", "session"]],
    [{ kind: "open-machine-session", funds: amount }, ["open 2500"]],
    [{ kind: "close-machine-session" }, ["close"]],
    [{ kind: "report", record, history }, ["report", history]],
    [reply, ["reply", reply]],
  ])("%o goes to one part", async (effect, expected) => {
    expect(await performing().run(effect)).toEqual([expected]);
  });

  it.each<Effect>([
    { kind: "look", reference, look: 1 },
    { kind: "capture", reference, id, amount },
    { kind: "refund", reference, id, amount },
    { kind: "cancel", reference, id, transactionOnly: true },
  ])("%o is a call whose answer is the next event of its payment", async (effect) => {
    expect(await performing({ fault: lost }).run(effect)).toMatchObject([
      ["observe", "not-reached"],
      ["put", { about: "settlement", reference, event: {} }],
    ]);
  });

  it("a note goes to the log alone", async () => {
    const { run, log } = performing();
    const text = "awaiting × timer: a request is on its way";
    expect(await run({ kind: "note", reference, text })).toEqual([]);
    expect(log.lines).toEqual([{ level: "debug", fields: { reference }, message: text }]);
  });

  it.each<Effect>([{ kind: "open-machine-session", funds: amount }, { kind: "close-machine-session" }])(
    "%o leaves a line when the machine's driver fails",
    async (effect) => {
      const { run, log } = performing({ machineFault: new Error("EIO") });
      await run(effect);
      expect(log.lines).toMatchObject([{ level: "error", fields: { error: new Error("EIO") } }]);
    },
  );

  it.each([
    ["sold", "info"],
    ["attention", "error"],
  ] as const)("a sale that ended as %s leaves a line: %s", async (outcome, level) => {
    const { run, log } = performing();
    await run({ kind: "report", record: { ...record, outcome }, history });
    expect(log.lines).toMatchObject([
      { level, fields: { reference, outcome, reason: "ended", captured: 2_500, currency: "NOK" } },
    ]);
  });
});

describe("the code of a payment that was created", () => {
  const code = { kind: "content", text: `pay ${reference}` };
  const created = ["put", { about: "settlement", reference, event: { kind: "created" } }];
  const panelFailed = ["put", { about: "session", event: { kind: "panel-failed" } }];

  it("is taken before the sale hears that there is one", async () => {
    const { run, log } = performing();
    expect(await run(create)).toEqual([["observe", "reached"], ["code", reference, code], created]);
    expect(log.lines).toEqual([]);
  });

  it("that does not fit the panel ends the session, and the log says why", async () => {
    const { run, log } = performing({ codeFault: "modules of 1 px" });
    expect(await run(create)).toEqual([["observe", "reached"], ["code", reference, code], created, panelFailed]);
    expect(log.lines).toMatchObject([{ level: "error", fields: { reference, reason: "modules of 1 px" } }]);
  });

  it("that the provider did not send ends the session", async () => {
    const { run, payments, log } = performing();
    payments.create = async () => ({ kind: "ok", value: { reference, qr: undefined } });
    expect(await run(create)).toEqual([["observe", "reached"], created, panelFailed]);
    expect(log.lines).toMatchObject([{ fields: { reference, reason: "the provider sent nothing to show" } }]);
  });

  it("is not missed where the payment was not created, or needs no code", async () => {
    expect(await performing({ fault: lost }).run(create)).toMatchObject([
      ["observe", "not-reached"],
      ["put", {}],
    ]);
    const push = { ...create, request: { ...request, flow: "push" } } as const;
    expect(await performing().run(push)).toEqual([["observe", "reached"], created]);
  });
});
