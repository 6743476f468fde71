/** Kinds of values that many sections of the configuration have. */
import { z } from "zod";

/** Seconds between `min` and `max`. */
export const seconds = (min: number, max: number, fallback: number, what: string) =>
  z.number().min(min).max(max).default(fallback).describe(`${what}, in seconds (${min} to ${max}).`);

/** A path. */
export const file = z.string().min(1).max(4_096);

/** A line of the machine, as products name it. */
export const line = z.string().regex(/^[A-Za-z0-9_-]{1,20}$/, "1 to 20 letters, digits, - or _");

/** A line of the GPIO header. */
export const bcm = z.int().min(0).max(27).describe("BCM number of the GPIO line.");

/** A time of day. */
export const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, for example "22:00"');

/** What is wrong with values that no single key shows, and where. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
