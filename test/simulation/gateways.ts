/**
 * The hop over the gateway: the real one, in the relays' processes, with the real client of the sales unit behind it. A gateway dies before or after the
 * provider acted, starts anew with nothing in its head, does not know the machine for a while, or is asked too much.
 */
import { generateKeyPairSync } from "node:crypto";
import { abortable } from "../../src/kit/abort.ts";
import { parseJson } from "../../src/kit/json.ts";
import { Gateway } from "../../src/relay/gateway/gateway.ts";
import { Identities } from "../../src/relay/gateway/identities.ts";
import type {
  GatewayAnswer,
  GatewayPolicy,
  GatewayRequest,
  GatewayUnit,
  UnitProvider,
} from "../../src/relay/gateway/port.ts";
import { createMemoryLog } from "../../src/service/log.ts";
import { authorizationOf, type MachineIdentity, publicKeyText } from "../../src/vipps/identity.ts";
import { createVippsClient } from "../../src/vipps/client.ts";
import { credentials } from "../../src/vipps/credentials.ts";
import { createGatewayTransport } from "../../src/vipps/gateway-transport.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../../src/vipps/transport.ts";
import { formatTimestamp } from "../../src/kit/timestamp.ts";
import { Life } from "./process.ts";
import type { Sabotage } from "./sabotage-port.ts";
import type { World } from "./world.ts";

const policy: GatewayPolicy = {
  refund: "recovery",
  oneTimeQr: false,
  exchange: false,
  redirectQrIds: [],
  mobilePayQrIds: new Map(),
};
const maxAmountMinor = 50_000;
/** The gateway judges a request once more when its turn comes; a refund has two looks at the provider after that. */
const judgedForMs = 15_000;

const { privateKey } = generateKeyPairSync("ed25519");
const publicKey = publicKeyText(privateKey);

type Answer = (request: GatewayRequest) => Promise<GatewayAnswer>;

interface GatewaysSettings {
  readonly msn: string;
  readonly count: number;
  readonly sabotage: Sabotage;
  /** The unit's own client, whose requests go where this says. */
  readonly unitOf: (transport: HttpTransport, life: Life) => UnitProvider;
  readonly toProvider: HttpTransport;
}

/** As many as there are relays, in their processes. */
export function gatewaysOf(world: World, settings: Pick<GatewaysSettings, "msn" | "count" | "sabotage">): Gateways {
  const { msn } = settings;
  const { provider, clock, dice, duties } = world;
  const baseUrl = "https://apitest.vipps.no";
  return new Gateways(world, {
    ...settings,
    unitOf: (transport, life) => {
      const unit = provider.state.units.get(msn);
      if (unit === undefined) throw new Error("no unit");
      return createVippsClient({
        baseUrl,
        msn,
        credentials: credentials(unit.clientId, unit.clientSecret, unit.subscriptionKey),
        system: { name: "kvitt", version: "1", pluginName: "gateway", pluginVersion: "1" },
        transport,
        clock: life.clock,
        entropy: dice.entropy,
        log: createMemoryLog(),
      });
    },
    toProvider: async ({ method, url, headers, body, signal }) => {
      await clock.sleep(10 + dice.fraction() * 200);
      const answer = await provider.handle({ method, url: url.replace(baseUrl, ""), headers, body }, signal);
      if (method === "POST") duties.checkKept();
      await clock.sleep(10 + dice.fraction() * 200);
      return answer;
    },
  });
}

/** One process, from its start to its death. */
interface Twin {
  readonly life: Life;
  readonly answer: Answer;
  readonly identities: Identities;
  /** Rejects what is under way when the process dies. */
  readonly death: AbortController;
}

export class Gateways {
  readonly urls: readonly string[];
  readonly identity: MachineIdentity;
  /** How likely a gateway is to die at each step of a request. */
  strikes = 0;
  /** No way from the machine to any of them. */
  isCutOff = false;
  readonly #world: World;
  readonly #settings: GatewaysSettings;
  readonly #twins: Twin[];
  #revokedMs: number | undefined;
  #floodedMs = Number.NEGATIVE_INFINITY;

  constructor(world: World, settings: GatewaysSettings) {
    this.#world = world;
    this.#settings = settings;
    this.identity = { machine: world.id, privateKey };
    this.urls = Array.from({ length: settings.count }, (_, index) => `https://gateway-${index}.example.test`);
    this.#twins = this.urls.map((_, index) => this.#start(index));
  }

