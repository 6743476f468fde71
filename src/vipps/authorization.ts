/**
 * Who we are, on every request. `direct`: the sales unit's keys and an access token. `gateway`: the machine's own signature; the relay's gateway puts the
 * keys in its place.
 */
import { parseHttpDate, formatTimestamp } from "../kit/timestamp.ts";
import type { Clock } from "../service/port.ts";
import type { AccessToken } from "./access-token.ts";
import type { Credentials } from "./credentials.ts";
import { authorizationOf, type MachineIdentity } from "./identity.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";
import type { Limits } from "./tries.ts";

export interface Authorization {
  /** Headers that say who asks for this. @throws VippsError of stage `token` */
  headers(
    operation: string,
    request: Pick<HttpRequest, "method" | "headers" | "body"> & { readonly path: string },
    limits: Limits,
  ): Promise<Readonly<Record<string, string>>>;
  /** After a 401: what was used is given up. Whether other headers may do better. */
  renew(used: Readonly<Record<string, string>>, answer: HttpResponse): boolean;
  /** What a 401 means when that did not help. */
  readonly refusedTitle: string;
}

export function keysAuthorization(parts: {
  readonly msn: string;
  readonly credentials: Credentials;
  readonly token: AccessToken;
  readonly tokenFor: (operation: string, limits: Limits) => Promise<string>;
}): Authorization {
  const { msn, credentials, token, tokenFor } = parts;
  return {
    async headers(operation, _request, limits) {
      return {
        authorization: `Bearer ${await tokenFor(operation, limits)}`,
        "ocp-apim-subscription-key": credentials.subscriptionKey.reveal(),
        "merchant-serial-number": msn,
      };
    },
    renew(used) {
      token.drop((used["authorization"] ?? "").slice("Bearer ".length));
      return true;
    },
    refusedTitle: "a fresh access token was refused: the keys, the msn and the environment may not belong together",
  };
}

/** Another hour than the gateway's by more than this is why it refused us; it takes five minutes. */
const skewMsMax = 60_000;

export function identityAuthorization(parts: {
  readonly msn: string;
  readonly identity: MachineIdentity;
  readonly clock: Clock;
}): Authorization {
  const { msn, identity, clock } = parts;
  const { machine, privateKey } = identity;
  let offsetMs = 0;
  return {
    headers(_operation, { method, path, headers, body }) {
      const time = formatTimestamp(clock.wallMs() + offsetMs);
      const idempotencyKey = headers["idempotency-key"];
      const signable = { msn, machine, method, target: path, body, idempotencyKey, time };
      return Promise.resolve({ authorization: authorizationOf(signable, privateKey) });
    },
    /** A refusal carries the gateway's time: with a wrong clock we sign by that. Whether our own is believed elsewhere is the clock guard's to say. */
    renew(_used, answer) {
      const dateMs = parseHttpDate(answer.headers["date"] ?? "");
      if (dateMs === undefined) return false;
      const now = clock.wallMs();
      if (Math.abs(dateMs - (now + offsetMs)) <= skewMsMax) return false;
      offsetMs = dateMs - now;
      return true;
    },
    refusedTitle: "the gateway does not let this machine in: its identity is unknown there, or was revoked",
  };
}
