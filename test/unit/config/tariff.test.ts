/** Goal: a tariff that cannot be charged is told before anybody pays. Method: a right file with one line changed, and what it quotes. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { faultText, parseConfig } from "../../../src/config/load.ts";
import { policyOf } from "../../../src/daemon/sale.ts";

const parking = await readFile(new URL("../../fixtures/config/parking.toml", import.meta.url), "utf8");

function faultsOf(text: string): string {
  const loaded = parseConfig(text);
  return loaded.ok ? "" : loaded.faults.map(faultText).join("\n");
}

describe("the tariff of a parking meter", () => {
  it("is what the file says, in the machine's own time zone", () => {
    const loaded = parseConfig(parking);
    if (!loaded.ok) throw new Error(faultsOf(parking));
    const quote = policyOf(loaded.config).timeSales?.quote(Date.parse("2026-11-23T16:30:00Z"), 120);
    expect(quote).toEqual({ price: 6_000, untilWallMs: Date.parse("2026-11-24T08:30:00Z") });
  });

  it("a rate may go over midnight", () => {
    const night = parking.replace('from = "10:00", to = "15:00"', 'from = "22:00", to = "02:00"');
    const loaded = parseConfig(night);
    if (!loaded.ok) throw new Error(faultsOf(night));
    const quote = policyOf(loaded.config).timeSales?.quote(Date.parse("2026-11-28T20:00:00Z"), 120);
    expect(quote).toEqual({ price: 4_000, untilWallMs: Date.parse("2026-11-28T23:00:00Z") });
  });

  it.each([
    ["nothing that costs", parking.replaceAll(/price_per_hour = [23]000/g, "price_per_hour = 0"), /everything is free/],
    [
      "a shortest time under the provider's floor",
      parking.replace("minutes_min = 30", "minutes_min = 1").replace("round_up_to = 100", "round_up_to = 1"),
      /can cost 34, and the provider takes no payment under 100/,
    ],
    [
      "a longest time that is shorter than the shortest",
      parking.replace("minutes_max = 2880", "minutes_max = 20"),
      /at least minutes_min/,
    ],
    ["first minutes without a price", parking.replace("day_max", "first_minutes = 30\nday_max"), /go together/],
    ["a most under the floor", parking.replace("day_max = 18000", "day_max = 50"), /under 100/],
    [
      "a most that rounding would pass",
      parking.replace("day_max = 18000", "day_max = 18050"),
      /multiple of round_up_to \(100\)/,
    ],
    [
      "a rate of no time",
      parking.replace('from = "10:00", to = "15:00"', 'from = "10:00", to = "10:00"'),
      /no time at all/,
    ],
    ["a day that is none", parking.replace('["sat"]', '["caturday"]'), /sat/],
    ["a date that is none", parking.replace("2026-12-26", "2026-02-30"), /holidays/],
    [
      "a rate for holidays that are not listed",
      parking.replace('["sat"]', '["holiday"]').replace(/holidays = .*/, ""),
      /there are none/,
    ],
  ])("%s is a fault", (_, text, message) => {
    expect(faultsOf(text)).toMatch(message);
  });
});
