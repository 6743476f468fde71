/** `[[product]]`: what is sold. */
import { z } from "zod";
import { minimumAgeMax, productIdPattern, productNameMax } from "../sale/catalogue-check.ts";
import { line, minorUnits, vatRate, words } from "./fields.ts";

export const productSchema = z.strictObject({
  id: z.string().regex(productIdPattern, "1 to 40 letters, digits, _ . or -").describe("Unique; stands on receipts."),
  name: words(productNameMax).describe("As customers read it."),
  price: minorUnits(1).describe("In minor units (øre, cent), VAT included."),
  vat_rate: vatRate().describe("Hundredths of a percent: 1500 is 15 %."),
  line: line.describe("What is pressed, and where it lies."),
  minimum_age: z.int().min(1).max(minimumAgeMax).optional().describe("The provider refuses younger customers."),
  stock: z.int().min(0).optional().describe("How many there are; counted down."),
  sold_out: z.boolean().optional().describe("Switched off by hand."),
});
