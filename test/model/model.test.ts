/**
 * Goal: the shipped tables keep the promises in every order of events there is, within a scope. Method: each scope is explored whole; then
 * tables with one planted mistake each are explored, and the mistake has to be found.
 */
import { describe, expect, it } from "vitest";
import { decide } from "../../src/sale/sale.ts";
import { explore } from "./explore.ts";
import { plantedMistakes } from "./mistakes.ts";
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

describe("the exploration finds a planted mistake", () => {
  it.each(plantedMistakes.map((one) => [one.name, one] as const))("%s", (_name, planted) => {
    expect(explore(planted, bounds).violation).toBeDefined();
  });
});
