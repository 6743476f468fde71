/** `[[product]]`: what is sold. */
import * as z from "zod";
import { minimumAgeMax, productIdPattern, productNameMax } from "../sale/catalogue-check.ts";
import { line, minorUnits, panelWords, vatRate } from "./fields.ts";

export const productSchema = z.strictObject({
  id: z
    .string()
    .regex(productIdPattern, "1 to 40 letters, digits, _ . or -")
    .describe("Unique id, printed on receipts."),
  name: panelWords(productNameMax).describe("Name shown to customers."),
  price: minorUnits(1).describe("Price in minor units (øre, cent), VAT included."),
  vat_rate: vatRate().describe("VAT rate in hundredths of a percent: 1500 is 15 %."),
  line: line.describe("Line that the product is sold on."),
  minimum_age: z
    .int()
    .min(1)
    .max(minimumAgeMax)
    .optional()
    .describe("Minimum age; the provider refuses younger customers."),
  stock: z.int().min(0).optional().describe("Units in stock, counted down with each sale."),
  sold_out: z.boolean().optional().describe("Takes the product off sale."),
});
