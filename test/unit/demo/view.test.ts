/** Goal: the page tells the truth, in the visitor's language. Method: moments of the demo's world. */
import { describe, expect, it } from "vitest";
import { languages } from "../../../src/panel/languages.ts";
import { pageTexts } from "../../../src/demo/page/texts/all.ts";
import { languageOf, viewOf } from "../../../src/demo/page/view.ts";
import type { WorldState } from "../../../src/demo/world-state.ts";

const reference = "demo-1-01JD0000000000000000000001";
const row = {
  reference,
  state: "AUTHORIZED",
  currency: "NOK",
  amount: 2_500,
  authorized: 2_500,
  captured: 0,
  cancelled: 0,
  refunded: 0,
  ended: false,
} as const;

const quiet: WorldState = {
  panel: { version: 1, powered: true, scene: "idle", text: "Pay with Vipps.", language: "en" },
  machine: { kind: "vending", hasScanner: true, lamp: true, state: "ready", things: [], controls: [] },
  phone: { user: "kari", screen: "paid", personalQr: "", reference, amount: 2_500, currency: "NOK" },
  switches: [{ name: "jam", broken: false }],
  ledger: [row],
  log: { from: 0, last: -1, entries: [] },
};

function phoneSays(ledger: WorldState["ledger"], things: WorldState["machine"]["things"] = []): string {
  const state = { ...quiet, ledger, machine: { ...quiet.machine, things } };
  const { phone } = viewOf(state, { texts: pageTexts.en, story: undefined, after: -1 });
  return phone.lines.map(({ text }) => text).join(" ");
}

describe("the phone", () => {
  it("says that nothing is paid before something has come out", () => {
    expect(phoneSays([row])).toContain("25.00 NOK is reserved. You pay once it has come out");
  });
  it("says what to take only once it lies there", () => {
    const paid = { ...row, captured: 2_500, ended: true };
    expect(phoneSays([paid], [{ id: "d1", name: "Water", reference }])).toBe(
      "✓ You paid 25.00 NOK. Take what you bought.",
    );
    expect(phoneSays([paid])).toBe("✓ You paid 25.00 NOK.");
    expect(phoneSays([paid], [{ id: "d1", name: "Water", reference: "another's" }])).not.toContain("Take");
  });
  it("says after a release, and after a refund, that the money is the customer's again", () => {
    for (const back of [
      { ...row, cancelled: 2_500, ended: true },
      { ...row, captured: 2_500, refunded: 2_500, ended: true },
    ]) {
      expect(phoneSays([back])).toBe(
        "You have not paid anything. You did not get it, so you did not pay: 25.00 NOK is yours again.",
      );
      expect(phoneSays([back])).not.toContain("Take");
    }
  });
});

describe("the ledger", () => {
  it("names what became of the money, not the provider's states", () => {
    const ledger = [
      { ...row, captured: 2_500, ended: true },
      { ...row, reference: "b", cancelled: 2_500, ended: true },
      { ...row, reference: "c", state: "TERMINATED" as const, authorized: 0, cancelled: 2_500, ended: true },
      { ...row, reference: "d" },
    ];
    const view = viewOf({ ...quiet, ledger }, { texts: pageTexts.en, story: undefined, after: -1 });
    expect(view.ledger.rows.map(({ cells }) => cells.at(-1))).toEqual(["reserved", "not paid", "given back", "sold"]);
    expect(view.ledger.total).toEqual(["All together", "25.00", "25.00", "0.00", ""]);
    expect(JSON.stringify(view)).not.toMatch(/AUTHORIZED|TERMINATED/);
  });
});

describe("what is broken", () => {
  it("is said beside the machine, with what mends it", () => {
    const view = viewOf(
      { ...quiet, switches: [{ name: "jam", broken: true }] },
      { texts: pageTexts.en, story: undefined, after: -1 },
    );
    expect(view.notices).toEqual([
      { name: "jam", text: pageTexts.en.switches.jam.notice, mend: pageTexts.en.switches.jam.mend },
    ]);
  });
});

describe("the story's end", () => {
  const proof = {
    currency: "NOK",
    soldMinor: 3_200,
    givenBackMinor: 6_000,
    lostMinor: 0,
    payments: 4,
    open: 0,
    journalSales: 4,
    journalKeptMinor: 3_200,
    things: ["Cola"],
    faults: [] as readonly string[],
  };
  const endOf = (changes: Partial<typeof proof>) =>
    viewOf(quiet, {
      texts: pageTexts.en,
      story: { chapters: [], end: { kind: "told", proof: { ...proof, ...changes } } },
      after: -1,
    }).story?.end;

  it("has the figures that were counted", () => {
    expect(endOf({})?.figures.map(({ amount, tone }) => [amount, tone])).toEqual([
      ["32.00 NOK", ""],
      ["60.00 NOK", ""],
      ["0.00 NOK", "good"],
    ]);
  });
  it("is not good when something was lost, is open or does not agree", () => {
    for (const changes of [{ lostMinor: 1 }, { open: 1 }, { faults: ["the journal says 1"] }])
      expect(endOf(changes)?.figures[2]?.tone).toBe("bad");
    expect(endOf({ faults: ["the journal says 1"] })?.wrong).toEqual(["It does not add up: the journal says 1"]);
  });
});

/** Every sentence of a language, by its place; those that are made with words get the place's name for them. */
function sentencesOf(texts: object, path = ""): readonly (readonly [string, string])[] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]) => {
    const place = `${path}.${key}`;
    if (typeof value === "string") return [[place, value] as const];
    if (typeof value === "object" && value !== null) return sentencesOf(value, place);
    return [];
  });
}

describe("the page's languages", () => {
  it.each(languages)("%s has every sentence, and none of another language", (language) => {
    const english = new Map(sentencesOf(pageTexts.en));
    for (const [place, sentence] of sentencesOf(pageTexts[language])) {
      if (!place.endsWith(".detail")) expect(sentence.trim(), place).not.toBe("");
      const isSame = english.get(place) === sentence && sentence.length > 6;
      if (language !== "en") expect(isSame, `${place}: ${sentence}`).toBe(false);
    }
    expect(pageTexts[language].locale).toMatch(new RegExp(`^${language}-[A-Z]{2}$`));
  });
  it("a browser's wish is met, and English is everybody's", () => {
    expect(["nb-NO", "no", "nn", "sv", "da-DK", "fi", "en-US", "de", ""].map(languageOf)).toEqual([
      "nb",
      "nb",
      "nb",
      "sv",
      "da",
      "fi",
      "en",
      "en",
      "en",
    ]);
  });
});
