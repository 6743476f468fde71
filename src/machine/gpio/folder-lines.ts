/**
 * Lines as files in a folder, named by BCM number: for processes that are tried on machines without a header. The last character of a file is the
 * level now, 0 or 1. An output's file keeps the levels before it, so that an onlooker who comes late misses no pulse. An input's file may hold the
 * last changes as `inputDriver` writes them, each with its time: as the kernel's queue of the character device, it loses no press while we are busy.
 */
import {
  appendFileSync,
  existsSync,
  type FSWatcher,
  readFileSync,
  renameSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../service/port.ts";
import type { Edge, GpioLines, InputLine, InputSpec, OutputLine, OutputSpec } from "./lines.ts";

/** An output that is opened with more levels on file begins anew: some hundred deliveries. */
const levelsMax = 4_096;

/** As many as the kernel's queue of a line keeps (linux/gpio.h, GPIO_V2: 16 a line). */
const changesMax = 16;

type Spec = Pick<OutputSpec, "bcm" | "activeLow">;

/** A change of an input, by CLOCK_MONOTONIC. */
interface Change {
  readonly atNs: bigint;
  readonly high: boolean;
}

/** The other end of the wires, for whoever plays the hardware: sets the level of an input. A file is there whole or not at all. */
export function inputDriver(folder: string): (bcm: number, high: boolean) => void {
  const kept = new Map<number, readonly Change[]>();
  return (bcm, high) => {
    const changes = [...(kept.get(bcm) ?? []), { atNs: process.hrtime.bigint(), high }].slice(-changesMax);
    kept.set(bcm, changes);
    const text = changes.map((change) => `${change.atNs} ${change.high ? "1" : "0"}\n`).join("");
    writeFileSync(join(folder, `.${bcm}`), text);
    renameSync(join(folder, `.${bcm}`), join(folder, String(bcm)));
  };
}

/** Nothing where there is a level alone. */
function changesOf(text: string): readonly Change[] {
  return [...text.matchAll(/^(\d+) ([01])$/gm)].map(([, at = "0", level]) => ({
    atNs: BigInt(at),
    high: level === "1",
  }));
}

export async function openFolderLines(folder: string, clock: Clock): Promise<GpioLines> {
  await mkdir(folder, { recursive: true });
  return new FolderLines(folder, clock);
}

class FolderLines implements GpioLines {
  readonly backEnd = "simulated";
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #held: OutputSpec[] = [];
  readonly #inputs: { readonly spec: InputSpec; look(): void }[] = [];
  #watcher: FSWatcher | undefined;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  async openOutput(spec: OutputSpec): Promise<OutputLine> {
    this.#held.push(spec);
    if (existsSync(this.#path(spec)) && statSync(this.#path(spec)).size <= levelsMax) this.#append(spec, false);
    else this.#write(spec, false);
    return { spec, set: (on) => this.#append(spec, on), isOn: () => this.#isActive(spec) };
  }

  /** A file that is not there yet is made, at rest. */
  async openInput(
    spec: InputSpec,
    onEdge: ((edge: Edge) => void) | undefined,
    onFailure: (error: Error) => void,
  ): Promise<InputLine> {
    if (!existsSync(this.#path(spec))) this.#write(spec, false);
    let known = this.#isActive(spec);
    let seenNs = changesOf(this.#read(spec)).at(-1)?.atNs ?? 0n;
    const change = (active: boolean, monoMs: number): void => {
      if (active === known) return;
      known = active;
      onEdge?.({ active, monoMs });
    };
    const look = (): void => {
      const text = this.#read(spec);
      // Between the emptying of a file and its new content there is nothing to see.
      if (text === "") return;
      const nowMs = this.#clock.monotonicMs();
      const nowNs = process.hrtime.bigint();
      for (const { atNs, high } of changesOf(text)) {
        if (atNs <= seenNs) continue;
        seenNs = atNs;
        change(high !== spec.activeLow, nowMs - Math.max(0, Number(nowNs - atNs) / 1e6));
      }
      change(isActiveIn(text, spec), nowMs);
    };
    this.#inputs.push({ spec, look });
    this.#watcher ??= watch(this.#folder, (_, name) => {
      for (const one of this.#inputs) if (name === String(one.spec.bcm)) one.look();
    }).on("error", onFailure);
    return { spec, isActive: () => this.#isActive(spec) };
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    this.#inputs.length = 0;
    for (const spec of this.#held.splice(0)) this.#append(spec, false);
  }

  #path({ bcm }: Spec): string {
    return join(this.#folder, String(bcm));
  }

  #write(spec: Spec, active: boolean): void {
    writeFileSync(this.#path(spec), levelOf(spec, active));
  }

  #append(spec: Spec, active: boolean): void {
    if (this.#isActive(spec) !== active) appendFileSync(this.#path(spec), levelOf(spec, active));
  }

  #isActive(spec: Spec): boolean {
    return isActiveIn(this.#read(spec), spec);
  }

  #read(spec: Spec): string {
    return readFileSync(this.#path(spec), "utf8");
  }
}

function isActiveIn(text: string, { activeLow }: Spec): boolean {
  return text.trim().endsWith("1") !== activeLow;
}

function levelOf({ activeLow }: Spec, active: boolean): string {
  return active === activeLow ? "0" : "1";
}
