/** Mosquitto's acl_file (mosquitto.conf(5)): lines of its own for each user, since a pattern would open one sales unit's topics to another's machine. */
import type { Permissions } from "./permissions.ts";

type Access = "read" | "write" | "readwrite";

/** @param made said at the top, after `#` */
export function mosquittoAcl(users: readonly Permissions[], made: string): string {
  return [`# ${made}`, ...users.map(block)].join("\n\n").concat("\n");
}

function block({ user, title, reads, writes }: Permissions): string {
  const access = new Map<string, Access>(reads.map((filter) => [filter, "read"]));
  for (const filter of writes) access.set(filter, access.has(filter) ? "readwrite" : "write");
  return [`# ${title}`, `user ${user}`, ...[...access].map(([filter, what]) => `topic ${what} ${filter}`)].join("\n");
}
