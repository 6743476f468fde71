/**
 * Goal: the command line does what it says against a real server, for people and for programs, and fails readably.
 * Method: each command is run with its output caught, against the simulator on a free port; two as processes, for the exit code.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import * as z from "zod";
import type { CliCommand } from "../../../src/cli/command.ts";
import { CommandError } from "../../../src/cli/command.ts";
import { command as payment } from "../../../src/cli/commands/payment.ts";
import { command as qr } from "../../../src/cli/commands/qr.ts";
import { command as webhooks } from "../../../src/cli/commands/webhooks.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { readCode } from "../../../src/demo/camera.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";

const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
const folder = mkdtempSync(join(tmpdir(), "kvitt-cli-"));
const env = {
  VIPPS_CLIENT_ID: "client-123456",
  VIPPS_CLIENT_SECRET: "secret-123456",
  VIPPS_SUBSCRIPTION_KEY: "subscription-123456",
};
const place: { simulator?: SimulatorServer } = {};

function simulator(): SimulatorServer {
  if (place.simulator === undefined) throw new Error("no simulator");
  return place.simulator;
}

beforeAll(async () => {
  place.simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(5), msn: "123456" });
});
afterAll(() => simulator().close());

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  command: CliCommand,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = env,
): Promise<Result> {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    env: variables,
    isTty: false,
    columns: 80,
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  };
  const result = (code: number): Result => ({ code, out: out.join("\n"), err: err.join("\n") });
  try {
    return result(await command.run(args, io));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    err.push(error.message);
    return result(error.exitCode);
  }
}

function expectFailure({ code, err }: Result, expectedCode: number, words: string): void {
  expect(code).toBe(expectedCode);
  expect(err).toContain(words);
}

const where = (): readonly string[] => ["--base-url", simulator().url, "--msn", "123456"];

function jsonOf({ out }: Result): unknown {
  return JSON.parse(out);
}

async function call(path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Response> {
  return fetch(simulator().url + path, {
    method: "POST",
    headers: {
      "ocp-apim-subscription-key": "subscription-123456",
      "merchant-serial-number": "123456",
      "content-type": "application/json",
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

async function authorization(key: string): Promise<Readonly<Record<string, string>>> {
  const keys = { client_id: "client-123456", client_secret: "secret-123456" };
  const answer = z.object({ access_token: z.string() }).parse(await (await call("/accesstoken/get", keys)).json());
  return { authorization: `Bearer ${answer.access_token}`, "idempotency-key": key };
}

/** A payment of 50 kroner, or what `changes` says; where its customer goes. */
async function created(reference: string, changes: object = {}): Promise<string> {
  const body = {
    amount: { currency: "NOK", value: 5_000 },
    paymentMethod: { type: "WALLET" },
    reference,
    userFlow: "QR",
    ...changes,
  };
  const answer = await call("/epayment/v1/payments", await authorization(reference), body);
  expect(answer.status).toBe(201);
  return z.object({ redirectUrl: z.string() }).parse(await answer.json()).redirectUrl;
}

async function reserved(reference: string, value: number): Promise<void> {
  await created(reference, { amount: { currency: "NOK", value } });
  const approval = { customer: { phoneNumber: "4790100000" } };
  const path = `/epayment/v1/test/payments/${reference}/approve`;
  expect((await call(path, await authorization(reference), approval)).status).toBe(200);
}

