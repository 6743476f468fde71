/** Goal: the small parts that every room uses do what their names say. Method: tables. */
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/kit/coded-error.ts";
import { defined } from "../../../src/kit/defined.ts";
import { errorFrom, errorText } from "../../../src/kit/error-text.ts";
import { isInWindow, timeOfDayIn } from "../../../src/kit/time-of-day.ts";

describe("what was thrown", () => {
  it.each([
    [new Error("the disk is full"), "the disk is full"],
    ["a string", "a string"],
    [undefined, "undefined"],
    [{ message: "not an error" }, "[object Object]"],
  ])("%s reads %j", (thrown, text) => {
    expect(errorText(thrown)).toBe(text);
    expect(errorFrom(thrown)).toEqual(new Error(text));
  });

  it("stays the same error when it is one", () => {
    const error = new TypeError("x");
    expect(errorFrom(error)).toBe(error);
  });
});

it("a coded error has its class's name, its code and its cause", () => {
  class DoorError extends CodedError<"door-open" | "door-stuck"> {}
  const cause = new Error("EIO");
  const error = new DoorError("door-stuck", "oil it", { cause });
  expect(error).toMatchObject({ name: "DoorError", code: "door-stuck", message: "oil it", cause });
});

it("an object keeps only its defined properties, null and false among them", () => {
  expect(Object.entries(defined({ a: 1, b: undefined, c: null, d: false }))).toEqual([
    ["a", 1],
    ["c", null],
    ["d", false],
  ]);
});

describe("a window of the day", () => {
  it.each([
    ["22:00", "06:00", "21:59", false],
    ["22:00", "06:00", "22:00", true],
    ["22:00", "06:00", "00:00", true],
    ["22:00", "06:00", "05:59", true],
    ["22:00", "06:00", "06:00", false],
    ["08:00", "16:00", "07:59", false],
    ["08:00", "16:00", "08:00", true],
    ["08:00", "16:00", "15:59", true],
    ["08:00", "16:00", "16:00", false],
    ["06:00", "06:00", "06:00", false],
  ])("%s to %s holds %s: %s", (from, to, now, isIn) => expect(isInWindow({ from, to }, now)).toBe(isIn));

  it.each([
    ["Europe/Oslo", "2026-01-10T23:30:00Z", "00:30"],
    ["Europe/Oslo", "2026-07-10T21:59:00Z", "23:59"],
    ["Europe/Helsinki", "2026-07-10T21:00:00Z", "00:00"],
  ])("in %s it is at %s %s", (timeZone, at, text) => expect(timeOfDayIn(timeZone)(Date.parse(at))).toBe(text));
});
