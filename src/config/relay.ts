/** `[relay]`: the cloud side, where webhooks come in; and the relay's file as a whole: `[vipps]`, `[mqtt]`, `[relay]`, `[[unit]]`. */
import * as z from "zod";
import { isMachineId, machineIdFault, msnPattern, msnRule, stationsMax } from "../sale/ids.ts";
import { type Currency, paymentMinorMax, walletCurrencies } from "../sale/money.ts";
import { file } from "./fields.ts";
import { mqttSchema } from "./mqtt.ts";

/** `[gateway]`: what machines without the sales unit's keys may do through this relay. */
const gatewaySchema = z.strictObject({
  listen_host: z
    .string()
    .min(1)
    .max(255)
    .default("127.0.0.1")
    .describe("Address to listen on, behind a reverse proxy that terminates TLS."),
  listen_port: z.int().min(0).max(65_535).default(8081).describe("Port to listen on; 0: any free one."),
  public_urls: z
    .array(z.url())
    .min(1)
    .max(8)
    .describe(
      "Addresses at which machines reach this gateway and the others of the fleet; enrolment files carry them.",
    ),
  identities_file: file.describe(
    "File of the machines' public keys and of what was revoked, written by kvitt gateway.",
  ),
  operator_key: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, "the operator's public key, as kvitt gateway operator-key prints it")
    .optional()
    .describe("Public key of the operator, whose word on the broker then counts for all relays."),
  max_amount: z
    .int()
    .min(1)
    .max(paymentMinorMax)
    .default(50_000)
    .describe("The largest payment that a machine may create, in minor units, where its [[unit]] says nothing else."),
  refund: z
    .enum(["recovery", "off"])
    .default("recovery")
    .describe("Whether machines may refund what they captured, for 24 hours; off leaves every refund to a person."),
  one_time_qr: z.boolean().default(false).describe('For machines with one_time_route = "qr-api".'),
  exchange: z.boolean().default(false).describe("Whether machines may ask for customers' phone numbers."),
  redirect_qr_ids: z
    .array(z.string().min(1).max(128))
    .max(1_000)
    .default([])
    .describe("Web shops' codes that machines may show."),
  mobilepay_qr_ids: z
    .record(
      z
        .string()
        .refine(isMachineId, { error: ({ input }) => machineIdFault(String(input)) ?? "is not a machine's id" }),
      z.array(z.string().min(1).max(128)).max(stationsMax),
    )
    .default({})
    .describe(
      'MobilePay stickers that a machine may take over, by the machine\'s id: mobilepay_qr_ids = { "laundry-3" = ["beacon"] }.',
    ),
});

export const relaySchema = z.strictObject({
  instance: z
    .string()
    // No ".": the name stands in topics, and nats-server closes the connection of a client that says a topic with one.
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
      '1 to 64 letters, digits, _ or -, beginning with a letter or digit, and no ".": a cluster of NATS ends every connection that says one in a topic; "relay-1" for "relay.1"',
    )
    .refine(
      (name) => !["event", "state", "sale", "health", "command"].includes(name),
      "that is the name of a machine's topic",
    )
    .default("relay-1")
    .describe("This relay's name; each instance needs its own."),
  listen_host: z
    .string()
    .min(1)
    .max(255)
    .default("127.0.0.1")
    .describe("Address to listen on, behind a reverse proxy that terminates TLS."),
  listen_port: z.int().min(0).max(65_535).default(8080).describe("Port to listen on; 0: any free one."),
  public_url: z
    .url()
    // A refinement runs although the check before it has failed: not every text here is a url.
    .refine(
      (text) => !URL.canParse(text) || (new URL(text).search === "" && new URL(text).hash === ""),
      "without ? and #",
    )
    .describe(
      'Address at which the provider reaches this relay, for example "https://relay.example.com"; /webhooks/check-in and /webhooks/payment are appended. Must be https, except with the simulator on this computer.',
    ),
  registration_file: file
    .optional()
    .describe("File in which the webhooks' secrets are kept, mode 0600; relays on one host may share it."),
  metrics_host: z.string().min(1).max(255).default("127.0.0.1").describe("Address at which Prometheus reads /metrics."),
  metrics_port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe("Port of /metrics, for example 9464; without it there are none."),
  registration_dir: file
    .optional()
    .describe(
      "With several sales units, instead of registration_file: the folder of one such file a unit, {msn}.json.",
    ),
  register: z
    .boolean()
    .default(true)
    .describe(
      "Whether this instance registers the webhooks. Of several relays one does; the others only read the file.",
    ),
  check_in_freshness_s: z
    .int()
    .min(5)
    .max(900)
    .default(20)
    .describe("Maximum age of a check-in, in seconds; older ones are refused."),
  payment_expiry_s: z
    .int()
    .min(10)
    .max(86_400)
    .default(900)
    .describe("How long, in seconds, the broker keeps a payment event for a machine that is offline (MQTT 5)."),
});

