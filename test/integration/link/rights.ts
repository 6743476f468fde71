/** What `kvitt fleet acl --broker mosquitto` writes, for tests of what it lets through. */
import { clashesOf, readBrokerList } from "../../../src/link/fleet/list.ts";
import { mosquittoAcl } from "../../../src/link/fleet/mosquitto.ts";
import { permissionsOf } from "../../../src/link/fleet/permissions.ts";

/** @param list a line each, as in docs/fleet.md */
export function rightsOf(...list: readonly string[]): string {
  const { clients, faults } = readBrokerList(list.join("\n"), "the list");
  const wrong = [...faults, ...clashesOf(clients)];
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return mosquittoAcl(permissionsOf(clients), "Made for a test.");
}
