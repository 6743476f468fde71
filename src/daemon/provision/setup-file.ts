/** `kvitt-setup.toml`, the file on the boot partition that makes a computer this machine: its schema, published in docs/schemas. */
import * as z from "zod";
import { answersSchema } from "../../config/setup/answers.ts";

/** One line, as a key or a password is; a line end would end the file's value early. */
const secret = z.string().min(1).max(65_536);
const hostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "1 to 63 small letters, digits or -, not at an end (RFC 1123)");
const address = z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/i, 'an address with its length, for example "192.168.1.7/24"');
const plainAddress = z.union([z.ipv4(), z.ipv6()], "an address");
const pem = z
  .string()
  .regex(/^-----BEGIN [A-Z ]+-----\n[^]*-----END [A-Z ]+-----\s*$/, "PEM: the whole text from -----BEGIN to -----END");

const wifi = z
  .strictObject({
    ssid: z.string().min(1).max(32).describe("Name of the network."),
    password: z
      .string()
      .regex(/^([\x20-\x7e]{8,63}|[0-9a-fA-F]{64})$/, "8 to 63 printable characters (WPA)")
      .describe("Its password; wiped from this file."),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'two capital letters, for example "NO"')
      .describe("Country of use: the radio stays off without it."),
    is_hidden: z.boolean().default(false).describe("Whether the network does not tell its name."),
  })
  .describe("A wireless network; without it the cable is used.");

const fixed = z
  .strictObject({
    address: address.describe("The machine's address with the length of the network."),
    gateway: plainAddress.describe("The router."),
    dns: z.array(plainAddress).min(1).max(3).describe("Name servers."),
  })
  .describe("A fixed address; without it the router gives one (DHCP).");

export const setupFileSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this format."),
    machine: answersSchema
      .optional()
      .describe("Answers of kvitt init, from which the configuration is written. Either this or config."),
    config: z.string().min(1).max(1_048_576).optional().describe("A whole kvitt.toml, as a text between '''."),
    host_name: hostName.optional().describe("Default: the machine's id in small letters."),
    network: z
      .strictObject({ wifi: wifi.optional(), fixed: fixed.optional() })
      .optional()
      .describe("Without it the network stays as it is."),
    credentials: z
      .strictObject({
        "vipps-client-id": secret.optional(),
        "vipps-client-secret": secret.optional(),
        "vipps-subscription-key": secret.optional(),
        "gateway-identity": secret.optional(),
        "mqtt-password": secret.optional(),
        "command-key": secret.optional(),
      })
      .default({})
      .describe("Keys, each put into a file of that name, mode 0600; wiped from this file."),
    identity: z
      .strictObject({
        ca: pem.optional().describe("The broker's authority."),
        cert: pem.optional().describe("This machine's certificate."),
        key: pem.optional().describe("Its private key; wiped from this file."),
      })
      .default({})
      .describe(
        "TLS at the broker: the files mqtt-ca.pem, mqtt-cert.pem and mqtt-key.pem beside the keys. With machine they are named in the configuration; a config names them itself.",
      ),
  })
  .describe("kvitt-setup.toml: put it on the boot partition of the card.");
export type SetupFile = z.infer<typeof setupFileSchema>;

/** The JSON schema, for editors and for what writes such files. */
export function setupJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(setupFileSchema, { io: "input" }), undefined, 2)}\n`;
}
