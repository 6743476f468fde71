/** Packages of the lock file: which ones the device needs, and their content for another architecture, fetched by version and checked by its hash. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const names = z.record(z.string(), z.string()).optional();
const entry = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  dependencies: names,
  dev: z.boolean().optional(),
  cpu: z.array(z.string()).optional(),
  license: z.string().optional(),
});
const lockFile = z.object({ packages: z.record(z.string(), entry) });
export type LockedPackage = z.infer<typeof entry>;

/** What the lock file says of each package, by its name. */
export function readLock(top: string): ReadonlyMap<string, LockedPackage> {
  const { packages } = lockFile.parse(JSON.parse(readFileSync(join(top, "package-lock.json"), "utf8")));
  const at = "node_modules/";
  return new Map(
    Object.entries(packages)
      .filter(([path]) => path.startsWith(at) && !path.slice(at.length).includes(`/${at}`))
      .map(([path, value]) => [path.slice(at.length), value]),
  );
}

/** `roots` and everything that they need when they run. @throws Error for one that the lock file does not have at its top level */
export function closure(lock: ReadonlyMap<string, LockedPackage>, roots: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    const locked = lock.get(name);
    if (locked === undefined) throw new Error(`${name} is not in package-lock.json: run npm install`);
    found.add(name);
    for (const need of Object.keys(locked.dependencies ?? {})) add(need);
  };
  for (const name of roots) add(name);
  return [...found].toSorted();
}

export interface Pinned {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

export function pinnedIn(lock: ReadonlyMap<string, LockedPackage>, name: string): Pinned {
  const { version, integrity } = lock.get(name) ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`package-lock.json does not pin ${name}: run npm install on a Linux machine`);
  return { name, version, integrity };
}

const fetchTimeoutMs = 300_000;

/**
 * Unpacks a package as npm has it, none of its scripts run.
 * @param cache where downloads are kept between runs
 * @returns the folder that holds its package.json
 * @throws Error when its bytes are not the pinned ones
 */
export function fetchPackage(cache: string, work: string, { name, version, integrity }: Pinned): string {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  if (!existsSync(file))
    execFileSync("npm", ["pack", "--silent", "--ignore-scripts", `${name}@${version}`, "--pack-destination", cache], {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: fetchTimeoutMs,
    });
  if (!existsSync(file)) throw new Error(`npm pack left no ${file}: there are ${readdirSync(cache).join(", ")}`);
  const sum = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (sum !== integrity)
    throw new Error(`${file} is not ${name} ${version} as it is pinned (${sum}): remove it and try again`);
  const folder = join(work, "npm", name);
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", file, "-C", folder, "--strip-components=1", "--no-same-owner"]);
  return folder;
}
