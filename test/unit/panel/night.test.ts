/** When a panel that shines is dark: in the machine's own time zone, over midnight, and through the change of the clocks. */
import { describe, expect, it } from "vitest";
import { nightLight } from "../../../src/panel/night.ts";

const zone = "Europe/Oslo";
const light = 0.4;

describe("a night", () => {
  it.each([
    ["winter, 21:59", Date.UTC(2026, 0, 10, 20, 59), 1],
    ["winter, 22:00", Date.UTC(2026, 0, 10, 21, 0), light],
    ["winter, 05:59", Date.UTC(2026, 0, 11, 4, 59), light],
    ["winter, 06:00", Date.UTC(2026, 0, 11, 5, 0), 1],
    ["summer, 22:00", Date.UTC(2026, 6, 10, 20, 0), light],
    ["the night that has 02:30 twice", Date.UTC(2026, 9, 25, 1, 30), light],
    ["midnight", Date.UTC(2026, 0, 10, 23, 0), light],
  ])("over midnight: %s", (_, wallMs, expected) => {
    expect(nightLight({ from: "22:00", to: "06:00", light }, zone)(wallMs)).toBe(expected);
  });

  it("may lie within one day", () => {
    const at = nightLight({ from: "01:00", to: "05:00", light }, zone);
    expect([0, 1, 4, 5].map((hour) => at(Date.UTC(2026, 0, 10, hour - 1)))).toEqual([1, light, light, 1]);
  });

  it("from a time to the same time never comes", () => {
    const at = nightLight({ from: "12:00", to: "12:00", light }, zone);
    for (let hour = 0; hour < 24; hour += 1) expect(at(Date.UTC(2026, 0, 10, hour))).toBe(1);
  });
});
