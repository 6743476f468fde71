/** What the configuration says about the lines of a GPIO machine, as the driver takes it. Types only. */
import type { AcknowledgeSettings } from "./acknowledge.ts";
import type { InputSpec, OutputSpec } from "./lines.ts";

export interface AcknowledgeInput extends AcknowledgeSettings {
  readonly input: InputSpec;
}

interface LineBase {
  /** As products name it. */
  readonly line: string;
  readonly button: InputSpec | undefined;
  readonly output: OutputSpec;
}

export interface RelayLine extends LineBase {
  readonly form: "relay";
  readonly onMs: number;
  readonly acknowledge: AcknowledgeInput | undefined;
}

export interface PulseLine extends LineBase {
  readonly form: "pulse";
  readonly onMs: number;
  readonly offMs: number;
  readonly creditValue: number | undefined;
  readonly pulses: number;
  readonly maxPulses: number;
  readonly acknowledge: AcknowledgeInput | undefined;
}

export interface MotorLine extends LineBase {
  readonly form: "motor";
  readonly confirm: "drop" | "home";
  readonly home: InputSpec | undefined;
  readonly homeStableMs: number;
  readonly drop: InputSpec | undefined;
  readonly dropMinMs: number;
  readonly leaveMs: number;
  readonly turnMs: number;
  readonly dropWaitMs: number;
  readonly jogs: number;
}

export interface TimedLine extends LineBase {
  readonly form: "timed";
  readonly onMs: number | undefined;
  readonly creditValue: number | undefined;
}

export type LineSettings = RelayLine | PulseLine | MotorLine | TimedLine;

/** What belongs to the machine and not to one line. */
export interface MachineWide {
  /** Active: the machine takes no credit now. */
  readonly inhibit: InputSpec | undefined;
  /** How long a paid delivery waits for the machine to take credit again. */
  readonly inhibitWaitMs: number;
  /** Active: the door is open. */
  readonly door: InputSpec | undefined;
  readonly cancelButton: InputSpec | undefined;
  /** Lamp or buzzer by which a person finds the machine. */
  readonly lamp: OutputSpec | undefined;
  /** After a delivery, nothing is begun for so long. */
  readonly postDelayMs: number;
  readonly maxOnMs: number;
  /** How long a level has to stand still before it counts. */
  readonly stableMs: number;
}
