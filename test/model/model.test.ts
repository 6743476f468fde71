/**
 * Goal: the shipped tables keep the promises in every order of events there is, within a scope. Method: each scope is explored whole.
 */
import { describe, expect, it } from "vitest";
import { decide } from "../../src/sale/sale.ts";
import { explore } from "./explore.ts";
import { smallScopes } from "./scopes.ts";

const bounds = { statesMax: 200_000, nowMs: () => performance.now() };

describe("the tables of the sale keep the promises whatever happens next", () => {
  it.each(smallScopes.map((scope) => [scope.name, scope] as const))("%s", (_name, scope) => {
    const found = explore({ scope, decide }, bounds);
    expect(found.violation).toBeUndefined();
    expect(found.isComplete).toBe(true);
    // A scope that ends early proves nothing.
    expect(found.states).toBeGreaterThan(100);
  });
});
