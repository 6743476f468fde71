/**
 * What daemon and guard say to each other: one JSON object a line, over the guard's standard input and output. The guard believes nothing
 * that it was not told in its own words: what cannot be read ends it, outputs off.
 */
import * as z from "zod";

const name = z.string().min(1).max(60);
const id = z.int().min(0);
const durationMs = z.int().min(1).max(86_400_000);

/** Longer lines are no orders of ours. */
export const lineBytesMax = 16_384;

export const helloSchema = z.strictObject({
  order: z.literal("hello"),
  outputs: z
    .array(z.strictObject({ name, bcm: z.int().min(0).max(511), activeLow: z.boolean() }))
    .min(1)
    .max(64),
  /** No output is on for longer in one piece, counted from when it went on, whatever the orders say and however often. */
  maxOnMs: durationMs,
  /** How the guard opens its lines: the composition root's own words, handed through. */
  lines: z.strictObject({
    backEnd: z.enum(["auto", "sysfs", "cdev", "simulated"]),
    base: z.int().min(0).optional(),
    sysfsFolder: z.string().optional(),
    simulatedFolder: z.string().optional(),
  }),
});
export type Hello = z.infer<typeof helloSchema>;

export const orderSchema = z.discriminatedUnion("order", [
  z.strictObject({
    order: z.literal("pulse"),
    id,
    output: name,
    onMs: durationMs,
    offMs: z.int().min(0).max(86_400_000),
    count: z.int().min(1).max(10_000),
  }),
  z.strictObject({ order: z.literal("on"), id, output: name, maxMs: durationMs }),
  z.strictObject({ order: z.literal("off"), id, output: name }),
  z.strictObject({ order: z.literal("ping"), id }),
]);
export type Order = z.infer<typeof orderSchema>;

export const replySchema = z.discriminatedUnion("reply", [
  z.strictObject({ reply: z.literal("ready") }),
  /** The lines cannot be had, or one failed: the guard ends after this. */
  z.strictObject({ reply: z.literal("failed"), reason: z.string() }),
  z.strictObject({ reply: z.literal("done"), id }),
  z.strictObject({ reply: z.literal("refused"), id, reason: z.string() }),
  /** The n-th pulse of a train begins: known even when the guard does not live to its end. */
  z.strictObject({ reply: z.literal("begun"), id, pulses: z.int().min(1) }),
  z.strictObject({
    reply: z.literal("train"),
    id,
    begun: z.int().min(0),
    isWhole: z.boolean(),
    reason: z.string().optional(),
  }),
]);
export type Reply = z.infer<typeof replySchema>;
