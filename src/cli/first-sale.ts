/**
 * `kvitt machine try`: a guided first sale. The machine is the real one (or the simulated one of its configuration), the provider is the simulator in
 * this process: nobody pays. Each step waits for what the daemon itself says, and the whole ends in a page to keep.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { Config } from "../config/schema.ts";
import { errorText } from "../kit/error-text.ts";
import { spokenAmount } from "../sale/catalogue-check.ts";
import { isCurrency } from "../sale/money.ts";
import type { Clock, Entropy } from "../service/port.ts";
import type { LedgerRow, Provider } from "../simulator/provider.ts";
import { startSimulator } from "../simulator/server.ts";
import { askDaemon } from "./service-socket.ts";
import type { Asking } from "./terminal-asking.ts";

export interface FirstSaleParts {
  readonly config: Config;
  readonly asking: Asking;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly signal: AbortSignal;
  /** Runs the daemon with this configuration until the signal aborts. */
  readonly runDaemon: (config: Config, signal: AbortSignal) => Promise<void>;
  /** How long a step may take. */
  readonly limits: { readonly readyMs: number; readonly selectMs: number; readonly endMs: number };
}

export interface Step {
  readonly what: string;
  readonly outcome: "ok" | "failed";
  readonly detail: string;
}

/** What e-paper, a guard process and a slow card need until the machine is ready; a person looking for a button; a delivery. */
export const patientLimits = { readyMs: 120_000, selectMs: 180_000, endMs: 300_000 } as const;

const lookMs = 250;

/** Nobody could find out more: what was tried until then still stands on the page. */
class StepFailed extends Error {}

/** The same machine, with a provider that takes play money, a broker that is not there, and a journal of its own. */
export function trialConfig(config: Config, folder: string, providerUrl: string): Config {
  const { msn } = config.vipps;
  const { environment: _e, credentials_dir: _c, ...vipps } = config.vipps;
  const {
    username: _u,
    password_file: _p,
    ca_file: _a,
    cert_file: _t,
    key_file: _k,
    command_key_file: _o,
    ...mqtt
  } = config.mqtt;
  return {
    ...config,
    machine: { ...config.machine, service_socket: join(folder, "service.sock"), state_socket: undefined },
    vipps: {
      ...vipps,
      base_url: providerUrl,
      client_id: `client-${msn}`,
      client_secret: `secret-${msn}`,
      subscription_key: `subscription-${msn}`,
    },
    // Without a relay no scan arrives: the customer chooses first, and scans a one-time code.
    sale: { ...config.sale, check_in_style: "off", select_first: true, show_code: false },
    journal: { ...config.journal, directory: join(folder, "journal") },
    // The discard port: nobody listens there, and nothing has to.
    mqtt: { ...mqtt, url: "mqtt://127.0.0.1:9", urls: undefined },
    quiet_hours: undefined,
  };
}

/** Why this machine cannot be tried so; undefined if it can. */
export function untriable({ delivery, panel, input }: Config): string | undefined {
  if (panel.output === "none")
    return "without a panel customers scan a sticker, and a scan needs the relay: try it in the test environment";
  const hasButtons = delivery.driver !== "gpio" || delivery.lines.some(({ button }) => button !== undefined);
  if (!hasButtons && input.every(({ kind }) => kind !== "keypad"))
    return "there is no button: customers scan a sticker, and a scan needs the relay: try it in the test environment";
  if (delivery.driver === "mdb" && !delivery.always_idle)
    return "with always_idle = false customers check in before they choose, and a check-in needs the relay: try it in the test environment";
  return undefined;
}

/** Tries one sale. Everything that was started is stopped when it resolves. */
export async function firstSale(parts: FirstSaleParts): Promise<readonly Step[]> {
  const { config, clock, entropy, signal } = parts;
  const folder = await mkdtemp(join(tmpdir(), "kvitt-try-"));
  const simulator = await startSimulator({ port: 0, clock, entropy, msn: config.vipps.msn });
  simulator.provider.addUnit({ msn: config.vipps.msn, currency: config.vipps.currency });
  const steps: Step[] = [];
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const trial = trialConfig(config, folder, simulator.url);
  const running = parts.runDaemon(trial, stop);
  // It is awaited below; until then its end is what `ended` says.
  const ended = running.then(
    () => "the daemon ended",
    (error: unknown) => errorText(error),
  );
  try {
    await play({ ...parts, trial, provider: simulator.provider, steps, ended });
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
  } finally {
    ending.abort(new Error("the trial is over"));
    const reason = await ended;
    steps.push({
      what: "stop in good order",
      outcome: reason === "the daemon ended" ? "ok" : "failed",
      detail: reason,
    });
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  }
  return steps;
}

interface Play extends FirstSaleParts {
  readonly trial: Config;
  readonly provider: Provider;
  readonly steps: Step[];
  /** Resolves with the reason when the daemon ends. */
  readonly ended: Promise<string>;
}

const stateSchema = z.looseObject({
  state: z.string(),
  reason: z.string().optional(),
  machine: z.string().optional(),
  panel: z.string().optional(),
  scene: z.string(),
});
type Told = z.infer<typeof stateSchema>;

