/**
 * `build.ts [FOLDER]`: one compiled bundle for the device, dist/kvitt.js, with what cannot be bundled beside it (native modules stay in node_modules, the font
 * and the panel files are copied).
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { programOptions, webSocketOptions } from "./build/options.ts";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const out = process.argv[2] ?? join(top, "dist");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
// The drawing thread is a program of its own.
const entries = { kvitt: "src/cli/main.ts", "draw-worker": "src/panel/draw-worker.ts" };
const result = await build({
  ...programOptions(top, out, entries),
  sourcemap: "linked",
  // Native, or only in a checkout: loaded from node_modules when they are used.
  external: ["@napi-rs/canvas", "node-hid", "onoff", "koffi", "aedes", "pino"],
});
const webSocket = await build(webSocketOptions(top, out));
await cp(join(top, "package.json"), join(out, "package.json"));
for (const name of ["page.html", "page.css", "page.js", "dom.js", "phone.html", "phone.css", "phone.js"])
  await cp(join(top, "src/demo/page", name), join(out, "chunks/page", name));
await cp(join(top, "src/panel/font"), join(out, "font"), { recursive: true });
await cp(join(top, "hardware/panels"), join(out, "hardware/panels"), { recursive: true });
const outputs = { ...result.metafile.outputs, ...webSocket.metafile.outputs };
const bytes = Object.values(outputs).reduce((sum, one) => sum + one.bytes, 0);
console.log(`${out}: ${Object.keys(outputs).length} files, ${Math.round(bytes / 1024)} KiB`);
