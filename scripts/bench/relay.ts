/**
 * What the relay and its gateway cost, as they are delivered: processor's time, memory, and how long an answer takes, each beside its yardstick in the same run
 * and in turns. `--short` runs everything a little, to prove that it runs; `--only webhooks,gateway,memory` takes some; `--times N` rounds of `--requests N`;
 * `--states N` machines and `--units N` sales units; `--profile FOLDER` writes a profile of the processor (V8's, .cpuprofile) of the relay there.
 */
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import mqtt from "mqtt";
import * as z from "zod";
import { hasMosquitto } from "../../test/integration/link/brokers.ts";
import { median, quantile, spread } from "./daemon/figures.ts";
import { memoryOf, processorMsOf } from "./daemon/process.ts";
import { type Loaded, load, type Prepared } from "./relay/load.ts";
import { type Measured, msn, openSetting, type Setting } from "./relay/setting.ts";

type Print = (line: string) => void;

interface Bench {
  readonly setting: Setting;
  readonly print: Print;
  readonly times: number;
  readonly requests: number;
  readonly states: number;
  readonly units: number;
  readonly settleMs: number;
  readonly idleMs: number;
  readonly nodeArgs: readonly string[];
}

const sections: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  webhooks: webhookSection,
  gateway: gatewaySection,
  memory: memorySection,
};

const healthSchema = z.looseObject({ mqtt: z.boolean(), units: z.object({ registered: z.number() }) });

