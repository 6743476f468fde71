/** The `kvitt` command, as a machine and a checkout have it. */
import { type Commands, runProgram } from "./program.ts";

/** Nothing is loaded that is not used. Keep sorted. */
const commands: Commands = {
  command: {
    summary: "sign an order, send it to a machine, wait for the reply",
    load: async () => (await import("./commands/command-send.ts")).default,
  },
  config: {
    summary: "check a configuration; draw its wiring",
    load: async () => (await import("./commands/config.ts")).command,
  },
  demo: { summary: "watch a sale on this computer", load: async () => (await import("./commands/demo.ts")).command },
  doctor: {
    summary: "what is wrong with this machine, and what to do",
    load: async () => (await import("./commands/doctor.ts")).command,
  },
  fleet: {
    summary: "users and their rights at the broker, for Mosquitto or NATS",
    load: async () => (await import("./commands/fleet.ts")).default,
  },
  gateway: {
    summary: "machines that hold no key of the sales unit: enrol, revoke, list, join",
    load: async () => (await import("./commands/gateway.ts")).default,
  },
  guard: {
    summary: "holds the outputs (started by the daemon)",
    load: async () => (await import("./commands/guard.ts")).command,
  },
  init: {
    summary: "write a configuration, by questions or from answers",
    load: async () => (await import("./commands/init.ts")).default,
  },
  machine: {
    summary: "GPIO lines: list, test, watch, switch off; tell the daemon what was mended",
    load: async () => (await import("./commands/machine.ts")).command,
  },
  panel: {
    summary: "panels: list, preview, gallery, test on hardware",
    load: async () => (await import("./commands/panel.ts")).default,
  },
  payment: {
    summary: "look at a payment; capture, cancel or refund it",
    load: async () => (await import("./commands/payment.ts")).command,
  },
  provision: {
    summary: "make this computer the machine that a set-up file means (at boot)",
    load: async () => (await import("./commands/provision.ts")).command,
  },
  qr: {
    summary: "make, show and remove QR codes at the provider",
    load: async () => (await import("./commands/qr.ts")).command,
  },
  relay: {
    summary: "take webhooks and hand them to the machines over MQTT",
    load: async () => (await import("./commands/relay.ts")).default,
  },
  run: { summary: "run the machine", load: async () => (await import("./commands/run.ts")).command },
  sales: {
    summary: "ended sales, open ones, and what needs a person",
    load: async () => (await import("./commands/sales.ts")).command,
  },
  scanner: {
    summary: "scanners and keypads: list, watch",
    load: async () => (await import("./commands/scanner.ts")).command,
  },
  simulator: {
    summary: "a simulated Vipps MobilePay to train on",
    load: async () => (await import("./commands/simulator.ts")).command,
  },
  stickers: {
    summary: "print the machine's code: stickers with cut marks, sheet, table",
    load: async () => (await import("./commands/stickers.ts")).command,
  },
  update: {
    summary: "fetch a signed release and try it",
    load: async () => (await import("./commands/update.ts")).command,
  },
  webhooks: {
    summary: "register, list and delete webhooks at the provider",
    load: async () => (await import("./commands/webhooks.ts")).command,
  },
};

// Before any command loads @napi-rs/canvas, which searches the host for fonts as it is loaded: a tenth of a second of processor and 14 MB. What stands
// on a panel is drawn with the font that comes along, the same everywhere.
process.env["DISABLE_SYSTEM_FONTS_LOAD"] = "1";

await runProgram({ name: "kvitt", title: "scan-to-pay for unattended machines" }, commands);
