/**
 * Goal: docs/schemas and docs/asyncapi.json are what the code writes and reads, in documents that others' tools accept, and a reader takes what is older
 * or newer than itself. What flows on a whole day is held against them in test/simulation/messages.test.ts.
 */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import specs from "@asyncapi/specs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { messageCatalogue } from "../../../scripts/messages/catalogue.ts";
import { publishedFiles } from "../../../scripts/messages/published.ts";
import {
  answeredSchema,
  checkedInSchema,
  relayHealthSchema,
  stateReadSchema,
  stateSchema,
  writeRelayProcess,
} from "../../../src/link/messages.ts";
import { writeHealth, writeSale } from "../../../src/link/report-messages.ts";
import { parseTopic } from "../../../src/link/topics.ts";
import { writeOperatorWord } from "../../../src/relay/gateway/operator-word.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { newMachine } from "../relay/gateway/machine.ts";
import { checkedIn, msn, root } from "./link-contract.ts";
import { faultOf, publishedChannels, readPublished } from "./published.ts";
import { aHealth, aSale } from "./reports.ts";

const docs = new URL("../../../docs/", import.meta.url);
const objectSchema = z.record(z.string(), z.unknown());
const at = "2026-11-23T10:00:00.000Z";

describe("what is published", () => {
  it.each([...publishedFiles()])("docs/%s is as scripts/message-schemas.ts writes it", (path, text) => {
    expect(readFileSync(new URL(path, docs), "utf8")).toBe(text);
  });

  it("is an AsyncAPI 3.0 document by AsyncAPI's own schema", () => {
    // Formats are annotations here; what they say of addresses is looked at below.
    const accepts = new Ajv({ strict: false, validateFormats: false }).compile(
      objectSchema.parse(specs.schemasWithoutId["3.0.0"]),
    );
    const document = readPublished("asyncapi.json");
    expect(accepts(document), JSON.stringify(accepts.errors?.slice(0, 3))).toBe(true);
    expect(accepts({ ...objectSchema.parse(document), channels: { state: { adress: "x" } } })).toBe(false);
  });

  it("has something at the end of every reference", () => {
    const document = readPublished("asyncapi.json");
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = ""]) => to);
    expect(references.length).toBeGreaterThan(messageCatalogue.length);
    for (const to of references)
      if (to.startsWith("#/")) expect(standsAt(document, to.slice(2).split("/")), to).toBeDefined();
      else expect(readPublished(to), to).toBeTypeOf("object");
  });

  it("has the topics of the link", () => {
    for (const { name, address } of messageCatalogue) {
      const topic = address.replace("{msn}", msn).replace("{merchantQrId}", "vend-1").replace("{instance}", "relay-1");
      const isOfOthers = ["answered", "relay-process", "gateway-identity"].includes(name);
      expect(parseTopic(topic) !== undefined, topic).toBe(!isOfOthers);
    }
  });
});

/** What stands at a path of names. */
function standsAt(json: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === "object" && inner !== null ? new Map(Object.entries(inner)).get(name) : undefined,
    json,
  );
}

describe("messages that the simulated day does not have", () => {
  const operator = generateKeyPairSync("ed25519").privateKey;
  const word = {
    msn,
    machine: merchantQrId("vend-1"),
    keys: new Set([newMachine("vend-1").publicKey]),
    revoked: new Set<string>(),
  };
  const finding = { check: "disk", verdict: "look", found: "91 % full", todo: "Make room." } as const;
  const relay = "kvitt/v1/relay/relay-1";

  it.each([
    [
      "a relay of several units",
      { topic: relay, payload: writeRelayProcess({ alive: true, at, validForS: 90, units: 2, registered: 1 }) },
    ],
    ["its end", { topic: relay, payload: writeRelayProcess({ alive: false, at }) }],
    ["the operator's word", writeOperatorWord(word, at, operator)],
    ["findings", { topic: `${root}/health`, payload: writeHealth({ ...aHealth, findings: [finding] }) }],
    [
      "a journal that cannot be read",
      {
        topic: `${root}/health`,
        payload: writeHealth({ state: "out-of-service", reason: "journal", detail: "line 1", version: "1" }),
      },
    ],
    ["a sale without a product", { topic: `${root}/sale`, payload: writeSale("x.0", { ...aSale, product: null }) }],
  ])("%s", (_name, message) => {
    expect(faultOf(publishedChannels(), message)).toBeUndefined();
  });

  it("and what is wrong is found", () => {
    const [channels, topic] = [publishedChannels(), `${root}/sale`];
    const faultIn = (change: object) =>
      faultOf(channels, { topic, payload: JSON.stringify({ schema: "kvitt.sale/1", ...aSale, id: "x.0", ...change }) });
    expect(faultIn({})).toBeUndefined();
    expect(faultIn({ price: 2.5 })).toContain("/price");
    expect(faultIn({ endedAt: "yesterday" })).toContain("/endedAt");
    expect(faultIn({ extra: 1 })).toContain("additional");
    expect(faultIn({ schema: undefined })).toContain("without the name");
    expect(faultIn({ schema: "kvitt.sale/2" })).toContain("/schema");
  });
});

describe("a reader", () => {
  const state = { state: "ready", session: 1, version: "0.1.0", since: at };
  const event: unknown = JSON.parse(checkedIn(Date.parse(at)));
  it.each([
    ["state", stateReadSchema, state, "kvitt.state/2"],
    ["published state", stateSchema, state, "kvitt.state/2"],
    ["sign of life", relayHealthSchema, { alive: true, registered: true }, "kvitt.relay/2"],
    ["answered", answeredSchema, { id: "e", answer: "refused" }, "kvitt.answered/2"],
    ["check-in", checkedInSchema, event, "kvitt.checked-in/2"],
  ])(
    "takes a %s without a name, and one with fields that it does not know, but not one of another version",
    (_name, schema, message, other) => {
      const known = z.looseObject({}).parse(message);
      expect(schema.safeParse(known).success).toBe(true);
      expect(schema.safeParse({ ...known, schema: other.replace("/2", "/1"), newer: { a: 1 } }).success).toBe(true);
      expect(schema.safeParse({ ...known, schema: other }).success).toBe(false);
    },
  );
});
