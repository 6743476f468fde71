/**
 * Several gateways behind one transport, tried in turn. A request that never left goes to the next one at once. One that may have arrived is not repeated
 * here: whoever sent it decides that, and the next request goes to another gateway.
 */
import { checkBaseUrl } from "./base-url.ts";
import type { HttpTransport } from "./transport.ts";

/** No connection, or none whose certificate holds: nothing of the request has left (Node's errors of net, dns and tls). */
const neverLeft =
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|CERT_.+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|ERR_TLS_CERT_ALTNAME_INVALID)$/;

function hasNotLeft(error: unknown): boolean {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; inner = inner.cause, depth += 1)
    if ("code" in inner && typeof inner.code === "string" && neverLeft.test(inner.code)) return true;
  return false;
}

/** What a gateway, or the proxy before it, says when it cannot do its work; another one may. */
const isTired = (status: number): boolean => status === 502 || status === 503 || status === 504;

/**
 * Requests are addressed to the first of `urls`; what is addressed elsewhere, as pictures are, goes there.
 * @throws RangeError when an address cannot be right
 */
export function createGatewayTransport(urls: readonly string[], transport: HttpTransport): HttpTransport {
  const bases = urls.map((url) => checkBaseUrl(url).href.replace(/\/$/, ""));
  const first = bases[0] ?? "";
  let at = 0;
  return async (request) => {
    if (!request.url.startsWith(`${first}/`)) return transport(request);
    const path = request.url.slice(first.length);
    for (let tried = 1; ; tried += 1) {
      const used = at;
      const next = (): void => {
        // Several requests may fail at once: only one of them moves on.
        if (at === used) at = (used + 1) % bases.length;
      };
      try {
        const response = await transport({ ...request, url: `${bases[used] ?? first}${path}` });
        if (isTired(response.status)) next();
        return response;
      } catch (error) {
        next();
        if (tried >= bases.length || request.signal.aborted || !hasNotLeft(error)) throw error;
      }
    }
  };
}
