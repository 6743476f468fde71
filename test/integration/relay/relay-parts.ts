/** A relay on loopback over a real broker, a provider's registry in memory, and a signer that is not the relay's code. */
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../../src/service/port.ts";
import { openRegistrationFile } from "../../../src/relay/registration-file.ts";
import type { ListedRegistration, WebhookRegistry } from "../../../src/relay/registration-keeper.ts";
import { relaySchema } from "../../../src/config/relay.ts";
import { MqttConnection } from "../../../src/link/mqtt-connection.ts";
import { createMqttLink, type MqttLinkParts } from "../../../src/link/mqtt-link.ts";
import type { Link } from "../../../src/link/port.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { verifySignature } from "../../../src/relay/main.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { realClock, realEntropy } from "../link/real-parts.ts";

export const msn = "123456";
/** Where there is one machine. */
export const machine = merchantQrId("vend-1");
export const publicUrl = "https://relay.example.test";

export class FakeRegistry implements WebhookRegistry {
  readonly registrations: (ListedRegistration & { readonly secret: string })[] = [];
  isDown = false;
  #made = 0;

  list() {
    return Promise.resolve(this.isDown ? this.#down() : { kind: "ok" as const, value: this.registrations });
  }

  register(url: string, events: readonly string[]) {
    if (this.isDown) return Promise.resolve(this.#down());
    this.#made += 1;
    // 88 characters, as real ones are; the `=` at the end must not be decoded away.
    const secret = createHash("sha512").update(`secret ${this.#made}`).digest("base64");
    const id = `00000000-0000-4000-8000-${String(this.#made).padStart(12, "0")}`;
    this.registrations.push({ id, url, events, secret });
    return Promise.resolve({ kind: "ok" as const, value: { id, secret } });
  }

  remove(id: string) {
    const index = this.registrations.findIndex((one) => one.id === id);
    if (index >= 0) this.registrations.splice(index, 1);
    return Promise.resolve({ kind: "ok" as const, value: undefined });
  }

  #down() {
    const outcome = { kind: "unknown" as const, reason: "no answer", status: undefined, code: undefined };
    return { ...outcome, retryAfterMs: undefined };
  }
}

/** Written from the provider's page alone: POST\n{pathAndQuery}\n{date};{host};{content hash}, keyed with the secret's text. */
export function signedHeaders(url: string, secret: string, body: string, date = new Date().toUTCString()) {
  const { host, pathname, search } = new URL(url);
  const hash = createHash("sha256").update(body, "utf8").digest("base64");
  const text = `POST\n${pathname}${search}\n${date};${host};${hash}`;
  const signature = createHmac("sha256", secret).update(text, "utf8").digest("base64");
  return {
    "x-ms-date": date,
    "x-ms-content-sha256": hash,
    authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
  };
}

export interface RunningRelay {
  readonly relay: Relay;
  readonly port: number;
  readonly registrationFile: string;
}

export async function startRelay(
  /** Of one broker, or of several that are tried in turn. */
  brokerUrls: string | readonly [string, ...string[]],
  registry: WebhookRegistry,
  log: Log,
  options: {
    readonly instance?: string;
    readonly registrationFile?: string;
    readonly mayRegister?: boolean;
    readonly login?: { readonly username: string; readonly password: string };
    readonly patience?: Pick<MqttLinkParts["settings"], "connectTimeoutMs" | "reconnectMaxMs">;
  } = {},
): Promise<RunningRelay> {
  const registrationFile =
    options.registrationFile ?? join(mkdtempSync(join(tmpdir(), "kvitt-relay-")), "registrations.json");
  const relayOptions = relaySchema.parse({
    instance: options.instance,
    listen_port: 0,
    public_url: publicUrl,
    registration_file: registrationFile,
    register: options.mayRegister,
  });
  const [url, ...others] = typeof brokerUrls === "string" ? [brokerUrls] : brokerUrls;
  const settings = {
    url,
    others,
    ...options.login,
    protocol: "auto",
    clientId: `kvitt-relay-${msn}-${relayOptions.instance}`,
    keepaliveS: 30,
    sessionExpiryS: 0,
    connectTimeoutMs: 3_000,
    reconnectMaxMs: 500,
    ...options.patience,
  } as const;
  const service = { clock: realClock, entropy: realEntropy, log };
  const relay = new Relay({
    ...service,
    isFleet: false,
    units: [{ msn, mark: "", registry, store: openRegistrationFile(registrationFile) }],
    options: relayOptions,
    connectionFor: (hooks) => new MqttConnection({ ...service, settings, hooks }),
    verify: verifySignature,
  });
  return { relay, port: await relay.start(), registrationFile };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export function post(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer> {
  return send(port, "POST", path, headers, body);
}

export function send(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
    };
    const sent = request(options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** As the provider sends it: its own id, date and signature. */
export function deliver(
  port: number,
  registration: ListedRegistration & { readonly secret: string },
  body: string,
): Promise<Answer> {
  const headers = { ...signedHeaders(registration.url, registration.secret, body), "webhook-id": registration.id };
  return post(port, new URL(registration.url).pathname, headers, body);
}

/** A machine's link over real brokers, as quick to come back as these tests want it. */
export function machineLink(
  urls: readonly [string, ...string[]],
  log: Log,
  more: Pick<MqttLinkParts, "beat"> & { readonly settings?: Partial<MqttLinkParts["settings"]> } = {},
): Link {
  const [url, ...others] = urls;
  return createMqttLink({
    msn,
    merchantQrId: machine,
    sessionNumber: 3,
    version: "1",
    clock: realClock,
    entropy: realEntropy,
    log,
    commands: { key: undefined, highestCounter: 0 },
    beat: more.beat,
    settings: {
      url,
      others,
      protocol: "auto",
      keepaliveS: 30,
      sessionExpiryS: 60,
      connectTimeoutMs: 3_000,
      reconnectMaxMs: 500,
      ...more.settings,
    },
  });
}
