/** A machine's own client before a gateway: what it sends, as the gateway gets it, and a unit whose provider the test answers for. */
import { generateKeyPairSync } from "node:crypto";
import type { Clock, Log } from "../../../../src/service/port.ts";
import { createSeededEntropy } from "../../../../src/service/entropy.ts";
import { Gateway } from "../../../../src/relay/gateway/gateway.ts";
import { Identities } from "../../../../src/relay/gateway/identities.ts";
import type {
  GatewayAnswer,
  GatewayPolicy,
  GatewayRequest,
  GatewayUnit,
  UnitProvider,
} from "../../../../src/relay/gateway/port.ts";
import { merchantQrId, type MerchantQrId } from "../../../../src/sale/ids.ts";
import { createVippsClient, type VippsClient } from "../../../../src/vipps/client.ts";
import { publicKeyText } from "../../../../src/vipps/identity.ts";
import type { HttpTransport } from "../../../../src/vipps/transport.ts";

export const msn = "123456";
export const ulid = "01JDB2Q0C8X6R3Y5T7W9ZABCDE";
export const policy: GatewayPolicy = {
  refund: "recovery",
  oneTimeQr: false,
  exchange: false,
  redirectQrIds: ["shop"],
  mobilePayQrIds: new Map([["vend-1", ["beacon-1"]]]),
};
export const baseUrl = "https://gateway.example.test";

export function newMachine(id: string) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const machine = merchantQrId(id);
  return { machine, privateKey, publicKey: publicKeyText(privateKey) };
}
export type Machine = ReturnType<typeof newMachine>;

/** As the relay gets it. */
export function received({ method, url, headers, body }: Parameters<HttpTransport>[0]): GatewayRequest {
  return { method, target: url.slice(baseUrl.length), headers, body: body ?? new Uint8Array() };
}

export function clientOf(
  machine: Machine,
  parts: { readonly clock: Clock; readonly log: Log },
  transport: HttpTransport,
): VippsClient {
  return createVippsClient({
    ...parts,
    baseUrl,
    msn,
    credentials: machine,
    system: { name: "kvitt", version: "1", pluginName: "kvitt-vending", pluginVersion: "1" },
    entropy: createSeededEntropy(1),
    transport,
  });
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): GatewayAnswer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

export function unitOf(provider: UnitProvider): GatewayUnit {
  return { msn, currency: "NOK", maxAmountMinor: 50_000, provider };
}

export function gatewayFor(
  machines: readonly Machine[],
  unit: GatewayUnit,
  parts: { readonly clock: Clock; readonly log: Log },
) {
  const identities = new Identities();
  const enrol = (revoked: readonly MerchantQrId[] = []): void =>
    identities.fileSays(
      new Map(
        machines.map(({ machine, publicKey }) => [
          `${msn}/${machine}`,
          { msn, machine, keys: new Set([publicKey]), revoked: new Set(revoked.includes(machine) ? [publicKey] : []) },
        ]),
      ),
    );
  enrol();
  const gateway = new Gateway({ policy, identities, ...parts });
  gateway.serve([unit]);
  return { gateway, enrol };
}
