/**
 * What this process asks of the computer. It may not do it itself (docs/service.md): it puts a file where a path unit of systemd looks (systemd.path(5)), and
 * a unit of root's takes the file away and does it.
 */
import { readFileSync } from "node:fs";
import { access, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Host, HostAnswer } from "./port.ts";

export interface HostParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends this process in good order, as a signal does. */
  readonly end: () => void;
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
  /** Where the kernel says which boot this is (random(4)); a test has its own. */
  readonly bootIdFile?: string;
}

/** systemd starts a unit within milliseconds, on a busy Zero within a second. */
const takenWithinMs = 15_000;
const lookMs = 100;

/** Whether systemd started this process (systemd.exec(5), $INVOCATION_ID), and would start it again. */
export function isService(env: HostParts["env"]): boolean {
  return (env["INVOCATION_ID"] ?? "") !== "";
}

/** The folder under /run that systemd made for this process (systemd.exec(5), RuntimeDirectory=); the first of several, which colons separate. */
export function runtimeFolder(env: HostParts["env"]): string | undefined {
  const [folder = ""] = (env["RUNTIME_DIRECTORY"] ?? "").split(":");
  return folder === "" ? undefined : folder;
}

export function createHost({ env, end, clock, bootIdFile = "/proc/sys/kernel/random/boot_id" }: HostParts): Host {
  /** Whether the file was taken away in time. */
  async function isTaken(file: string): Promise<boolean> {
    const endMs = clock.monotonicMs() + takenWithinMs;
    while (clock.monotonicMs() < endMs) {
      if (await isGone(file)) return true;
      await clock.sleep(lookMs);
    }
    return isGone(file);
  }

  return {
    bootId: () => readFileSync(bootIdFile, "utf8").trim(),
    restartFault: () =>
      isService(env) ? undefined : "kvitt was started by hand, and nothing would start it again: run it as a service",
    restart: end,
    async reboot(): Promise<HostAnswer> {
      const folder = runtimeFolder(env);
      if (folder === undefined)
        return { kind: "refused", reason: "kvitt was started by hand, and may not start the computer anew" };
      const file = join(folder, "reboot");
      await writeFile(file, "", { mode: 0o600 });
      if (await isTaken(file)) return { kind: "taken" };
      await rm(file, { force: true });
      return {
        kind: "refused",
        reason: `nobody took the order in ${takenWithinMs / 1_000} s: enable kvitt-reboot.path (systemctl enable --now kvitt-reboot.path)`,
      };
    },
  };
}

function isGone(file: string): Promise<boolean> {
  return access(file).then(
    () => false,
    () => true,
  );
}
