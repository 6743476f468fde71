/** Another client with our identity is told from a broker that is away; once it is suspected, whoever is thrown out waits for minutes. */
import { describe, expect, it } from "vitest";
import { rivalIsGoneMs, Rivalry, sessionTakenOver } from "../../../src/link/rivalry.ts";
import { seededEntropy } from "./virtual-clock.ts";

describe("a rival", () => {
  it.each([
    ["one takeover", [[1_000, sessionTakenOver]], false],
    [
      "two takeovers, however far apart",
      [
        [1_000, sessionTakenOver],
        [3_600_000, sessionTakenOver],
      ],
      true,
    ],
    [
      "two closes right after CONNACK",
      [
        [500, undefined],
        [500, undefined],
      ],
      false,
    ],
    [
      "three closes right after CONNACK",
      [
        [500, undefined],
        [14_999, undefined],
        [500, undefined],
      ],
      true,
    ],
    [
      "closes with a connection that lived between them",
      [
        [500, undefined],
        [500, undefined],
        [15_000, undefined],
        [500, undefined],
        [500, undefined],
      ],
      false,
    ],
    ["a broker that is restarted all day", Array.from({ length: 100 }, () => [60_000, 0x8b] as const), false],
  ] as const)("after %s", (_what, ends, isSuspected) => {
    const rivalry = new Rivalry();
    for (const [livedMs, code] of ends) rivalry.ended(livedMs, code);
    expect(rivalry.isSuspected).toBe(isSuspected);
  });

  it("that is suspected makes every end count until a connection has outlived it", () => {
    const rivalry = new Rivalry();
    const answers = [rivalry.ended(1, sessionTakenOver), rivalry.ended(1, sessionTakenOver)];
    expect(answers).toEqual([false, true]);
    expect(rivalry.ended(300_000, undefined)).toBe(true);
    expect(rivalry.ended(rivalIsGoneMs, undefined)).toBe(false);
    expect(rivalry.isSuspected).toBe(true);
    rivalry.forget();
    expect(rivalry.isSuspected).toBe(false);
    expect(rivalry.ended(1, undefined)).toBe(false);
  });

  it("is waited for longer each time, for minutes, and never for longer than a connection has to live to be alone", () => {
    const rivalry = new Rivalry();
    const waits: number[] = [];
    for (let times = 0; times < 10; times += 1)
      if (rivalry.ended(1, sessionTakenOver)) waits.push(rivalry.waitMs(seededEntropy(times)));
    expect(waits[0]).toBeGreaterThanOrEqual(120_000);
    expect(Math.max(...waits)).toBeLessThan(rivalIsGoneMs);
    expect(Math.max(...waits)).toBeGreaterThan(300_000);
  });
});
