/**
 * `build.ts [FOLDER]`: one compiled bundle for the device, dist/kvitt.js, with what cannot be bundled beside it (native modules stay in node_modules, the font
 * and the panel files are copied).
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions } from "esbuild";
import { slim, webSocketFile } from "./build/slim.ts";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const out = process.argv[2] ?? join(top, "dist");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
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

const result = await build({
  ...common,
  // The drawing thread is a program of its own.
  entryPoints: { kvitt: join(top, "src/cli/main.ts"), "draw-worker": join(top, "src/panel/draw-worker.ts") },
  outdir: out,
  splitting: true,
  format: "esm",
  sourcemap: "linked",
  chunkNames: "chunks/[name]-[hash]",
  // Native, or only in a checkout: loaded from node_modules when they are used.
  external: ["@napi-rs/canvas", "node-hid", "onoff", "koffi", "aedes", "pino"],
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
await cp(join(top, "package.json"), join(out, "package.json"));
for (const name of ["page.html", "page.css", "page.js"])
  await cp(join(top, "src/demo/page", name), join(out, "chunks/page", name));
await cp(join(top, "src/panel/font"), join(out, "font"), { recursive: true });
await cp(join(top, "hardware/panels"), join(out, "hardware/panels"), { recursive: true });
const outputs = { ...result.metafile.outputs, ...webSocket.metafile.outputs };
const bytes = Object.values(outputs).reduce((sum, one) => sum + one.bytes, 0);
console.log(`${out}: ${Object.keys(outputs).length} files, ${Math.round(bytes / 1024)} KiB`);
