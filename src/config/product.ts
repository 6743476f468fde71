/** `[[product]]`: what is sold. */
import { z } from "zod";
import { line } from "./fields.ts";

export const productSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,40}$/, "1 to 40 letters, digits, _ . or -")
    .describe("Unique; stands on receipts."),
  name: z.string().min(1).max(60).describe("As customers read it."),
  price: z.int().min(1).max(65_000_000).describe("In minor units (øre, cent), VAT included."),
  vat_rate: z.int().min(0).max(10_000).describe("Hundredths of a percent: 1500 is 15 %."),
  line: line.describe("What is pressed, and where it lies."),
  minimum_age: z.int().min(1).max(100).optional().describe("The provider refuses younger customers."),
  stock: z.int().min(0).optional().describe("How many there are; counted down."),
  sold_out: z.boolean().optional().describe("Switched off by hand."),
});
