/** Goal: the log speaks to people, and shows no JSON. Method: lines as the processes write them. */
import { describe, expect, it } from "vitest";
import { heard } from "../../../src/demo/words.ts";
import { en } from "../../../src/demo/page/texts/en.ts";
import { happeningText } from "../../../src/demo/page/view.ts";

const reference = "demo-1-01M8DDB141GHWNJ5AEXJSR0X10";

function said(line: object): string | undefined {
  const found = heard(JSON.stringify(line));
  return found === undefined ? undefined : happeningText(found.what, en);
}

describe("a log line in words", () => {
  it.each([
    [
      { msg: "the delivery ended", reference, outcome: { kind: "not-delivered", reason: "jam" } },
      "It did not come out (payment …SR0X10).",
    ],
    [
      { msg: "a sale ended", reference, outcome: "sold", captured: 2_550, currency: "NOK" },
      "Payment …SR0X10 has ended: 25.50 NOK is kept. It is in the journal.",
    ],
    [
      { msg: "a sale ended", reference, outcome: "not-sold", captured: 0, currency: "NOK" },
      "Payment …SR0X10 has ended: nothing is kept. It is in the journal.",
    ],
    [
      { msg: "readiness changed", missing: ["clock"] },
      "The machine shows no code it cannot stand by. Missing: the right time.",
    ],
    [{ msg: "readiness changed", missing: [] }, "The machine is ready to sell."],
    [{ msg: "the panel shows another scene", scene: "pay" }, "The panel shows the code to pay with."],
    [{ msg: "payment …SR0X10: CANCELLED" }, "Payment …SR0X10: what was reserved is released."],
    [
      { msg: "moving money", reference, effect: "cancel" },
      "The machine lets go of what was reserved (payment …SR0X10).",
    ],
    // What has no sentence is told as it stands, without its fields.
    [{ msg: "the delivery ended", outcome: { kind: "melted" } }, "the delivery ended"],
    [{ msg: "put callback QR: 200", port: 1 }, "put callback QR: 200"],
  ])("%j", (line, sentence) => {
    expect(said(line)).toBe(sentence);
  });

  it("leaves out what is for those who look for a fault in kvitt, and what is no log line", () => {
    expect(said({ level: "debug", msg: "delivering", reference })).toBeUndefined();
    expect(heard('{"port":43527}')).toBeUndefined();
    expect(heard("{half a line")).toBeUndefined();
    expect(heard("")).toBeUndefined();
    expect(heard("Killed")).toEqual({ what: { kind: "line", text: "Killed" }, level: "warn" });
  });
});
