/** RFC 3339 times with any number of digits are read; what only looks like one is refused, and never bent into another time. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { formatTimestamp, parseHttpDate, parseTimestamp } from "../../../src/kit/timestamp.ts";

it.each([
  ["2023-10-06T10:45:40.3061965Z", Date.UTC(2023, 9, 6, 10, 45, 40, 306)],
  ["2023-10-06T10:45:40Z", Date.UTC(2023, 9, 6, 10, 45, 40)],
  ["2023-10-06T10:45:40.3Z", Date.UTC(2023, 9, 6, 10, 45, 40, 300)],
  ["2023-10-06T10:45:40.999999999999Z", Date.UTC(2023, 9, 6, 10, 45, 40, 999)],
  ["2023-10-06T12:45:40.306+02:00", Date.UTC(2023, 9, 6, 10, 45, 40, 306)],
  ["2023-10-06T00:15:40-03:30", Date.UTC(2023, 9, 6, 3, 45, 40)],
  ["2023-10-06t10:45:40z", Date.UTC(2023, 9, 6, 10, 45, 40)],
  ["2024-02-29T23:59:59Z", Date.UTC(2024, 1, 29, 23, 59, 59)],
  ["2000-02-29T00:00:00Z", Date.UTC(2000, 1, 29)],
  ["0001-01-01T00:00:00Z", Date.parse("0001-01-01T00:00:00Z")],
])("reads %s", (text, wallMs) => expect(parseTimestamp(text)).toBe(wallMs));

it.each([
  "",
  "now",
  "2023-10-06",
  "1696589140",
  "2023-13-06T10:45:40Z",
  "2023-00-06T10:45:40Z",
  "2023-10-00T10:45:40Z",
  "2026-02-30T10:00:00Z",
  "2026-02-29T10:00:00Z",
  "2100-02-29T10:00:00Z",
  "2026-04-31T10:00:00+01:00",
  "2023-10-06T24:00:00Z",
  "2023-10-06T25:45:40Z",
  "2023-10-06T10:60:40Z",
  "2023-10-06T10:45:60Z",
  "2023-10-06T10:45:40",
  "2023-10-06T10:45:40.3061965",
  "2023-10-06T10:45:40.Z",
  "2023-10-06 10:45:40Z",
  "2023-10-06T10:45:40+24:00",
  "2023-10-06T10:45:40+01:60",
  "2023-10-06T10:45:40+0100",
  "2023-10-06T10:45Z",
  " 2023-10-06T10:45:40Z",
  "2023-10-06T10:45:40Z\n",
  "+2023-10-06T10:45:40Z",
])("refuses %j", (text) => expect(parseTimestamp(text)).toBeUndefined());

it("reads back whatever it writes", () => {
  const wallMs = fc.integer({ min: Date.parse("0000-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59Z") });
  fc.assert(
    fc.property(wallMs, (time) => {
      expect(parseTimestamp(formatTimestamp(time))).toBe(time);
    }),
  );
});

it("writes milliseconds in UTC", () => expect(formatTimestamp(1_696_589_140_306)).toBe("2023-10-06T10:45:40.306Z"));

it.each([
  ["Mon, 23 Nov 2026 10:00:00 GMT", Date.UTC(2026, 10, 23, 10)],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Mon, 30 Feb 2026 10:00:00 GMT", undefined],
  ["Tue, 23 Nov 2026 10:00:00 GMT", undefined],
  ["Mon, 23 Nov 2026 24:00:00 GMT", undefined],
  ["Mon, 23 Nov 2026 10:00:00", undefined],
  ["2026-11-23T10:00:00Z", undefined],
  ["5", undefined],
  ["", undefined],
])("the HTTP date %j is %s", (text, wallMs) => expect(parseHttpDate(text)).toBe(wallMs));
