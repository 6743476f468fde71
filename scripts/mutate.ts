/**
 * `npm run mutate [PATH …]`: plants small bugs in the files (all where money and truth live, unless some are named) and tells which ones the unit
 * tests of the same room do not notice. What was tried before and has not changed since is not tried again. Outside CI: a file takes minutes.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const moneyAndTruth = [
  "src/sale/money.ts",
  "src/sale/settlement.ts",
  "src/sale/settlement-table.ts",
  "src/sale/settlement-moves.ts",
  "src/sale/settling-moves.ts",
  "src/sale/back-office.ts",
  "src/sale/session-table.ts",
  "src/sale/session-moves.ts",
  "src/kiosk/readiness.ts",
  "src/kiosk/perform.ts",
  "src/kiosk/intake.ts",
  "src/kiosk/outbox.ts",
  "src/kiosk/commands.ts",
  "src/kiosk/replies.ts",
  "src/kiosk/provider-calls.ts",
  "src/kiosk/delivery.ts",
  "src/kiosk/sale-timers.ts",
  "src/kiosk/code-conditions.ts",
  "src/kiosk/loop.ts",
  "src/vipps/signature.ts",
  "src/relay/admission.ts",
  "src/machine/mdb/approved-table.ts",
  "src/machine/mdb/approved-steps.ts",
  "src/machine/mdb/cashless-table.ts",
  "src/machine/mdb/vend-request.ts",
  "src/machine/mdb/vend-steps.ts",
];

const named = process.argv.slice(2);
const paths = named.length === 0 ? moneyAndTruth : named;
const missing = paths.filter((path) => !existsSync(path));
if (missing.length > 0) {
  console.error(`there is no ${missing.join(", no ")}`);
  process.exit(2);
}
const patterns = paths.map((path) => (statSync(path).isDirectory() ? `${path}/**/*.ts` : path));
const rooms = new Set(paths.map((path) => path.split("/")[1] ?? ""));
const testFiles = [...rooms].map((room) => `test/unit/${room}/**/*.test.ts`);
const args = ["run", "test/stryker.json", "--mutate", patterns.join(","), "--testFiles", testFiles.join(",")];
const { status } = spawnSync("stryker", args, { stdio: "inherit" });
process.exit(status ?? 1);
