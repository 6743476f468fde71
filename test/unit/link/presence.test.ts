/** Relays come, go, fall silent; the listener hears each change once. */
import { describe, expect, it } from "vitest";
import type { RelayHealth } from "../../../src/link/port.ts";
import { RelayPresence } from "../../../src/link/presence.ts";
import { VirtualClock } from "./virtual-clock.ts";

function make() {
  const clock = new VirtualClock();
  const told: RelayHealth[] = [];
  const presence = new RelayPresence(clock, (health) => told.push(health));
  const at = (agoMs = 0): string => new Date(clock.wallMs() - agoMs).toISOString();
  return { clock, told, presence, at };
}

const none = { alive: false, registered: false };
const healthy = { alive: true, registered: true };

describe("relay presence", () => {
  it("counts a relay as dead when it does not repeat itself in time", async () => {
    const { clock, told, presence, at } = make();
    presence.heard("a", { ...healthy, at: at(), validForS: 180 });
    await clock.advance(179_000);
    presence.heard("a", { ...healthy, at: at(), validForS: 180 });
    await clock.advance(179_000);
    expect(told).toEqual([healthy]);
    await clock.advance(2_000);
    expect(told).toEqual([healthy, none]);
  });

  it("does not believe a retained message that is older than it is valid", async () => {
    const { told, presence, at } = make();
    presence.heard("a", { ...healthy, at: at(200_000), validForS: 180 });
    expect(told).toEqual([]);
  });

  it("takes the age off what is left, but only by a clock that can be believed", async () => {
    const { clock, told, presence, at } = make();
    presence.heard("a", { ...healthy, at: at(100_000), validForS: 180 });
    await clock.advance(81_000);
    expect(told).toEqual([healthy, none]);
    clock.plausible = false;
    presence.heard("a", { ...healthy, at: at(100_000), validForS: 180 });
    await clock.advance(81_000);
    expect(told.at(-1)).toEqual(healthy);
  });

  it("is healthy while any instance is, and says so only when it changes", () => {
    const { told, presence } = make();
    presence.heard("a", healthy);
    presence.heard("b", healthy);
    presence.heard("a", undefined);
    presence.heard("b", { alive: false, registered: true });
    presence.reset();
    expect(told).toEqual([healthy, none]);
  });
});
