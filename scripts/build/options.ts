/** What the device's bundle and the relay's have in common. */
import { join } from "node:path";
import type { BuildOptions } from "esbuild";
import { slim, webSocketFile } from "./slim.ts";

const common = {
  bundle: true,
  platform: "node",
  target: "node24",
  // Names stay: they stand in errors, and a stack trace of a machine far away has to be read. Comments go: a letter that is not ASCII in one makes V8
  // keep the whole chunk's source at two bytes a letter.
  minifyWhitespace: true,
  legalComments: "linked",
  logLevel: "warning",
  metafile: true,
} as const satisfies BuildOptions;

/** A program with its chunks. @param entryPoints what it is called → file of the checkout */
export function programOptions(top: string, out: string, entryPoints: Readonly<Record<string, string>>) {
  return {
    ...common,
    entryPoints: Object.fromEntries(Object.entries(entryPoints).map(([name, file]) => [name, join(top, file)])),
    outdir: out,
    splitting: true,
    format: "esm",
    chunkNames: "chunks/[name]-[hash]",
    banner: {
      js: "import { createRequire as kvittRequire } from 'node:module'; const require = kvittRequire(import.meta.url);",
    },
    plugins: [slim(top)],
  } as const satisfies BuildOptions;
}

/** MQTT over WebSocket, loaded by whoever configures it. */
export function webSocketOptions(top: string, out: string) {
  return {
    ...common,
    entryPoints: [join(top, "node_modules/mqtt/build/lib/connect/ws.js")],
    outfile: join(out, webSocketFile),
    format: "cjs",
  } as const satisfies BuildOptions;
}
