/** Finds the panel files, the font and the drawing thread's program, in the source tree as well as next to a bundle or its chunks. */
import { existsSync } from "node:fs";

/** The first of `candidates` (folder names end in a slash) that exists in the folder of `from` or in one of the four folders above it. */
function findAsset(from: string, candidates: readonly string[]): URL {
  let folder = new URL("./", from);
  for (let level = 0; level < 5; level += 1) {
    for (const candidate of candidates) {
      const found = new URL(candidate, folder);
      if (existsSync(found)) return found;
    }
    folder = new URL("../", folder);
  }
  throw new Error(
    `none of ${candidates.join(", ")} lies in or above the folder of ${from}: the installation is not whole`,
  );
}

/** hardware/panels; `from` is the caller's import.meta.url. */
export function panelFolder(from: string): URL {
  return findAsset(from, ["hardware/panels/"]);
}

export function fontFolder(from: string): URL {
  return findAsset(from, ["font/", "panel/font/", "src/panel/font/"]);
}

export function drawWorkerFile(from: string): URL {
  return findAsset(from, ["draw-worker.ts", "draw-worker.js"]);
}
