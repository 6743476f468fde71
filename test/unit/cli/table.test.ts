/** Goal: tables that a person reads, and that do nothing to the terminal. Method: small tables, and text that tries. */
import { describe, expect, it } from "vitest";
import { record, table } from "../../../src/cli/table.ts";

describe("a table", () => {
  it("has columns as wide as they need, numbers to the right", () => {
    expect(
      table(
        ["NAME", "AMOUNT"],
        [
          ["water", 2_500],
          ["a", 5],
        ],
        "none",
      ),
    ).toBe(["NAME   AMOUNT", "-----  ------", "water    2500", "a           5"].join("\n"));
  });

  it("says so when it is empty, and shows what is missing as -", () => {
    expect(table(["A"], [], "there are none")).toBe("there are none");
    expect(table(["A", "B"], [[undefined, null]], "")).toContain("-  -");
  });

  it("has no control characters of others in it", () => {
    const text = table(["A"], [["x\u001b[2J\u0007y\nz"]], "") + record({ a: "\u001b]0;title\u0007" });
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}]/u);
  });
});

describe("a record", () => {
  it("leaves out what is not known, and keeps noughts", () => {
    expect(record({ id: "a", category: undefined, location: null, note: "", amount: 0 })).toBe("id      a\namount  0");
  });
});
