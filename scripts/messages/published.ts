/** What docs/ publishes of the messages: a JSON Schema each, and an AsyncAPI document of the topics. Pure: made from the catalogue alone. */
import * as z from "zod";
import { merchantQrIdShape, msnPattern } from "../../src/sale/ids.ts";
import { topicRoot } from "../../src/link/topics.ts";
import { messageCatalogue, type MessageEntry } from "./catalogue.ts";

const fileOf = (name: string): string => `schemas/${name}.schema.json`;

/**
 * Draft 7, which AsyncAPI's own dialect contains (AsyncAPI 3.0, Schema Object) and every validator knows. It says what is read: unknown fields are
 * allowed, what may be missing is not required.
 */
export function jsonSchemaOf({ schema }: MessageEntry): object {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    // In TypeScript a promise of ours; in JSON Schema it would say that the broker owns the value.
    override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
  });
}

const senders = {
  machine: "A machine: the kvitt daemon.",
  relay: "A relay: kvitt relay.",
  "back office": "Whoever has the machine's command key.",
  operator: "Whoever has the operator's key of the gateway.",
} as const;

const parameters = {
  msn: { description: `The sales unit: ${msnPattern.source}.`, examples: ["123456"] },
  merchantQrId: { description: `The machine: ${merchantQrIdShape.source}.`, examples: ["vend-1"] },
  instance: { description: "The relay's name.", examples: ["relay-1"] },
} as const;
type ParameterName = keyof typeof parameters;

const parameterNames: readonly ParameterName[] = ["msn", "merchantQrId", "instance"];

const ref = (path: string): { readonly $ref: string } => ({ $ref: `#/${path}` });

function channelOf({ name, address }: MessageEntry): object {
  const used = parameterNames.filter((parameter) => address.includes(`{${parameter}}`));
  return {
    address,
    messages: { [name]: ref(`components/messages/${name}`) },
    parameters: Object.fromEntries(used.map((parameter) => [parameter, ref(`components/parameters/${parameter}`)])),
  };
}

function operationOf({ name, from, qos, retain, answer }: MessageEntry): object {
  return {
    action: "send",
    channel: ref(`channels/${name}`),
    messages: [ref(`channels/${name}/messages/${name}`)],
    tags: [ref(`components/tags/${keyOf(from)}`)],
    // MQTT bindings 0.2.0, Operation Binding Object.
    bindings: { mqtt: { qos, retain, bindingVersion: "0.2.0" } },
    ...(answer === undefined
      ? {}
      : {
          reply: { channel: ref(`channels/${answer}`), messages: [ref(`channels/${answer}/messages/${answer}`)] },
        }),
  };
}

function messageOf(entry: MessageEntry): object {
  return {
    name: entry.name,
    ...(entry.schema.description === undefined ? {} : { summary: entry.schema.description }),
    contentType: entry.contentType,
    payload: { $ref: fileOf(entry.name) },
  };
}

const keyOf = (from: string): string => from.replaceAll(" ", "-");

function asyncApi(): object {
  const each = (make: (entry: MessageEntry) => object): object =>
    Object.fromEntries(messageCatalogue.map((entry) => [entry.name, make(entry)]));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "kvitt on the broker",
      version: topicRoot.split("/v")[1] ?? "",
      description:
        "Every topic and message of machines, relays and back office; docs/link.md says what they mean. An operation is of whoever publishes, as its tag says; whoever the broker's ACL lets may subscribe.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      broker: {
        host: "broker.example.com:8883",
        protocol: "secure-mqtt",
        description: "Any MQTT broker, 3.1.1 or 5.",
      },
    },
    channels: each(channelOf),
    operations: each(operationOf),
    components: {
      messages: each(messageOf),
      parameters,
      tags: Object.fromEntries(
        Object.entries(senders).map(([name, description]) => [keyOf(name), { name, description }]),
      ),
    },
  };
}

const text = (json: object): string => `${JSON.stringify(json, undefined, 2)}\n`;

/** Each file by its path in docs/. */
export function publishedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...messageCatalogue.map((entry): [string, string] => [fileOf(entry.name), text(jsonSchemaOf(entry))]),
    ["asyncapi.json", text(asyncApi())],
  ]);
}