async function play(parts: Play): Promise<void> {
  const { asking, limits } = parts;
  asking.say("1. The machine starts: outputs off, the panel says so, then it offers what is for sale.");
  await until(parts, "start and be ready", limits.readyMs, (told) =>
    told.state === "ready" ? `the panel shows "${told.scene}"` : undefined,
  );
  await confirm(
    parts,
    "the panel can be read",
    "Does the panel show that something can be chosen, in the right language and the right way up?",
  );
  asking.say("2. Choose a product now, as a customer does.");
  await until(parts, "choose a product", limits.selectMs, (told) =>
    told.scene === "pay" ? "the panel shows a code" : undefined,
  );
  await confirm(parts, "the code can be seen", "Is there a code on the panel, whole, with white around it?");
  asking.say("3. Now the customer pays; this one is simulated, and so is the money.");
  const reference = pay(parts);
  asking.say("4. The machine delivers.");
  const row = await settled(parts, reference);
  await confirm(
    parts,
    "it came out",
    "Did it come out, or did the machine do what it should (a lock, water, a credit)?",
  );
  const isRight = row.captured > 0 ? "captured" : "released";
  parts.steps.push({
    what: "settle the money",
    outcome: "ok",
    detail: `${amountOf(row, row.authorized)} reserved, ${amountOf(row, row.captured)} captured, ${amountOf(row, row.cancelled)} released (${isRight})`,
  });
  asking.say(`   The money was ${isRight}.`);
}

const amountOf = ({ currency }: LedgerRow, minor: number): string =>
  isCurrency(currency) ? spokenAmount(minor, currency) : `${minor} ${currency}`;

/** Looks until `isThere` says what was found, the daemon ends, or the time is over. */
async function until(
  { trial, clock, signal, steps, ended }: Play,
  what: string,
  withinMs: number,
  isThere: (told: Told) => string | undefined,
): Promise<void> {
  const endMs = clock.monotonicMs() + withinMs;
  const over: { reason?: string } = {};
  void ended.then((reason) => (over.reason = reason));
  let last: Told | undefined;
  while (clock.monotonicMs() < endMs && over.reason === undefined && !signal.aborted) {
    last = await tell(trial).catch(() => undefined);
    const found = last === undefined ? undefined : isThere(last);
    if (found !== undefined) {
      steps.push({ what, outcome: "ok", detail: found });
      return;
    }
    await clock.sleep(lookMs, signal).catch(() => {});
  }
  const why = over.reason ?? (signal.aborted ? "it was interrupted" : whyNot(last, withinMs));
  steps.push({ what, outcome: "failed", detail: why });
  throw new StepFailed(why);
}

function whyNot(last: Told | undefined, withinMs: number): string {
  if (last === undefined) return `the daemon said nothing within ${withinMs / 1_000} s`;
  const details = [last.reason, last.machine, last.panel].filter((one) => one !== undefined && one !== "");
  return `not within ${withinMs / 1_000} s: ${[last.state, ...details].join(", ")}; kvitt doctor says more`;
}

async function tell(trial: Config): Promise<Told> {
  return stateSchema.parse(await askDaemon(trial.machine.service_socket ?? "", "GET", "state"));
}

async function confirm({ asking, steps }: Play, what: string, question: string): Promise<void> {
  for (;;) {
    const line = await asking.ask(`   ${question} (yes or no) > `);
    const isYes = line !== undefined && /^\s*(y|yes|j|ja)\s*$/i.test(line);
    const isNo = line === undefined || /^\s*(n|no|nei|nej)\s*$/i.test(line);
    if (!isYes && !isNo) continue;
    const detail = isYes ? "a person says so" : line === undefined ? "nobody answered" : "a person says no";
    steps.push({ what, outcome: isYes ? "ok" : "failed", detail });
    return;
  }
}

/** The simulated customer scans the one-time code and approves. @returns the payment's reference */
function pay({ provider, steps }: Play): string {
  const open = [...provider.state.payments.values()].filter(({ state }) => state === "CREATED").at(-1);
  const phone = provider.phone("kari");
  if (open !== undefined) phone.scan(open.qrContent);
  const said = open === undefined ? "there is no payment at the provider" : phone.approve();
  const isApproved = phone.view().screen === "approved";
  steps.push({
    what: "pay",
    outcome: isApproved ? "ok" : "failed",
    detail: isApproved ? "scanned and approved" : said,
  });
  if (open === undefined || !isApproved) throw new StepFailed(said);
  return open.reference;
}

/** Until nothing is reserved any more: captured, or given back. */
async function settled(parts: Play, reference: string): Promise<LedgerRow> {
  const { provider, limits } = parts;
  const rowOf = (): LedgerRow | undefined => provider.ledger().find((row) => row.reference === reference);
  const isSettled = (row: LedgerRow): boolean => row.authorized > 0 && row.authorized === row.captured + row.cancelled;
  await until(parts, "deliver", limits.endMs, () => {
    const row = rowOf();
    if (row === undefined || !isSettled(row)) return undefined;
    return row.captured > 0
      ? "the machine says that it delivered"
      : "the machine says that it did not deliver: the money goes back";
  });
  const row = rowOf();
  if (row === undefined) throw new StepFailed("the payment is gone");
  return row;
}

/** The page to keep. */
export function trialPage(
  config: Config,
  steps: readonly Step[],
  about: { readonly version: string; readonly at: string },
): string {
  const isWhole = steps.every(({ outcome }) => outcome === "ok");
  const lines = steps.map(
    ({ what, outcome, detail }) => `${outcome === "ok" ? "ok    " : "FAILED"}  ${what}: ${detail}`,
  );
  return `kvitt: the first sale of ${config.machine.id} (${config.machine.location})

tried       ${about.at}
kvitt       ${about.version}
delivery    ${config.delivery.driver}
panel       ${config.panel.model ?? config.panel.output ?? "own"}
provider    the simulator: no real money

${lines.join("\n")}

${isWhole ? "Everything was right." : "Not everything was right: see above."}
`;
}
