/**
 * What the operator publishes about a machine's keys: a retained message on `kvitt/v1/gateway/{msn}/{machine}`, signed with a key that no relay has, so
 * that whoever can write to the broker enrols nobody. Pure but for the signature.
 */
import { type KeyObject, sign, verify } from "node:crypto";
import * as z from "zod";
import { parseJson } from "../../kit/json.ts";
import { parseTimestamp } from "../../kit/timestamp.ts";
import { gatewayTopic } from "../../link/topics.ts";
import { isMachineId, isMsn } from "../../sale/ids.ts";
import { publicKeyOf } from "../../vipps/identity.ts";
import type { MachineKeys } from "./identities.ts";

export const operatorWordSchema = "kvitt.gateway-identity/1";

const key = z.string().refine((text) => publicKeyOf(text) !== undefined, "not an Ed25519 public key");
/** As it travels; whether it is signed is judged beside. */
export const operatorWordShape = z
  .object({
    schema: z.literal(operatorWordSchema),
    msn: z.string().refine(isMsn, "not an msn"),
    machine: z.string().refine(isMachineId, "not the id of a machine"),
    keys: z.array(key).max(64),
    revoked: z.array(key).max(64),
    at: z.string().refine((text) => parseTimestamp(text) !== undefined, "not an RFC 3339 time"),
    signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
  })
  .describe("What the operator says of one machine's keys, for all gateways.");
type Word = Omit<z.infer<typeof operatorWordShape>, "schema" | "signature">;

/** None of the parts has a line feed or a comma in it. */
function textOf({ msn, machine, keys, revoked, at }: Word): Buffer {
  return Buffer.from([operatorWordSchema, msn, machine, at, keys.join(","), revoked.join(",")].join("\n"));
}

export function writeOperatorWord({ msn, machine, keys, revoked }: MachineKeys, at: string, operator: KeyObject) {
  const word: Word = { msn, machine, keys: [...keys], revoked: [...revoked], at };
  const signature = sign(null, textOf(word), operator).toString("base64");
  return {
    topic: gatewayTopic(msn, machine),
    payload: JSON.stringify({ schema: operatorWordSchema, ...word, signature }),
  };
}

/** Undefined when the operator has not said this: it is unreadable, stands on another machine's topic, or is not signed. */
export function readOperatorWord(
  { topic, payload }: { readonly topic: string; readonly payload: Uint8Array },
  operator: KeyObject,
): { readonly atMs: number; readonly keys: MachineKeys } | undefined {
  const parsed = operatorWordShape.safeParse(parseJson(payload));
  if (!parsed.success) return undefined;
  const { msn, machine, keys, revoked, at, signature } = parsed.data;
  if (topic !== gatewayTopic(msn, machine)) return undefined;
  if (!verify(null, textOf(parsed.data), operator, Buffer.from(signature, "base64"))) return undefined;
  return { atMs: parseTimestamp(at) ?? 0, keys: { msn, machine, keys: new Set(keys), revoked: new Set(revoked) } };
}
