/**
 * Goal: what the provider signed is genuine, anything else is refused, and what we sign can be verified.
 * Method: the official and constructed vectors, openssl's own, and arbitrary changes of a good delivery.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentHash, signDelivery, type SignedDelivery, verifyDelivery } from "../../../src/vipps/signature.ts";
import { hashOnlyVectors, vectors } from "./vectors.ts";

const encoder = new TextEncoder();

function delivery(headers: SignedDelivery["headers"], body: string): SignedDelivery {
  return { headers, rawBody: encoder.encode(body) };
}

/** What a refusal tells the operator. */
function said(verdict: ReturnType<typeof verifyDelivery>): string {
  return verdict.kind === "refused" ? verdict.detail : "";
}

describe("the vectors", () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    const verdict = verifyDelivery(delivery(vector.headers, vector.body), new URL(vector.url), vector.secret);
    expect(verdict.kind).toBe(vector.isGenuine ? "genuine" : "refused");
  });

  it("are of both kinds", () => {
    expect(vectors.filter(({ isGenuine }) => isGenuine).length).toBeGreaterThanOrEqual(12);
    expect(vectors.filter(({ isGenuine }) => !isGenuine).length).toBeGreaterThanOrEqual(9);
  });

  it.each(hashOnlyVectors.map((vector) => [vector.name, vector] as const))(
    "%s: the hash of the real body",
    (_name, vector) => {
      expect(contentHash(encoder.encode(vector.body))).toBe(vector.headers["x-ms-content-sha256"]);
    },
  );
});

const registration = {
  id: "39c2fb44-7107-45cd-b3b3-657c3202ed84",
  url: new URL("https://relay.example.test/hooks"),
  secret: "s3cret",
};
const wallMs = Date.UTC(2026, 10, 23, 10);

describe("a delivery that we sign", () => {
  it("has the headers seen on the wire", () => {
    const headers = signDelivery(encoder.encode("{}"), registration, wallMs);
    expect(headers).toMatchObject({
      "webhook-id": registration.id,
      "x-ms-date": "Mon, 23 Nov 2026 10:00:00 GMT",
      "content-type": "application/json; charset=utf-8",
    });
    expect(headers["x-vipps-authorization"]).toBe(headers["authorization"]);
  });

  it("verifies, and no longer when any byte of it is another", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(), (rawBody, at) => {
        const headers = signDelivery(rawBody, registration, wallMs);
        expect(verifyDelivery({ headers, rawBody }, registration.url, registration.secret).kind).toBe("genuine");
        const changed = rawBody.map((byte, index) => (index === at % rawBody.length ? byte ^ 1 : byte));
        expect(verifyDelivery({ headers, rawBody: changed }, registration.url, registration.secret)).toMatchObject({
          reason: "content-hash",
        });
        const rehashed = { ...headers, "x-ms-content-sha256": contentHash(changed) };
        expect(
          verifyDelivery({ headers: rehashed, rawBody: changed }, registration.url, registration.secret),
        ).toMatchObject({ reason: "signature" });
      }),
      { numRuns: 100 },
    );
  });

  it.each(["x-ms-date", "x-ms-content-sha256", "authorization"])(
    "without %s is refused, and says what is needed",
    (name) => {
      const headers = {
        ...signDelivery(encoder.encode("{}"), registration, wallMs),
        "x-vipps-authorization": undefined,
        [name]: undefined,
      };
      expect(said(verifyDelivery(delivery(headers, "{}"), registration.url, registration.secret))).toContain(name);
      expect(verifyDelivery(delivery(headers, "{}"), registration.url, registration.secret)).toMatchObject({
        reason: "missing-header",
      });
    },
  );

  it.each([
    ["as it was sent", { authorization: "Bearer x", "x-vipps-authorization": undefined }],
    ["behind a proxy that took the first one", { authorization: undefined, "x-vipps-authorization": "Bearer x" }],
  ])("of another scheme is refused as such: %s", (_name, authorizations) => {
    const headers = { ...signDelivery(encoder.encode("{}"), registration, wallMs), ...authorizations };
    expect(said(verifyDelivery(delivery(headers, "{}"), registration.url, registration.secret))).toContain(
      "HMAC-SHA256",
    );
    expect(verifyDelivery(delivery(headers, "{}"), registration.url, registration.secret)).toMatchObject({
      reason: "malformed",
    });
  });

  it("for another address says which one was expected", () => {
    const elsewhere = { ...registration, url: new URL("https://elsewhere.example/hook") };
    const headers = signDelivery(encoder.encode("{}"), elsewhere, wallMs);
    const { host, pathname } = registration.url;
    expect(said(verifyDelivery(delivery(headers, "{}"), registration.url, registration.secret))).toContain(
      `${host}${pathname}`,
    );
    expect(verifyDelivery(delivery(headers, "{}"), registration.url, registration.secret)).toMatchObject({
      reason: "signature",
    });
  });

  it("with an empty secret is never genuine: anybody could sign so", () => {
    const headers = signDelivery(encoder.encode("{}"), { ...registration, secret: "" }, wallMs);
    expect(said(verifyDelivery(delivery(headers, "{}"), registration.url, ""))).toContain("no secret");
    expect(verifyDelivery(delivery(headers, "{}"), registration.url, "")).toMatchObject({ reason: "signature" });
  });

  it("is refused without a secret or a signature in the reason", () => {
    const headers = signDelivery(encoder.encode("{}"), registration, wallMs);
    const verdict = verifyDelivery(delivery(headers, "{}"), registration.url, "wr0ng");
    expect(JSON.stringify(verdict)).not.toMatch(/s3cret|wr0ng|Signature=/);
  });
});
