/** Goal: a person at the machine can say that it was mended, and hears what comes of it. Method: the command against the verbs on a real socket. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { CliCommand } from "../../../src/cli/command.ts";
import { command } from "../../../src/cli/commands/machine.ts";
import { command as stickers } from "../../../src/cli/commands/stickers.ts";
import type { HeardCheckIn } from "../../../src/kiosk/port.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { serviceVerbs } from "../../../src/daemon/service-verbs.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { serviceVisit } from "../../../src/kiosk/service-visit.ts";
import { initialState, type SaleState } from "../../../src/sale/state.ts";
import { openLocalSocket } from "../../../src/service/local-socket.ts";
import { createMemoryLog } from "../../../src/service/log.ts";

const noProducts = { currency: "NOK", version: "config", products: [] } as const;

async function machine(state: SaleState) {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-service-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = join(folder, "kiosk.toml");
  const url = "http://127.0.0.1:1";
  const places = { folder, providerUrl: url, wireUrl: url, brokerPort: 1, relayPort: 2 };
  await writeFile(config, kioskToml(places), { mode: 0o600 });
  const scans: HeardCheckIn[] = [];
  return {
    config,
    scans,
    listen: async () => {
      const verbs = serviceVerbs({
        describe: () => ({ state: "ready" }),
        serviced: async (line) => serviceVisit(state, line),
        checkIns: () => scans,
        recentLog: () => ({
          since: "2026-11-23T12:00:00.000Z",
          lines: [{ level: "warn", time: "2026-11-23T12:00:01.500Z", msg: "no broker" }],
        }),
        examine: async () => [{ check: "power", verdict: "bad", found: "too low", todo: "another supply" }],
        log: createMemoryLog(),
      });
      const socket = await openLocalSocket(join(folder, "service.sock"), verbs);
      onTestFinished(() => socket.close());
    },
  };
}

const run = (...args: readonly string[]) => runOf(command, args);

async function runOf(
  which: CliCommand,
  args: readonly string[],
  onLine: (text: string) => void = () => {},
): Promise<{ readonly code: number; readonly out: string }> {
  const out: string[] = [];
  const { signal } = new AbortController();
  const line = (text: string): void => {
    out.push(text);
    onLine(text);
  };
  const code = await which.run(args, {
    out: line,
    err: line,
    env: {},
    isTty: false,
    columns: 80,
    signal,
    hurry: signal,
  });
  return { code, out: out.join("\n") };
}

const jammed = initialState(
  noProducts,
  new Map([
    ["A1", { state: "jammed", sold: 0, sinceWallMs: null }],
    ["A2", { state: "for-sale", sold: 0, sinceWallMs: null }],
  ]),
);

it("says what is tried again, for all lines and for one", async () => {
  const { config, listen } = await machine(jammed);
  await listen();
  expect(await run("serviced", "--config", config)).toEqual({ code: 0, out: "tried again: A1" });
  expect(await run("serviced", "A1", "--config", config)).toEqual({ code: 0, out: "tried again: A1" });
  expect(await run("serviced", "A2", "--config", config)).toEqual({ code: 0, out: "nothing was jammed or sold out" });
  expect(await run("serviced", "--json", "--config", config)).toEqual({ code: 0, out: '{"lines":["A1"]}' });
});

it("tells the state", async () => {
  const { config, listen } = await machine(jammed);
  await listen();
  const { code, out } = await run("state", "--config", config);
  expect([code, JSON.parse(out)]).toEqual([0, { state: "ready" }]);
});

it("hands on why a line cannot be serviced", async () => {
  const { config, listen } = await machine(jammed);
  await listen();
  await expect(run("serviced", "Z9", "--config", config)).rejects.toThrow('there is no line "Z9": there are A1, A2');
});

it("says where nobody listens", async () => {
  const { config } = await machine(jammed);
  await expect(run("serviced", "--config", config)).rejects.toThrow(/service\.sock: nobody listens there/);
});

it("tells what the daemon's log said, in words and as JSON", async () => {
  const { config, listen } = await machine(jammed);
  await listen();
  const words = await run("logs", "--config", config);
  expect(words).toEqual({ code: 0, out: "since 2026-11-23T12:00:00.000Z\n12:00:01.500 WARN  no broker" });
  const json = await run("logs", "--config", config, "--json");
  expect(JSON.parse(json.out)).toEqual({ level: "warn", time: "2026-11-23T12:00:01.500Z", msg: "no broker" });
});

it("hears each sticker's scan on a walk, and names what was not heard", async () => {
  const { config, listen, scans } = await machine(jammed);
  await listen();
  const id = merchantQrId("demo-1");
  scans.push({ id, number: 1, ageMs: 60_000 });
  const scanNow = (text: string): void => {
    if (text.startsWith("Scan each sticker")) scans.push({ id, number: 2, ageMs: 1_340 });
  };
  const heard = await runOf(stickers, ["check", "--config", config], scanNow);
  expect(heard.code).toBe(0);
  expect(heard.out).toMatch(/^demo-1: .*, heard 1\.3 s after the scan$/m);
  expect(heard.out).toContain("1 of 1 heard");
  const silent = await runOf(stickers, ["check", "--config", config, "--wait", "1"]);
  expect(silent.code).toBe(1);
  expect(silent.out).toContain("0 of 1 heard; not heard: demo-1");
});

it("does not begin a walk where nobody listens", async () => {
  const { config } = await machine(jammed);
  await expect(runOf(stickers, ["check", "--config", config])).rejects.toThrow(/nobody listens there/);
});
