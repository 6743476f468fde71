/** A device in a process of its own, for tests that kill it: `device.ts URL [never-takes]`. */
import { createMqttLink } from "../../../src/link/mqtt-link.ts";
import { machine, msn } from "../../unit/link/link-contract-facts.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { realClock, realEntropy } from "./real-parts.ts";

const [, , url = "", habit] = process.argv;
const link = createMqttLink({
  msn,
  merchantQrId: machine,
  sessionNumber: 77,
  version: "1.2.3",
  clock: realClock,
  entropy: realEntropy,
  log: recordingLog(),
  commands: { key: undefined, highestCounter: 0 },
  settings: {
    url,
    protocol: "auto",
    keepaliveS: 30,
    sessionExpiryS: 3600,
    connectTimeoutMs: 3_000,
    reconnectMaxMs: 500,
  },
});
await link.start({
  message: async (message) => {
    console.log(`message ${message.kind}`);
    if (habit === "never-takes") await new Promise(() => undefined);
  },
  connection: (connected) => console.log(connected ? "connected" : "disconnected"),
  relay: () => undefined,
  rival: () => undefined,
});
link.publishState({ state: "ready", reason: undefined, version: "1.2.3", since: new Date().toISOString() });
