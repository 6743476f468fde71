/** The keys of one sales unit. */
import { Secret } from "./secret.ts";

export interface Credentials {
  readonly clientId: Secret;
  readonly clientSecret: Secret;
  /** `Ocp-Apim-Subscription-Key`; primary and secondary are interchangeable. */
  readonly subscriptionKey: Secret;
}

/**
 * Visible ASCII (RFC 9110 §5.5). Checked here because an HTTP library that refuses a header value may print it in its error.
 */
export function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function keyOf(name: string, text: string): Secret {
  if (isHeaderSafe(text)) return new Secret(text);
  throw new RangeError(
    `the ${name} is empty, or has a space, a line's end or a letter in it that no key has: copy it again (its value is not shown)`,
  );
}

/** @throws RangeError that names the malformed key, never its value. */
export function credentials(clientId: string, clientSecret: string, subscriptionKey: string): Credentials {
  return {
    clientId: keyOf("client id", clientId),
    clientSecret: keyOf("client secret", clientSecret),
    subscriptionKey: keyOf("subscription key", subscriptionKey),
  };
}
