/**
 * Where releases are fetched: a folder on any web server. In it are NAME-ARCHITECTURE.json, the manifest, with NAME "newest" or a version; its signature with
 * ".sig" behind; and objects/SHA256.br, each file of each release once, compressed (RFC 7932), so that an update fetches only what changed.
 */
import { createBrotliDecompress } from "node:zlib";
import { Readable } from "node:stream";
import { type BackOff, backOffMs, type Randomness } from "../kit/back-off.ts";
import { errorText } from "../kit/error-text.ts";
import { manifestBytesMax, type ReleaseFile, UpdateError } from "./manifest.ts";

export interface ReleaseSource {
  manifest(name: string): Promise<{ readonly bytes: Uint8Array; readonly signature: string }>;
  content(file: ReleaseFile): AsyncIterable<Uint8Array>;
}

export interface HttpSourceParts {
  /** Of the folder. */
  readonly url: string;
  readonly architecture: string;
  readonly sleep: (ms: number) => Promise<void>;
  readonly randomness: Randomness;
}

const triesMax = 5;
const pause: BackOff = { firstMs: 2_000, maxMs: 60_000 };
/** For 50 MB over a slow mobile connection. */
const requestTimeoutMs = 900_000;
const signatureBytesMax = 1_024;
/** What Brotli adds at most to what it cannot compress, generously. */
const overheadBytes = 4_096;

export function httpSource({ url, architecture, sleep, randomness }: HttpSourceParts): ReleaseSource {
  const folder = url.endsWith("/") ? url : `${url}/`;

  async function get(path: string, bytesMax: number): Promise<Uint8Array> {
    const address = new URL(path, folder);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await getOnce(address, bytesMax);
      } catch (error) {
        const isFinal = error instanceof UpdateError || attempt + 1 >= triesMax;
        if (isFinal)
          throw error instanceof UpdateError
            ? error
            : new UpdateError("unreachable", `${address.href}: ${errorText(error)}`, { cause: error });
        await sleep(backOffMs(pause, attempt, randomness));
      }
    }
  }

  return {
    async manifest(name) {
      const path = `${name}-${architecture}.json`;
      const bytes = await get(path, manifestBytesMax);
      const signature = Buffer.from(await get(`${path}.sig`, signatureBytesMax)).toString("latin1");
      return { bytes, signature };
    },
    async *content({ sha256, bytes }) {
      const packed = await get(`objects/${sha256}.br`, bytes + overheadBytes);
      // Not awaited for in one piece: the runtime has 100 MB.
      const opened = Readable.from([packed]).pipe(createBrotliDecompress());
      for await (const part of opened) if (part instanceof Uint8Array) yield part;
    },
  };
}

/** @throws UpdateError for an answer that another try would not change; other errors are worth one */
async function getOnce(address: URL, bytesMax: number): Promise<Uint8Array> {
  const response = await fetch(address, { signal: AbortSignal.timeout(requestTimeoutMs) });
  if (response.status >= 500 || response.status === 429) throw new Error(`the server answers ${response.status}`);
  if (!response.ok || response.body === null)
    throw new UpdateError("unreachable", `${address.href}: the server answers ${response.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> = response.body;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > bytesMax) throw new UpdateError("content", `${address.href} has more than ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
