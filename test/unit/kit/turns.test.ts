/** So many at once, the rest in the order they came, and nobody waits for ever. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NoTurnError, Turns } from "../../../src/kit/turns.ts";
import { settle } from "../link/virtual-clock.ts";

function held() {
  const done = Promise.withResolvers<void>();
  return { work: () => done.promise, end: () => done.resolve() };
}

describe("turns", () => {
  it("never runs more than so many at once, runs all, and begins them in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat(3), { maxLength: 20 }),
        async (atOnce, lengths) => {
          const turns = new Turns(atOnce);
          const begun: number[] = [];
          let [running, most] = [0, 0];
          await Promise.all(
            lengths.map((ticks, index) =>
              turns.run(async () => {
                begun.push(index);
                running += 1;
                most = Math.max(most, running);
                for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
                running -= 1;
              }),
            ),
          );
          expect(begun).toEqual(lengths.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(atOnce);
          expect(turns.waiting).toBe(0);
        },
      ),
    );
  });

  it("goes on after work that failed", async () => {
    const turns = new Turns(1);
    await expect(turns.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await turns.run(() => Promise.resolve(1))).toBe(1);
  });

  it("refuses who would wait behind too many", async () => {
    const turns = new Turns(1, 1);
    const first = held();
    const running = turns.run(first.work);
    const waiting = turns.run(() => Promise.resolve("second"));
    await expect(turns.run(() => Promise.resolve("third"))).rejects.toBeInstanceOf(NoTurnError);
    first.end();
    await running;
    expect(await waiting).toBe("second");
  });

  it("lets go of who stops waiting, and passes the turn to the next", async () => {
    const turns = new Turns(1);
    const first = held();
    const running = turns.run(first.work);
    const stop = new AbortController();
    const given = turns.run(() => Promise.resolve("given up"), stop.signal);
    const patient = turns.run(() => Promise.resolve("patient"));
    stop.abort(new Error("stopped"));
    await expect(given).rejects.toThrow("stopped");
    first.end();
    await running;
    expect(await patient).toBe("patient");
    await settle();
    await expect(turns.run(() => Promise.resolve(1), AbortSignal.abort(new Error("too late")))).rejects.toThrow(
      "too late",
    );
  });
});
