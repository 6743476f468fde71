/** Reads a code with a decoder that shares nothing with the encoder: what it reads is what stands there. Not for the daemon: it is slow. */
import jsQR from "jsqr";
import type { Frame } from "../frame.ts";

// jsQR is CommonJS: its function is `default` of the module or the module itself, by the loader.
const decode = typeof jsQR === "function" ? jsQR : jsQR.default;

/** The text of the code in a picture; undefined when there is none. */
export function readCode({ rgba, widthPx, heightPx }: Frame): string | undefined {
  return decode(rgba, widthPx, heightPx, { inversionAttempts: "dontInvert" })?.data;
}
