/**
 * `npm run model` explores the large scopes of test/model one after the other and prints what was seen; `npm run model -- NAME …` only those whose
 * name has one of the words, `--states N` bounds each (default 5 million). Exit code 1 when a promise was broken.
 */
import { parseArgs } from "node:util";
import { decide } from "../src/sale/sale.ts";
import { explore } from "../test/model/explore.ts";
import { largeScopes, smallScopes } from "../test/model/scopes.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { states: { type: "string" } } });
const statesMax = Number(values.states ?? "5000000");
if (!Number.isSafeInteger(statesMax) || statesMax < 1)
  throw new Error(`--states takes a whole number, not "${values.states ?? ""}"`);
const scopes = [...smallScopes, ...largeScopes].filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
);
let broken = 0;
for (const scope of scopes) {
  const found = explore({ scope, decide }, { statesMax, nowMs: () => performance.now() });
  const verdict = found.violation === undefined ? (found.isComplete ? "whole" : "bounded") : "BROKEN";
  console.log(
    `${scope.name.padEnd(52)} ${verdict.padEnd(8)} ${String(found.states).padStart(9)} states ${String(found.transitions).padStart(10)} transitions ${found.seconds.toFixed(0).padStart(5)} s`,
  );
  if (found.violation === undefined) continue;
  broken += 1;
  console.log(`  ${found.violation.text}\n${found.violation.story.map((line) => `    ${line}`).join("\n")}`);
}
process.exitCode = broken === 0 ? 0 : 1;