/** At the broker, with all webhooks registered. */
async function untilRegistered({ port }: Measured, units: number): Promise<void> {
  const endMs = performance.now() + 300_000;
  for (;;) {
    const health = healthSchema.safeParse(await (await fetch(`http://127.0.0.1:${port}/health`)).json());
    if (health.success && health.data.mqtt && health.data.units.registered === units) return;
    if (performance.now() > endMs) throw new Error(`the relay is not ready: ${JSON.stringify(health.data)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

interface Cost extends Loaded {
  /** Of that process, a request. */
  readonly processorUs: number;
}

async function cost(
  { pid }: Measured,
  port: number,
  requests: readonly Prepared[],
  options: Parameters<typeof load>[2] = { connections: 64 },
): Promise<Cost> {
  const before = processorMsOf(pid);
  const loaded = await load(port, requests, options);
  const processorUs = ((processorMsOf(pid) - before) * 1_000) / requests.length;
  const wrong = [...loaded.statuses].filter(([status]) => status !== 200);
  if (wrong.length > 0) throw new Error(`not all were answered with 200: ${JSON.stringify(wrong)}`);
  return { ...loaded, processorUs };
}

const us = (costs: readonly Cost[]): readonly number[] => costs.map(({ processorUs }) => processorUs);
const rates = (costs: readonly Cost[]): readonly number[] =>
  costs.map(({ wallMs, latenciesMs }) => (latenciesMs.length * 1_000) / wallMs);
const ratio = (one: readonly number[], other: readonly number[]): string => (median(one) / median(other)).toFixed(2);
const p99 = (costs: readonly Cost[]): number =>
  quantile(
    costs.flatMap(({ latenciesMs }) => latenciesMs),
    0.99,
  );

async function webhookSection({ setting, print, times, requests, nodeArgs }: Bench): Promise<void> {
  const { bare } = setting;
  const relay = await setting.relay(1, nodeArgs);
  await untilRegistered(relay, 1);
  // Code that runs often is compiled.
  await cost(bare, bare.port, await setting.webhooks(requests));
  await cost(relay, relay.port, await setting.webhooks(requests));
  const [own, plain]: [Cost[], Cost[]] = [[], []];
  for (let round = 0; round < times; round += 1) {
    plain.push(await cost(bare, bare.port, await setting.webhooks(requests)));
    own.push(await cost(relay, relay.port, await setting.webhooks(requests)));
  }
  print(`processor a payment webhook, signature and broker's acknowledgement included: ${spread(us(own))} µs`);
  print(`  bare node:http that reads the body: ${spread(us(plain))} µs; ratio ${ratio(us(own), us(plain))}`);
  print(
    `webhooks a second, 64 connections: ${spread(rates(own))}; bare ${spread(rates(plain))}; ratio ${ratio(rates(own), rates(plain))}`,
  );
  const perSecond = median(rates(own)) / 2;
  const [ownHalf, plainHalf]: [Cost[], Cost[]] = [[], []];
  for (let round = 0; round < times; round += 1) {
    plainHalf.push(await cost(bare, bare.port, await setting.webhooks(requests), { connections: 64, perSecond }));
    ownHalf.push(await cost(relay, relay.port, await setting.webhooks(requests), { connections: 64, perSecond }));
  }
  print(
    `p99 at half of that (${perSecond.toFixed(0)}/s): ${p99(ownHalf).toFixed(1)} ms; bare ${p99(plainHalf).toFixed(1)} ms`,
  );
  await relay.end();
}

/** At 100 a second. */
const calmRequestsMax = 300;

async function gatewaySection({ setting, print, times, requests, nodeArgs }: Bench): Promise<void> {
  const { pass, provider } = setting;
  const relay = await setting.relay(1, nodeArgs);
  await untilRegistered(relay, 1);
  for (const kind of ["get", "capture"] as const) {
    const made = () => setting.machineRequests(kind, requests);
    await cost(pass, pass.port, made());
    await cost(relay, relay.gatewayPort, made());
    const [own, plain]: [Cost[], Cost[]] = [[], []];
    for (let round = 0; round < times; round += 1) {
      plain.push(await cost(pass, pass.port, made()));
      own.push(await cost(relay, relay.gatewayPort, made()));
    }
    print(
      `gateway, ${kind}: processor a request ${spread(us(own))} µs; a bare pass through node:http ${spread(us(plain))} µs; ratio ${ratio(us(own), us(plain))}`,
    );
    print(`  requests a second, 64 connections: ${spread(rates(own))}; bare pass ${spread(rates(plain))}`);
    // Few machines at a time, as in a quiet hour.
    const [through, direct]: [Cost[], Cost[]] = [[], []];
    for (let round = 0; round < times; round += 1) {
      const calm = { connections: 16, perSecond: 100 };
      direct.push(await cost(provider, provider.port, made().slice(0, Math.min(calmRequestsMax, requests / 4)), calm));
      through.push(
        await cost(relay, relay.gatewayPort, made().slice(0, Math.min(calmRequestsMax, requests / 4)), calm),
      );
    }
    const middle = (costs: readonly Cost[]): number => median(costs.flatMap(({ latenciesMs }) => latenciesMs));
    print(
      `  at 100/s: p50 ${middle(through).toFixed(1)} ms, p99 ${p99(through).toFixed(1)} ms; without it ${middle(direct).toFixed(1)} and ${p99(direct).toFixed(1)} ms`,
    );
  }
  await relay.end();
}

async function memorySection({ setting, print, states, units, settleMs, idleMs, nodeArgs }: Bench): Promise<void> {
  const said = async (name: string, relay: Measured): Promise<void> => {
    // What is only garbage goes when V8 is idle.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const { residentMb, anonymousMb } = memoryOf(relay.pid);
    print(`${name}: resident ${residentMb.toFixed(0)} MB, anonymous ${anonymousMb.toFixed(0)} MB`);
  };
  const one = await setting.relay(1, nodeArgs);
  await untilRegistered(one, 1);
  await said("one sales unit, no machine", one);
  await one.end();
  const client = await mqtt.connectAsync(setting.broker.url);
  const state = JSON.stringify({
    schema: "kvitt.state/1",
    state: "ready",
    session: 41,
    version: "0.1.0",
    since: new Date().toISOString(),
    validForS: 300,
  });
  for (let from = 0; from < states; from += 500) {
    const batch = Array.from({ length: Math.min(500, states - from) }, (_, index) =>
      client.publishAsync(`kvitt/v1/${msn}/m-${from + index}/state`, state, { qos: 1, retain: true }),
    );
    await Promise.all(batch);
  }
  await client.endAsync();
  const many = await setting.relay(1, nodeArgs);
  await untilRegistered(many, 1);
  await said(`one sales unit, ${states} machines' states`, many);
  await many.end();
  const startedMs = performance.now();
  const fleet = await setting.relay(units, nodeArgs);
  await untilRegistered(fleet, units);
  print(
    `${units} sales units: all registered ${((performance.now() - startedMs) / 1_000).toFixed(0)} s after the start`,
  );
  await said(`${units} sales units, ${states} machines' states`, fleet);
  const idleFrom = processorMsOf(fleet.pid);
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  print(
    `  idle: ${(((processorMsOf(fleet.pid) - idleFrom) * 100) / idleMs).toFixed(1)} % of a core in ${idleMs / 1_000} s`,
  );
  await fleet.end();
}

export async function run(print: Print, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string" },
      times: { type: "string" },
      requests: { type: "string" },
      states: { type: "string", default: "10000" },
      units: { type: "string", default: "1000" },
      profile: { type: "string" },
    },
  });
  if (!hasMosquitto()) return print("mosquitto is not installed");
  const isShort = values.short;
  const setting = await openSetting();
  try {
    const bench: Bench = {
      setting,
      print,
      times: Number(values.times ?? (isShort ? 1 : 5)),
      requests: Number(values.requests ?? (isShort ? 200 : 3_000)),
      states: isShort ? 100 : Number(values.states),
      units: isShort ? 3 : Number(values.units),
      settleMs: isShort ? 500 : 10_000,
      idleMs: isShort ? 500 : 30_000,
      nodeArgs: values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`],
    };
    print(`${cpus()[0]?.model.trim() ?? ""} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}`);
    for (const name of values.only?.split(",") ?? Object.keys(sections)) {
      const section = Object.hasOwn(sections, name) ? sections[name] : undefined;
      if (section === undefined) throw new Error(`there is no section "${name}": ${Object.keys(sections).join(", ")}`);
      await section(bench);
    }
  } finally {
    await setting.close();
  }
}
