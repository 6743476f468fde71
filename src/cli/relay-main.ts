/** The `kvitt-relay` command: what a computer of the fleet's own needs, without machine, panel and journal. */
import { type Commands, runProgram } from "./program.ts";

/** Nothing is loaded that is not used. Keep sorted. */
const commands: Commands = {
  command: {
    summary: "sign an order, send it to a machine, wait for the reply",
    load: async () => (await import("./commands/command-send.ts")).default,
  },
  fleet: {
    summary: "users and their rights at the broker, for Mosquitto or NATS",
    load: async () => (await import("./commands/fleet.ts")).default,
  },
  gateway: {
    summary: "machines that hold no key of the sales unit: enrol, revoke, list",
    load: async () => (await import("./commands/gateway.ts")).default,
  },
  relay: {
    summary: "take webhooks and hand them to the machines over MQTT",
    load: async () => (await import("./commands/relay.ts")).default,
  },
  webhooks: {
    summary: "register, list and delete webhooks at the provider",
    load: async () => (await import("./commands/webhooks.ts")).command,
  },
};

await runProgram({ name: "kvitt-relay", title: "the cloud side of scan-to-pay machines" }, commands);
