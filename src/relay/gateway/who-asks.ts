/** Which machine speaks: its signature, its time, its key. Pure but for the signature. */
import type { KeyObject } from "node:crypto";
import { parseTimestamp } from "../../kit/timestamp.ts";
import { isMachineId, type MerchantQrId } from "../../sale/ids.ts";
import { isSignedBy, readAuthorization } from "../../vipps/identity.ts";
import type { GatewayRequest } from "./port.ts";

export type Asking =
  | { readonly kind: "machine"; readonly msn: string; readonly machine: MerchantQrId }
  | { readonly kind: "nobody"; readonly why: "unsigned" | "unknown" | "clock" | "signature"; readonly reason: string };

/** A replay does no harm (the provider knows key and bytes again), so the window may be as wide as clocks are wrong. */
export const skewMsMax = 5 * 60_000;

export function whoAsks(
  request: GatewayRequest,
  keysOf: (msn: string, machine: string) => readonly KeyObject[],
  nowWallMs: number,
): Asking {
  const claimed = readAuthorization(request.headers["authorization"] ?? "");
  if (claimed === undefined || !isMachineId(claimed.machine))
    return { kind: "nobody", why: "unsigned", reason: "no signature of a machine: Authorization has another form" };
  const { machine, msn, time, signature } = claimed;
  const keys = keysOf(msn, machine);
  if (keys.length === 0)
    return { kind: "nobody", why: "unknown", reason: "this machine is not enrolled here, or was revoked" };
  const signable = {
    msn,
    machine,
    method: request.method,
    target: request.target,
    body: request.body,
    idempotencyKey: request.headers["idempotency-key"],
    time,
  };
  if (!keys.some((key) => isSignedBy(signable, signature, key)))
    return { kind: "nobody", why: "signature", reason: "the signature fits no key of this machine" };
  // After the signature: whoever cannot sign learns nothing about times.
  const atMs = parseTimestamp(time);
  if (atMs === undefined || Math.abs(atMs - nowWallMs) > skewMsMax)
    return {
      kind: "nobody",
      why: "clock",
      reason: "the machine's time is off by more than five minutes: Date has ours",
    };
  return { kind: "machine", msn, machine };
}
