/** Goal: manual and completion say what the commands say. Method: help texts of all the shapes that the commands have. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
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
  const words = {
    name: "kvitt-relay",
    title: "pay-and-go",
    description: "Takes payments.",
    service: { unit: "kvitt-relay.service", command: "kvitt-relay relay" },
    files: [["/etc/kvitt-relay/relay.toml", "The configuration."]],
  } as const;
  const page = manualPage(words, [sales, qr], { version: "1.2.3", date: "2026-11-26" });

  it("has every command's own words, and no line that roff would take for an order", () => {
    expect(page).toContain("\\-\\-month     only what ended in that month");
    expect(page).toContain("\\&.hidden");
    expect(page).toContain('.SS "kvitt\\-relay qr: make \\(dqcodes\\(dq"');
  });

  it("says so where a program has more exit codes", () => {
    expect(page).toContain("that was not understood.\n");
    const more = manualPage({ ...words, moreStatus: "9 for nine" }, [], { version: "1.2.3", date: "2026-11-26" });
    expect(more).toContain("that was not understood; 9 for nine.\n");
  });

  it("names version and date", () => {
    expect(page).toMatch(/^\.TH KVITT\\-RELAY 1 "2026-11-26" "kvitt-relay 1\.2\.3"/m);
  });
});

describe("the completion", () => {
  const lines = bashCompletion("kvitt", [sales, qr]).split("\n");
  const lineOf = (name: string): string => lines.find((line) => line.trim().startsWith(`${name})`)) ?? "";

  it("has the words after the command, and its options", () => {
    expect(lineOf("sales")).toContain('words="export list show"');
    expect(lineOf("sales")).toContain('options="--config --help --journal --json --month"');
  });

  it("takes words from each usage line, not from what explains it", () => {
    expect(lineOf("qr")).toContain('words="callback redirect"');
  });
});

describe("the completion of a program with a hyphen in its name", () => {
  const usage = "kvitt-relay gateway enrol ID --config FILE\n\nOn the machine:\nkvitt gateway join FILE";
  const script = bashCompletion("kvitt-relay", [{ name: "gateway", summary: "machines", usage }]);

  it("is that program's, and has its own words", async () => {
    const line = 'COMP_WORDS=(kvitt-relay gateway ""); COMP_CWORD=2; _kvitt_relay; echo "${COMPREPLY[*]}"; complete -p';
    const { stdout } = await promisify(execFile)("bash", ["-c", `${script}\n${line}`]);
    expect(stdout).toBe("enrol\ncomplete -o bashdefault -o default -F _kvitt_relay kvitt-relay\n");
  });
});
