/** How long the token of a check-in lives. */

/** QR API, webhooks, "User checked in": the customerToken is valid for 15 minutes. Whatever is older can never be paid. */
export const customerTokenLifeMs = 15 * 60_000;

export function isTokenDead(ageMs: number): boolean {
  return ageMs > customerTokenLifeMs;
}
