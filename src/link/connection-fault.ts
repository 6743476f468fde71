/** Says why a broker could not be reached, or was lost, and what to look at. Credentials never appear in it. */
import type { VersionDoubt } from "./broker-version.ts";

export interface ConnectionFault {
  readonly text: string;
  /** Whether it is, or may be, that the broker does not speak this version of MQTT. */
  readonly versionDoubt: VersionDoubt;
}

/** CONNACK of 3.1.1 (§3.2.2.3) and of 5.0 (§3.2.2.2). */
const connackAdvice: Readonly<Record<number, string>> = {
  1: "the broker does not speak this version of MQTT",
  2: "the broker refuses the client id",
  4: "the broker refuses user or password",
  5: "the broker does not authorise this client: look at its users and its ACL",
  132: "the broker does not speak this version of MQTT",
  133: "the broker refuses the client id",
  134: "the broker refuses user or password",
  135: "the broker does not authorise this client: look at its users and its ACL",
  142: "another client took over the session: two machines with one identity?",
};

const versionCodes = new Set([1, 132]);

const socketAdvice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there: is the broker running, and is the port right?",
  ENOTFOUND: "the name does not resolve: look at the url and at DNS",
  EAI_AGAIN: "the name does not resolve now: no network, or no DNS",
  ETIMEDOUT: "no answer: a firewall, or no network",
  EHOSTUNREACH: "no route to the broker",
  ENETUNREACH: "no network",
  CERT_HAS_EXPIRED: "the broker's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "the broker's certificate is not valid yet: this machine's clock is wrong",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the broker's certificate is self-signed: name it as ca_file",
  SELF_SIGNED_CERT_IN_CHAIN: "the authority of the broker's certificate is not known: name it as ca_file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority of the broker's certificate is not known: name it as ca_file",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the authority of the broker's certificate is not known: name it as ca_file",
  ERR_TLS_CERT_ALTNAME_INVALID: "the broker's certificate is for another name than the url says",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the broker wants a client certificate: set cert_file and key_file",
};

export function connectionFault(cause: unknown): ConnectionFault {
  if (!(cause instanceof Error)) return { text: String(cause), versionDoubt: "possible" };
  const code = "code" in cause ? cause.code : undefined;
  if (typeof code === "number")
    return {
      text: withAdvice(cause.message, connackAdvice[code]),
      versionDoubt: versionCodes.has(code) ? "certain" : "none",
    };
  if (typeof code === "string")
    return {
      text: withAdvice(cause.message, socketAdvice[code]),
      versionDoubt: code === "ECONNRESET" ? "possible" : "none",
    };
  // Without a code, either the library could not read the answer or no CONNACK came.
  return { text: cause.message, versionDoubt: "possible" };
}

function withAdvice(message: string, advice: string | undefined): string {
  return advice === undefined ? message : `${message} (${advice})`;
}
