/** What `kvitt init` asks, as data: from a person, or from a file of answers for a fleet. The file's schema is published in docs/schemas. */
import * as z from "zod";
import { brokerList, brokerUrl } from "../mqtt.ts";
import { languages } from "../../panel/languages.ts";
import { bcm, file, line, minorUnits, vatRate, words } from "../fields.ts";
import { configSchema } from "../schema.ts";
import { productNameMax } from "../../sale/catalogue-check.ts";

export const tradeNames = ["snack", "coffee", "laundry", "shower", "parking", "locker", "kiosk", "car-wash"] as const;
export type TradeName = (typeof tradeNames)[number];

const { machine, vipps, mqtt, panel } = configSchema.shape;

const product = z.strictObject({
  name: words(productNameMax).describe("Name shown to customers."),
  price: minorUnits(1).describe("Price in minor units (øre, cent), VAT included."),
  vat_rate: vatRate().optional().describe("VAT rate in hundredths of a percent; default: the trade's."),
  line: line
    .optional()
    .describe("Line, or item number behind MDB; default: the trade's (A1, A2, …; 11, 12, … with a keypad)."),
});
export type ProductAnswer = z.infer<typeof product>;

export const answersSchema = z
  .strictObject({
    trade: z.enum(tradeNames).describe("What the machine sells, and so how it delivers."),
    panel: z.string().min(1).optional().describe("Id of the panel (kvitt panel list); default: the trade's."),
    rotation: panel.shape.rotation.describe("Mounting rotation of the panel, clockwise, in degrees."),
    languages: z
      .array(z.enum(languages))
      .min(1)
      .max(languages.length)
      .refine((all) => new Set(all).size === all.length, "each language once")
      .default(["nb", "en"])
      .describe("Customers' languages, most important first."),
    id: machine.shape.id,
    location: machine.shape.location,
    time_zone: machine.shape.time_zone,
    environment: z.enum(["test", "production"]).default("test").describe("The provider's environment."),
    msn: vipps.shape.msn,
    currency: vipps.shape.currency.default("NOK"),
    return_url: vipps.shape.return_url,
    broker: z
      .union([brokerUrl, brokerList])
      .describe(
        'Address of the broker, for example "mqtts://broker.example.com:8883", or a list of several of one cluster, which are tried in turn.',
      ),
    broker_username: mqtt.shape.username,
    credentials_dir: file
      .default("/etc/kvitt/credentials")
      .describe("Folder with the keys, a file each; what the service's unit hands over comes before it."),
    choose: z
      .enum(["buttons", "keypad"])
      .optional()
      .describe("snack, laundry, shower and locker: how customers choose; default: buttons."),
    keypad: z
      .string()
      .regex(/^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$/, 'vendor and product id as lsusb shows them, for example "1a2c:2d43"')
      .optional()
      .describe(
        "USB ids of the keypad, where there is one (parking, car-wash, choose = keypad); default: a placeholder.",
      ),
    products: z
      .array(product)
      .min(1)
      .max(20)
      .optional()
      .describe("snack, coffee, laundry, shower and locker: what is sold, a line each; default: the trade's examples."),
    price_per_hour: minorUnits(1).optional().describe("parking: price per hour by day, in minor units."),
    credit: minorUnits(1).optional().describe("car-wash: what one credit pulse is worth, in minor units."),
    mdb_device: file.optional().describe("coffee: serial port of the MDB adapter; default: /dev/ttyACM0."),
    pins: z
      .record(z.string().min(1).max(60), bcm)
      .default({})
      .describe('BCM numbers that are taken instead of the proposed ones, by what is on them: { "output A1" = 21 }.'),
  })
  .describe("Answers for kvitt init --answers FILE, in TOML or JSON.");

export type Answers = z.infer<typeof answersSchema>;

/** The JSON schema of the file, for editors and for what writes answers for a fleet. */
export function answersJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(answersSchema, { io: "input" }), undefined, 2)}\n`;
}
