/** Goal: the exploration sees what it should. Method: the shipped tables with one mistake each, and each mistake has to be found. */
import { describe, expect, it } from "vitest";
import { explore } from "./explore.ts";
import { plantedMistakes } from "./mistakes.ts";

const bounds = { statesMax: 200_000, nowMs: () => performance.now() };

describe("the exploration finds a planted mistake", () => {
  it.each(plantedMistakes.map((one) => [one.name, one] as const))("%s", (_name, planted) => {
    expect(explore(planted, bounds).violation).toBeDefined();
  });
});
