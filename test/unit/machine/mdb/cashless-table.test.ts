/**
 * Goal: whatever happens in whatever order, nothing is approved that was not paid for, every delivery ends exactly once, and no state waits
 * for ever. Method: properties over arbitrary runs of events through the pure table; no clock, no wire.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Cashless,
  type CashlessAction,
  type CashlessEvent,
  offAtFirst,
} from "../../../../src/machine/mdb/cashless.ts";
import { stepCashless } from "../../../../src/machine/mdb/cashless-table.ts";
import type { CashlessSettings } from "../../../../src/machine/mdb/configuring.ts";
import { parseLine } from "../../../../src/machine/mdb/dialogue.ts";
import { money } from "../../../../src/sale/money.ts";

const settings: CashlessSettings = {
  currency: "NOK",
  address: "0x10",
  alwaysIdle: true,
  maxResponseMs: 60_000,
  vendMs: 180_000,
  decimals: 2,
  scale: 1,
  more: ["mdb-timeout=60"],
};

const usual = [
  "c,STATUS,ENABLED",
  "c,STATUS,ENABLED",
  "c,STATUS,ENABLED",
  "c,STATUS,DISABLED",
  "c,STATUS,INACTIVE",
  "c,STATUS,IDLE,50.00",
  "c,STATUS,VEND,25.00,7",
  "c,STATUS,VEND,25.00,7",
  "c,STATUS,VEND,25.00,7",
  "c,STATUS,VEND,32.00,8",
  "c,VEND,SUCCESS",
  "c,VEND,SUCCESS",
  "c,ERR,VEND 1",
  "c,ERR,VEND 3",
] as const;
const rare = [
  "c,STATUS,VEND,x,8",
  "c,STATUS,OFF",
  "c,ERR,VEND 9",
  'c,ERR,"cashless is on"',
  'c,ERR,"cashless is off"',
  'c,ERR,"START -1"',
  "c,SET,OK",
  "c,SET,ERR",
  "c,0",
  "c,1",
  "v,1",
  "r,ACK",
  "?",
] as const;
const said = (line: string): Plan => ({ kind: "event", event: { kind: "said", message: parseLine(line) } });

type Plan =
  | { readonly kind: "event"; readonly event: CashlessEvent }
  /** Approves the request that was told last, or one that many before it. */
  | { readonly kind: "approve"; readonly back: number }
  | { readonly kind: "give-up"; readonly back: number };

