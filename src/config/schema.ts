/**
 * The configuration: one TOML file. Every key has a description and, where possible, a default; docs/config.md is generated from this schema.
 * Unknown keys are faults: somebody relies on every setting in the file, misspelt or not.
 */
import * as z from "zod";
import { isFormerMachineId, isMachineId, machineIdFault, msnPattern, msnRule, stationsMax } from "../sale/ids.ts";
import { walletCurrencies } from "../sale/money.ts";
import { deliverySchema } from "./delivery.ts";
import { clockTime, file, seconds, vatRate, words } from "./fields.ts";
import { inputSchema } from "./input.ts";
import { mqttSchema } from "./mqtt.ts";
import { panelSchema } from "./panel.ts";
import { productSchema } from "./product.ts";
import { relaySchema } from "./relay.ts";
import { stationSchema } from "./station.ts";
import { tariffSchema } from "./tariff.ts";

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** An id is in payments, topics and codes on walls: whoever has to change one that is in use has more to do than to write another. */
function machineIdWords(id: string): string {
  const fault = machineIdFault(id) ?? "is not the id of a machine";
  return isFormerMachineId(id) ? `${fault}. A machine that ran with it: docs/stickers.md, "Another id"` : fault;
}

const machine = z.strictObject({
  id: z
    .string()
    .refine(isMachineId, { error: ({ input }) => machineIdWords(String(input)) })
    .describe(
      "This machine's merchantQrId. It must never change: the callback QR and every payment reference are derived from it.",
    ),
  location: words(36).describe("Where the machine is, as the customer's app shows it after a scan."),
  name: words(60).optional().describe("The seller's name in the payment's description; defaults to the location."),
  kind: z.enum(["vending", "parking", "kiosk"]).default("vending").describe("Kind of machine."),
  time_zone: z
    .string()
    .refine(isTimeZone, 'an IANA time zone, for example "Europe/Oslo"')
    .default("Europe/Oslo")
    .describe("Time zone for times on the panel, tariffs and quiet hours."),
  state_socket: file
    .optional()
    .describe("Unix socket that answers GET with what the machine is doing, as JSON, for monitoring on this computer."),
  service_socket: file
    .optional()
    .describe(
      "Unix socket for who mends and looks after the machine (kvitt machine state, kvitt machine serviced); kvitt's group may use it. Default service.sock in systemd's RuntimeDirectory: /run/kvitt/service.sock.",
    ),
  status_port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      "Port of 127.0.0.1 with a page for who looks after the machine (state, picture on the glass, last sales, warnings) and /metrics for Prometheus. Without it there is none.",
    ),
});

/** A page that opens on customers' phones. */
const publicPage = z
  .string()
  .regex(/^https:\/\/\S+$/, "an https address of a public page")
  .max(2_500);

const vipps = z.strictObject({
  environment: z
    .enum(["test", "production"])
    .optional()
    .describe("The provider's environment. Give either this or base_url."),
  base_url: z.url().optional().describe("The simulator's address, instead of environment."),
  access: z
    .enum(["direct", "gateway"])
    .default("direct")
    .describe(
      "Who holds the sales unit's keys: this machine, or the relay's gateway, towards which the machine has an identity of its own (docs/gateway.md).",
    ),
  gateway_urls: z
    .array(z.url())
    .min(1)
    .max(8)
    .optional()
    .describe('With access = "gateway", instead of environment: the gateways\' addresses, tried in turn.'),
  msn: z
    .string("the merchant serial number is a text: write it in quotes")
    .regex(msnPattern, `${msnRule}, as text`)
    .describe("The sales unit's merchant serial number."),
  currency: z.enum(walletCurrencies).describe("The sales unit's currency."),
  one_time_route: z
    .enum(["epayment", "qr-api"])
    .default("epayment")
    .describe(
      "How one-time QRs are created: ePayment userFlow QR, which the provider recommends, or POST /qr/v1 for a landing page.",
    ),
  user_flow: z
    .enum(["web-redirect", "push"])
    .default("web-redirect")
    .describe("Payment flow after a check-in. push requires the provider's approval of the sales unit."),
  return_url: publicPage
    .optional()
    .describe(
      "Public page that opens on the customer's phone after a web-redirect payment and tells them to look at the machine.",
    ),
  terms_of_sale_url: publicPage
    .optional()
    .describe(
      "Your terms of sale, which the app shows before the customer approves (merchantLegalLinks); with privacy_policy_url.",
    ),
  privacy_policy_url: publicPage
    .optional()
    .describe("Your privacy policy, which the app shows beside them; with terms_of_sale_url."),
  probe_s: seconds(
    1,
    600,
    20,
    "Interval between provider probes while the machine is idle, and so the longest that an unpayable code can stay on the panel",
  ),
  credentials_dir: file
    .optional()
    .describe(
      "Folder with the files vipps-client-id, vipps-client-secret and vipps-subscription-key. They are looked up in systemd's $CREDENTIALS_DIRECTORY first, then here, then in the environment as VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY.",
    ),
  client_id: z.string().min(1).optional().describe("Allowed only when base_url is a simulator on this computer."),
  client_secret: z.string().min(1).optional().describe("Allowed only when base_url is a simulator on this computer."),
  subscription_key: z
    .string()
    .min(1)
    .optional()
    .describe("Allowed only when base_url is a simulator on this computer."),
});

