/** The relay's composition root: builds every part from its configuration, and runs until it is told to stop. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { connectionSettings } from "../config/mqtt.ts";
import { providerUrl, type RelayFile, type UnitSection, unitsOf } from "../config/relay.ts";
import { errorText } from "../kit/error-text.ts";
import { MqttConnection } from "../link/mqtt-connection.ts";
import type { MqttSecrets } from "../link/mqtt-settings.ts";
import { readTlsFiles } from "../link/tls-files.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { createVippsClient, type VippsClient } from "../vipps/client.ts";
import { credentials } from "../vipps/credentials.ts";
import { createHttpTransport } from "../vipps/http-transport.ts";
import { publicKeyOf } from "../vipps/identity.ts";
import { verifyDelivery } from "../vipps/signature.ts";
import type { GatewayUnit } from "./gateway/port.ts";
import { GatewayService } from "./gateway/service.ts";
import type { VerifySignature } from "./reception.ts";
import { checkRegistrationFolder, openRegistrationFile } from "./registration-file.ts";
import { type Beside, Relay, type UnitChanges } from "./relay.ts";
import { RelayError } from "./relay-error.ts";
import type { UnitPlan } from "./sales-unit.ts";
import { vippsRegistry } from "./vipps-registry.ts";

export interface UnitKeys {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionKey: string;
}

/** What must not stand in the configuration file. */
export interface RelaySecrets {
  /** Rejects with an error that says what is missing. */
  readonly readKeys: (file: RelayFile, unit: UnitSection) => Promise<UnitKeys>;
  /** Read before each connection, so that a renewed one counts from the next on. */
  readonly readMqttPassword: () => Promise<string | undefined>;
}

export interface RelayService {
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export interface RunningRelay {
  readonly port: number;
  /** Where machines without keys are let in; undefined without `[gateway]`. */
  readonly gatewayPort: number | undefined;
  /** Serves the sales units of this file from now on; what else differs in it waits for a restart, which the log says. */
  reload(file: RelayFile): Promise<UnitChanges>;
  stop(): Promise<void>;
}

/**
 * Resolves when the relay listens; `port` is where. From then on it connects, registers and reconnects by itself.
 * @throws RelayError, LinkError, ListenError for what a person has to mend first: files, port, certificates.
 */
export async function startRelay(file: RelayFile, secrets: RelaySecrets, service: RelayService): Promise<RunningRelay> {
  const { mqtt, relay: options } = file;
  const { log } = service;
  const isFleet = file.vipps.msn === undefined;
  const units = new Units(secrets, service);
  const readSecrets = async (): Promise<MqttSecrets> => ({
    password: await secrets.readMqttPassword(),
    tls: readTlsFiles(mqtt),
  });
  const settings = {
    ...connectionSettings(mqtt),
    clientId: isFleet ? `kvitt-relay-${options.instance}` : `kvitt-relay-${file.vipps.msn}-${options.instance}`,
    ...(await readSecrets()),
    // No session: what a relay missed while it was away is retained, or was answered by another.
    sessionExpiryS: 0,
  };
  const gateway = gatewayOf(file, service);
  let gatewayPort: number | undefined;
  const relay = new Relay({
    ...service,
    units: await units.plans(file),
    isFleet,
    options,
    beside: besideOf(gateway, (bound) => {
      gatewayPort = bound;
    }),
    connectionFor: (hooks) => new MqttConnection({ ...service, settings, readSecrets, hooks }),
    verify: verifySignature,
  });
  gateway?.serve(units.gatewayUnits(file));
  const port = await relay.start();
  const served = isFleet ? { units: units.count } : { msn: file.vipps.msn };
  log.info({ host: options.listen_host, port, instance: options.instance, ...served }, "the relay listens");
  return {
    port,
    gatewayPort,
    async reload(next) {
      for (const section of restartSections)
        if (JSON.stringify(next[section]) !== JSON.stringify(file[section]))
          log.warn({ section }, "this section has changed: it counts after a restart");
      if ((next.vipps.msn === undefined) !== isFleet)
        throw new RelayError("relay-config", "from one sales unit to [[unit]] sections, or back, takes a restart");
      // Everything but the units is as it was at the start.
      const current = { ...file, unit: next.unit };
      const changes = await relay.serve(await units.plans(current));
      gateway?.serve(units.gatewayUnits(current));
      log.info({ ...changes }, "the sales units were read again");
      return changes;
    },
    stop: () => relay.stop(),
  };
}

/** As many as the gateway lets requests to the provider out at once, and a few for the rounds of webhooks. */
const providerSockets = 80;

const restartSections = ["vipps", "mqtt", "relay", "gateway"] as const;

function gatewayOf({ gateway }: RelayFile, { clock, log }: RelayService): GatewayService | undefined {
  if (gateway === undefined) return undefined;
  return new GatewayService({
    policy: {
      refund: gateway.refund,
      oneTimeQr: gateway.one_time_qr,
      exchange: gateway.exchange,
      redirectQrIds: gateway.redirect_qr_ids,
      mobilePayQrIds: new Map(Object.entries(gateway.mobilepay_qr_ids)),
    },
    listen: { host: gateway.listen_host, port: gateway.listen_port },
    identitiesFile: gateway.identities_file,
    operator: gateway.operator_key === undefined ? undefined : publicKeyOf(gateway.operator_key),
    clock,
    log: log.child({ room: "gateway" }),
  });
}

function besideOf(gateway: GatewayService | undefined, listens: (port: number) => void): Beside | undefined {
  if (gateway === undefined) return undefined;
  return {
    start: async (owned) => listens(await gateway.start(owned)),
    filters: gateway.filters,
    heard: (incoming) => gateway.heard(incoming),
    health: () => ({ gateway: gateway.health() }),
    families: () => gateway.families(),
  };
}

/** With the client that has the unit's keys: the webhooks and the gateway share its access token. */
type ClientPlan = UnitPlan & { readonly client: VippsClient };

/** The plans of the sales units, with the clients they were made with: a unit that has not changed keeps its access token. */
class Units {
  readonly #secrets: RelaySecrets;
  readonly #service: RelayService;
  /** One for all units: they have one host, and each of a thousand would keep connections of its own to it. */
  readonly #transport = createHttpTransport(undefined, providerSockets);
  #plans: ReadonlyMap<string, ClientPlan> = new Map();

