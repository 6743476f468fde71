/** Goal: nobody waits for a signal that aborted before they listened, and no listener stays. Method: signals before, during and after. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable, abortReason, linkedController, onAbort, untilAborted } from "../../../src/kit/abort.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("a wait on a signal", () => {
  it("ends at once when the signal has aborted already", async () => {
    await expect(untilAborted(AbortSignal.abort())).resolves.toBeUndefined();
  });

  it("ends when the signal aborts, and leaves no listener", async () => {
    const stop = new AbortController();
    const wait = untilAborted(stop.signal);
    expect(listeners(stop.signal)).toBe(1);
    stop.abort();
    await wait;
    expect(listeners(stop.signal)).toBe(0);
  });
});

describe("onAbort", () => {
  it("calls back once, now or later, and can be taken back", () => {
    const calls: string[] = [];
    onAbort(AbortSignal.abort(), () => calls.push("aborted before"));
    const stop = new AbortController();
    onAbort(stop.signal, () => calls.push("aborts later"));
    onAbort(stop.signal, () => calls.push("taken back"))();
    onAbort(undefined, () => calls.push("no signal"))();
    stop.abort();
    stop.abort();
    expect(calls).toEqual(["aborted before", "aborts later"]);
  });
});

describe("an abortable promise", () => {
  it("is the promise while nobody aborts, and leaves no listener", async () => {
    const stop = new AbortController();
    await expect(abortable(Promise.resolve(7), stop.signal)).resolves.toBe(7);
    await expect(abortable(Promise.reject(new Error("no")), stop.signal)).rejects.toThrow("no");
    expect(listeners(stop.signal)).toBe(0);
  });

  it("leaves a promise behind that never ends", async () => {
    const stop = new AbortController();
    const wait = abortable(new Promise(() => {}), stop.signal);
    stop.abort(new Error("enough"));
    await expect(wait).rejects.toThrow("enough");
    await expect(abortable(new Promise(() => {}), stop.signal)).rejects.toThrow("enough");
  });
});

it("a reason that is no error becomes one", () => {
  expect(abortReason(AbortSignal.abort("enough"))).toEqual(new Error("aborted"));
});

describe("a linked controller", () => {
  it("aborts with its signal and with its reason", () => {
    const stop = new AbortController();
    const { controller } = linkedController(stop.signal);
    stop.abort(new Error("enough"));
    expect(controller.signal.reason).toEqual(new Error("enough"));
    expect(linkedController(stop.signal).controller.signal.aborted).toBe(true);
  });

  it("does not hear the signal after its release", () => {
    const stop = new AbortController();
    const { controller, release } = linkedController(stop.signal);
    release();
    stop.abort();
    expect(controller.signal.aborted).toBe(false);
    expect(listeners(stop.signal)).toBe(0);
  });
});
