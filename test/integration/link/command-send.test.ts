/** `kvitt command` as it is run, against the real link over a broker. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createMqttLink } from "../../../src/link/mqtt-link.ts";
import type { LinkMessage } from "../../../src/link/port.ts";
import { commandKey, machine, msn } from "../../unit/link/link-contract-facts.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { kvittArgs } from "../kvitt.ts";
import { startAedes } from "./brokers.ts";
import { realClock, realEntropy, until } from "./real-parts.ts";

function kvitt(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, kvittArgs(...args), { stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (text: Buffer) => (said.out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (said.err += text.toString()));
  return new Promise((resolve) => child.once("exit", (code) => resolve({ code, ...said })));
}

it("sends a signed order, prints the reply, and tells by its exit code how it went", async () => {
  const broker = await startAedes();
  const folder = mkdtempSync(join(tmpdir(), "kvitt-command-"));
  const key = join(folder, "key");
  const wrongKey = join(folder, "wrong-key");
  writeFileSync(key, `${commandKey.toString("utf8")}\n`, { mode: 0o600 });
  writeFileSync(wrongKey, "x".repeat(40), { mode: 0o600 });
  const link = createMqttLink({
    msn,
    merchantQrId: machine,
    sessionNumber: 1,
    version: "1",
    clock: realClock,
    entropy: realEntropy,
    log: recordingLog(),
    commands: { key: commandKey, highestCounter: 5 },
    settings: {
      url: broker.url,
      protocol: "auto",
      keepaliveS: 30,
      sessionExpiryS: 60,
      connectTimeoutMs: 3_000,
      reconnectMaxMs: 500,
    },
  });
  const orders: LinkMessage[] = [];
  await link.start({
    message: (message) => {
      orders.push(message);
      if (message.kind === "command") link.reply({ id: message.command.id, outcome: "done", detail: "beeped" });
      return Promise.resolve();
    },
    connection: () => undefined,
    relay: () => undefined,
    rival: () => undefined,
  });
  await until("connected", () => link.isConnected());
  const common = ["command", "--broker", broker.url, "--msn", msn, "--machine", machine, "--valid", "600"];
  try {
    const done = await kvitt(...common, "--key", key, "--json", '{"kind":"identify"}');
    expect(done.err).toBe("");
    expect(JSON.parse(done.out)).toMatchObject({ outcome: "done", detail: "beeped" });
    expect(done.code).toBe(0);
    expect(orders).toMatchObject([{ kind: "command", command: { order: { kind: "identify" } } }]);
    expect(await kvitt(...common, "--key", key, "--counter", "3", '{"kind":"identify"}')).toMatchObject({
      code: 1,
      out: "refused counter\n",
    });
    expect(await kvitt(...common, "--key", wrongKey, '{"kind":"identify"}')).toMatchObject({
      code: 1,
      out: "refused signature\n",
    });
    const wrong = await kvitt(...common, "--key", key, '{"kind":"explode"}');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain("the order cannot be used");
  } finally {
    await link.stop();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
