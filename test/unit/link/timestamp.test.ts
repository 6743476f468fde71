/** Times as the provider writes them, with any number of digits; nothing else is taken for a time. */
import { expect, it } from "vitest";
import { formatTimestamp, parseTimestamp } from "../../../src/link/timestamp.ts";

it.each([
  ["2023-10-06T10:45:40.3061965Z", Date.UTC(2023, 9, 6, 10, 45, 40, 306)],
  ["2023-10-06T10:45:40Z", Date.UTC(2023, 9, 6, 10, 45, 40)],
  ["2023-10-06T10:45:40.3Z", Date.UTC(2023, 9, 6, 10, 45, 40, 300)],
  ["2023-10-06T10:45:40.999999999Z", Date.UTC(2023, 9, 6, 10, 45, 40, 999)],
  ["2023-10-06T12:45:40.306+02:00", Date.UTC(2023, 9, 6, 10, 45, 40, 306)],
  ["2023-10-06T10:45:40.3061965", Date.UTC(2023, 9, 6, 10, 45, 40, 306)],
  ["2023-10-06t10:45:40z", Date.UTC(2023, 9, 6, 10, 45, 40)],
])("reads %s", (text, wallMs) => expect(parseTimestamp(text)).toBe(wallMs));

it.each([
  "",
  "now",
  "2023-10-06",
  "1696589140",
  "2023-13-06T10:45:40Z",
  "2023-10-06T25:45:40Z",
  "2023-10-06T10:45:40.Z",
])("refuses %j", (text) => expect(parseTimestamp(text)).toBeUndefined());

it("writes milliseconds in UTC", () => expect(formatTimestamp(1_696_589_140_306)).toBe("2023-10-06T10:45:40.306Z"));
