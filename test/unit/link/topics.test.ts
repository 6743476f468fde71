/** One spelling of every topic, there and back; nothing that could reach another machine's topic gets in. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  eventFilter,
  isRelayInstance,
  machineTopic,
  parseTopic,
  relayFilter,
  relayTopic,
  stateFilter,
} from "../../../src/link/topics.ts";
import { matches } from "../../../src/link/simulated-bus.ts";
import { isMachineId, merchantQrId } from "../../../src/sale/ids.ts";

const machine = { msn: "123456", merchantQrId: merchantQrId("vend-1") };
const leaves = ["event/checked-in", "event/payment", "state", "sale", "health", "command", "command/reply"] as const;

describe("topics", () => {
  it.each([
    [machineTopic(machine, "event/checked-in"), "kvitt/v1/123456/vend-1/event/checked-in"],
    [machineTopic(machine, "command/reply"), "kvitt/v1/123456/vend-1/command/reply"],
    [eventFilter(machine), "kvitt/v1/123456/vend-1/event/#"],
    [stateFilter("123456"), "kvitt/v1/123456/+/state"],
    [relayTopic("123456", "eu-1"), "kvitt/v1/123456/relay/eu-1"],
    [relayFilter("123456"), "kvitt/v1/123456/relay/+"],
  ])("are spelled as the document says: %s", (made, written) => expect(made).toBe(written));

  it("come back as what they were made from", () => {
    const id = fc.stringMatching(/^[A-Za-z0-9-]{1,37}$/).filter(isMachineId);
    const made = fc.tuple(fc.stringMatching(/^[0-9]{4,7}$/), id, fc.constantFrom(...leaves));
    fc.assert(
      fc.property(made, ([msn, text, leaf]) => {
        const address = { msn, merchantQrId: text };
        expect(parseTopic(machineTopic(address, leaf))).toEqual({ kind: "machine", ...address, leaf });
      }),
      { numRuns: 100 },
    );
  });

  it("are of machines, never of an outlet", () => {
    expect(parseTopic("kvitt/v1/123456/vend-1--w1/state")).toBeUndefined();
    const outlet = { msn: "123456", merchantQrId: merchantQrId("vend-1--w1") };
    expect(() => machineTopic(outlet, "state")).toThrow(expect.objectContaining({ code: "link-config" }));
  });

  it("of a relay are never taken for a machine's state", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (name) => {
        if (isRelayInstance(name)) expect(matches(stateFilter("123456"), relayTopic("123456", name))).toBe(false);
        else expect(() => relayTopic("123456", name)).toThrow(expect.objectContaining({ code: "link-config" }));
      }),
      { numRuns: 200 },
    );
    expect(() => relayTopic("123456", "state")).toThrow(/relay instance/);
    expect(() => merchantQrId("relay")).toThrow(/is where relays stand in topics/);
    expect(() => machineTopic({ msn: "12/+", merchantQrId: machine.merchantQrId }, "state")).toThrow(
      /an msn is 4 to 7 digits/,
    );
  });

  it("of others are none of ours, whatever they are", () => {
    for (const topic of [
      "",
      "kvitt",
      "kvitt/v2/123456/vend-1/state",
      "kvitt/v1/123456/vend-1/state/x",
      "kvitt/v1/x/vend-1/state",
    ])
      expect(parseTopic(topic)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (topic) => {
        const meaning = parseTopic(topic);
        if (meaning?.kind === "machine") expect(isMachineId(meaning.merchantQrId)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe("topic filters of the simulated bus", () => {
  it.each([
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["a/+", "a", false],
    ["a/+", "a/b", true],
    ["a/+", "a/b/c", false],
    ["a/+/c", "a//c", true],
    ["a/b", "a/c", false],
    ["#", "a/b", true],
  ])("%s takes %s: %s (MQTT 5.0 §4.7.1)", (filter, topic, taken) => expect(matches(filter, topic)).toBe(taken));
});