  constructor(secrets: RelaySecrets, service: RelayService) {
    this.#secrets = secrets;
    this.#service = service;
  }

  get count(): number {
    return this.#plans.size;
  }

  /**
   * A unit whose keys are missing is left out, or goes on with those it has, and the log says so: it must not take the others with it.
   * @throws what was wrong with the first when none is left
   */
  async plans(file: RelayFile): Promise<readonly UnitPlan[]> {
    const units = unitsOf(file);
    const plans = new Map<string, ClientPlan>();
    let first: unknown;
    for (const unit of units) {
      try {
        plans.set(unit.msn, this.#planOf(file, unit, await this.#secrets.readKeys(file, unit)));
      } catch (error) {
        first ??= error;
        const before = this.#plans.get(unit.msn);
        if (before !== undefined) plans.set(unit.msn, before);
        const reason = errorText(error);
        if (units.length > 1)
          this.#service.log.error({ msn: unit.msn, reason }, "this sales unit cannot be served as configured");
      }
    }
    if (plans.size === 0 && first !== undefined) throw first;
    this.#plans = plans;
    return [...plans.values()];
  }

  /** What the gateway serves: the units of `plans`, as far as a currency is known. */
  gatewayUnits(file: RelayFile): readonly GatewayUnit[] {
    const usual = file.gateway?.max_amount ?? 0;
    return unitsOf(file).flatMap(({ msn, currency, max_amount: maxAmountMinor = usual }) => {
      const client = this.#plans.get(msn)?.client;
      return client === undefined || currency === undefined
        ? []
        : [{ msn, currency, maxAmountMinor, provider: client }];
    });
  }

  #planOf(file: RelayFile, unit: UnitSection, keys: UnitKeys): ClientPlan {
    const mark = createHash("sha256")
      .update(JSON.stringify([unit.msn, keys]))
      .digest("hex");
    const before = this.#plans.get(unit.msn);
    if (before?.mark === mark) return before;
    const { relay: options } = file;
    const path = options.registration_file ?? join(options.registration_dir ?? "", `${unit.msn}.json`);
    if (options.register) checkRegistrationFolder(path);
    const client = this.#clientOf(file, unit, keys);
    return { msn: unit.msn, mark, registry: vippsRegistry(client.webhooks), store: openRegistrationFile(path), client };
  }

  #clientOf({ vipps }: RelayFile, { msn }: UnitSection, keys: UnitKeys): VippsClient {
    const { version } = this.#service;
    return createVippsClient({
      ...this.#service,
      baseUrl: providerUrl(vipps),
      msn,
      credentials: credentials(keys.clientId, keys.clientSecret, keys.subscriptionKey),
      system: { name: "kvitt", version, pluginName: "kvitt-relay", pluginVersion: version },
      transport: this.#transport,
    });
  }
}

export const verifySignature: VerifySignature = ({ headers, body }, { url, secret }) =>
  verifyDelivery({ headers, rawBody: body }, new URL(url), secret).kind === "genuine";