describe("kvitt qr", () => {
  it("redirect: made, drawn, written as a picture of the wanted size, listed, changed, deleted", async () => {
    const png = join(folder, "redirect.png");
    const made = await run(qr, [
      "redirect",
      "create",
      "plakat-1",
      "https://example.com/a",
      "--ttl",
      "600",
      "--png",
      png,
      "--size",
      "333",
      ...where(),
    ]);
    expect(made).toMatchObject({ code: 0, err: "" });
    expect(made.out).toMatch(
      /id +plakat-1\nleads to +https:\/\/example\.com\/a\nends +in \d+ s\ncontent +https:\/\/qr\.vipps\.no\//,
    );
    expect(made.out).toContain("█▀▀▀▀▀█");
    expect(readFileSync(png).readUInt32BE(16)).toBe(333);
    const updated = await run(qr, ["redirect", "update", "plakat-1", "https://example.com/b", "--no-draw", ...where()]);
    expect(updated.out).not.toContain("█");
    expect(jsonOf(await run(qr, ["redirect", "get", "plakat-1", "--json", ...where()]))).toMatchObject({
      id: "plakat-1",
      redirectUrl: "https://example.com/b",
    });
    const listed = await run(qr, ["redirect", "list", ...where()]);
    expect(listed.out).toMatch(/^ID +LEADS TO +ENDS +CONTENT\n/);
    expect(await run(qr, ["redirect", "delete", "plakat-1", ...where()])).toMatchObject({
      code: 0,
      out: "deleted plakat-1",
    });
    expect((await run(qr, ["redirect", "list", ...where()])).out).toBe("there are no redirect QRs");
  });

  it("callback: put, got, listed, deleted", async () => {
    const png = join(folder, "callback.png");
    const put = await run(qr, ["callback", "put", "kiosk-7", "--location", "Platform 2", "--png", png, ...where()]);
    expect(put.out).toMatch(/location +Platform 2/);
    expect(readFileSync(png).readUInt32BE(16)).toBe(1_024);
    expect(jsonOf(await run(qr, ["callback", "get", "kiosk-7", "--json", ...where()]))).toMatchObject({
      merchantQrId: "kiosk-7",
    });
    expect((await run(qr, ["callback", "list", ...where()])).out).toContain("Platform 2");
    expect(jsonOf(await run(qr, ["callback", "delete", "kiosk-7", "--json", ...where()]))).toEqual({
      deleted: "kiosk-7",
    });
  });

  it("mobilepay, exchange, exchange-customer", async () => {
    expect(await run(qr, ["mobilepay", "100200300", "--location", "Kasse 1", ...where()])).toMatchObject({ code: 0 });
    const { personalQr } = simulator().provider.phone("kari");
    expect((await run(qr, ["exchange", personalQr, ...where()])).out).toMatch(/phone number +4790100000/);
    expect(
      jsonOf(await run(qr, ["exchange", "-", "--json", ...where()], { ...env, KVITT_CODE: personalQr })),
    ).toMatchObject({ msisdn: "4790100000" });
    expectFailure(await run(qr, ["exchange-customer", "-", ...where()]), 2, "KVITT_TOKEN");
    expectFailure(await run(qr, ["exchange-customer", "nobody", ...where()]), 1, "HTTP 400");
  });

  it("exchange-customer: a check-in's token for the phone number, from the environment", async () => {
    await run(qr, ["callback", "put", "kiosk-8", "--location", "Here", ...where()]);
    await run(webhooks, ["register", `${simulator().url}/landing`, ...where()]);
    const { content } = z
      .object({ qrContent: z.string() })
      .transform(({ qrContent }) => ({ content: qrContent }))
      .parse(jsonOf(await run(qr, ["callback", "get", "kiosk-8", "--json", ...where()])));
    simulator().provider.phone("kari").scan(content);
    const [token = ""] = simulator().provider.state.customerTokens.keys();
    const found = await run(qr, ["exchange-customer", "-", "--json", ...where()], { ...env, KVITT_TOKEN: token });
    expect(jsonOf(found)).toMatchObject({ msisdn: "4790100000" });
    expect(found.out + found.err).not.toContain(token);
    const registered = z
      .array(z.object({ id: z.string() }))
      .parse(jsonOf(await run(webhooks, ["list", "--json", ...where()])));
    for (const { id } of registered) await run(webhooks, ["delete", id, ...where()]);
  });

  it("one-time: a landing page becomes a code that the app takes, and a picture of it", async () => {
    const landing = await created("cli-one-time-1", { userFlow: "WEB_REDIRECT", returnUrl: "https://example.com" });
    const png = join(folder, "one-time.png");
    const made = await run(qr, ["one-time", landing, "--png", png, "--size", "240", ...where()]);
    expect(made).toMatchObject({ code: 0, err: "" });
    const content = /content +(\S+)/.exec(made.out)?.[1] ?? "";
    expect(made.out).toMatch(/ends +in (5\d\d|600) s/);
    expect(readFileSync(png).readUInt32BE(16)).toBe(240);
    expect(await readCode(readFileSync(png))).toBe(content);
    const phone = simulator().provider.phone("kari");
    phone.scan(content);
    expect(phone.view()).toMatchObject({ screen: "request", amount: 5_000 });
  });

  it("one-time: what is no landing page is refused", async () => {
    expectFailure(await run(qr, ["one-time", "https://example.com/?token=x", ...where()]), 1, "HTTP 400");
  });
});