  /** What the machine's client sends through. */
  transport(): HttpTransport {
    return createGatewayTransport(this.urls, (request) => this.#ask(request));
  }

  kill(index: number): void {
    const twin = this.#twins[index % this.#twins.length];
    if (twin?.life.isAlive !== true) return;
    twin.life.end();
    twin.death.abort(new Error("the gateway's process is gone: ECONNRESET"));
  }

  startDead(): void {
    for (const [index, { life }] of this.#twins.entries()) if (!life.isAlive) this.#twins[index] = this.#start(index);
  }

  /** Nothing that the machine asks comes through, for as long as this is so. */
  get isOutOfReach(): boolean {
    // What the machine may ask in a minute has been asked by somebody else.
    const isFlooded = this.#world.clock.monotonicMs() < this.#floodedMs + 60_000;
    return (
      isFlooded || this.isCutOff || this.#revokedMs !== undefined || this.#twins.every(({ life }) => !life.isAlive)
    );
  }

  mend(): void {
    this.strikes = 0;
    this.isCutOff = false;
    this.enrol();
  }

  revoke(): void {
    this.#revokedMs ??= this.#world.clock.monotonicMs();
    this.#enrol();
  }

  enrol(): void {
    this.#revokedMs = undefined;
    this.#enrol();
  }

  /** Somebody asks far too much in the machine's name. */
  async flood(): Promise<void> {
    this.#floodedMs = this.#world.clock.monotonicMs();
    const { msn } = this.#settings;
    const { id: machine } = this.#world;
    const target = "/kvitt/v1/identity";
    const time = formatTimestamp(this.#world.clock.wallMs());
    const signable = { msn, machine, method: "GET", target, body: undefined, idempotencyKey: undefined, time };
    const request: GatewayRequest = {
      method: "GET",
      target,
      headers: { authorization: authorizationOf(signable, privateKey) },
      body: new Uint8Array(),
    };
    for (const { life, answer } of this.#twins)
      for (let times = 0; times < 320 && life.isAlive; times += 1) await life.whileAlive(answer(request));
  }

  #enrol(): void {
    for (const { identities } of this.#twins) this.#tell(identities);
  }

  #tell(identities: Identities): void {
    const { msn, sabotage } = this.#settings;
    const { id: machine } = this.#world;
    const isRevoked = this.#revokedMs !== undefined && sabotage.ignoresRevocations !== true;
    const keys = { msn, machine, keys: new Set([publicKey]), revoked: new Set(isRevoked ? [publicKey] : []) };
    identities.fileSays(new Map([[`${msn}/${machine}`, keys]]));
  }

  #start(index: number): Twin {
    const { clock } = this.#world;
    const { msn, unitOf, sabotage } = this.#settings;
    const life = new Life(clock, clock);
    const identities = new Identities();
    this.#tell(identities);
    const gateway = new Gateway({ policy, identities, clock: life.clock, log: createMemoryLog() });
    const provider = unitOf((request) => life.whileAlive(this.#pass(index, request)), life);
    const unit: GatewayUnit = { msn, currency: "NOK", maxAmountMinor, provider };
    gateway.serve([unit]);
    const right: Answer = async (request) => {
      const answer = await gateway.answer(request);
      this.#heard(request, answer);
      return answer;
    };
    return { life, identities, death: new AbortController(), answer: sabotage.gateway?.(right) ?? right };
  }

  /** From the gateway to the provider and back. */
  async #pass(index: number, request: HttpRequest): Promise<HttpResponse> {
    const world = this.#world;
    const isRevoked = this.#revokedMs !== undefined && world.clock.monotonicMs() > this.#revokedMs + judgedForMs;
    if (isRevoked && !request.url.endsWith("/accesstoken/get"))
      world.violate(`a machine that was revoked asks the provider: ${request.method} ${request.url.slice(-60)}`);
    this.#mayDie(index, "before it passed a request on");
    const answer = await this.#settings.toProvider(request);
    this.#mayDie(index, "after it passed a request on");
    return answer;
  }

  #mayDie(index: number, when: string): void {
    const world = this.#world;
    if (!world.dice.chance(this.strikes)) return;
    world.tell(`gateway ${index} dies ${when}`);
    world.count(`gateway: died ${when}`);
    this.kill(index);
    world.clock.startTimer("gateway", world.dice.pick([1_000, 10_000, 90_000]), () => this.startDead());
  }

  async #ask({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
    const world = this.#world;
    const { dice, clock } = world;
    await clock.sleep(10 + dice.fraction() * 100, signal);
    const index = this.urls.findIndex((one) => url.startsWith(`${one}/`));
    const twin = this.#twins[index];
    if (twin?.life.isAlive !== true || this.isCutOff)
      throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const target = url.slice(this.urls[index]?.length);
    const asked = twin.life.whileAlive(twin.answer({ method, target, headers, body: body ?? new Uint8Array() }));
    const answer = await abortable(asked, AbortSignal.any([signal, twin.death.signal]));
    await clock.sleep(10 + dice.fraction() * 100, signal);
    const date = new Date(clock.wallMs()).toUTCString();
    return { status: answer.status, headers: { ...answer.headers, date }, body: new Uint8Array(answer.body) };
  }

  /** What the gateway says no to is nothing that a machine of ours asks for, but for a refund: its bounds are the gateway's own. */
  #heard({ method, target }: GatewayRequest, { status, body }: GatewayAnswer): void {
    const world = this.#world;
    const value = parseJson(body);
    const type = typeof value === "object" && value !== null && "type" in value ? String(value.type) : "";
    if (!type.startsWith("urn:kvitt:gateway:")) return;
    world.count(`gateway: ${type.slice("urn:kvitt:gateway:".length)}`);
    if (type.endsWith(":not-allowed") && !target.endsWith("/refund"))
      world.violate(`the gateway refuses what a machine has to ask: ${method} ${target} ${status}`);
  }
}
