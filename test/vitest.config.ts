import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type UserWorkspaceConfig } from "vitest/config";
import { secondTriesReporter } from "./second-tries.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Tests that wait for processes leave the cores idle: more of them run at once than there are cores. */
const waitingWorkers = 3 * availableParallelism();

const emulated = [
  "test/integration/emulated/**/*.test.ts",
  "test/integration/package/booted*.test.ts",
  "test/integration/relay/nats-cluster.test.ts",
];

type ProjectConfig = NonNullable<UserWorkspaceConfig["test"]>;

/** A project a kind of test: unit is pure, simulation owns the clock, integration touches files, sockets and processes. */
function project(
  name: string,
  include: readonly string[],
  testTimeout: number,
  more: Pick<ProjectConfig, "exclude" | "globalSetup" | "maxWorkers" | "retry" | "sequence"> = {},
) {
  const test: ProjectConfig = { name, include: [...include], testTimeout, hookTimeout: testTimeout, ...more };
  return { extends: true as const, test };
}

export default defineConfig({
  root,
  test: {
    environment: "node",
    // As src/cli/main.ts: letters come from the font that comes along, on every computer.
    env: { DISABLE_SYSTEM_FONTS_LOAD: "1" },
    passWithNoTests: false,
    reporters: ["default", secondTriesReporter(console.log)],
    projects: [
      project("unit", ["test/unit/**/*.test.ts", "test/architecture/**/*.test.ts"], 60_000),
      project("simulation", ["test/simulation/**/*.test.ts", "test/model/**/*.test.ts"], 600_000, {
        maxWorkers: waitingWorkers,
        sequence: { groupOrder: 1 },
      }),
      project("integration", ["test/integration/**/*.test.ts"], 400_000, {
        exclude: emulated,
        globalSetup: ["test/integration/bundle.ts"],
        // A second try, told by the reporter, until whole runs have been green ten times in a row (docs/testing.md).
        retry: 1,
        maxWorkers: waitingWorkers,
        sequence: { groupOrder: 1 },
      }),
      // A machine that is emulated or booted, and a cluster whose nodes have to hear each other in time, take every core there is: one at a
      // time, beside nothing else.
      project("emulated", emulated, 400_000, {
        globalSetup: ["test/integration/bundle.ts"],
        maxWorkers: 1,
        sequence: { groupOrder: 2 },
      }),
    ],
  },
});
