/** What the demo's two small web servers have in common. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";

/** @throws Error when more comes than is allowed */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    const bytes: unknown = part;
    if (!(bytes instanceof Buffer)) throw new TypeError("a request whose encoding was set gives no bytes");
    length += bytes.length;
    if (length > bytesMax) throw new Error(`more than ${bytesMax} bytes were sent`);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** A file of the page, beside this one or beside the bundle. */
export async function sendFile(
  response: ServerResponse,
  { name, type }: { readonly name: string; readonly type: string },
): Promise<void> {
  // Read first: what cannot be read can then still be answered with an error.
  const bytes = await readFile(new URL(`./page/${name}`, import.meta.url));
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
  response.end(bytes);
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
