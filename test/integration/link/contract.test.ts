/** The real link keeps the same contract as its twin, over MQTT 3.1.1 (aedes) and MQTT 5 (mosquitto), with real sockets. */
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { createMqttLink } from "../../../src/link/mqtt-link.ts";
import {
  commandKey,
  describeLink,
  type LinkWorld,
  machine,
  msn,
  root,
  type Seen,
} from "../../unit/link/link-contract.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { type Broker, hasMosquitto, startAedes, startMosquitto } from "./brokers.ts";
import { realClock, realEntropy, until } from "./real-parts.ts";

async function makeWorld(broker: Broker): Promise<LinkWorld> {
  const seen: Seen[] = [];
  const client = await mqtt.connectAsync(broker.url, { reconnectPeriod: 50 });
  client.on("message", (topic, payload, { retain }) =>
    seen.push({ topic, json: JSON.parse(payload.toString()), retained: retain }),
  );
  await client.subscribeAsync(`${root}/#`, { qos: 1 });
  return {
    seen,
    link: (boot) =>
      createMqttLink({
        msn,
        merchantQrId: machine,
        sessionNumber: boot,
        version: "1.2.3",
        clock: realClock,
        entropy: realEntropy,
        log: recordingLog(),
        commands: { key: commandKey, highestCounter: 0 },
        settings: {
          url: broker.url,
          protocol: "auto",
          keepaliveS: 30,
          sessionExpiryS: 3600,
          connectTimeoutMs: 3_000,
          reconnectMaxMs: 500,
        },
      }),
    wallMs: () => Date.now(),
    publish: async (topic, payload, retain = false) => {
      await client.publishAsync(topic, payload, { qos: 1, retain });
    },
    until,
    quiet: () => sleep(400),
    breakBroker: () => broker.kill(),
    reviveBroker: async () => {
      await broker.revive();
      await until("the watcher is back", () => client.connected);
    },
    close: async () => {
      await client.endAsync(true);
      await broker.close();
    },
  };
}

describeLink("aedes, MQTT 3.1.1", async () => makeWorld(await startAedes()));
describeLink("mosquitto, MQTT 5", async () => makeWorld(await startMosquitto()), hasMosquitto());
