/** Opens every input of a GPIO machine and makes the forms of its lines. Opening again after a failure leaves timed outputs as they run. */
import type { Clock } from "../../service/port.ts";
import type { InputStatus } from "../port.ts";
import { Button } from "./button.ts";
import type { Form, FormParts } from "./form.ts";
import { InputBoard, type SharedInput, StableInput } from "./inputs.ts";
import type { GpioLines, InputSpec } from "./lines.ts";
import { MotorForm } from "./motor-form.ts";
import { PulseForm } from "./pulse-train.ts";
import { RelayForm } from "./relay.ts";
import type { LineSettings, MachineWide } from "./settings.ts";
import type { TimedForm } from "./timed.ts";

export interface InputEvents {
  onPress(line: string): void;
  onCancel(): void;
  onInhibit(): void;
  onDoor(): void;
  onBlocked(): void;
  /** A button turned out to be stuck, or came free. */
  onButtonStatus(): void;
  onFailure(spec: InputSpec, error: Error): void;
}

export interface OpenedMachine {
  readonly inhibit: StableInput | undefined;
  readonly door: StableInput | undefined;
  /** Drop sensors that are active for longer than anything falls. */
  blockedSensor(): string | undefined;
  /** Buttons, for the health report. */
  buttons(): readonly InputStatus[];
  /** Of lines that are not timed. */
  readonly forms: ReadonlyMap<string, Form>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface OpenSettings {
  readonly lines: readonly LineSettings[];
  readonly wide: MachineWide;
  readonly clock: Clock;
  readonly parts: FormParts;
}

/** What falls is past a light curtain in 5 to 50 ms; an active sensor after this long is no drop. */
const blockedMs = 2_000;

/** @throws GpioError when an input cannot be had; then nothing stays open. */
export async function openMachine(
  lines: GpioLines,
  settings: OpenSettings,
  events: InputEvents,
): Promise<OpenedMachine> {
  try {
    return await openAll(lines, settings, events);
  } catch (error) {
    await lines.close();
    throw error;
  }
}

async function openAll(lines: GpioLines, settings: OpenSettings, events: InputEvents): Promise<OpenedMachine> {
  const { wide, clock, parts } = settings;
  const board = new InputBoard(lines, (spec, error) => events.onFailure(spec, error));
  const held: StableInput[] = [];
  const hold = async (
    spec: InputSpec | undefined,
    onChange: (active: boolean) => void,
    stableMs = wide.stableMs,
  ): Promise<StableInput | undefined> => {
    if (spec === undefined) return undefined;
    const input = new StableInput(await board.open(spec), clock, stableMs);
    input.onChange(onChange);
    held.push(input);
    return input;
  };
  // What forbids comes before what asks.
  const inhibit = await hold(wide.inhibit, () => events.onInhibit());
  const door = await hold(wide.door, () => events.onDoor());
  const sensors: StableInput[] = [];
  const forms = new Map<string, Form>();
  for (const line of settings.lines) {
    if (line.form === "motor") {
      const sensor = await hold(line.drop, () => events.onBlocked(), blockedMs);
      if (sensor !== undefined) sensors.push(sensor);
    }
    const form = await formOf(line, board, parts);
    if (form !== undefined) forms.set(line.line, form);
  }
  const buttons: Button[] = [];
  const press = async (spec: InputSpec | undefined, onPress: () => void): Promise<void> => {
    if (spec === undefined) return;
    const input = new StableInput(await board.open(spec), clock, wide.stableMs);
    buttons.push(new Button(input, clock, { onPress, onStatus: () => events.onButtonStatus() }));
  };
  await press(wide.cancelButton, () => events.onCancel());
  for (const { line, button } of settings.lines) await press(button, () => events.onPress(line));
  return {
    inhibit,
    door,
    blockedSensor: () => sensors.find(({ isActive }) => isActive)?.name,
    buttons: () => buttons.map((button) => button.status()),
    forms,
    close: async () => {
      for (const button of buttons) button.close();
      for (const input of held) input.close();
      await lines.close();
    },
  };
}

async function formOf(line: LineSettings, board: InputBoard, parts: FormParts): Promise<Form | undefined> {
  const open = async (spec: InputSpec | undefined): Promise<SharedInput | undefined> =>
    spec === undefined ? undefined : board.open(spec);
  const output = line.output.name;
  switch (line.form) {
    case "relay":
      return new RelayForm({ ...line, output }, parts, await open(line.acknowledge?.input));
    case "pulse":
      return new PulseForm({ ...line, output }, parts, await open(line.acknowledge?.input));
    case "motor": {
      const { homeStableMs, dropMinMs } = line;
      const home = await open(line.home);
      const drop = await open(line.drop);
      const settings = { ...line, output, hasHome: home !== undefined };
      return new MotorForm(settings, { home, homeStableMs, drop, dropMinMs }, parts);
    }
    case "timed":
      return undefined;
  }
}

/** Timed outputs live as long as the machine does, whatever happens to its inputs. */
export function timedFormsOf(
  lines: readonly LineSettings[],
  make: (line: Extract<LineSettings, { form: "timed" }>) => TimedForm,
): ReadonlyMap<string, TimedForm> {
  const forms = new Map<string, TimedForm>();
  for (const line of lines) if (line.form === "timed") forms.set(line.line, make(line));
  return forms;
}
