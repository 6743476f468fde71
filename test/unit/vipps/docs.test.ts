/** Goal: docs/provider.md leaves out no operation and no question. Method: it is read beside the provider's documents. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { operationsOf } from "./openapi.ts";

const page = readFileSync(new URL("../../../docs/provider.md", import.meta.url), "utf8");

it("names every operation of the provider that is ours", () => {
  const operations = ["qr", "epayment", "webhooks"]
    .flatMap(operationsOf)
    .filter((operation) => !operation.includes("shipping-callback"))
    .map((operation) => operation.replace("{Reference}", "{reference}"))
    // The three that change a payment are written short.
    .map((operation) => operation.replace(/^POST .*\{reference\}\/(capture|cancel|refund)$/, "POST …/$1"));
  expect(operations.length).toBeGreaterThanOrEqual(23);
  expect(operations.filter((operation) => !page.includes(`\`${operation}\``))).toEqual([]);
});

it("has the twelve questions, each with what is assumed meanwhile", () => {
  const questions = page.split("\n").filter((line) => /^\d+\. /.test(line));
  expect(questions.map((line) => Number.parseInt(line, 10))).toEqual(
    Array.from({ length: 12 }, (_, index) => index + 1),
  );
  expect(questions.filter((line) => !line.includes("*Assumed*:"))).toEqual([]);
});