const plan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...usual).map(said) },
  { weight: 2, arbitrary: fc.constantFrom(...rare).map(said) },
  { weight: 4, arbitrary: fc.constant<Plan>({ kind: "event", event: { kind: "timer" } }) },
  { weight: 20, arbitrary: fc.constantFrom(0, 0, 0, 0, 1, 2).map((back): Plan => ({ kind: "approve", back })) },
  { weight: 2, arbitrary: fc.nat(2).map((back): Plan => ({ kind: "give-up", back })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Plan>(
      { kind: "event", event: { kind: "open-session", funds: money(5_000, "NOK") } },
      { kind: "event", event: { kind: "close-session" } },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Plan>(
      { kind: "event", event: { kind: "line-opened" } },
      { kind: "event", event: { kind: "line-closed", reason: "unplugged" } },
      { kind: "event", event: { kind: "stop" } },
    ),
  },
);

/** Up and enabled. */
function ready(): Cashless {
  const events: readonly CashlessEvent[] = [
    { kind: "line-opened" },
    ...["v,1", "c,0", "c,SET,OK", "c,SET,OK", "c,SET,OK", "c,SET,OK", "c,1", "c,STATUS,ENABLED"].map(
      (line): CashlessEvent => ({ kind: "said", message: parseLine(line) }),
    ),
  ];
  return events.reduce((cashless, event) => stepCashless(cashless, event, settings).cashless, offAtFirst);
}

/** Runs a plan, and calls `look` after every step with what was decided. */
function run(
  plans: readonly Plan[],
  look: (step: {
    readonly before: Cashless;
    readonly event: CashlessEvent;
    readonly after: Cashless;
    readonly actions: readonly CashlessAction[];
    readonly hasTimer: boolean;
  }) => void,
): void {
  let cashless = ready();
  let hasTimer = true;
  let deliveries = 0;
  for (const one of plans) {
    let event: CashlessEvent;
    if (one.kind === "event") event = one.event;
    else if (one.kind === "approve") {
      deliveries += 1;
      const request = cashless.requests - one.back;
      event = { kind: "approve", deliveryId: `d${deliveries}`, request, price: money(2_500, "NOK") };
    } else event = { kind: "give-up", deliveryId: `d${deliveries - one.back}`, reason: "too long" };
    if (event.kind === "timer" && !hasTimer) continue;
    const before = cashless;
    const step = stepCashless(cashless, event, settings);
    cashless = step.cashless;
    if (event.kind === "timer") hasTimer = false;
    if (step.timerMs !== undefined) hasTimer = step.timerMs !== null;
    look({ before, event, after: cashless, actions: step.actions, hasTimer });
  }
}

const runs = fc.array(plan, { minLength: 5, maxLength: 60, size: "max" });
const many = { numRuns: 1_000 };

describe("the table of the cashless device", () => {
  it("is up and enabled after the set-up", () => {
    expect(ready().state).toEqual({ kind: "enabled", probe: 0 });
  });

  it("approves only in answer to an order, only the request that is told and waits, and never above its price", () => {
    let approvals = 0;
    fc.assert(
      fc.property(runs, (plans) => {
        const told = new Map<number, number>();
        const gone = new Set<number>();
        run(plans, ({ before, event, actions }) => {
          for (const action of actions) {
            if (action.kind === "selected") told.set(action.request.number, action.request.price.minor);
            if (action.kind === "send" && action.text.startsWith("C,VEND,") && action.text !== "C,VEND,-1") {
              approvals += 1;
              expect(event.kind).toBe("approve");
              expect(before.state.kind).toBe("vend-requested");
              const number = event.kind === "approve" ? (event.request ?? -1) : -1;
              expect(told.get(number)).toBeGreaterThanOrEqual(2_500);
              expect(gone.has(number)).toBe(false);
              gone.add(number);
            }
          }
          if (actions.some(({ kind }) => kind === "selection-cancelled"))
            for (const number of told.keys()) if (number <= before.requests) gone.add(number);
        });
      }),
      many,
    );
    expect(approvals).toBeGreaterThan(100);
  });

  it("every delivery that was ordered ends exactly once, or waits while the state is approved", () => {
    fc.assert(
      fc.property(runs, (plans) => {
        const open = new Set<string>();
        run(plans, ({ event, actions, after }) => {
          if (event.kind === "approve") open.add(event.deliveryId);
          for (const action of actions)
            if (action.kind === "end-delivery") expect(open.delete(action.deliveryId)).toBe(true);
          expect([...open]).toEqual(after.state.kind === "approved" ? [after.state.deliveryId] : []);
        });
      }),
      many,
    );
  });

  it("delivered is said only after VEND SUCCESS, or after a reset, of something approved and fetched", () => {
    let deliveries = 0;
    fc.assert(
      fc.property(runs, (plans) => {
        let evidence = false;
        run(plans, ({ before, event, actions }) => {
          const message = event.kind === "said" ? event.message : undefined;
          if (before.state.kind !== "approved") evidence = false;
          else if (message?.kind === "vend-success") evidence = true;
          else if (message?.kind === "status" && message.status === "inactive" && before.state.approval === "fetched")
            evidence = true;
          for (const action of actions) {
            if (action.kind !== "end-delivery" || action.outcome.kind !== "delivered") continue;
            deliveries += 1;
            expect(evidence).toBe(true);
          }
        });
      }),
      many,
    );
    expect(deliveries).toBeGreaterThan(50);
  });

  it("between an approval and its end nothing is ordered but the denial of a cancel that crossed it", () => {
    fc.assert(
      fc.property(runs, (plans) => {
        run(plans, ({ before, event, after, actions }) => {
          if (before.state.kind !== "approved" || after.state.kind !== "approved") return;
          for (const action of actions) {
            if (action.kind !== "send" || action.text.startsWith("C,SETCONF")) continue;
            expect(action.text).toBe("C,STOP");
            expect(event).toMatchObject({ kind: "said", message: { kind: "vend-error", code: 1 } });
            expect(before.state.wait !== "vend" || before.state.approval === "withdrawn").toBe(true);
          }
        });
      }),
      many,
    );
  });

  it("VEND CANCEL is answered with VEND DENIED in every state in which a selection can wait that was not denied before", () => {
    let cancels = 0;
    fc.assert(
      fc.property(runs, (plans) => {
        run(plans, ({ before, event, actions }) => {
          const { kind } = before.state;
          if (event.kind !== "said" || event.message.kind !== "vend-error" || event.message.code !== 1) return;
          if (!["inactive", "disabled", "enabled", "vend-requested"].includes(kind)) return;
          cancels += 1;
          expect(actions).toContainEqual({ kind: "send", text: "C,STOP" });
        });
      }),
      many,
    );
    expect(cancels).toBeGreaterThan(100);
  });

  it("a selection that the machine seems to have left is denied, so that it is left", () => {
    const events: readonly CashlessEvent[] = ["c,STATUS,VEND,25.00,7", "c,STATUS,ENABLED"].map((line) => ({
      kind: "said",
      message: parseLine(line),
    }));
    const actions: CashlessAction[] = [];
    let cashless = ready();
    for (const event of events) {
      const step = stepCashless(cashless, event, settings);
      cashless = step.cashless;
      actions.push(...step.actions);
    }
    expect([cashless.state.kind, actions]).toEqual([
      "enabled",
      [
        expect.objectContaining({ kind: "selected" }),
        { kind: "send", text: "C,STOP" },
        { kind: "selection-cancelled" },
      ],
    ]);
  });

  it("every state but off has an end of its own", () => {
    fc.assert(
      fc.property(runs, (plans) => {
        run(plans, ({ after, hasTimer }) => {
          if (after.state.kind === "off") return;
          expect([after.state.kind, hasTimer]).toEqual([after.state.kind, true]);
        });
      }),
      many,
    );
  });

  it("a selection or session that was told and is lost is told to be lost, or readiness is", () => {
    const isOpen = ({ state }: Cashless): boolean =>
      state.kind === "starting" || state.kind === "session" || (state.kind === "vend-requested" && state.isTold);
    const isReady = ({ state }: Cashless): boolean =>
      !["off", "configuring", "inactive", "disabled", "overdue"].includes(state.kind);
    fc.assert(
      fc.property(runs, (plans) => {
        run(plans, ({ before, event, after, actions }) => {
          if (!isOpen(before) || event.kind === "close-session" || event.kind === "approve") return;
          const isSame = isOpen(after) && after.requests === before.requests;
          const isVend = before.state.kind !== "vend-requested" && after.state.kind === "vend-requested";
          const isTold = actions.some(({ kind }) => kind === "selection-cancelled" || kind === "session-ended");
          expect(isSame || isVend || isTold || !isReady(after)).toBe(true);
        });
      }),
      many,
    );
  });
});
