/**
 * What a new machine is given: one file with its identity, its gateways, its broker and that one's CA, written where it is enrolled and used up where it is
 * put in.
 */
import { generateKeyPairSync } from "node:crypto";
import * as z from "zod";
import { brokerLine, brokerList, brokerUrl, brokerUrls } from "../../config/mqtt.ts";
import { isMachineId, isMsn } from "../../sale/ids.ts";
import { walletCurrencies } from "../../sale/money.ts";
import { publicKeyText } from "../../vipps/identity.ts";

export const enrolmentSchemaName = "kvitt.enrolment/1";

const pem = z.string().max(65_536);
export const enrolmentSchema = z.strictObject({
  schema: z.literal(enrolmentSchemaName),
  machine: z.string().refine(isMachineId, "not the id of a machine"),
  msn: z.string().refine(isMsn, "not an msn"),
  currency: z.enum(walletCurrencies),
  gatewayUrls: z.array(z.url()).min(1).max(8),
  /** Ed25519, PKCS #8, PEM. */
  identity: pem,
  broker: z
    .strictObject({
      /** Of one broker; of several `urls`, as in the section [mqtt]. */
      url: brokerUrl.optional(),
      urls: brokerList.optional(),
      username: z.string().min(1).max(256),
      password: z.string().min(1).max(1_024).optional(),
      /** PEM of the authorities that sign the brokers' certificates. */
      ca: pem.optional(),
    })
    .refine(({ url, urls }) => (url === undefined) !== (urls === undefined), {
      message: "either url or urls",
      path: ["url"],
    }),
});
export type Enrolment = z.infer<typeof enrolmentSchema>;

/** A new identity: the private half for the machine alone, the public one for the gateways. */
export function newIdentity(): { readonly privatePem: string; readonly publicKey: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKeyText(privateKey),
  };
}

/** The configuration's lines that go with it; the secrets are in files beside. */
export function configLines(
  enrolment: Enrolment,
  files: { readonly credentials: string; readonly ca: string | undefined },
): string {
  const { msn, currency, gatewayUrls, broker, machine } = enrolment;
  return [
    "[machine]",
    `id = ${JSON.stringify(machine)}`,
    "",
    "[vipps]",
    'access = "gateway"',
    `gateway_urls = [${gatewayUrls.map((url) => JSON.stringify(url)).join(", ")}]`,
    `msn = ${JSON.stringify(msn)}`,
    `currency = ${JSON.stringify(currency)}`,
    `credentials_dir = ${JSON.stringify(files.credentials)}`,
    "",
    "[mqtt]",
    brokerLine(brokerUrls(broker)),
    `username = ${JSON.stringify(broker.username)}`,
    ...(files.ca === undefined ? [] : [`ca_file = ${JSON.stringify(files.ca)}`]),
  ].join("\n");
}
