/** The group's number by name, from /etc/group (group(5)): Node has no getgrnam(3). */
import { readFile } from "node:fs/promises";

/** Pure: the number of the third field in the line of that name. */
export function numberOf(table: string, name: string): number | undefined {
  const line = table.split("\n").find((one) => one.startsWith(`${name}:`));
  const number = line?.split(":")[2];
  return number !== undefined && /^\d+$/.test(number) ? Number(number) : undefined;
}

export async function groupId(name: string): Promise<number | undefined> {
  return numberOf(await readFile("/etc/group", "utf8").catch(() => ""), name);
}
