/**
 * What the libraries bring along and the device does not need, left out of the bundle: parsing source is a large part of a start on a Pi. Each
 * line says what is missing then. docs/decisions/0051-start-and-memory.md has the figures.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";

/** The program of its own that holds the WebSocket client, beside kvitt.js. */
export const webSocketFile = "mqtt-websocket.cjs";

/** Loaded when a broker's url begins with ws:// or wss://, from a chunk's place. */
const webSocketWhenNeeded = `exports.streamBuilder = (...args) => require("../${webSocketFile}").streamBuilder(...args);`;

/** mqtt takes a proxy from MQTTJS_SOCKS_PROXY, which nothing of ours documents. */
const noSocks = `module.exports = () => { throw new Error("this build of kvitt has no SOCKS proxy: unset MQTTJS_SOCKS_PROXY"); };`;

export function slim(top: string): Plugin {
  const qrcode = createRequire(join(top, "package.json")).resolve("qrcode/lib/core/qrcode.js");
  return {
    name: "slim",
    setup(build) {
      // readable-stream is Node's own stream module for older Nodes and browsers.
      build.onResolve({ filter: /^readable-stream$/ }, () => ({ path: "node:stream", external: true }));
      // The panel asks for modules alone: no PNG, no SVG.
      build.onResolve({ filter: /^qrcode$/ }, ({ importer }) =>
        importer === join(top, "src/panel/qr/symbol.ts") ? { path: qrcode } : undefined,
      );
      build.onResolve({ filter: /^\.\/(ws|socks)$/ }, ({ path, importer }) => {
        if (!/[\\/]mqtt[\\/]build[\\/]lib[\\/]connect$/.test(dirname(importer))) return undefined;
        return { path, namespace: "slim" };
      });
      build.onLoad({ filter: /.*/, namespace: "slim" }, ({ path }) => ({
        contents: path === "./ws" ? webSocketWhenNeeded : noSocks,
      }));
      build.onResolve({ filter: new RegExp(`/${webSocketFile}$`) }, ({ path }) => ({ path, external: true }));
    },
  };
}
