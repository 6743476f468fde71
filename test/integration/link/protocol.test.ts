/** Falling back to 3.1.1 with brokers that refuse MQTT 5 in the ways that brokers do, and giving the network up never. */
import { createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { MqttConnection } from "../../../src/link/mqtt-connection.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { realClock, realEntropy, until } from "./real-parts.ts";

/** A broker of a few bytes: refuses version 5 as told, takes 4 and any subscription. */
async function startOldBroker(refuse: (socket: Socket) => void) {
  const versions: number[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      const kind = (bytes[0] ?? 0) >> 4;
      // CONNECT: fixed header (2), "MQTT" with its length (6), then the protocol level (3.1.1 §3.1.2.2).
      if (kind === 1) {
        const version = bytes[bytes.indexOf("MQTT") + 4] ?? 0;
        versions.push(version);
        if (version === 4) socket.write(Buffer.from([0x20, 2, 0, 0]));
        else refuse(socket);
      }
      // SUBSCRIBE of one filter: SUBACK with its packet id and QoS 1.
      if (kind === 8) socket.write(Buffer.from([0x90, 3, bytes[2] ?? 0, bytes[3] ?? 0, 1]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { versions, url: `mqtt://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

it.each<readonly [string, (socket: Socket) => void]>([
  ["CONNACK 1 in the old form, as the standard says", (socket) => socket.end(Buffer.from([0x20, 2, 0, 1]))],
  ["CONNACK 132 in the new form", (socket) => socket.end(Buffer.from([0x20, 3, 0, 132, 0]))],
  ["closing at once", (socket) => socket.end()],
  ["resetting", (socket) => socket.resetAndDestroy()],
])("falls back to 3.1.1 after %s", async (_name, refuse) => {
  const broker = await startOldBroker(refuse);
  let connected = 0;
  const connection = new MqttConnection({
    settings: {
      url: broker.url,
      protocol: "auto",
      clientId: "test",
      keepaliveS: 30,
      sessionExpiryS: 60,
      connectTimeoutMs: 2_000,
      reconnectMaxMs: 200,
    },
    hooks: {
      will: () => ({ topic: "will", payload: "{}", qos: 1, retain: true }),
      filters: ["a/#"],
      views: [],
      message: () => Promise.resolve(),
      connected: () => void (connected += 1),
      disconnected: () => undefined,
    },
    clock: realClock,
    entropy: realEntropy,
    log: recordingLog(),
  });
  connection.start();
  await until("connected", () => connected === 1);
  expect(connection.version()).toBe(4);
  expect(broker.versions).toEqual([5, 4]);
  await connection.stop();
  await broker.close();
});
