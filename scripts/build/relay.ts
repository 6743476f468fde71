/** The relay's bundle: kvitt-relay.js and its chunks, with nothing of a machine's hardware, panel or journal in it. */
import { build, type Metafile } from "esbuild";
import { programOptions, webSocketOptions } from "./options.ts";

/** What it loads from node_modules: it starts threads from files of its own. */
export const relayModules = ["pino"];

/** @returns what went into it, and what it asks for */
export async function buildRelayBundle(top: string, out: string): Promise<readonly Metafile[]> {
  const entry = { "kvitt-relay": "src/cli/relay-main.ts" };
  const program = await build({ ...programOptions(top, out, entry), external: relayModules });
  const webSocket = await build(webSocketOptions(top, out));
  return [program.metafile, webSocket.metafile];
}
