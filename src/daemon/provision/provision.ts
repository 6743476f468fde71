/**
 * Carries a set-up file out: checked whole, put in place file by file, its secrets wiped, last. Until the wiping begins the set-up file is as it was,
 * and doing all of it again ends in the same; once it begins, everything is in place. So a power cut at any instant leaves it doable again.
 */
import { join } from "node:path";
import { errorText } from "../../kit/error-text.ts";
import type { PanelPins } from "../../config/pins.ts";
import { type PlannedFile, planProvision, type Provision } from "./plan.ts";

/** What it does to this computer; a test has a twin that loses power. */
export interface Target {
  /** Undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** Whole or not at all, with its folders; synced. */
  place(file: PlannedFile): Promise<void>;
  /** Points /etc/localtime to the zone. */
  setTimeZone(zone: string): Promise<void>;
  /** Makes what was written count now, where the system runs already; what does not work counts from the next boot on. */
  applyNow(provision: Provision): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Writes over the bytes in place, syncs, and removes the file. */
  wipe(path: string): Promise<void>;
  /** A note that anybody may read, on the boot partition. */
  note(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export type Outcome =
  | { readonly kind: "nothing-to-do" }
  | { readonly kind: "done"; readonly provision: Provision }
  | { readonly kind: "refused"; readonly faults: readonly string[] };

/** Beside the set-up file, for whoever puts the card into a PC. */
const errorNote = "kvitt-setup.error.txt";
const doneNote = "kvitt-setup.done.txt";

/** The name of the file while its bytes are written over. */
export function wipingName(path: string): string {
  return `${path}.wiping`;
}

export async function provision(path: string, target: Target, panels: readonly PanelPins[]): Promise<Outcome> {
  const folder = join(path, "..");
  const wiping = wipingName(path);
  const isLeft = (await target.read(wiping)) !== undefined;
  const text = await target.read(path);
  // A run that lost power while it wiped: everything was in place before that began.
  if (isLeft) await target.wipe(wiping);
  if (text === undefined) return { kind: "nothing-to-do" };
  const planned = planProvision(text, panels);
  if (!planned.ok) {
    const faults = planned.faults.map((fault) => `* ${fault}`).join("\n");
    await target.note(
      join(folder, errorNote),
      `kvitt-setup.toml was not taken, and nothing was changed:\n\n${faults}\n\nMend it and start the machine again.\n`,
    );
    return { kind: "refused", faults: planned.faults };
  }
  for (const file of planned.provision.files) await target.place(file);
  await target.setTimeZone(planned.provision.timeZone);
  await target.applyNow(planned.provision);
  await target.remove(join(folder, errorNote));
  await target.note(join(folder, doneNote), doneText(planned.provision));
  await target.rename(path, wiping);
  await target.wipe(wiping);
  return { kind: "done", provision: planned.provision };
}

function doneText({ files, hostName, timeZone, config }: Provision): string {
  return `This computer is the machine ${config.machine.id} (${hostName}, ${timeZone}). Put in place:

${files.map(({ path }) => `* ${path}`).join("\n")}

kvitt-setup.toml was written over and removed. A card may keep the old bytes where only a laboratory finds them: who had the card may have had its
secrets. Change them if that matters (docs/security.md).
`;
}

/** For the log: never with a secret. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "nothing-to-do":
      return "there is no set-up file";
    case "done":
      return `this computer is the machine ${outcome.provision.config.machine.id} now`;
    case "refused":
      return `the set-up file was not taken, and nothing was changed:\n${outcome.faults.map((fault) => `  ${fault}`).join("\n")}`;
  }
}

/** A failure that no set-up file can mend: a disk that is full or read-only. */
export function failureText(error: unknown): string {
  return `the set-up could not be carried out, and is tried again at the next start: ${errorText(error)}`;
}
