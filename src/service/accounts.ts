/** User and group numbers by name, from /etc/passwd and /etc/group (passwd(5), group(5)): Node has no getgrnam(3). */
import { readFile } from "node:fs/promises";

/** Pure: the number of the third field in the line of that name. */
export function numberOf(table: string, name: string): number | undefined {
  const line = table.split("\n").find((one) => one.startsWith(`${name}:`));
  const number = line?.split(":")[2];
  return number !== undefined && /^\d+$/.test(number) ? Number(number) : undefined;
}

async function lookUp(file: string, name: string): Promise<number | undefined> {
  return numberOf(await readFile(file, "utf8").catch(() => ""), name);
}

export function groupId(name: string): Promise<number | undefined> {
  return lookUp("/etc/group", name);
}

export function userId(name: string): Promise<number | undefined> {
  return lookUp("/etc/passwd", name);
}
