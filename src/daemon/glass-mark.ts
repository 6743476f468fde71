/**
 * A file that stands while a daemon has the glass: whoever cleans up after it (ExecStopPost= of kvitt.service) sees from it whether the daemon put the safe
 * picture there itself. It lies in systemd's RuntimeDirectory, which goes with the service. Part of the composition root.
 */
import { access, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runtimeFolder } from "../service/host.ts";

type Environment = Readonly<Record<string, string | undefined>>;

function markOf(env: Environment): string | undefined {
  const folder = runtimeFolder(env);
  return folder === undefined ? undefined : join(folder, "glass");
}

/** The daemon is about to paint. */
export async function markGlass(env: Environment): Promise<void> {
  const mark = markOf(env);
  if (mark !== undefined) await writeFile(mark, "");
}

/** The safe picture is on the glass. */
export async function unmarkGlass(env: Environment): Promise<void> {
  const mark = markOf(env);
  if (mark !== undefined) await rm(mark, { force: true });
}

/** Whether a daemon has ended and left its picture there. */
export async function isGlassLeft(env: Environment): Promise<boolean> {
  const mark = markOf(env);
  if (mark === undefined) return false;
  return access(mark).then(
    () => true,
    () => false,
  );
}
