/**
 * Goal: what machines and relays say on the broker is what docs/ publishes, and nothing else. Method: days in the simulated world, with every message
 * that the broker is given held against the published schema of its topic. An emptied retained message has no content to judge.
 */
import { expect, it } from "vitest";
import { faultOf, publishedChannels } from "../unit/link/published.ts";
import { runSeed } from "./run.ts";

const days = 12;
/** The simulated relays serve one sales unit and have no gateway: test/unit/link/published-messages.test.ts has those two. */
const elsewhere = ["relay-process", "gateway-identity"];

it("every message of a day is as it is published, and every kind of message comes", async () => {
  const channels = publishedChannels();
  const faults = new Set<string>();
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= days; seed += 1)
    await runSeed(seed, {}, ({ bus }) =>
      bus.watch((message) => {
        const name = channels.find(({ pattern }) => pattern.test(message.topic))?.name ?? message.topic;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        const fault = message.payload === "" ? undefined : faultOf(channels, message);
        if (fault !== undefined) faults.add(fault);
      }),
    );
  expect([...faults]).toEqual([]);
  expect([...seen.keys(), ...elsewhere].toSorted()).toEqual(channels.map(({ name }) => name).toSorted());
});
