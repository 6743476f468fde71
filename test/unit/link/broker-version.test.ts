/** Goal: a broker is spoken to in the newest version that it knows, also after it was away. Method: a table of what it does, and the versions that it is asked in. */
import { expect, it } from "vitest";
import { BrokerVersion, type VersionDoubt } from "../../../src/link/broker-version.ts";
import type { MqttSettings } from "../../../src/link/mqtt-settings.ts";

type Answer = VersionDoubt | "taken";

function asked(protocol: MqttSettings["protocol"], answers: readonly Answer[]): readonly number[] {
  const version = new BrokerVersion(protocol);
  return [
    version.current,
    ...answers.map((answer) => {
      if (answer === "taken") version.taken();
      else version.failed(answer);
      return version.current;
    }),
  ];
}

it.each<readonly [string, MqttSettings["protocol"], readonly Answer[], readonly number[]]>([
  ["one that refuses 5", "auto", ["certain", "taken", "none"], [5, 4, 4, 4]],
  ["one that closes at 5", "auto", ["possible", "taken"], [5, 4, 4]],
  ["one that is away at first", "auto", ["none", "possible", "possible", "taken"], [5, 5, 4, 5, 5]],
  [
    "one that took 5 and is started anew",
    "auto",
    ["taken", "possible", "possible", "possible", "taken"],
    Array(6).fill(5),
  ],
  [
    "one that took 3.1.1 and is slow",
    "auto",
    ["certain", "taken", "possible", "possible", "taken"],
    [5, 4, 4, 4, 4, 4],
  ],
  [
    "one that is an older one now",
    "auto",
    ["taken", "possible", "possible", "possible", "possible"],
    [5, 5, 5, 5, 5, 4],
  ],
  ["one that is an older one now, and says so", "auto", ["taken", "certain"], [5, 5, 4]],
  ["whatever it does, as configured", "5", ["certain", "possible", "none", "taken"], Array(5).fill(5)],
  ["whatever it does, as configured for 3.1.1", "3.1.1", ["certain", "possible", "none", "taken"], Array(5).fill(4)],
])("%s", (_name, protocol, answers, versions) => {
  expect(asked(protocol, answers)).toEqual(versions);
});
