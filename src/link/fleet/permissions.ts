/**
 * What each client of the broker may read and write, as MQTT filters: the table behind every broker's own syntax. A machine's stations
 * (`{machine}--{station}`) stand inside its messages, and need no topic of their own.
 */
import type { MerchantQrId } from "../../sale/ids.ts";
import {
  answeredFilter,
  answeredTopic,
  eventFilter,
  gatewayFilter,
  machineFilter,
  type MachineLeaf,
  machineTopic,
  relayFilter,
  relayProcessFilter,
  relayProcessTopic,
  relayTopic,
  stateFilter,
  gatewayUnitFilter,
} from "../topics.ts";
import type { BrokerClient } from "./list.ts";

export interface Permissions {
  readonly user: string;
  /** What it is, for a person who reads the file. */
  readonly title: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** What machines say, and back offices read. */
const reported: readonly MachineLeaf[] = ["state", "sale", "health", "command/reply"];
const events: readonly MachineLeaf[] = ["event/checked-in", "event/payment"];
/** Home Assistant's own prefix; a machine with another has to have its line changed by hand. */
const discovery = "homeassistant";

/** In the order of the list. `clients` have no clashes. */
export function permissionsOf(clients: readonly BrokerClient[]): readonly Permissions[] {
  const all = [
    ...new Set(clients.flatMap((client) => (client.kind === "machine" ? [client.msn] : client.msns))),
  ].toSorted();
  const discovered = new Set(clients.flatMap((client) => (client.kind === "home-assistant" ? client.msns : [])));
  return clients.map((client) => {
    const { user } = client;
    switch (client.kind) {
      case "machine":
        return { user, title: `machine ${client.machine}`, ...machine(client, discovered.has(client.msn)) };
      case "relay":
        return {
          user,
          title: `relay ${client.instance}`,
          ...relay(client.instance, client.msns.length === 0 ? all : client.msns),
        };
      case "desk":
        return { user, title: "back office", ...desk(client.msns) };
      case "operator":
        return { user, title: "operator", ...operator(client.msns) };
      case "home-assistant":
        return { user, title: "Home Assistant", ...homeAssistant(client.msns) };
    }
  });
}

type Rights = Pick<Permissions, "reads" | "writes">;

function machine(
  { machine: id, msn }: { readonly machine: MerchantQrId; readonly msn: string },
  discovered: boolean,
): Rights {
  const address = { msn, merchantQrId: id };
  return {
    // Its own state: an old will that is retained there is answered with how it really is.
    reads: [eventFilter(address), machineTopic(address, "command"), machineTopic(address, "state"), relayFilter(msn)],
    writes: [
      ...reported.map((leaf) => machineTopic(address, leaf)),
      ...(discovered ? [`${discovery}/device/${msn}/${id}/config`] : []),
    ],
  };
}

function relay(instance: string, msns: readonly string[]): Rights {
  return {
    reads: [
      ...msns.flatMap((msn) => [stateFilter(msn), relayFilter(msn), answeredFilter(msn)]),
      relayProcessFilter,
      gatewayFilter,
    ],
    writes: [
      ...msns.flatMap((msn) => [
        ...events.map((leaf) => machineFilter(msn, leaf)),
        relayTopic(msn, instance),
        answeredTopic(msn, instance),
      ]),
      relayProcessTopic(instance),
    ],
  };
}

/** A command counts by its signature alone. */
function desk(msns: readonly string[]): Rights {
  return {
    reads: msns.flatMap((msn) => [...reported.map((leaf) => machineFilter(msn, leaf)), relayFilter(msn)]),
    writes: msns.map((msn) => machineFilter(msn, "command")),
  };
}

/** An empty retained message forgets a machine's state, and a relay's sign of life. */
function operator(msns: readonly string[]): Rights {
  return {
    reads: msns.flatMap((msn) => [stateFilter(msn), relayFilter(msn), gatewayUnitFilter(msn)]),
    writes: msns.flatMap((msn) => [gatewayUnitFilter(msn), stateFilter(msn), relayFilter(msn)]),
  };
}

function homeAssistant(msns: readonly string[]): Rights {
  const leaves: readonly MachineLeaf[] = ["state", "sale", "health"];
  return {
    reads: [`${discovery}/#`, ...msns.flatMap((msn) => leaves.map((leaf) => machineFilter(msn, leaf)))],
    writes: [`${discovery}/status`],
  };
}
