/** Several gateways: a request that never left goes to the next at once; one that may have arrived is not repeated, and the next one goes elsewhere. */
import { describe, expect, it } from "vitest";
import { createGatewayTransport } from "../../../src/vipps/gateway-transport.ts";
import type { HttpResponse } from "../../../src/vipps/transport.ts";

const urls = ["https://one.example.test", "https://two.example.test/pay/", "https://three.example.test"];

function failure(code: string): Error {
  return new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code }) });
}

function make(answer: (host: string, number: number) => number | Error) {
  const asked: string[] = [];
  const transport = createGatewayTransport(urls, ({ url }) => {
    asked.push(url);
    const said = answer(new URL(url).hostname.split(".", 1)[0] ?? "", asked.length);
    if (typeof said !== "number") return Promise.reject(said);
    return Promise.resolve<HttpResponse>({ status: said, headers: {}, body: new Uint8Array() });
  });
  const ask = (url = `${urls[0]}/epayment/v1/payments/x?y`, signal = new AbortController().signal) =>
    transport({ method: "GET", url, headers: {}, body: undefined, signal }).then(
      ({ status }) => status,
      (error: unknown) => (error instanceof Error ? error.message : "?"),
    );
  return { asked, ask };
}

describe("gateways that are tried in turn", () => {
  it("the first, as long as it answers", async () => {
    const { asked, ask } = make(() => 200);
    expect([await ask(), await ask()]).toEqual([200, 200]);
    expect(new Set(asked)).toEqual(new Set([`${urls[0]}/epayment/v1/payments/x?y`]));
  });

  it.each(["ECONNREFUSED", "ENOTFOUND", "CERT_HAS_EXPIRED"])(
    "the next within the same request when there is no connection (%s), and from then on",
    async (code) => {
      const { asked, ask } = make((host) => (host === "one" ? failure(code) : 200));
      expect([await ask(), await ask()]).toEqual([200, 200]);
      expect(asked.map((url) => new URL(url).hostname)).toEqual(
        ["one", "two", "two"].map((name) => `${name}.example.test`),
      );
      expect(asked[1]).toBe("https://two.example.test/pay/epayment/v1/payments/x?y");
    },
  );

  it.each(["ECONNRESET", "EPIPE", "ETIMEDOUT"])(
    "the next only for the next request when it may have arrived (%s)",
    async (code) => {
      const { asked, ask } = make((host) => (host === "one" ? failure(code) : 200));
      expect(await ask()).toBe("fetch failed");
      expect(asked).toHaveLength(1);
      expect(await ask()).toBe(200);
    },
  );

  it.each([502, 503, 504])("the next request's goes elsewhere after %i", async (status) => {
    const { ask } = make((host) => (host === "one" ? status : 200));
    expect([await ask(), await ask()]).toEqual([status, 200]);
  });

  it("each once, and then it is over", async () => {
    const { asked, ask } = make(() => failure("ECONNREFUSED"));
    expect(await ask()).toBe("fetch failed");
    expect(asked).toHaveLength(3);
  });

  it("no other when the caller has given up, and none for what is addressed elsewhere", async () => {
    const { asked, ask } = make(() => failure("ECONNREFUSED"));
    expect(await ask(undefined, AbortSignal.abort())).toBe("fetch failed");
    expect(await ask("https://qr.vipps.no/generate/qr.png")).toBe("fetch failed");
    expect(asked).toHaveLength(2);
  });

  it("refuses an address that a key or a token would go to in clear", () => {
    expect(() => createGatewayTransport(["http://gateway.example.test"], () => Promise.reject(new Error("x")))).toThrow(
      /https/,
    );
  });
});
