/**
 * Who is at the broker: a plain list of machines, relays, desks and operators, a line each. It holds no secret. Pure: what is wrong with it is said
 * line by line.
 *
 *   machine vend-1 123456                 the user vend-1; `as dk-vend-1` at the end gives it another
 *   relay relay-1 123456 222222           the user relay-1; with no sales unit it serves all of the list
 *   desk office 123456                    a back office: reads what machines say, and sends them signed commands
 *   operator boss 123456                  says whose identities count (docs/gateway.md), and forgets what is gone
 *   home-assistant house 123456           finds the machines of a sales unit by itself (docs/link.md)
 */
import { isMachineId, isMsn, machineIdFault, type MerchantQrId, msnRule } from "../../sale/ids.ts";
import { isRelayInstance } from "../topics.ts";

export type BrokerClient =
  | { readonly kind: "machine"; readonly user: string; readonly machine: MerchantQrId; readonly msn: string }
  | { readonly kind: "relay"; readonly user: string; readonly instance: string; readonly msns: readonly string[] }
  | {
      readonly kind: "desk" | "operator" | "home-assistant";
      readonly user: string;
      readonly msns: readonly string[];
    };

export interface BrokerList {
  readonly clients: readonly BrokerClient[];
  readonly faults: readonly string[];
}

const kinds = ["machine", "relay", "desk", "operator", "home-assistant"] as const;
type Kind = (typeof kinds)[number];

/** No `+`, `#`, `/` (Mosquitto's %u), no `:` (its password file), no `$`, quote or space (NATS' configuration). */
const userPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const linesMax = 100_000;

/** @param name of the file, for what is said of its lines */
export function readBrokerList(text: string, name: string): BrokerList {
  const clients: BrokerClient[] = [];
  const faults: string[] = [];
  const lines = text.split("\n");
  if (lines.length > linesMax) return { clients, faults: [`${name} has more than ${linesMax} lines`] };
  for (const [index, line] of lines.entries()) {
    const words = line.replace(/#.*/, "").trim().split(/\s+/);
    if (words[0] === "") continue;
    const read = readClient(words);
    if (typeof read === "string") faults.push(`${name}, line ${index + 1}: ${read}`);
    else clients.push(read);
  }
  return { clients, faults };
}

/** What is wrong with the words, or the client that they mean. */
function readClient(words: readonly string[]): BrokerClient | string {
  const kind = kinds.find((known) => known === words[0]);
  if (kind === undefined) return `"${words[0] ?? ""}" is none of ${kinds.join(", ")}`;
  const as = words.indexOf("as");
  const [, name = "", ...msns] = as < 0 ? words : words.slice(0, as);
  const [user = name, ...rest] = as < 0 ? [] : words.slice(as + 1);
  if (as >= 0 && words[as + 1] === undefined) return '"as" is followed by a user\'s name';
  if (rest.length > 0) return `"${rest.join(" ")}" is not understood after the user's name`;
  const wrong = msns.find((msn) => !isMsn(msn));
  if (wrong !== undefined) return `"${wrong}" is no merchant serial number: ${msnRule}`;
  return clientOf(kind, name, user, msns);
}

function clientOf(kind: Kind, name: string, user: string, msns: readonly string[]): BrokerClient | string {
  if (kind === "machine") {
    const [msn, ...more] = msns;
    if (!isMachineId(name)) return machineIdFault(name) ?? `"${name}" is not the id of a machine`;
    if (msn === undefined || more.length > 0) return `machine ${name} belongs to one sales unit: machine ${name} MSN`;
    return checked({ kind, user, machine: name, msn });
  }
  if (kind === "relay")
    return isRelayInstance(name)
      ? checked({ kind, user, instance: name, msns })
      : `"${name}" cannot be a relay's instance: 1 to 64 of A-Z a-z 0-9 _ . - and not the name of a machine's topic`;
  return msns.length === 0
    ? `${kind} ${name} needs its sales units: ${kind} ${name} MSN`
    : checked({ kind, user, msns });
}

function checked(client: BrokerClient): BrokerClient | string {
  return userPattern.test(client.user)
    ? client
    : `"${client.user}" cannot be a user: 1 to 64 of A-Z a-z 0-9 _ . - beginning with a letter or digit`;
}

/**
 * What is wrong with all of them together: two with one user would have each other's rights, and two machines with one topic each other's orders.
 */
export function clashesOf(clients: readonly BrokerClient[]): readonly string[] {
  const faults: string[] = [];
  const users = new Map<string, string>();
  const names = new Set<string>();
  for (const client of clients) {
    const name = nameOf(client);
    if (names.has(name)) faults.push(`${name} is there twice`);
    names.add(name);
    const other = users.get(client.user);
    if (other !== undefined && other !== name)
      faults.push(
        `${other} and ${name} would both be the user "${client.user}": give one of them another, with "as" at the end of its line`,
      );
    users.set(client.user, name);
  }
  return faults;
}

function nameOf(client: BrokerClient): string {
  if (client.kind === "machine") return `machine ${client.machine} ${client.msn}`;
  return `${client.kind} ${client.kind === "relay" ? client.instance : client.user}`;
}
