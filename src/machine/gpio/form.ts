/** What every form of delivery is given, and what it answers with: relay, pulse train, motor, timed output. Types, and two small helpers. */
import type { Clock, Log } from "../../service/port.ts";
import type { Actuators } from "../actuators.ts";
import type { DeliveryOrder, DeliveryOutcome } from "../port.ts";
import type { StableInput } from "./inputs.ts";

export interface FormParts {
  readonly actuators: Actuators;
  readonly clock: Clock;
  readonly log: Log;
  /** The machine takes no credit while it is active; undefined where there is no such input. */
  readonly inhibit: StableInput | undefined;
  /**
   * Calls when what turns freely has to stop: somebody opened the door and may have a hand inside, or the actuators were lost. Returns what
   * takes the listener away again.
   */
  readonly onHalt: (listener: (reason: string) => void) => () => void;
  /** An output that nobody can say is off: the machine is not ready until it is. `reference`: of the sale that it was on for. */
  readonly onStuckOutput: (output: string, error: unknown, reference: DeliveryOrder["reference"]) => void;
}

export interface FormResult {
  readonly outcome: DeliveryOutcome;
  /** What the delivery told of the line itself. */
  readonly lineState?: "jammed" | "sold-out";
}

export interface Form {
  /** Why this order can never be carried out on this line, before anything moves; undefined when it can. */
  refusal(order: DeliveryOrder): string | undefined;
  /** Moves. Ends by itself within a bounded time; never rejects for what the hardware does. */
  run(order: DeliveryOrder, signal: AbortSignal): Promise<FormResult>;
}
