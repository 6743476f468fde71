/** ULIDs: 48 bits of wall time and 80 random bits in Crockford base 32. A clock that jumps back only costs the order. */
import type { Clock, Entropy } from "./port.ts";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

function encode(value: bigint, length: number): string {
  let rest = value;
  let text = "";
  for (let index = 0; index < length; index += 1) {
    text = (alphabet[Number(rest % 32n)] ?? "0") + text;
    rest /= 32n;
  }
  return text;
}

/** 26 characters. Unique by its 80 random bits, whatever the clock says. */
export function createUlid(clock: Clock, entropy: Entropy): string {
  const time = BigInt(Math.max(0, Math.min(clock.wallMs(), 2 ** 48 - 1)));
  let random = 0n;
  for (const byte of entropy.bytes(10)) random = (random << 8n) | BigInt(byte);
  return encode(time, 10) + encode(random, 16);
}
