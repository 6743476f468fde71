/** Two real links with one identity on a real broker: they notice, say so, and stop taking turns. */
import { afterEach, expect, it } from "vitest";
import { createMqttLink } from "../../../src/link/mqtt-link.ts";
import { commandKey, machine, msn, Recorder } from "../../unit/link/link-contract.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { type Broker, hasMosquitto, startAedes, startMosquitto } from "./brokers.ts";
import { realClock, realEntropy, until } from "./real-parts.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const brokers: (readonly [string, () => Promise<Broker>])[] = [["aedes, MQTT 3.1.1", startAedes]];
if (hasMosquitto()) brokers.push(["mosquitto, MQTT 5", () => startMosquitto()]);

it.each(brokers)("over %s", async (_name, startBroker) => {
  const broker = await startBroker();
  endings.push(() => broker.close());
  const log = recordingLog();
  const start = async (): Promise<Recorder> => {
    const link = createMqttLink({
      msn,
      merchantQrId: machine,
      sessionNumber: 1,
      version: "1",
      clock: realClock,
      entropy: realEntropy,
      log,
      commands: { key: commandKey, highestCounter: 0 },
      settings: {
        url: broker.url,
        protocol: "auto",
        keepaliveS: 30,
        sessionExpiryS: 60,
        connectTimeoutMs: 3_000,
        reconnectMaxMs: 500,
      },
    });
    const recorder = new Recorder();
    await link.start(recorder);
    endings.push(() => link.stop());
    return recorder;
  };
  const [one, other] = [await start(), await start()];
  await until("one of them knows", () => one.rivals.includes(true) || other.rivals.includes(true));
  const said = log.lines.filter(({ level }) => level === "error").map(({ message }) => message);
  // Both may find it out at once. Each says it once.
  expect(said.length === 1 || said.length === 2).toBe(true);
  for (const message of said) expect(message).toContain("another client uses the same identity");
  // The other, which was not thrown out last, comes back once more.
  await realClock.sleep(3_000);
  const connections = () => one.connections.length + other.connections.length;
  const before = connections();
  await realClock.sleep(3_000);
  expect(connections()).toBe(before);
});
