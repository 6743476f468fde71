/** Goal: manual and completion say what the commands say. Method: help texts of all the shapes that the commands have. */
import { describe, expect, it } from "vitest";
import { bashCompletion, manualPage, readCommandList } from "../../../scripts/package/help-pages.ts";

const sales = {
  name: "sales",
  summary: "ended sales",
  usage: `kvitt sales list|show ID|export  (--config FILE | --journal FOLDER) [--json]

  --month     only what ended in that month
.hidden`,
};
const qr = {
  name: "qr",
  summary: 'make "codes"',
  usage: "kvitt qr redirect create ID URL [--ttl S]     a printed code\nkvitt qr callback list | get ID   check-ins",
};

it("the list of commands is read from the help", () => {
  const help = "kvitt: pay\n\nCommands:\n  sales   ended sales\n  qr      codes\n\nkvitt COMMAND --help tells more.\n";
  expect(readCommandList(help)).toStrictEqual([
    { name: "sales", summary: "ended sales" },
    { name: "qr", summary: "codes" },
  ]);
});

it("a help without a list is a fault, not an empty manual", () => {
  expect(() => readCommandList("kvitt: pay\n")).toThrow(/no commands/);
});

describe("the manual", () => {
  const page = manualPage([sales, qr], { version: "1.2.3", date: "2026-11-26" });

  it("has every command's own words, and no line that roff would take for an order", () => {
    expect(page).toContain("\\-\\-month     only what ended in that month");
    expect(page).toContain("\\&.hidden");
    expect(page).toContain('.SS "kvitt qr: make \\(dqcodes\\(dq"');
  });

  it("names version and date", () => {
    expect(page).toMatch(/^\.TH KVITT 1 "2026-11-26" "kvitt 1\.2\.3"/m);
  });
});

describe("the completion", () => {
  const lines = bashCompletion([sales, qr]).split("\n");
  const lineOf = (name: string): string => lines.find((line) => line.trim().startsWith(`${name})`)) ?? "";

  it("has the words after the command, and its options", () => {
    expect(lineOf("sales")).toContain('words="export list show"');
    expect(lineOf("sales")).toContain('options="--config --help --journal --json --month"');
  });

  it("takes words from each usage line, not from what explains it", () => {
    expect(lineOf("qr")).toContain('words="callback redirect"');
  });
});
