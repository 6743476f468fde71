/** The transport over Node's fetch, which keeps and reuses connections. Answers are read up to a limit. */
import { parseHttpDate } from "../kit/timestamp.ts";
import { bodyBytesMax, type HttpTransport, TransportError } from "./transport.ts";

async function readBounded(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const chunk: unknown = read.value;
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > bodyBytesMax) {
      await reader.cancel();
      throw new TransportError("body-too-large", `the answer is larger than ${bodyBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** `observeDate` is given the `Date` header of every HTTPS answer, for the clock guard. */
export function createFetchTransport(observeDate?: (wallMs: number) => void): HttpTransport {
  return async (request) => {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      signal: request.signal,
      redirect: "manual",
      ...(request.body === undefined ? {} : { body: new Uint8Array(request.body) }),
    });
    const body = await readBounded(response);
    const dateMs = parseHttpDate(response.headers.get("date") ?? "");
    if (dateMs !== undefined && request.url.startsWith("https:")) observeDate?.(dateMs);
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  };
}