const sale = z.strictObject({
  check_in_style: z
    .enum(["choose-then-pay", "reserve-dearest", "pay-at-once", "off"])
    .default("choose-then-pay")
    .describe(
      "What happens after a customer scans the callback QR. pay-at-once: where exactly one product is sold, the app asks for its price at once, and nothing is chosen.",
    ),
  partial_capture: z
    .boolean()
    .default(false)
    .describe("Whether the sales unit may capture part of a reservation; reserve-dearest requires it."),
  select_first: z
    .boolean()
    .default(true)
    .describe("Whether customers may choose a product before scanning; a one-time QR is then shown."),
  show_code: z.boolean().default(false).describe("Whether a scanner accepts personal codes shown in the app."),
  unknown_delivery: z
    .enum(["release", "attention", "capture"])
    .default("release")
    .describe("What happens to the money when it is unknown whether the product was delivered."),
  acknowledge_unknown_capture: z
    .boolean()
    .default(false)
    .describe('Must be true for unknown_delivery = "capture": customers may then pay for nothing.'),
  choose_s: seconds(5, 300, 40, "Time to choose after a check-in"),
  pay_s: seconds(20, 600, 150, "Time to pay"),
  deliver_s: seconds(1, 600, 60, "Time for a delivery before it counts as unknown (behind MDB: vend_s)"),
  show_s: seconds(2, 60, 8, "How long the thanks and sorry scenes stay on the panel"),
  check_in_freshness_s: seconds(5, 600, 20, "Maximum age of a check-in when it arrives"),
  default_vat_rate: vatRate()
    .default(2_500)
    .describe("VAT rate, in hundredths of a percent, for sales that do not specify one."),
});

const journal = z.strictObject({
  directory: file.default("/var/lib/kvitt").describe("Folder of the journal, on storage that honours fsync."),
  retention_days: z
    .int()
    .min(30)
    .max(3_660)
    .default(1_830)
    .describe("How many days finished sales are kept (bookkeeping: five years)."),
});

/** The whole file. Checks across keys are in check.ts. */
export const configSchema = z.strictObject({
  machine,
  vipps,
  sale: sale.prefault({}),
  journal: journal.prefault({}),
  mqtt: mqttSchema,
  relay: relaySchema.optional().describe("For `kvitt relay`, which may share this file."),
  panel: panelSchema,
  delivery: deliverySchema,
  input: z.array(inputSchema).max(8).default([]).describe("Scanners and keypads on USB."),
  tariff: tariffSchema.optional().describe("Time as the product: parking, showers, chargers."),
  shop: z
    .strictObject({
      redirect_qr_id: z.string().min(1).max(128).describe("Id of the web shop's merchant redirect QR."),
    })
    .optional()
    .describe("Shows a web shop's code on the idle scene."),
  home_assistant: z
    .strictObject({
      discovery_prefix: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ or -: the first level of Home Assistant's topics")
        .default("homeassistant")
        .describe("Home Assistant's discovery prefix."),
    })
    .optional()
    .describe("With this section, even an empty one, Home Assistant finds the machine by itself (docs/link.md)."),
  update: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
          "Folder on a web server from which `kvitt update` takes signed releases; without it, an update names its address, or comes through apt.",
        ),
    })
    .optional()
    .describe("Updates between packages (docs/update.md)."),
  quiet_hours: z
    .strictObject({
      from: clockTime.describe("Start, a local time of day."),
      to: clockTime.describe("End, a local time of day; before `from` means the next morning."),
    })
    .optional()
    .describe("Hours in which nothing is sold."),
  product: z.array(productSchema).max(200).default([]).describe("What is sold."),
  station: z
    .array(stationSchema)
    .max(stationsMax)
    .default([])
    .describe("Several outlets on this machine, each with a code of its own. Without any, the machine has one code."),
});
export type Config = z.infer<typeof configSchema>;
