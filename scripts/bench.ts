/**
 * `npm run bench [NAME …]`: measures, and asserts nothing. Without names everything but the long survival bench. `npm run bench -- daemon --short`,
 * `npm run bench -- relay --short`: options belong to the bench that is named.
 */
import { run as daemon } from "./bench/daemon.ts";
import { run as journal } from "./bench/journal.ts";
import { run as panelSpeed } from "./bench/panel-speed.ts";
import { run as relay } from "./bench/relay.ts";
import { run as qrSurvival } from "./bench/qr-survival.ts";
import { runSeed } from "../test/simulation/run.ts";

type Bench = (print: (line: string) => void, options: readonly string[]) => Promise<void>;

/** Simulated days a second, and what a sale writes in them. */
const simulation: Bench = async (print) => {
  const started = performance.now();
  let bytes = 0;
  let payments = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    const outcome = await runSeed(seed);
    bytes += outcome.bytesWritten;
    payments += outcome.happened["payment"] ?? 0;
  }
  const seconds = (performance.now() - started) / 1_000;
  print(
    `simulation: ${(30 / seconds).toFixed(1)} seeds/s on one core, ${Math.round(bytes / payments)} bytes written a payment, troubles included`,
  );
};

const benches: Readonly<Record<string, Bench>> = {
  journal,
  simulation,
  daemon,
  relay,
  "panel-speed": panelSpeed,
  "qr-survival": (print) => qrSurvival(print),
};

const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith("--"));
const names = firstOption === -1 ? words : words.slice(0, firstOption);
const options = firstOption === -1 ? [] : words.slice(firstOption);
for (const name of names.length > 0 ? names : ["journal", "simulation", "daemon", "relay", "panel-speed"]) {
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (bench === undefined) throw new Error(`there is no bench "${name}"; there are ${Object.keys(benches).join(", ")}`);
  console.log(`── ${name}`);
  await bench((line) => console.log(line), options);
}
