/** For `npm run mutate`: the unit tests alone. Those of test/architecture read the sources, which are full of mutants here. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: dirname(dirname(fileURLToPath(import.meta.url))),
  test: { environment: "node", include: ["test/unit/**/*.test.ts"], testTimeout: 60_000 },
});
