/** Goal: a code stands on the panel only while each of its conditions is met. Method: a table, each condition taken away alone. */
import { describe, expect, it } from "vitest";
import type { CodeFacts } from "../../../src/kiosk/code-conditions.ts";
import { createReadinessWatch, judgeReadiness, type WantedCodes } from "../../../src/kiosk/readiness.ts";
import type { Readiness } from "../../../src/sale/event.ts";
import { createMemoryLog } from "../../../src/service/log.ts";

const allMet: CodeFacts = {
  isStopping: false,
  isJournalWorking: true,
  isInService: true,
  isQuiet: false,
  machine: { ready: true },
  isClockPlausible: true,
  isProviderReached: true,
  isPanelPresent: true,
  hasSomethingForSale: true,
  isCallbackRegistered: true,
  isConnected: true,
  hasRival: false,
  isRelayHealthy: true,
};
const both: WantedCodes = { callback: true, oneTime: true };
const onlyCallback: WantedCodes = { callback: true, oneTime: false };
const onlyOneTime: WantedCodes = { callback: false, oneTime: true };

function words(facts: Partial<CodeFacts>, wanted: WantedCodes): string {
  const { readiness, reason, missing } = judgeReadiness({ ...allMet, ...facts }, wanted);
  const codes = [readiness.callbackQr && "callback", readiness.oneTimeQr && "one-time"].filter(
    (word) => word !== false,
  );
  if (readiness.checkIn && !readiness.callbackQr) codes.push("sticker");
  return `${codes.join(" ") || "none"}; ${reason ?? "in service"}; missing: ${missing.join(" ") || "nothing"}`;
}

const jammed = { machine: { ready: false, fault: "jammed", detail: "" } } as const;
const doorOpen = { machine: { ready: false, fault: "door-open", detail: "" } } as const;
const pausing = { machine: { ready: false, fault: "post-delay", detail: "" } } as const;

describe("which codes may be shown", () => {
  it.each<readonly [Partial<CodeFacts>, WantedCodes, string]>([
    [{}, both, "callback one-time; in service; missing: nothing"],
    [{}, onlyCallback, "callback; in service; missing: nothing"],
    [{}, onlyOneTime, "one-time; in service; missing: nothing"],
    [{}, { callback: false, oneTime: false }, "none; config; missing: nothing"],
    [{ isStopping: true }, both, "none; stopped; missing: stopped"],
    [{ isJournalWorking: false }, both, "none; journal; missing: journal"],
    [{ isInService: false }, both, "none; operator; missing: operator"],
    [{ hasRival: true }, both, "none; identity; missing: identity"],
    [{ hasRival: true, isConnected: false }, both, "none; identity; missing: identity"],
    [{ isQuiet: true }, both, "none; quiet-hours; missing: quiet-hours"],
    [jammed, both, "none; machine; missing: machine"],
    [doorOpen, both, "none; machine; missing: machine"],
    [pausing, both, "callback one-time; in service; missing: nothing"],
    [{ isClockPlausible: false }, both, "none; clock; missing: clock"],
    [{ isProviderReached: false }, both, "none; provider; missing: provider"],
    [{ isPanelPresent: false }, both, "none; panel; missing: panel"],
    [{ hasSomethingForSale: false }, both, "none; nothing-for-sale; missing: nothing-for-sale"],
    [{ isCallbackRegistered: false }, both, "one-time sticker; in service; missing: provider"],
    [{ isConnected: false }, both, "one-time sticker; in service; missing: mqtt"],
    [{ isRelayHealthy: false }, both, "one-time sticker; in service; missing: relay"],
    [{ isConnected: false, isRelayHealthy: false }, both, "one-time sticker; in service; missing: mqtt"],
    [{ isCallbackRegistered: false }, onlyCallback, "sticker; provider; missing: provider"],
    [{ isConnected: false }, onlyCallback, "sticker; mqtt; missing: mqtt"],
    [{ isRelayHealthy: false }, onlyCallback, "sticker; relay; missing: relay"],
    [{ isCallbackRegistered: false, isConnected: false }, onlyCallback, "sticker; provider; missing: provider mqtt"],
    [{ isCallbackRegistered: false, isConnected: false }, onlyOneTime, "one-time; in service; missing: nothing"],
  ])("with %o wanting %o: %s", (facts, wanted, expected) => {
    expect(words(facts, wanted)).toBe(expected);
  });

  it("of several reasons the panel gets the most telling one, and the log all", () => {
    const facts = {
      ...doorOpen,
      isStopping: true,
      isJournalWorking: false,
      isInService: false,
      isQuiet: true,
      isClockPlausible: false,
      isProviderReached: false,
      isPanelPresent: false,
      hasSomethingForSale: false,
      isConnected: false,
    };
    expect(words(facts, both)).toBe(
      "none; stopped; missing: stopped journal operator quiet-hours machine clock provider panel nothing-for-sale",
    );
  });
});

describe("as the world changes", () => {
  function watched() {
    const now = { facts: allMet };
    const told: (Readiness | "reason")[] = [];
    const log = createMemoryLog();
    const watch = createReadinessWatch({
      facts: () => now.facts,
      wanted: both,
      log,
      onReadiness: (readiness) => told.push(readiness),
      onReason: () => told.push("reason"),
    });
    const review = (facts: Partial<CodeFacts>): unknown[] => {
      now.facts = { ...allMet, ...facts };
      told.length = 0;
      watch.review();
      return [...told];
    };
    return { watch, log, review };
  }

  it("nothing is known before the first look, and the first look is told", () => {
    const { watch, review, log } = watched();
    expect(watch.last()).toBeUndefined();
    expect(review({})).toEqual([{ checkIn: true, callbackQr: true, oneTimeQr: true }]);
    expect(watch.last()?.reason).toBeUndefined();
    expect(log.lines).toMatchObject([{ level: "info", fields: { reason: undefined, missing: [] } }]);
  });

  it("the first look is told also when no code can be shown", () => {
    const { review } = watched();
    expect(review({ isQuiet: true })).toEqual(["reason", { checkIn: false, callbackQr: false, oneTimeQr: false }]);
  });

  it.each<readonly [string, Partial<CodeFacts>, Partial<CodeFacts>, unknown[]]>([
    ["nothing new", {}, {}, []],
    ["one code fewer", {}, { isConnected: false }, [{ checkIn: true, callbackQr: false, oneTimeQr: true }]],
    ["one code more", { isConnected: false }, {}, [{ checkIn: true, callbackQr: true, oneTimeQr: true }]],
    ["out of service", {}, { isQuiet: true }, ["reason", { checkIn: false, callbackQr: false, oneTimeQr: false }]],
    ["in service again", { isQuiet: true }, {}, ["reason", { checkIn: true, callbackQr: true, oneTimeQr: true }]],
    ["another reason", { isQuiet: true }, { isStopping: true }, ["reason"]],
    ["another thing missing", { isConnected: false }, { isRelayHealthy: false }, []],
  ])("%s", (_, before, after, expected) => {
    const { review } = watched();
    review(before);
    expect(review(after)).toEqual(expected);
  });

  it("the log says what is missing, once, whenever that changes", () => {
    const { review, log } = watched();
    for (const facts of [{}, { isConnected: false }, { isConnected: false }, { isRelayHealthy: false }, {}])
      review(facts);
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { reason: undefined, missing: [] },
      { reason: undefined, missing: ["mqtt"] },
      { reason: undefined, missing: ["relay"] },
      { reason: undefined, missing: [] },
    ]);
  });
});
