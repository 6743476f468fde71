/** An initial RAM file system for the emulated machine: busybox, the modules that Debian's kernel needs, and one script. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface RamFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** Permissions and kind, as stat(2) has them: 0o100755 a program, 0o040755 a folder. */
  readonly mode: number;
}

/** cpio(5), "newc": numbers are eight hexadecimal digits, name and content are padded to four bytes. */
export function cpio(files: readonly RamFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
  };
  const end = { path: "TRAILER!!!", content: new Uint8Array(), mode: 0 };
  for (const [index, { path, content, mode }] of [...files, end].entries()) {
    const name = Buffer.from(`${path}\0`);
    const fields = [index + 1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}`;
    add(Buffer.concat([Buffer.from(header), name]));
    add(content);
  }
  return Buffer.concat(parts);
}

function findModules(folder: string): ReadonlyMap<string, string> {
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ko"));
  return new Map(found.map((path) => [basename(path, ".ko").replaceAll("-", "_"), join(folder, path)]));
}

/** What a module's own `depends=` names (modinfo(8)). */
function dependenciesOf(module: Uint8Array): readonly string[] {
  const text = Buffer.from(module).toString("latin1");
  const depends = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "";
  return depends === "" ? [] : depends.split(",").map((name) => name.replaceAll("-", "_"));
}

/**
 * The modules and all that they need, each after its needs.
 * @param folder the unpacked kernel package
 * @param wanted names; what is built into the kernel has no file and is passed over.
 */
export function modulesFor(folder: string, wanted: readonly string[]): readonly RamFile[] {
  const paths = findModules(join(folder, "lib/modules"));
  const ordered = new Map<string, RamFile>();
  const add = (name: string): void => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(name)) return;
    const content = readFileSync(path);
    for (const need of dependenciesOf(content)) add(need);
    ordered.set(name, { path: `modules/${name}.ko`, content, mode: 0o100644 });
  };
  for (const name of wanted) add(name);
  return [...ordered.values()];
}

export const busybox = "/bin/busybox";

const folder = (path: string): RamFile => ({ path, content: new Uint8Array(), mode: 0o040755 });

/** @param init the script that the kernel starts as its first process. */
export function initramfs(modules: readonly RamFile[], init: string): Uint8Array {
  if (!existsSync(busybox)) throw new Error("busybox-static is not installed");
  const folders = ["bin", "modules", "proc", "sys", "dev", "mnt"].map(folder);
  const program = { path: "bin/busybox", content: readFileSync(busybox), mode: 0o100755 };
  const script = { path: "init", content: Buffer.from(init), mode: 0o100755 };
  return cpio([...folders, program, script, ...modules]);
}
