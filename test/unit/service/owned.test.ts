/** Goal: whatever was started is given back, in reverse order, whatever throws or hangs. Method: stops that the test writes, on a clock that it moves. */
import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createOwned, StopError } from "../../../src/service/owned.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";

function rig() {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const stopped: string[] = [];
  const owned = createOwned({ clock, log });
  const own = (name: string, stop: () => Promise<void> | void = () => {}, withinMs?: number): void =>
    owned.defer(
      name,
      () => {
        stopped.push(name);
        return stop();
      },
      withinMs,
    );
  return { clock, log, stopped, owned, own };
}

describe("what was started", () => {
  it("is given back in reverse order, each after the one before it", async () => {
    const { owned, own, stopped } = rig();
    own("first");
    own("second", async () => {
      await settle();
      stopped.push("second is over");
    });
    own("third");
    await owned[Symbol.asyncDispose]();
    expect(stopped).toEqual(["third", "second", "second is over", "first"]);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("stuck"))],
    [
      "throws at once",
      () => {
        throw new Error("stuck");
      },
    ],
  ])("is given back also when a stop %s; the end says so", async (_, stop) => {
    const { owned, own, stopped, log } = rig();
    own("first");
    own("second", stop);
    own("third", stop);
    const ending = owned[Symbol.asyncDispose]();
    await expect(ending).rejects.toThrow(StopError);
    await expect(ending).rejects.toThrow("third (stuck); second (stuck)");
    expect(stopped).toEqual(["third", "second", "first"]);
    expect(log.lines.map(({ level, fields }) => [level, fields["part"]])).toEqual([
      ["error", "third"],
      ["error", "second"],
    ]);
  });

  it("is not waited for without end", async () => {
    const { owned, own, stopped, clock } = rig();
    own("first");
    own("second", () => new Promise(() => {}), 2_000);
    const ending = Promise.resolve(owned[Symbol.asyncDispose]()).catch((error: unknown) => error);
    await clock.advance(1_999);
    expect(stopped).toEqual(["second"]);
    await clock.advance(1);
    expect(stopped).toEqual(["second", "first"]);
    expect(String(await ending)).toContain("second (it did not end within 2 s)");
    expect(clock.timers()).toEqual([]);
  });

  it("is given back when the work threw, and both are told", async () => {
    const { clock, log } = rig();
    const stopped: string[] = [];
    const work = async (): Promise<void> => {
      await using owned = createOwned({ clock, log });
      owned.defer("part", () => {
        stopped.push("part");
        throw new Error("stuck");
      });
      throw new Error("the port is taken");
    };
    const error: unknown = await work().catch((thrown: unknown) => thrown);
    expect(stopped).toEqual(["part"]);
    if (!(error instanceof SuppressedError)) throw error;
    expect([String(error.suppressed), String(error.error)]).toEqual([
      "Error: the port is taken",
      "StopError: not everything was stopped: part (stuck)",
    ]);
  });
});
