/** Goal: an ordered update is called done only when its release stays, and every other end has a reason. Method: a table of what the files say. */
import { expect, it } from "vitest";
import { type UpdateFacts, updateOutcome } from "../../../src/update/outcome.ts";

const installed = { outcome: "installed", version: "1.2.0", text: "it is unpacked", isRestarting: true } as const;
const later = { ...installed, isRestarting: false };
const refused = { outcome: "refused", version: undefined, text: "not newer", isRestarting: false } as const;

type Row = readonly [string, Partial<UpdateFacts>, "wait" | "done" | "refused", string];
const rows: readonly Row[] = [
  ["the updater is at work", { isAsked: true }, "wait", ""],
  ["the updater says nothing for hours", { isAsked: true, isTimeOver: true }, "refused", "kvitt-update.path"],
  ["the order never reached the updater", {}, "refused", "knows nothing of it"],
  ["the updater refused", { answer: refused }, "refused", "not newer"],
  ["the updater failed", { answer: { ...refused, outcome: "failed", text: "no room" } }, "refused", "no room"],
  ["the restart is about to come", { answer: installed }, "wait", ""],
  ["the restart never came", { answer: installed, isTimeOver: true }, "refused", "was not started anew"],
  ["a sale was on for too long", { answer: later }, "refused", "it is unpacked"],
  ["the release is tried", { answer: installed, running: "1.2.0", mark: "tried" }, "wait", ""],
  ["it was tried already when it was ordered", { answer: later, running: "1.2.0", mark: "tried" }, "wait", ""],
  [
    "its gate never decided",
    { answer: installed, running: "1.2.0", mark: "tried", isTimeOver: true },
    "refused",
    "has not decided",
  ],
  ["it passed its gate", { answer: installed, running: "1.2.0", mark: "good" }, "done", "1.2.0 runs, and passed"],
  ["it failed its gate", { answer: installed, mark: "tried" }, "refused", "1.1.0 runs"],
  ["it passed, and a newer one runs", { answer: installed, running: "1.3.0", mark: "good" }, "done", "1.3.0 runs"],
  ["the package brought it meanwhile", { answer: installed, running: "1.2.0" }, "done", "1.2.0 runs"],
];

it.each(rows)("%s", (_what, change, kind, text) => {
  const facts: UpdateFacts = {
    running: "1.1.0",
    isAsked: false,
    answer: undefined,
    mark: "none",
    isTimeOver: false,
    ...change,
  };
  const outcome = updateOutcome(facts);
  expect(outcome.kind).toBe(kind);
  expect("reason" in outcome ? outcome.reason : "detail" in outcome ? outcome.detail : "").toContain(text);
});
