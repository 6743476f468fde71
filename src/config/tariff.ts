/** `[tariff]`: what time costs. */
import { z } from "zod";
import { line } from "./fields.ts";

export const tariffSchema = z.strictObject({
  price_per_hour: z.int().min(1).describe("Minor units an hour."),
  minutes_min: z.int().min(1).max(1_440).default(30).describe("The shortest time."),
  minutes_max: z.int().min(1).max(44_640).default(480).describe("The longest time."),
  minutes_step: z.int().min(1).max(1_440).default(30).describe("What + and − change."),
  plate: z.boolean().default(true).describe("Whether a number plate is asked for."),
  line: line.optional().describe("The output that is on for the time that was bought."),
});
