/** Value types shared by the sections of the configuration. */
import * as z from "zod";
import { linePattern, panelTextFault, textFault, vatRateMax } from "../sale/catalogue-check.ts";
import { paymentMinorMax } from "../sale/money.ts";

/** The unit of a number that is easily mistaken for another; kept in the schema's metadata, so that faults can mention it. */
export type Unit = "minor-units" | "vat";

/** Seconds between `min` and `max`. */
export const seconds = (min: number, max: number, fallback: number, what: string) =>
  z.number().min(min).max(max).default(fallback).describe(`${what}, in seconds (${min} to ${max}).`);

/** Money, in minor units of the sales unit's currency. */
export const minorUnits = (min: number) => z.int().min(min).max(paymentMinorMax).meta({ unit: "minor-units" });

/** A rate of VAT, in hundredths of a percent. */
export const vatRate = () => z.int().min(0).max(vatRateMax).meta({ unit: "vat" });

/** A path. */
export const file = z.string().min(1).max(4_096);

/** A line of the machine, as products name it. */
export const line = z.string().regex(linePattern, "1 to 20 letters, digits, - or _");

/** A line of the GPIO header. */
export const bcm = z.int().min(0).max(27).describe("BCM number of the GPIO line.");

/** A time of day. */
export const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, for example "22:00"');

/** Text shown to customers. @param max characters */
export const words = (max: number) => checkedText((text) => textFault(text, max));

/** Text on the panel, whose font has not every letter. @param max characters */
export const panelWords = (max: number) => checkedText((text) => panelTextFault(text, max));

const checkedText = (faultOf: (text: string) => string | undefined) =>
  z.string().check(({ value, issues }) => {
    const fault = faultOf(value);
    if (fault !== undefined) issues.push({ code: "custom", message: fault, input: value });
  });

/** A fault found by a check across keys, and where it is. */
export interface Fault {
  readonly path: readonly (string | number)[];
  /** What is allowed, and what is wrong with the value. */
  readonly message: string;
  /** The line to write instead, such as `relay = 16`. */
  readonly instead?: string | undefined;
}