export type RelaySection = z.infer<typeof relaySchema>;

/** The relay needs the sales unit and its keys. Other keys of `[vipps]` are ignored, so that machine and relay can share a file. */
const vippsForRelay = z
  .looseObject({
    environment: z.enum(["production", "test"]).optional(),
    base_url: z.url().optional().describe("Instead of environment, for the simulator."),
    currency: z.enum(walletCurrencies).optional().describe("The sales unit's currency; the gateway needs it."),
    msn: z
      .string()
      .regex(msnPattern, `the merchant serial number, ${msnRule}, as text: msn = "123456"`)
      .optional()
      .describe("The sales unit's merchant serial number; without it there are [[unit]] sections."),
    credentials_dir: z.string().min(1).optional(),
    client_id: z.string().min(1).optional(),
    client_secret: z.string().min(1).optional(),
    subscription_key: z.string().min(1).optional(),
  })
  // Here rather than in check.ts: a relay's file has few keys, and all of its faults are told at once.
  .refine((vipps) => (vipps.environment === undefined) !== (vipps.base_url === undefined), {
    message: 'either environment = "production" or "test", or base_url',
    path: ["environment"],
  })
  .describe("The sales unit and where its keys are.");

/** Prefix of the credentials that hold a unit's keys where nothing else is said. */
export const usualKeys = "vipps";

/** `[[unit]]`: one of the sales units of a relay that serves several. */
const unitSchema = z.strictObject({
  msn: z
    .string("the merchant serial number is a text: write it in quotes")
    .regex(msnPattern, `${msnRule}, as text`)
    .describe("The sales unit's merchant serial number."),
  currency: z.enum(walletCurrencies).describe("The sales unit's currency."),
  keys: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, "1 to 40 small letters, digits or -, beginning with a letter")
    .default(usualKeys)
    .describe(
      'Which keys: "acme" means the credentials acme-client-id, acme-client-secret and acme-subscription-key. Units may share them, as a partner\'s do.',
    ),
  max_amount: z
    .int()
    .min(1)
    .max(paymentMinorMax)
    .optional()
    .describe("The largest payment that the gateway lets a machine create, in minor units."),
});

export const relayFileSchema = z.object({
  vipps: vippsForRelay,
  mqtt: mqttSchema,
  relay: relaySchema,
  unit: z.array(unitSchema).max(5_000).default([]),
  gateway: gatewaySchema.optional(),
});
export type RelayFile = z.infer<typeof relayFileSchema>;

export interface UnitSection {
  readonly msn: string;
  readonly keys: string;
  readonly currency?: Currency | undefined;
  /** What only `[[unit]]` says. */
  readonly max_amount?: number | undefined;
}

/** The sales units of a file that was checked: those of `[[unit]]`, or the one of `[vipps]`. */
export function unitsOf({ vipps, unit }: Pick<RelayFile, "vipps" | "unit">): readonly UnitSection[] {
  return vipps.msn === undefined ? unit : [{ msn: vipps.msn, keys: usualKeys, currency: vipps.currency }];
}

/** The provider's API host (knowledge base, servers); of a machine without keys, its first gateway. */
export function providerUrl(
  vipps: Pick<RelayFile["vipps"], "base_url" | "environment"> & {
    readonly gateway_urls?: readonly string[] | undefined;
  },
): string {
  const [gateway] = vipps.gateway_urls ?? [];
  if (gateway !== undefined) return gateway;
  if (vipps.base_url !== undefined) return vipps.base_url;
  return vipps.environment === "production" ? "https://api.vipps.no" : "https://apitest.vipps.no";
}
