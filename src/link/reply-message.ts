/** The answer to a command, as it travels: schema, type and writer. */
import * as z from "zod";
import { commandIdPattern } from "./command-message.ts";
import { named, timestamp } from "./message-fields.ts";
import type { CommandReply } from "./port.ts";

const replyFields = {
  schema: named("kvitt.reply/1"),
  id: z.string().regex(commandIdPattern).describe("Of the command."),
};

export const replySchema = z
  .discriminatedUnion("outcome", [
    z.object({
      ...replyFields,
      outcome: z.literal("done"),
      detail: z.string().optional(),
      png: z
        .string()
        .meta({ contentEncoding: "base64", contentMediaType: "image/png" })
        .optional()
        .describe("What the panel shows, for screenshot."),
      logs: z
        .object({
          since: timestamp.describe("How far back it reaches."),
          lines: z.array(z.unknown()).readonly().describe("As they were written, each an object, the oldest first."),
        })
        .readonly()
        .optional(),
    }),
    z.object({ ...replyFields, outcome: z.enum(["refused", "expired"]), reason: z.string() }),
  ])
  .describe("The one answer to a command.");
export type ReplyMessage = z.infer<typeof replySchema>;

/** `png` travels as base64, because the reply is JSON. */
export function writeReply(reply: CommandReply): string {
  const message: ReplyMessage =
    reply.outcome === "done"
      ? {
          schema: "kvitt.reply/1",
          ...reply,
          png: reply.png === undefined ? undefined : Buffer.from(reply.png).toString("base64"),
        }
      : { schema: "kvitt.reply/1", ...reply };
  return JSON.stringify(message);
}
