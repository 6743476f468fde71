import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A project a kind of test: unit is pure, simulation owns the clock, integration touches files, sockets and processes. */
function project(name: string, include: readonly string[], testTimeout: number) {
  return { extends: true as const, test: { name, include: [...include], testTimeout, hookTimeout: testTimeout } };
}

export default defineConfig({
  root,
  test: {
    environment: "node",
    passWithNoTests: false,
    projects: [
      project("unit", ["test/unit/**/*.test.ts", "test/architecture/**/*.test.ts"], 30_000),
      project("simulation", ["test/simulation/**/*.test.ts"], 300_000),
      project("integration", ["test/integration/**/*.test.ts"], 180_000),
    ],
  },
});
