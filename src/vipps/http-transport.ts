/**
 * The transport over Node's own HTTP client, which keeps and reuses connections. Answers are read up to a limit. Not over fetch: that brings a second
 * HTTP client with a parser in WebAssembly into memory, and takes longer for the first answer.
 */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setImmediate as immediate } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { errorFrom } from "../kit/error-text.ts";
import { parseHttpDate } from "../kit/timestamp.ts";
import { bodyBytesMax, type HttpRequest, type HttpResponse, type HttpTransport, TransportError } from "./transport.ts";

/** A connection that nobody uses is closed after so long, unless the server's Keep-Alive header says less: longer, and it may have closed it already. */
const idleMs = 4_000;
/** More calls at once than one sale ever makes. */
const usualSocketsMax = 8;

const unzip = promisify(gunzip);

function tooLarge(): TransportError {
  return new TransportError("body-too-large", `the answer is larger than ${bodyBytesMax} bytes`);
}

async function readBounded(answer: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function unpacked(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding === undefined || encoding === "identity" || body.length === 0) return body;
  if (encoding !== "gzip")
    throw new TransportError("no-answer", `the answer is encoded as "${encoding}", which was not asked for`);
  try {
    return await unzip(body, { maxOutputLength: bodyBytesMax });
  } catch (error) {
    const isTooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge ? tooLarge() : error;
  }
}

function headersOf(answer: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

interface Sent {
  readonly answer: Promise<IncomingMessage>;
  /** The connection had carried other requests before, and broke: the server may have closed it as this one left. */
  readonly brokeOnReuse: () => boolean;
}

function send({ method, url, headers, body, signal }: HttpRequest, agents: Agents): Sent {
  const isTls = url.startsWith("https:");
  const options: RequestOptions = {
    method,
    headers: {
      "user-agent": "kvitt",
      "accept-encoding": "gzip",
      ...headers,
      ...(body === undefined ? {} : { "content-length": body.length }),
    },
    signal,
    agent: isTls ? agents.https : agents.http,
  };
  const outgoing = isTls ? httpsRequest(url, options) : httpRequest(url, options);
  let broke = false;
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      broke = error.code === "ECONNRESET" || error.code === "EPIPE";
      reject(signal.aborted ? errorFrom(signal.reason) : error);
    });
  });
  outgoing.end(body);
  return { answer, brokeOnReuse: () => broke && outgoing.reusedSocket };
}

/** RFC 9110 §9.2.2: doing it twice is the same as doing it once. */
function isIdempotent({ method }: HttpRequest): boolean {
  return method !== "POST";
}

/**
 * Lets the loop read its sockets and run its timers once: a kept connection that the server has closed meanwhile, or that has been idle for too
 * long, is then known to be of no use. Two, because the first may fall into a turn whose reading is over.
 */
async function lookRound(): Promise<void> {
  await immediate();
  await immediate();
}

async function answerTo(request: HttpRequest, agents: Agents): Promise<IncomingMessage> {
  // On a computer so busy that it has not read its sockets for seconds, a capture would go into a closed connection, and what became of it be unknown.
  if (!isIdempotent(request)) await lookRound();
  const first = send(request, agents);
  try {
    return await first.answer;
  } catch (error) {
    // RFC 9112 §9.3.1: such a request may be sent again by itself, once, when a kept connection turns out to be closed.
    if (!first.brokeOnReuse() || !isIdempotent(request) || request.signal.aborted) throw error;
    return send(request, agents).answer;
  }
}

/**
 * @param observeDate is given the `Date` header of every HTTPS answer, for the clock guard
 * @param socketsMax connections to one host; what is more waits
 */
export function createHttpTransport(
  observeDate?: (wallMs: number) => void,
  socketsMax = usualSocketsMax,
): HttpTransport {
  const options = { keepAlive: true, timeout: idleMs, maxSockets: socketsMax };
  const agents: Agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return async (request): Promise<HttpResponse> => {
    request.signal.throwIfAborted();
    const answer = await answerTo(request, agents);
    const headers = headersOf(answer);
    const body = await unpacked(await readBounded(answer), headers["content-encoding"]);
    const dateMs = parseHttpDate(headers["date"] ?? "");
    if (dateMs !== undefined && request.url.startsWith("https:")) observeDate?.(dateMs);
    return { status: answer.statusCode ?? 0, headers, body: new Uint8Array(body) };
  };
}