describe("kvitt payment", () => {
  it("get, capture, cancel, refund, events", async () => {
    await reserved("cli-sale-0001", 5_000);
    const found = await run(payment, ["get", "cli-sale-0001", ...where()]);
    expect(found.out).toMatch(/state +AUTHORIZED/);
    expect(found.out).toMatch(/still reserved +5000/);
    const captured = await run(payment, ["capture", "cli-sale-0001", "--amount", "3000", ...where()]);
    expect(captured.out).toMatch(/captured +3000/);
    expect(captured.err).toMatch(/^Idempotency-Key cli-[0-9A-Z]{26}$/);
    expect(
      jsonOf(await run(payment, ["cancel", "cli-sale-0001", "--key", "key-1", "--json", ...where()])),
    ).toMatchObject({ aggregate: { cancelledAmount: { value: 2_000 } } });
    expect((await run(payment, ["refund", "cli-sale-0001", "--all", ...where()])).out).toMatch(/refunded +3000/);
    expect((await run(payment, ["events", "cli-sale-0001", ...where()])).out).toMatch(/REFUNDED +3000 +NOK +yes/);
  });

  it.each([
    ["no amount", ["capture", "cli-sale-0001"], 2, "--amount MINOR or --all"],
    ["two amounts", ["refund", "cli-sale-0001", "--amount", "100", "--all"], 2, "--amount MINOR or --all"],
    ["kroner", ["capture", "cli-sale-0001", "--amount", "25,00"], 2, "whole minor units"],
    ["no reference", ["get"], 2, "which payment"],
    ["no action", ["look"], 2, "kvitt payment get"],
    ["a reference that nobody has", ["get", "nobody-has-it"], 1, "code 5090"],
    ["a reference that cannot be", ["get", "x"], 1, "8 to 64 letters"],
    ["an unknown option", ["get", "cli-sale-0001", "--colour"], 2, "--colour"],
  ])("%s", async (_name, args, code, words) => {
    const result = await run(payment, [...args, ...where()]);
    expect(result).toMatchObject({ code, out: "" });
    expect(result.err).toContain(words);
  });
});

describe("kvitt webhooks", () => {
  it("registers once, keeps the secret in a file of its own, lists, deletes", async () => {
    const secretFile = join(folder, "secret");
    const made = await run(webhooks, [
      "register",
      "https://relay.example.test/hooks",
      "--secret-file",
      secretFile,
      "--json",
      ...where(),
    ]);
    const { id } = z.object({ id: z.string() }).parse(jsonOf(made));
    expect(made.out).not.toContain(readFileSync(secretFile, "utf8").trim());
    expect(readFileSync(secretFile, "utf8").trim()).toHaveLength(88);
    expect(statSync(secretFile).mode & 0o777).toBe(0o600);
    expect((await run(webhooks, ["list", ...where()])).out).toContain(id);
    const again = await run(webhooks, [
      "register",
      "https://relay.example.test/hooks",
      "--secret-file",
      secretFile,
      ...where(),
    ]);
    expectFailure(again, 1, "nothing was registered");
    const second = join(folder, "second");
    expect(
      await run(webhooks, ["register", "https://relay.example.test/other", "--secret-file", second, ...where()]),
    ).toMatchObject({ code: 1 });
    expect(() => statSync(second)).toThrow("ENOENT");
    expect(await run(webhooks, ["delete", id, ...where()])).toMatchObject({ code: 0, out: `deleted ${id}` });
    expect((await run(webhooks, ["list", ...where()])).out).toBe("there are no webhooks");
  });
});

