/**
 * Goal: a password, certificate or key that was renewed counts from the next connection on, and a file that is broken just then ends nothing.
 * Method: the link as the daemon builds it, against a listener that reads what the first packet says and hangs up.
 */
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { noMemory } from "../../../src/daemon/journal.ts";
import { openLink } from "../../../src/daemon/link.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import type { Link } from "../../../src/link/port.ts";
import { listenOnPort } from "../../../src/service/listen.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { makeCertificates } from "../link/brokers.ts";
import { realClock, realEntropy, until } from "../link/real-parts.ts";

/** Somebody on the broker's port, and the first bytes of every connection. */
async function listener(): Promise<{ readonly port: number; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      heard.push(bytes.toString("latin1"));
      socket.destroy();
    });
  });
  const port = await listenOnPort(server, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => void server.close());
  return { port, heard };
}

async function link(change: (toml: string, folder: string) => string) {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-renewed-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { port, heard } = await listener();
  const url = "http://127.0.0.1:1";
  const toml = kioskToml({ folder, providerUrl: url, wireUrl: url, brokerPort: port, relayPort: 2 });
  const loaded = parseConfig(change(toml, folder));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const log = createMemoryLog();
  const parts = { env: {}, version: "1", clock: realClock, entropy: realEntropy, log };
  return { folder, heard, log, open: (): Promise<Link> => openLink(loaded.config, 1, noMemory, parts) };
}

/** Whole or not at all, as whoever renews secrets has to. */
async function put(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function start(opened: Link): Promise<void> {
  onTestFinished(() => opened.stop());
  await opened.start({ message: async () => {}, connection: () => {}, relay: () => {}, rival: () => {} });
}

it("a renewed password is sent with the next connection; where the file is gone, that is told and the password of before goes on", async () => {
  const { folder, heard, log, open } = await link((toml, where) =>
    toml.replace("[mqtt]\n", `[mqtt]\nusername = "demo-1"\npassword_file = "${join(where, "password")}"\n`),
  );
  const file = join(folder, "password");
  await put(file, "the-first-password");
  await start(await open());
  await until("first", () => heard.some((bytes) => bytes.includes("the-first-password")));
  await put(file, "the-second-password");
  await until("second", () => heard.some((bytes) => bytes.includes("the-second-password")));
  await rm(file);
  const before = heard.length;
  await until("goes on", () => heard.length > before + 1);
  expect(heard.at(-1)).toContain("the-second-password");
  expect(log.lines.some(({ level, message }) => level === "error" && message.includes("cannot be read again"))).toBe(
    true,
  );
  expect(JSON.stringify(log.lines)).not.toContain("second-password");
});

it("a certificate that is broken when it is renewed ends nothing: the next one counts", async () => {
  const { clientCert, clientKey } = makeCertificates();
  const { folder, heard, log, open } = await link((toml, where) =>
    toml
      .replace('url = "mqtt://127.0.0.1', 'url = "mqtts://127.0.0.1')
      .replace(
        "[mqtt]\n",
        `[mqtt]\ncert_file = "${join(where, "cert.pem")}"\nkey_file = "${join(where, "key.pem")}"\n`,
      ),
  );
  await put(join(folder, "key.pem"), await readFile(clientKey, "utf8"));
  await put(join(folder, "cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  await start(await open());
  await until("tried", () => log.lines.filter(({ message }) => message === "no connection to the broker").length >= 2);
  expect(heard).toEqual([]);
  await put(join(folder, "cert.pem"), await readFile(clientCert, "utf8"));
  // ClientHello: a TLS record of type 22 (RFC 8446, 5.1).
  await until("hello", () => heard.some((bytes) => bytes.startsWith("\u0016")));
});
