/** Goal: the document and the code name the same paths and methods, and no request breaks the parser. Method: both lists; made-up requests. */
import { assert, constantFrom, jsonValue, option, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";
import openApiDocument from "../../../../docs/kiosk-api.openapi.json" with { type: "json" };
import { operations, parseRequest } from "../../../../src/machine/kiosk-api/request.ts";

describe("a request to the local API", () => {
  it("has the paths and methods of the document", () => {
    const documented = Object.entries(openApiDocument.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((name) => name !== "parameters")
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...operations].toSorted()).toEqual(documented.toSorted());
  });

  it.each([-1, -0.5, 0, 0.5, 1e308, -1e308, 9_007_199_254_740_992, 65_000_001, 99, "100", null])(
    "for an amount of %s is invalid, and names the amount",
    (amount) => {
      const body = { amount, currency: "NOK", title: "Lunch" };
      for (const more of [{}, { currency: "SEK" }, { title: "" }, { lines: [{ total: -1 }] }]) {
        const parsed = parseRequest({ method: "POST", target: "/v1/payments", body: { ...body, ...more } });
        expect(parsed).toMatchObject({ ok: false, problem: { status: 422, code: "invalid" } });
      }
      const parsed = parseRequest({ method: "POST", target: "/v1/payments", body });
      expect(parsed.ok ? "" : parsed.problem.detail).toMatch(/^amount: /);
    },
  );

  it("for lines with impossible totals is invalid", () => {
    const line = { id: "a", name: "a", quantity: 1, vatRate: 0 };
    for (const total of [-1, 1e308, 9_007_199_254_740_992, 0.5]) {
      const body = { amount: 500, currency: "NOK", title: "Lunch", lines: [{ ...line, total }] };
      const parsed = parseRequest({ method: "POST", target: "/v1/payments", body });
      expect(parsed).toMatchObject({ ok: false, problem: { status: 422 } });
    }
  });

  it("is taken or refused with a documented code, whatever it is", () => {
    const codes = openApiDocument.components.schemas.Problem.properties.code.enum;
    const target = constantFrom(...operations).map((operation) => operation.split(" ")[1]?.replace("{id}", "a1") ?? "");
    const requests = record({
      method: constantFrom("GET", "POST", "DELETE", "PUT", "constructor"),
      target: target.chain((path) =>
        constantFrom(path, `${path}?wait=1`, `${path}?wait=x`, `${path}/`, path.slice(0, -1)),
      ),
      body: option(jsonValue(), { nil: undefined }),
    });
    assert(
      property(requests, string(), (one, junk) => {
        for (const asked of [one, { ...one, target: junk }]) {
          const parsed = parseRequest(asked);
          if (!parsed.ok) expect(codes).toContain(parsed.problem.code);
        }
      }),
    );
  });
});