describe("which sales unit, and its keys", () => {
  const look = ["list"];
  const written = (name: string, text: string, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    return path;
  };
  const keys = { client_id: "client-123456", client_secret: "secret-123456", subscription_key: "subscription-123456" };

  it("from a configuration, of which only [vipps] is read", async () => {
    const inline = Object.entries(keys).map(([name, value]) => `${name} = "${value}"`);
    const config = written(
      "kvitt.toml",
      [
        "[vipps]",
        `base_url = "${simulator().url}"`,
        'msn = "123456"',
        'currency = "NOK"',
        ...inline,
        "[panel]",
        "nonsense = true",
      ].join("\n"),
    );
    expect(await run(webhooks, [...look, "--config", config], {})).toMatchObject({ code: 0 });
  });

  it("from a file of keys that nobody else can read", async () => {
    expect(
      await run(webhooks, [...look, ...where(), "--credentials", written("keys.json", JSON.stringify(keys))], {}),
    ).toMatchObject({ code: 0 });
    const open = await run(
      webhooks,
      [...look, ...where(), "--credentials", written("open.json", JSON.stringify(keys), 0o644)],
      {},
    );
    expectFailure(open, 1, "chmod 600");
  });

  it.each<readonly [string, () => readonly string[], Readonly<Record<string, string>>, number, string]>([
    ["no keys", where, {}, 1, "VIPPS_CLIENT_ID"],
    ["no sales unit", () => ["--base-url", simulator().url], env, 2, "--msn MSN"],
    ["a sales unit of letters", () => ["--base-url", simulator().url, "--msn", "kari"], env, 1, "4 to 7 digits"],
    ["plain http to elsewhere", () => ["--base-url", "http://example.com", "--msn", "123456"], env, 1, "must be https"],
    ["two environments", () => [...where(), "--environment", "test"], env, 2, "not both"],
    ["an environment that is none", () => ["--environment", "moon", "--msn", "123456"], env, 2, "test or production"],
    ["a time-out of never", () => [...where(), "--timeout", "never"], env, 2, "--timeout"],
    ["a configuration that is not there", () => ["--config", join(folder, "nowhere.toml")], env, 1, "cannot be read"],
    ["a configuration without [vipps]", () => ["--config", written("empty.toml", "")], env, 1, "vipps"],
    [
      "keys that are no JSON",
      () => [...where(), "--credentials", written("bad.json", "hush-hush")],
      {},
      1,
      "is not JSON",
    ],
    [
      "keys with one missing",
      () => [...where(), "--credentials", written("less.json", '{"client_id":"hush-hush"}')],
      {},
      1,
      "client_secret",
    ],
    ["wrong keys", where, { ...env, VIPPS_CLIENT_SECRET: "hush-hush" }, 1, "the keys were refused"],
    [
      "nobody there",
      () => ["--base-url", "http://127.0.0.1:1", "--msn", "123456", "--timeout", "1"],
      env,
      1,
      "the connection failed",
    ],
  ])("%s: told in words, with no key in them", async (_name, args, variables, code, words) => {
    const result = await run(webhooks, [...look, ...args()], variables);
    expect(result.code).toBe(code);
    expect(result.err).toContain(words);
    expect(result.err + result.out).not.toContain("hush");
  });

  it("an error is JSON for programs", async () => {
    const result = await run(payment, ["get", "nobody-has-it", "--json", ...where()]);
    expect(result.code).toBe(1);
    expect(jsonOf(result)).toMatchObject({
      error: { status: 404, code: "5090", advice: "give-up", operation: "get payment" },
    });
  });
});

describe("as a process", () => {
  const execute = promisify(execFile);
  const kvitt = (...args: readonly string[]) =>
    execute(process.execPath, [inject("kvittBundle"), ...args], {
      env: { PATH: process.env["PATH"], ...env },
    });

  it("exits with 0 and data on standard output, with 1 and words on standard error", async () => {
    const listed = await kvitt("qr", "callback", "list", "--json", ...where());
    expect(JSON.parse(listed.stdout)).toEqual(expect.any(Array));
    const failed: unknown = await kvitt("payment", "get", "nobody-has-it", ...where()).catch((error: unknown) => error);
    const { code, stdout, stderr } = z
      .object({ code: z.number(), stdout: z.string(), stderr: z.string() })
      .parse(failed);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^kvitt: get payment: HTTP 404/);
  });
});
