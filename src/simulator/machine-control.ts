/** The simulated machine's front, over HTTP on a Unix socket: buttons, scanner, faults, clock. For the demo and for training. */
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import { isKey } from "../machine/hid/keypad.ts";
import type { DroppedThing, SimulatedMachine } from "../machine/simulated.ts";
import type { Clock, Timer } from "../service/port.ts";

/** A clock whose wall time can be put wrong. */
export interface AdjustableClock extends Clock {
  setWallOffset(offsetMs: number): void;
}

const plausibleSkewMs = 120_000;

export function adjustableClock(inner: Clock): AdjustableClock {
  let offsetMs = 0;
  return {
    monotonicMs: () => inner.monotonicMs(),
    wallMs: () => inner.wallMs() + offsetMs,
    isPlausible: () => Math.abs(offsetMs) <= plausibleSkewMs && inner.isPlausible(),
    startTimer: (name, delayMs, callback): Timer => inner.startTimer(name, delayMs, callback),
    sleep: (delayMs, signal) => inner.sleep(delayMs, signal),
    setWallOffset: (value) => {
      offsetMs = value;
    },
  };
}

const order = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("press"), line: z.string() }),
  z.strictObject({
    action: z.literal("key"),
    key: z.string().refine(isKey, "a letter, a digit, plus, minus, ok, cancel or backspace"),
  }),
  z.strictObject({ action: z.literal("cancel") }),
  z.strictObject({ action: z.literal("scan"), text: z.string() }),
  z.strictObject({ action: z.literal("fault"), fault: z.enum(["none", "jam", "no-sensor", "slow"]) }),
  z.strictObject({ action: z.literal("inhibit"), on: z.boolean() }),
  z.strictObject({ action: z.literal("door"), open: z.boolean() }),
  z.strictObject({ action: z.literal("clock"), offsetMs: z.number() }),
  z.strictObject({ action: z.literal("state") }),
]);

const bodyBytesMax = 65_536;

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyBytesMax) throw new Error("the order is too large");
  }
  return text === "" ? {} : JSON.parse(text);
}

export interface MachineControl {
  close(): Promise<void>;
}

export async function startMachineControl(settings: {
  readonly socketPath: string;
  readonly machine: SimulatedMachine;
  readonly drops: readonly DroppedThing[];
  readonly clock: AdjustableClock;
  /** What the kiosk says of itself, for the lamp. */
  readonly describe: () => unknown;
}): Promise<MachineControl> {
  const { socketPath, machine, drops, clock, describe } = settings;
  function perform(one: z.infer<typeof order>): void {
    switch (one.action) {
      case "press":
        return machine.press(one.line);
      case "key":
        return machine.key(one.key);
      case "cancel":
        return machine.cancel();
      case "scan":
        return machine.scan(one.text);
      case "fault":
        return machine.setFault(one.fault);
      case "inhibit":
        return machine.setInhibited(one.on);
      case "door":
        return machine.setDoorOpen(one.open);
      case "clock":
        return clock.setWallOffset(one.offsetMs);
      case "state":
        return undefined;
    }
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let body: unknown;
    try {
      perform(order.parse(await readJson(request)));
      body = { kiosk: describe(), drops, isMoving: machine.isMoving, isIdentifying: machine.isIdentifying };
    } catch (error) {
      status = 400;
      body = { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) };
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }
  await rm(socketPath, { force: true });
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
