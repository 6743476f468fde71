/** Which of this computer's addresses a phone in the same network can reach. Pure. */
import { CodedError } from "../../kit/coded-error.ts";

/**
 * - `no-network`: this computer has no address that a phone could reach.
 * - `not-ours`: the address that was asked for is none of this computer's.
 */
export class LanError extends CodedError<"no-network" | "not-ours"> {}

/** As `os.networkInterfaces()` tells it. */
export type Interfaces = Readonly<
  Record<
    string,
    readonly { readonly address: string; readonly family: string; readonly internal: boolean }[] | undefined
  >
>;

/** Bridges and tunnels of virtual machines, containers and VPNs: no phone is behind them. */
const virtual = /^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|utun|zt|tailscale)/;

/** One address, and never all of them: what is behind another interface is nobody's business. @throws LanError */
export function lanAddress(interfaces: Interfaces, wanted?: string): string {
  const all = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.filter(({ family }) => family === "IPv4").map(({ address, internal }) => ({ name, address, internal })),
  );
  const isReachable = ({ address, internal }: (typeof all)[number]): boolean =>
    // RFC 3927: an address that nobody gave.
    !internal && !address.startsWith("169.254.");
  const reachable = all.filter(isReachable);
  const list = all.map(({ name, address }) => `${address} (${name})`).join(", ");
  if (wanted !== undefined) {
    if (all.some(({ address }) => address === wanted)) return wanted;
    throw new LanError("not-ours", `${wanted} is no IPv4 address of this computer; it has ${list || "none"}`);
  }
  const best = reachable.find(({ name }) => !virtual.test(name)) ?? reachable[0];
  if (best !== undefined) return best.address;
  throw new LanError(
    "no-network",
    `this computer is in no network that a phone could be in (it has ${list || "no address"}): connect it, and start the demo again`,
  );
}
