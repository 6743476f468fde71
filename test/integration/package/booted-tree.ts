/**
 * A clean Debian that is booted: systemd as the first process of its own namespaces (processes, mounts, cgroups), on this computer's kernel and network.
 * Without devices: what a machine's hardware has to do with units is for the emulated machine.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import * as z from "zod";
import { until } from "../patience.ts";
import type { Ran } from "./clean-tree.ts";

const exec = promisify(execFile);
const failure = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
const commandTimeoutMs = 300_000;

/** systemd.io/CONTAINER_INTERFACE; the first process of the namespaces. $1 is the tree. */
const bootScript = `set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sys sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t tmpfs run run
mount -t tmpfs tmp tmp
mount -t tmpfs -o mode=755 dev dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
pivot_root . mnt
exec env -i container=kvitt-test PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /bin/sh -c 'umount -l /mnt && exec /lib/systemd/systemd --log-target=console --log-level=notice'
`;

/** Whether this computer lets a test have namespaces and a control group of its own: as root, and not in a narrow container. */
export function canBoot(): boolean {
  try {
    const script = 'mount --make-rprivate / && mount -t cgroup2 cgroup /mnt && mkdir "/mnt/$0" && rmdir "/mnt/$0"';
    execFileSync("unshare", ["--mount", "sh", "-c", script, `kvitt-test-${process.pid}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export interface BootedTree {
  /** Its files, seen from here, whatever is mounted over them there. */
  readonly root: string;
  run(script: string): Promise<Ran>;
  /** What its console said. */
  readonly said: () => string;
  stop(): Promise<void>;
}

/** In a control group of its own, whatever this computer has mounted where: $1 is the tree, $2 the group's name, $0 the script above. */
const enterScript = `set -e
mount --make-rprivate /
mount -t cgroup2 cgroup "$1/sys"
mkdir -p "$1/sys/$2"
echo $$ > "$1/sys/$2/cgroup.procs"
umount "$1/sys"
exec unshare --pid --mount --uts --ipc --cgroup --fork --kill-child sh -c "$0" sh "$1"
`;
const leaveScript = `mount --make-rprivate / && mount -t cgroup2 cgroup "$1/sys" && find "$1/sys/$2" -depth -type d -exec rmdir {} +`;

export async function bootTree(root: string): Promise<BootedTree> {
  const group = `kvitt-test-${process.pid}`;
  const said: string[] = [];
  // Ends with this process, however that ends.
  const enter = ["--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", enterScript, bootScript, root, group];
  const outer = spawn("setpriv", enter, {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [outer.stdout, outer.stderr])
    createInterface({ input: stream }).on("line", (line) => said.push(line));
  const first = await until(() => firstProcess(outer));
  if (first === undefined) throw new Error(`it does not start:\n${said.join("\n")}`);
  return {
    root: `/proc/${first}/root`,
    said: () => said.slice(-60).join("\n"),
    async run(script) {
      const args = ["--target", String(first), "--all", "--root", "--wd", "/bin/sh", "-c", `{ ${script}\n} 2>&1`];
      try {
        const { stdout } = await exec("nsenter", args, {
          timeout: commandTimeoutMs,
          env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
        });
        return { code: 0, out: stdout };
      } catch (error) {
        const { code, stdout } = failure.parse(error);
        return { code, out: stdout };
      }
    },
    async stop() {
      const gone = new Promise((resolve) => outer.once("exit", resolve));
      outer.kill("SIGKILL");
      await gone;
      // Everything in the namespace ends with its first process; then the groups are empty.
      await until(() => exec("unshare", ["--mount", "sh", "-c", leaveScript, "sh", root, group]).then(() => true));
    },
  };
}

/** unshare's only child. */
async function firstProcess(outer: ChildProcess): Promise<number | undefined> {
  const children = await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8");
  const [child = ""] = children.trim().split(" ");
  const name = child === "" ? "" : (await readFile(`/proc/${child}/comm`, "utf8")).trim();
  return name === "systemd" ? Number(child) : undefined;
}
