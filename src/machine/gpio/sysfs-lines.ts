/**
 * The header over sysfs, by onoff (Documentation/ABI/obsolete/sysfs-gpio). A line is exported here, and handed to onoff once udev has given
 * us its files: onoff would wait for them in a loop that stops the whole process.
 */
import { constants } from "node:fs";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import { GpioError, headerBase, readChips } from "./header.ts";
import type { Edge, GpioLines, InputLine, InputSpec, OutputLine, OutputSpec } from "./lines.ts";

/** What is needed of onoff; the class `Gpio` of that package fits. */
export interface GpioPin {
  writeSync(value: 0 | 1): void;
  readSync(): number;
  watch(callback: (error: Error | null | undefined, value: number) => void): void;
  unexport(): void;
}
export type OpenPin = (number: number, direction: "in" | "high" | "low", edge: "none" | "both") => GpioPin;

/** Loads onoff when it is needed. @throws GpioError `no-onoff` that says what to install. */
export async function loadOnoff(): Promise<OpenPin> {
  try {
    const { Gpio } = await import("onoff");
    return (number, direction, edge) => new Gpio(number, direction, edge, { reconfigureDirection: true });
  } catch (error) {
    throw new GpioError(
      "no-onoff",
      "onoff could not be loaded: its module epoll is compiled while installing and needs python3, make and g++; install them and run npm ci again",
      { cause: error },
    );
  }
}

export interface SysfsSettings {
  readonly base: number | undefined;
  readonly clock: Clock;
  readonly openPin?: OpenPin;
  /** /sys/class/gpio, unless a test has its own. */
  readonly folder?: string;
}

const permissionMs = 5_000;
const permissionStepMs = 20;

/** @throws GpioError when there is no header in sysfs, or no onoff. */
export async function openSysfsLines(settings: SysfsSettings): Promise<GpioLines> {
  const folder = settings.folder ?? "/sys/class/gpio";
  const openPin = settings.openPin ?? (await loadOnoff());
  const first = headerBase(await readChips(folder), settings.base);
  return new SysfsLines(folder, first, openPin, settings.clock);
}

type NamedLine = Pick<OutputSpec, "name" | "bcm">;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The kernel's answers, for people. */
function lineError(line: NamedLine, number: number, error: unknown): GpioError {
  if (error instanceof GpioError) return error;
  const which = `${line.name} (BCM ${line.bcm}, GPIO ${number} in sysfs)`;
  const text = errorText(error);
  const code = codeOf(error) ?? /\bE[A-Z]+\b/.exec(text)?.[0];
  switch (code) {
    case "EBUSY":
      return new GpioError(
        "line-in-use",
        `${which} belongs to somebody else: the kernel (SPI, I²C, PWM, 1-wire in config.txt) or another program. \`gpioinfo\` names the holder; choose another line, or switch its owner off`,
        { cause: error },
      );
    case "EINVAL":
      return new GpioError(
        "line",
        `${which} is no line of this kernel: the header begins elsewhere. Write base = NUMBER under [delivery], as \`kvitt machine lines\` finds it`,
        { cause: error },
      );
    case "EACCES":
    case "EPERM":
      return new GpioError(
        "line",
        `${which} may not be used by this user: add it to the group gpio (sudo usermod -aG gpio USER)`,
        { cause: error },
      );
    case undefined:
    default:
      return new GpioError("line", `${which} could not be opened: ${text}`, { cause: error });
  }
}

class SysfsLines implements GpioLines {
  readonly backEnd = "sysfs";
  readonly #folder: string;
  readonly #first: number;
  readonly #openPin: OpenPin;
  readonly #clock: Clock;
  readonly #outputs: { readonly spec: OutputSpec; readonly pin: GpioPin }[] = [];
  readonly #inputs: GpioPin[] = [];

  constructor(folder: string, first: number, openPin: OpenPin, clock: Clock) {
    this.#folder = folder;
    this.#first = first;
    this.#openPin = openPin;
    this.#clock = clock;
  }

  /** Direction `high` or `low` sets level and direction in one step, so that the output never flickers (sysfs-gpio ABI). */
  async openOutput(spec: OutputSpec): Promise<OutputLine> {
    const number = this.#first + spec.bcm;
    try {
      await this.#export(number, ["direction", "value"]);
      const pin = this.#openPin(number, spec.activeLow ? "high" : "low", "none");
      this.#outputs.push({ spec, pin });
      return {
        spec,
        set: (on) => writeLevel(spec, pin, on),
        isOn: () => (pin.readSync() === 1) !== spec.activeLow,
      };
    } catch (error) {
      throw lineError(spec, number, error);
    }
  }

  async openInput(
    spec: InputSpec,
    onEdge: ((edge: Edge) => void) | undefined,
    onFailure: (error: Error) => void,
  ): Promise<InputLine> {
    const number = this.#first + spec.bcm;
    try {
      await this.#export(number, ["direction", "value", "edge"]);
      const pin = this.#openPin(number, "in", onEdge === undefined ? "none" : "both");
      this.#inputs.push(pin);
      if (onEdge !== undefined)
        pin.watch((error, value) => {
          if (error === null || error === undefined)
            onEdge({ active: (value === 1) !== spec.activeLow, monoMs: this.#clock.monotonicMs() });
          else onFailure(lineError(spec, number, error));
        });
      return { spec, isActive: () => (pin.readSync() === 1) !== spec.activeLow };
    } catch (error) {
      throw lineError(spec, number, error);
    }
  }

  /** Exports the line unless it is, and waits until udev has handed its files to our group (raspberrypi/linux issue 553). */
  async #export(number: number, files: readonly string[]): Promise<void> {
    const line = join(this.#folder, `gpio${number}`);
    const isThere = await access(line).then(
      () => true,
      () => false,
    );
    if (!isThere) await writeFile(join(this.#folder, "export"), String(number));
    const until = this.#clock.monotonicMs() + permissionMs;
    for (;;) {
      try {
        for (const file of files) await access(join(line, file), constants.R_OK | constants.W_OK);
        return;
      } catch (error) {
        if (this.#clock.monotonicMs() >= until) throw error;
        await this.#clock.sleep(permissionStepMs);
      }
    }
  }

  /** Outputs stay exported: driven off is safer than floating, whatever the wiring. */
  async close(): Promise<void> {
    for (const pin of this.#inputs.splice(0)) pin.unexport();
    let failure: unknown;
    for (const { spec, pin } of this.#outputs.splice(0))
      try {
        writeLevel(spec, pin, false);
      } catch (error) {
        failure ??= error;
      }
    if (failure !== undefined) throw failure instanceof Error ? failure : new Error("an output could not be put off");
  }
}

function writeLevel(spec: OutputSpec, pin: GpioPin, on: boolean): void {
  try {
    pin.writeSync(on !== spec.activeLow ? 1 : 0);
  } catch (error) {
    throw new GpioError("line", `${spec.name} (BCM ${spec.bcm}) could not be switched ${on ? "on" : "off"}`, {
      cause: error,
    });
  }
}
