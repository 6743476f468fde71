/**
 * A machine with a real kernel: QEMU with Debian's kernel, this host's files as its read-only root (9p), a display at /dev/fb0, a USB
 * keyboard, and a network that reaches this host alone. KVITT_KERNEL names the folder of an unpacked linux-image package; `.ci/run` makes it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { busybox, initramfs, modulesFor } from "./initramfs.ts";

const qemu = "qemu-system-x86_64";
const modules =
  "virtio_pci 9pnet_virtio 9p virtio_net bochs xhci_pci xhci_hcd usbhid hid_generic uhid configfs gpio_sim".split(" ");

/** The script that this host's files begin with; everything written is in memory. */
function initScript(program: string, fileNames: readonly string[]): string {
  return `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in ${fileNames.join(" ")}; do $b insmod /modules/$module || echo "not loaded: $module"; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 host /mnt || echo "no host"
for one in proc sys dev; do $b mount -o bind /$one /mnt/$one; done
$b mount -t tmpfs run /mnt/run
$b ip link set lo up
$b ip addr add 10.0.2.15/24 dev eth0
$b ip link set eth0 up
$b ip route add default via 10.0.2.2
exec $b chroot /mnt /bin/sh -c 'cd /run && HOME=/run TMPDIR=/run exec /bin/sh ${program}' </dev/null >/dev/ttyS0 2>&1
`;
}

export function kernelFolder(): string | undefined {
  const folder = process.env["KVITT_KERNEL"];
  return folder !== undefined && existsSync(join(folder, "boot")) ? folder : undefined;
}

function hasProgram(name: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export function canEmulate(): boolean {
  return process.arch === "x64" && kernelFolder() !== undefined && existsSync(busybox) && hasProgram(qemu);
}

/** Whether the kernel simulates GPIO, too: `scripts/test-kernel` builds that module. */
export function canSimulateGpio(): boolean {
  const folder = kernelFolder();
  return folder !== undefined && modulesFor(folder, ["gpio_sim"]).some(({ path }) => path.endsWith("/gpio_sim.ko"));
}

export interface EmulationOptions {
  /** Where a shell script on this host begins; runs in the guest, in a folder that can be written to (/run). */
  readonly program: string;
  /** TCP ports of the guest, reached at the same number of 127.0.0.1 here. */
  readonly ports: readonly number[];
}

export class EmulatedMachine {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #said: string[] = [];
  #monitor: Socket | undefined;
  #shots = 0;

  private constructor(folder: string, process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
    for (const stream of [process.stdout, process.stderr])
      if (stream !== null)
        createInterface({ input: stream }).on("line", (line) => {
          this.#said.push(line);
          if (this.#said.length > 2_000) this.#said.shift();
        });
  }

  static async start({ program, ports }: EmulationOptions): Promise<EmulatedMachine> {
    const kernel = kernelFolder();
    if (kernel === undefined) throw new Error("KVITT_KERNEL names no unpacked kernel package");
    const image = readdirSync(join(kernel, "boot")).find((name) => name.startsWith("vmlinuz-"));
    if (image === undefined) throw new Error(`there is no boot/vmlinuz-* in ${kernel}`);
    const folder = await mkdtemp(join(tmpdir(), "kvitt-emulated-"));
    const files = modulesFor(kernel, modules);
    const init = initScript(
      program,
      files.map(({ path }) => path.slice("modules/".length)),
    );
    await writeFile(join(folder, "initrd"), initramfs(files, init));
    const forwards = ports.map((port) => `,hostfwd=tcp:127.0.0.1:${port}-:${port}`).join("");
    const options = {
      machine: "-accel tcg,thread=multi -cpu max -smp 2 -m 1536 -M q35 -no-reboot -nodefaults",
      devices: "-display none -serial stdio -device bochs-display -device qemu-xhci -device usb-kbd",
      monitor: `-qmp unix:${join(folder, "qmp")},server=on,wait=off`,
      kernel: `-kernel ${join(kernel, "boot", image)} -initrd ${join(folder, "initrd")}`,
      network: `-netdev user,id=net${forwards} -device virtio-net-pci,netdev=net`,
      files:
        "-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=host,mount_tag=host",
    };
    const args = Object.values(options).flatMap((text) => text.split(" "));
    const append = "console=ttyS0 loglevel=4 panic=-1 edd=off net.ifnames=0";
    const started = spawn(qemu, [...args, "-append", append], { stdio: ["ignore", "pipe", "pipe"] });
    return new EmulatedMachine(folder, started);
  }

  /** What kernel and programs printed, for a test that fails. */
  get said(): string {
    return this.#said.join("\n");
  }

  async #order(execute: string, args: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const socket = await this.#monitorOf();
    await new Promise<void>((resolve, reject) => {
      const lines = createInterface({ input: socket });
      const late = setTimeout(() => reject(new Error(`${execute}: QEMU does not answer`)), 30_000);
      lines.on("line", (line) => {
        if (!line.includes('"return"') && !line.includes('"error"')) return;
        clearTimeout(late);
        lines.close();
        if (line.includes('"error"')) reject(new Error(`${execute}: ${line}`));
        else resolve();
      });
      socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    });
  }

  async #monitorOf(): Promise<Socket> {
    if (this.#monitor !== undefined) return this.#monitor;
    const socket = createConnection(join(this.#folder, "qmp"));
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    this.#monitor = socket;
    await this.#order("qmp_capabilities");
    return socket;
  }

  /** What is on the glass, as PNG. */
  async screen(): Promise<Uint8Array> {
    this.#shots += 1;
    const filename = join(this.#folder, `screen-${this.#shots}.png`);
    await this.#order("screendump", { filename, format: "png" });
    return new Uint8Array(await readFile(filename));
  }

  /** Presses keys of the USB keyboard one after the other; the names are QEMU's QKeyCode ("b", "4", "ret"). */
  async type(...codes: readonly string[]): Promise<void> {
    for (const data of codes) await this.#order("send-key", { keys: [{ type: "qcode", data }], "hold-time": 60 });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill("SIGKILL");
      await gone;
    }
    this.#monitor?.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
