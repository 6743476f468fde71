/** The simulated machine's front as orders in JSON: buttons, scanner, faults, clock. For the demo and for training. */
import * as z from "zod";
import { isKey } from "./hid/keypad.ts";
import type { DroppedThing, SimulatedMachine } from "./simulated.ts";

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

export interface SimulatedFrontSettings {
  readonly machine: SimulatedMachine;
  readonly drops: readonly DroppedThing[];
  /** Puts the machine's wall clock wrong by so much. */
  readonly setWallOffset: (offsetMs: number) => void;
  /** What the kiosk says of itself, for the lamp. */
  readonly describe: () => unknown;
}

/** What happened to an order: the status of HTTP, and what the machine is like after it. */
export interface FrontAnswer {
  readonly status: 200 | 400;
  readonly body: unknown;
}

/** Takes one order at a time; one that is not understood does nothing. */
export function createSimulatedFront({
  machine,
  drops,
  setWallOffset,
  describe,
}: SimulatedFrontSettings): (given: unknown) => FrontAnswer {
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
        return setWallOffset(one.offsetMs);
      case "state":
        return undefined;
    }
  }
  return (given) => {
    const parsed = order.safeParse(given);
    if (!parsed.success) return { status: 400, body: { error: z.prettifyError(parsed.error) } };
    perform(parsed.data);
    const { isMoving, isIdentifying } = machine;
    return { status: 200, body: { kiosk: describe(), drops, isMoving, isIdentifying } };
  };
}
