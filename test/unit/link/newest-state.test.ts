/** A state that is given at whatever moment is published: also in the very turn in which the one before it was acknowledged. */
import { expect, it } from "vitest";
import { DeviceLink } from "../../../src/link/device-link.ts";
import type { Connection, ConnectionHooks } from "../../../src/link/connection.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";

const momentsMax = 12;

/** A broker that acknowledges when it is told to. */
function linkOver() {
  const said: string[] = [];
  const waiting: (() => void)[] = [];
  let hooks: ConnectionHooks | undefined;
  const connection: Connection = {
    start: () => hooks?.connected(),
    isConnected: () => true,
    tries: () => 1,
    publish: ({ payload }) => {
      said.push(payload);
      return new Promise((resolve) => waiting.push(resolve));
    },
    changeViews: async () => {},
    interrupt: () => {},
    stop: async () => {},
  };
  const link = new DeviceLink(
    {
      msn: "123456",
      merchantQrId: merchantQrId("vend-1"),
      commands: { key: undefined, highestCounter: 0 },
      sessionNumber: 1,
      version: "1",
      clock: new SimulatedClock(),
      entropy: createSeededEntropy(1),
      log: createMemoryLog(),
    },
    (given) => {
      hooks = given;
      return connection;
    },
  );
  return { link, said, acknowledge: () => waiting.splice(0).forEach((resolve) => resolve()) };
}

it.each(Array.from({ length: momentsMax }, (_, turns) => turns))(
  "a farewell %i turns after it is said",
  async (turns) => {
    const { link, said, acknowledge } = linkOver();
    await link.start({ message: async () => {}, connection: () => {}, relay: () => {}, rival: () => {} });
    await settle();
    acknowledge();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    const stopped = link.stop();
    for (let round = 0; round < 3; round += 1) {
      await settle();
      acknowledge();
    }
    await stopped;
    expect(said.at(-1)).toContain('"stopped"');
  },
);
