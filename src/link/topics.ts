/**
 * The topics, spelled once for both ends of the wire: `kvitt/v1/{msn}/{merchantQrId}/…` and `kvitt/v1/{msn}/relay/{instance}`.
 * The two shapes share a level, so no machine is named `relay`, and no relay instance is named like a machine's topic.
 */
import type { MerchantQrId } from "../sale/ids.ts";
import { isMachineId, isMsn, msnRule, relayLevel, stationOf } from "../sale/ids.ts";
import { LinkError } from "./link-error.ts";

export const topicRoot = "kvitt/v1";

/** No `/`, `+`, `#` (MQTT 5.0 §4.7.1) and no leading `$` (§4.7.2). */
const instancePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

const machineLeaves = [
  "event/checked-in",
  "event/payment",
  "state",
  "sale",
  "health",
  "command",
  "command/reply",
] as const;
export type MachineLeaf = (typeof machineLeaves)[number];

/** The machine itself, never an outlet: outlets have no topics of their own. */
export interface MachineAddress {
  readonly msn: string;
  readonly merchantQrId: MerchantQrId;
}

export type TopicMeaning =
  | { readonly kind: "machine"; readonly msn: string; readonly merchantQrId: MerchantQrId; readonly leaf: MachineLeaf }
  | { readonly kind: "relay"; readonly msn: string; readonly instance: string };

/** Whether a relay instance may have this name: 1..64 of `A-Za-z0-9_.-`, and not the name of a machine's topic. */
export function isRelayInstance(value: string): boolean {
  return instancePattern.test(value) && !machineLeaves.some((leaf) => leaf.split("/", 1)[0] === value);
}

/** @throws LinkError `link-config` when the msn is none. */
export function machineTopic(address: MachineAddress, leaf: MachineLeaf): string {
  return `${machineRoot(address)}/${leaf}`;
}

/** The two filters a machine's events arrive by, and nothing of anybody else. */
export function eventFilter(address: MachineAddress): string {
  return `${machineRoot(address)}/event/#`;
}

/** One leaf of every machine of a sales unit. */
export function machineFilter(msn: string, leaf: MachineLeaf): string {
  return `${unitRoot(msn)}/+/${leaf}`;
}

/** Every machine's state under one sales unit. */
export function stateFilter(msn: string): string {
  return machineFilter(msn, "state");
}

/** @throws LinkError `link-config` when the instance's name cannot stand in a topic. */
export function relayTopic(msn: string, instance: string): string {
  if (!isRelayInstance(instance)) throw new LinkError("link-config", instanceRule(instance));
  return `${unitRoot(msn)}/${relayLevel}/${instance}`;
}

export function relayFilter(msn: string): string {
  return `${unitRoot(msn)}/${relayLevel}/+`;
}

/** Where a relay that serves several sales units says that its process is alive: its will can stand in one place only. */
export function relayProcessTopic(instance: string): string {
  if (isRelayInstance(instance)) return `${topicRoot}/${relayLevel}/${instance}`;
  throw new LinkError("link-config", instanceRule(instance));
}

export const relayProcessFilter = `${topicRoot}/${relayLevel}/+`;

/** What the operator says about a machine's identities, for all gateways; no sales unit's own topics, which a machine may write to. */
const gatewayRoot = `${topicRoot}/gateway`;
export const gatewayFilter = `${gatewayRoot}/+/+`;

/** The same, of one sales unit. */
export function gatewayUnitFilter(msn: string): string {
  if (isMsn(msn)) return `${gatewayRoot}/${msn}/+`;
  throw new LinkError("link-config", `an msn is ${msnRule}, and "${msn}" is not`);
}

export function gatewayTopic(msn: string, machine: MerchantQrId): string {
  return `${gatewayRoot}/${msn}/${machine}`;
}

export function isGatewayTopic(topic: string): boolean {
  return topic.startsWith(`${gatewayRoot}/`);
}

/** Where relays tell each other what they answered, so that a repetition hears the same from each. */
export function answeredTopic(msn: string, instance: string): string {
  return `${relayTopic(msn, instance)}/answered`;
}

export function answeredFilter(msn: string): string {
  return `${relayFilter(msn)}/answered`;
}

/** What a topic says; undefined when it is none of ours. */
export function parseTopic(topic: string): TopicMeaning | undefined {
  const [root, version, msn, second, ...rest] = topic.split("/");
  if (`${root}/${version}` !== topicRoot || msn === undefined || !isMsn(msn) || second === undefined) return undefined;
  const tail = rest.join("/");
  if (second === relayLevel) return isRelayInstance(tail) ? { kind: "relay", msn, instance: tail } : undefined;
  const leaf = machineLeaves.find((candidate) => candidate === tail);
  return leaf !== undefined && isMachineId(second) ? { kind: "machine", msn, merchantQrId: second, leaf } : undefined;
}

function instanceRule(instance: string): string {
  return `a relay instance is named with 1 to 64 of A-Z a-z 0-9 _ . - and not like a machine's topic, and "${instance}" is not; take for example "relay-1"`;
}

function unitRoot(msn: string): string {
  if (isMsn(msn)) return `${topicRoot}/${msn}`;
  throw new LinkError("link-config", `an msn is ${msnRule}, and "${msn}" is not`);
}

function machineRoot({ msn, merchantQrId }: MachineAddress): string {
  if (stationOf(merchantQrId) === undefined) return `${unitRoot(msn)}/${merchantQrId}`;
  throw new LinkError("link-config", `an outlet has no topics of its own, its machine has: "${merchantQrId}"`);
}
