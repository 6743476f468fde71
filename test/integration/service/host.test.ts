/** Goal: an order for root is taken or refused, and leaves nothing behind. Method: a folder, in which the test takes the file away or does not. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createHost } from "../../../src/service/host.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { until } from "../patience.ts";

async function rig(env: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-host-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clock = new SimulatedClock();
  const host = createHost({ env: { RUNTIME_DIRECTORY: folder, ...env }, end: () => {}, clock });
  const files = (): Promise<string[]> => readdir(folder);
  /** Moves the clock on until the answer is there. */
  async function answered<T>(promise: Promise<T>, eachTurn: () => Promise<void> = async () => {}): Promise<T> {
    let answer: { readonly value: T } | undefined;
    void promise.then((value) => (answer = { value }));
    await until(async () => {
      await eachTurn();
      await clock.advance(1_000);
      return answer;
    });
    return promise;
  }
  return { folder, host, files, answered };
}

it("the order is a file that somebody takes away", async () => {
  const { folder, host, answered } = await rig();
  const taken = answered(host.reboot(), () => rm(join(folder, "reboot"), { force: true }));
  expect(await taken).toEqual({ kind: "taken" });
});

it("an order that nobody takes is withdrawn, and says what to enable", async () => {
  const { host, files, answered } = await rig();
  const answer = await answered(host.reboot());
  expect(answer.kind === "refused" ? answer.reason : "").toContain("kvitt-reboot.path");
  expect(await files()).toEqual([]);
});

it("a daemon that was started by hand is ended by nobody's order", async () => {
  const { host } = await rig({ RUNTIME_DIRECTORY: "" });
  expect(host.restartFault()).toContain("by hand");
  expect(await host.reboot()).toMatchObject({ kind: "refused" });
});

it("one that systemd started can be started again", async () => {
  const { host } = await rig({ INVOCATION_ID: "0d4b7c1b4f6b4a5f8f1a" });
  expect(host.restartFault()).toBeUndefined();
});

it("the kernel says which boot this is", async () => {
  const { host } = await rig();
  expect(host.bootId()).toMatch(/^[0-9a-f-]{36}$/);
  expect(host.bootId()).toBe(host.bootId());
});
