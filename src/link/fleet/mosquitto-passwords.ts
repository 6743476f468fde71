/**
 * Mosquitto 2's password file, which mosquitto_passwd(1) writes: `user:$7$iterations$salt$hash`, PBKDF2 with HMAC-SHA512, salt and hash in base64
 * (github.com/eclipse/mosquitto, lib/password_mosq.c). An entry that still fits stays as it is, so that nothing changes without a reason.
 */
import { pbkdf2Sync, timingSafeEqual } from "node:crypto";

/** mosquitto_passwd's own number (PW_DEFAULT_ITERATIONS). The passwords made here have 192 bits: no number of rounds is needed to keep them. */
const iterations = 101;
const iterationsMax = 10_000_000;
const hashBytes = 64;
const saltBytes = 12;

/**
 * @param before the file as it stands, "" when there is none
 * @param random n bytes that nobody can guess
 */
export function mosquittoPasswords(
  passwords: ReadonlyMap<string, string>,
  before: string,
  random: (bytes: number) => Uint8Array,
): string {
  const entries = new Map(
    before.split("\n").flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
  return [...passwords]
    .map(([user, password]) => {
      const known = entries.get(user);
      const entry =
        known !== undefined && fits(known, password) ? known : hashed(password, random(saltBytes), iterations);
      return `${user}:${entry}\n`;
    })
    .join("");
}

function hashed(password: string, salt: Uint8Array, rounds: number): string {
  const hash = pbkdf2Sync(password, salt, rounds, hashBytes, "sha512");
  return `$7$${rounds}$${Buffer.from(salt).toString("base64")}$${hash.toString("base64")}`;
}

function fits(entry: string, password: string): boolean {
  const [, rounds = "", salt = ""] = /^\$7\$(\d{1,8})\$([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+$/.exec(entry) ?? [];
  const count = Number(rounds);
  if (salt === "" || count < 1 || count > iterationsMax) return false;
  const expected = Buffer.from(hashed(password, Buffer.from(salt, "base64"), count));
  const found = Buffer.from(entry);
  return expected.length === found.length && timingSafeEqual(expected, found);
}
