/**
 * Builds kvitt once before the integration tests, as it is delivered: they start it as a process several hundred times, and the bundle starts in a
 * quarter of the time that the sources need. Every run of the tests and every project has a bundle of its own, so that two may run beside each other.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

declare module "vitest" {
  export interface ProvidedContext {
    /** The file to start with Node. */
    readonly kvittBundle: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Below node_modules, where the bundle finds what cannot be bundled and nobody looks for sources.
  const folder = join(top, "node_modules/.cache/kvitt-test", `${process.pid}-${project.name}`);
  await promisify(execFile)(process.execPath, ["--import", "tsx", "scripts/build.ts", folder], { cwd: top });
  project.provide("kvittBundle", join(folder, "kvitt.js"));
  return () => rm(folder, { recursive: true, force: true });
}
