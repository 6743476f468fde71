/** The retained state with a machine's outlets in it: what is written can be read, stays small, and newer words let nobody in. */
import { describe, expect, it } from "vitest";
import { stateReadSchema, stateSchema, writeState } from "../../../src/link/messages.ts";
import type { StationReport } from "../../../src/link/port.ts";
import { type StationId, stationId, stationsMax } from "../../../src/sale/ids.ts";

const state = {
  state: "ready",
  reason: undefined,
  session: 7,
  version: "1.2.3",
  since: "2026-11-27T10:00:00.000Z",
} as const;
const inUse: StationReport = { state: "in-use", until: "2026-11-27T10:42:00Z" };
const outlets = (count: number, report: StationReport): ReadonlyMap<StationId, StationReport> =>
  new Map(Array.from({ length: count }, (_, index) => [stationId(`w${index + 1}`), report]));

describe("a machine's state", () => {
  it("has its outlets and stickers, and says nothing that it does not know", () => {
    const stations = new Map([
      [stationId("w1"), inUse],
      [stationId("w2"), { state: "free" } as const],
    ]);
    const written: unknown = JSON.parse(
      writeState({ ...state, stations }, {}, new Map([["beacon-1", stationId("w1")]])),
    );
    expect(written).toMatchObject({ stations: { w1: inUse, w2: { state: "free" } }, qr_ids: { "beacon-1": "w1" } });
    expect(stateSchema.safeParse(written).success).toBe(true);
    const { reason: _reason, ...plain } = state;
    expect(JSON.parse(writeState(state))).toEqual({ schema: "kvitt.state/1", ...plain });
  });

  it(`stays below 2.5 kB with ${stationsMax} outlets, and takes no more`, () => {
    const most = writeState({ ...state, stations: outlets(stationsMax, inUse) });
    expect(Buffer.byteLength(most)).toBeLessThan(2_500);
    expect(stateSchema.safeParse(JSON.parse(most)).success).toBe(true);
    const more = writeState({ ...state, stations: outlets(stationsMax + 1, inUse) });
    expect(stateSchema.safeParse(JSON.parse(more)).success).toBe(false);
  });

  it("is read with words that are newer than the reader", () => {
    const read = stateReadSchema.parse({
      state: "ready",
      stations: { w1: { state: "soaking" }, w2: { state: "free" } },
    });
    expect(read.stations).toEqual({ w1: { state: "out-of-service" }, w2: { state: "free" } });
  });
});
