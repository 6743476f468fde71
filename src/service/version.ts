/** Which version of kvitt this is: the one place that knows. */
import { readFile } from "node:fs/promises";

/** From the sources, the bundle, or a chunk of it to the package.json beside or above it. */
const ups = ["./", "../", "../../"] as const;

function versionIn(text: string): string | undefined {
  const parsed: unknown = JSON.parse(text);
  const isObject = typeof parsed === "object" && parsed !== null && "version" in parsed;
  return isObject && typeof parsed.version === "string" ? parsed.version : undefined;
}

/** The version of the package, for headers, topics and logs. @throws Error when the package is not whole */
export async function readVersion(): Promise<string> {
  for (const up of ups) {
    const text = await readFile(new URL(`${up}package.json`, import.meta.url), "utf8").catch(() => undefined);
    const version = text === undefined ? undefined : versionIn(text);
    if (version !== undefined) return version;
  }
  throw new Error("there is no package.json above this program: it was not installed whole");
}
