/**
 * Lines as files in a folder, named by BCM number: for processes that are tried on machines without a header. The last character of a file is the
 * level now, 0 or 1. An output's file keeps the levels before it, so that an onlooker who comes late misses no pulse.
 */
import { appendFileSync, existsSync, type FSWatcher, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../service/port.ts";
import type { Edge, GpioLines, InputLine, InputSpec, OutputLine, OutputSpec } from "./lines.ts";

/** An output that is opened with more levels on file begins anew: some hundred deliveries. */
const levelsMax = 4_096;

type Spec = Pick<OutputSpec, "bcm" | "activeLow">;

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
    const look = (): void => {
      // Between the emptying of a file and its new content there is nothing to see.
      if (readFileSync(this.#path(spec), "utf8") === "") return;
      const active = this.#isActive(spec);
      if (active === known) return;
      known = active;
      onEdge?.({ active, monoMs: this.#clock.monotonicMs() });
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
    return readFileSync(this.#path(spec), "utf8").trim().endsWith("1") !== spec.activeLow;
  }
}

function levelOf({ activeLow }: Spec, active: boolean): string {
  return active === activeLow ? "0" : "1";
}
