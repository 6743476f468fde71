/** Holds messages against what docs/ publishes of them: the schema of their topic, read from its file as anybody else would read it. */
import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import * as z from "zod";
import { parseTimestamp } from "../../../src/kit/timestamp.ts";

const docs = new URL("../../../docs/", import.meta.url);
export const readPublished = (path: string): unknown => JSON.parse(readFileSync(new URL(path, docs), "utf8"));

const documentSchema = z.object({
  channels: z.record(z.string(), z.object({ address: z.string() })),
  components: z.object({ messages: z.record(z.string(), z.object({ payload: z.object({ $ref: z.string() }) })) }),
});

interface Channel {
  readonly name: string;
  readonly pattern: RegExp;
  /** The published schema. */
  readonly accepts: ValidateFunction;
  /** The same without room for fields that it does not name: what we write has none. */
  readonly knows: ValidateFunction;
}

function makeAjv(): Ajv {
  return new Ajv({ allErrors: true, formats: { "date-time": (text: string) => parseTimestamp(text) !== undefined } });
}

/** Closes every object that names its fields. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return typeof inner["properties"] === "object" ? { ...inner, additionalProperties: false } : inner;
}

const schemaSchema = z.record(z.string(), z.unknown());

/** From docs/asyncapi.json: which topic has which schema. */
export function publishedChannels(): readonly Channel[] {
  const { channels, components } = documentSchema.parse(readPublished("asyncapi.json"));
  return Object.entries(channels).map(([name, { address }]) => {
    const schema = schemaSchema.parse(readPublished(components.messages[name]?.payload.$ref ?? "missing"));
    return {
      name,
      pattern: new RegExp(`^${address.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
      accepts: makeAjv().compile(schema),
      knows: makeAjv().compile(schemaSchema.parse(closed(schema))),
    };
  });
}

/** What is wrong with a message that we wrote; undefined when nothing is. */
export function faultOf(
  channels: readonly Channel[],
  message: { readonly topic: string; readonly payload: string },
): string | undefined {
  const channel = channels.find(({ pattern }) => pattern.test(message.topic));
  if (channel === undefined) return `${message.topic} is no published topic`;
  const json: unknown = JSON.parse(message.payload);
  for (const judge of [channel.accepts, channel.knows])
    if (!judge(json))
      return `${channel.name}: ${(judge.errors ?? []).map((one) => `${one.instancePath} ${one.message}`).join("; ")} in ${message.payload}`;
  const isNamed = typeof json === "object" && json !== null && "schema" in json;
  return isNamed || channel.name === "command" ? undefined : `${channel.name}: without the name of its schema`;
}
