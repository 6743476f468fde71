/** What a machine reports: sales that ended, and its health. Schema, type and writer of each. */
import * as z from "zod";
import { currency, minor, named, timestamp } from "./message-fields.ts";

export const saleSchema = z
  .object({
    schema: named("kvitt.sale/1"),
    id: z
      .string()
      .min(1)
      .max(80)
      .describe(
        "{reference}.{revision}: the same for every copy. For a service vend its command's id stands for the reference.",
      ),
    revision: z.int().min(0).describe("0 for the sale, then counted on."),
    entry: z.enum(["sale", "refund", "cancel"]).describe("The sale, or what was ordered of it afterwards."),
    outcome: z
      .enum(["sold", "not-sold", "service", "refunded", "released", "attention"])
      .describe("attention: the machine cannot end it by itself; reason says what a person has to look at."),
    reason: z.string().describe("A stable word: delivered, declined, timed-out, not-delivered …"),
    startedAt: timestamp,
    endedAt: timestamp,
    product: z
      .object({
        id: z.string(),
        name: z.string(),
        line: z.string(),
        vatRate: z.int().min(0).describe("Hundredths of a percent."),
      })
      .readonly()
      .nullable(),
    currency,
    price: minor.describe("What the sale was worth, in minor units."),
    authorized: minor.describe(
      "What this entry moved, as the three that follow: the entries of one sale add up to the provider's sums.",
    ),
    captured: minor,
    cancelled: minor,
    refunded: minor,
    delivery: z
      .object({
        outcome: z.enum(["none", "delivered", "not-delivered", "unknown"]),
        detail: z.string().nullable(),
        creditsSent: z.int().min(0).nullable().describe("Pulses that were sent, of a train that was cut short."),
      })
      .readonly(),
    plate: z.string().nullable().describe("Parking: the number plate that was paid for."),
    validUntil: timestamp.nullable().describe("Parking and timed outputs: what was paid for."),
  })
  .readonly()
  .describe("A sale that ended, something that needs a person, or what was ordered of a sale later.");
/** What is reported; the name and the upstream id are the link's. */
export type SaleBody = Omit<z.infer<typeof saleSchema>, "schema" | "id">;

/** What the doctor says about one thing. */
export const findingSchema = z.object({
  check: z.string().describe('Stable name for programs: "clock", "panel".'),
  verdict: z
    .enum(["good", "look", "bad", "unknown"])
    .describe(
      "look: sells, but somebody should look at it. bad: it will not sell, or not for long. unknown: could not be looked at.",
    ),
  found: z.string().describe("What was found, in a sentence without a secret."),
  todo: z.string().optional().describe("What a person does about it; absent where it is good."),
  celsius: z.number().optional().describe("temperature: of the processor."),
});

const healthFields = {
  schema: named("kvitt.health/1"),
  findings: z
    .array(findingSchema)
    .readonly()
    .optional()
    .describe("What the doctor found that is not good, the temperature and the versions."),
};

const kioskHealth = z
  .object({
    ...healthFields,
    state: z.enum(["init", "ready", "selling", "out-of-service", "lost"]),
    reason: z.string().optional().describe("Why it is out of service."),
    missing: z.array(z.string()).readonly().describe("All that keeps it from selling."),
    openSettlements: z.int().min(0).describe("Payments that are not ended yet."),
    unsent: z.int().min(0).describe("Ended sales that the broker does not have yet."),
    inbox: z.int().min(0).describe("Events that wait to be decided."),
    lines: z
      .array(
        z
          .object({
            line: z.string(),
            product: z.string().optional().describe("Absent where no product lies on it."),
            state: z.enum(["sold-out", "jammed"]),
            since: timestamp.optional().describe("Absent where it is not known."),
            action: z.string().describe("What a person does about it."),
          })
          .readonly(),
      )
      .readonly()
      .describe("Those that are not for sale."),
    catalogueVersion: z.string(),
    machine: z.string().optional().describe("What the machine's driver says while it is not ready."),
    panel: z.string().optional().describe("Why the panel shows nothing, while it does not."),
    refused: z
      .object({
        id: z.string(),
        outcome: z.enum(["refused", "expired"]),
        reason: z.string(),
        at: timestamp,
      })
      .readonly()
      .optional()
      .describe("The newest command that was not carried out."),
    inputs: z
      .array(
        z
          .object({
            name: z.string(),
            present: z.boolean().describe("Whether customers can use it now."),
            detail: z.string().describe("What it is, or why it is not there and what to do."),
          })
          .readonly(),
      )
      .readonly()
      .describe("Buttons, scanners, keypads."),
  })
  .readonly();

const journalTrouble = z
  .object({
    ...healthFields,
    state: z.literal("out-of-service"),
    reason: z.literal("journal"),
    detail: z.string().describe("What is wrong with the journal."),
    version: z.string(),
  })
  .readonly()
  .describe("While the journal cannot be read, nothing else is known.");

export const healthSchema = z
  .union([kioskHealth, journalTrouble])
  .describe("How the machine is: what is open, what is not for sale, what a person should look at.");
type HealthMessage = z.infer<typeof healthSchema>;
type Unnamed<Message> = Message extends unknown ? Omit<Message, "schema"> : never;
/** What is reported; the name is the link's. */
export type HealthBody = Unnamed<HealthMessage>;

export function writeSale(id: string, body: SaleBody): string {
  return JSON.stringify({ schema: "kvitt.sale/1", ...body, id } satisfies z.infer<typeof saleSchema>);
}

export function writeHealth(body: HealthBody): string {
  const message: HealthMessage = { schema: "kvitt.health/1", ...body };
  return JSON.stringify(message);
}
