/** The relay's bundle: kvitt-relay.js and its chunks, with nothing of a machine's hardware, panel or journal in it. */
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { slim, webSocketFile } from "./slim.ts";

/** What it loads from node_modules: it starts threads from files of its own. */
export const relayModules = ["pino"];

/** @returns what went into it, and what it asks for */
export async function buildRelayBundle(top: string, out: string): Promise<readonly Metafile[]> {
  const common = {
    bundle: true,
    platform: "node",
    target: "node24",
    minifyWhitespace: true,
    legalComments: "linked",
    logLevel: "warning",
    metafile: true,
  } as const;
  const program = await build({
    ...common,
    entryPoints: { "kvitt-relay": join(top, "src/cli/relay-main.ts") },
    outdir: out,
    splitting: true,
    format: "esm",
    chunkNames: "chunks/[name]-[hash]",
    external: relayModules,
    banner: {
      js: "import { createRequire as kvittRequire } from 'node:module'; const require = kvittRequire(import.meta.url);",
    },
    plugins: [slim(top)],
  });
  const webSocket = await build({
    ...common,
    entryPoints: [join(top, "node_modules/mqtt/build/lib/connect/ws.js")],
    outfile: join(out, webSocketFile),
    format: "cjs",
  });
  return [program.metafile, webSocket.metafile];
}
