/** A clean Debian that packages are installed into: a copy of the folder that KVITT_TREE names (scripts/test-tree), entered with chroot(8). */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";

const exec = promisify(execFile);
const failure = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
const commandTimeoutMs = 180_000;

export function treeFolder(): string | undefined {
  const folder = process.env["KVITT_TREE"];
  return folder !== undefined && existsSync(join(folder, "complete")) ? join(folder, "root") : undefined;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
}

export interface CleanTree {
  readonly root: string;
  /** Runs a shell script inside, as root. What it printed, both streams, comes back whatever its exit code. */
  run(script: string, env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Puts a file into /root of the tree. */
  copyIn(file: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makeCleanTree(): Promise<CleanTree> {
  const from = treeFolder();
  if (from === undefined) throw new Error("KVITT_TREE names no folder that scripts/test-tree made");
  const folder = await mkdtemp(join(tmpdir(), "kvitt-tree-"));
  const root = join(folder, "root");
  // With devices, owners and modes, which fs.cp does not copy.
  await exec("cp", ["--archive", from, root], { timeout: commandTimeoutMs });
  return {
    root,
    async run(script, env = {}) {
      // The mounts end with the namespace. No systemd runs in there, as in an image that is being built.
      const enter = 'mount -t proc proc "$0/proc" && mount -t tmpfs run "$0/run" && exec chroot "$0" /bin/sh -c "$1"';
      try {
        const { stdout, stderr } = await exec("unshare", ["--mount", "sh", "-c", enter, root, `{ ${script}\n} 2>&1`], {
          timeout: commandTimeoutMs,
          maxBuffer: 16 * 1024 * 1024,
          env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive", ...env },
        });
        return { code: 0, out: stdout + stderr };
      } catch (error) {
        const { code, stdout, stderr } = failure.parse(error);
        return { code, out: stdout + stderr };
      }
    },
    copyIn: (file) => copyFile(file, join(root, "root", basename(file))),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
