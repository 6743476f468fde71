/**
 * Goal: a person who answers the questions gets a right configuration, and a wrong answer is told at once and asked again. Method: scripted
 * answers, by words of the question; what is not in the script is answered with Enter.
 */
import { describe, expect, it } from "vitest";
import { parse } from "smol-toml";
import { interview, InterviewEnded, minorOf } from "../../../src/cli/interview.ts";
import { tradeNames } from "../../../src/config/setup/answers.ts";
import { setUp } from "../../../src/config/setup/plan.ts";
import { panelFolder } from "../../../src/panel/assets.ts";
import { listPanels } from "../../../src/panel/panel-file.ts";

const panels = await listPanels(panelFolder(import.meta.url));

type Script = readonly (readonly [question: RegExp, ...answers: string[]])[];
const always: Script = [
  [/What is the machine called/, "square-1"],
  [/merchant serial number/, "123456"],
  [/The MQTT broker's address/, "mqtts://broker.example.org:8883"],
];

/** Plays the script: each question's answers in turn, then Enter. */
async function play(script: Script) {
  const left = [...script, ...always].map(([question, ...answers]) => ({ question, answers: [...answers] }));
  const said: string[] = [];
  const questions: string[] = [];
  const answers = await interview(
    {
      ask: async (question) => {
        questions.push(question);
        if (questions.length > 100) throw new Error(`asked without end: ${question}\n${said.join("\n")}`);
        return left.find((one) => one.question.test(question) && one.answers.length > 0)?.answers.shift() ?? "";
      },
      say: (text) => void said.push(text),
    },
    panels,
  );
  const made = setUp(answers, panels);
  if (!made.ok) throw new Error(made.faults.join("\n"));
  return { file: parse(made.text), said, questions };
}

describe("the questions", () => {
  it.each(tradeNames)("end for %s in a right configuration when everything else is Enter", async (trade) => {
    const { file, said } = await play([[/What does the machine sell/, trade]]);
    expect(said).toEqual([]);
    expect(file).toMatchObject({
      machine: { id: "square-1" },
      vipps: { msn: "123456" },
      mqtt: { url: "mqtts://broker.example.org:8883" },
    });
  });

  it("take the addresses of several brokers, with spaces or commas between", async () => {
    const urls = ["mqtts://a.example.com", "mqtts://b.example.com"];
    for (const answer of [urls.join(" "), urls.join(", ")]) {
      const { file } = await play([
        [/What does the machine sell/, "1"],
        [/The MQTT broker's address/, answer],
      ]);
      expect(file).toMatchObject({ mqtt: { urls } });
      expect(file["mqtt"]).not.toHaveProperty("url");
    }
  });

  it("take products, prices and pins", async () => {
    const { file } = await play([
      [/What does the machine sell/, "1"],
      [/Which panel/, "hdmi-800x480-7in"],
      [/Which languages/, "sv, en"],
      [/currency/, "eur"],
      [/How many products/, "2"],
      [/Product 1 of 2: its name/, "Saft"],
      [/Product 1 of 2: its price/, "2,50"],
      [/The wiring/, "output A1 = 17"],
    ]);
    expect(file).toMatchObject({
      machine: { time_zone: "Europe/Helsinki" },
      panel: { model: "hdmi-800x480-7in", languages: ["sv", "en"] },
      delivery: { lines: [{ line: "A1", relay: 17 }, { line: "A2" }] },
      product: [{ name: "Saft", price: 250 }, { name: "Choklad" }],
    });
  });

  it.each<readonly [what: string, question: RegExp, wrong: string, told: RegExp]>([
    ["a trade", /What does the machine sell/, "9", /a number from 1 to 8/],
    ["a panel", /Which panel/, "e-paper", /a name from the list/],
    ["a language", /Which languages/, "no", /languages/],
    ["an id", /What is the machine called/, "square 1", /write for example "square-1"/],
    ["no id at all", /What is the machine called/, "", /is empty/],
    ["an MSN", /merchant serial number/, "12", /4 to 7 digits/],
    ["a currency", /currency/, "SEK", /"NOK" or "DKK" or "EUR"/],
    ["a time zone", /Time zone/, "Oslo", /IANA/],
    ["a broker", /The MQTT broker/, "http://broker.example.com", /mqtts:/],
    [
      "one broker of several",
      /The MQTT broker/,
      "mqtts://a.example.com, http://b.example.com",
      /broker\[1\]: .*mqtts:/,
    ],
    ["a broker in clear", /The MQTT broker/, "mqtt://broker.example.com", /in clear/],
    ["more products than there are lines", /How many products/, "9", /lines of the header are needed/],
    ["a price that is no number", /Product 1 of 3: its price/, "free", /an amount such as 25/],
    ["a price that the provider does not take", /Product 1 of 3: its price/, "0,50", /no payment under/],
    ["a pin of the panel", /The wiring/, "output A1 = 17", /RST of the panel/],
    ["a change of wiring that is none", /The wiring/, "17", /write it as/],
  ])("tell at once that %s is wrong, and ask again", async (_what, question, wrong, told) => {
    const { said, questions } = await play([
      [
        question,
        wrong,
        ...(always
          .find(([one]) => one.source === question.source)
          ?.slice(1)
          .map(String) ?? []),
      ],
      [/What does the machine sell/, "snack"],
    ]);
    expect(said.join("\n")).toMatch(told);
    expect(said).toHaveLength(1);
    const at = questions.findIndex((one) => question.test(one));
    expect(questions[at + 1]).toBe(questions[at]);
  });

  it("end when nobody answers any more", async () => {
    const silent = { ask: async () => undefined, say: () => {} };
    await expect(interview(silent, panels)).rejects.toBeInstanceOf(InterviewEnded);
  });
});

describe("an amount", () => {
  it.each([
    ["25", 2_500],
    ["25,5", 2_550],
    ["25.50", 2_550],
    ["0,09", 9],
  ])("%s is %i minor units", (text, minor) => expect(minorOf(text)).toBe(minor));

  it.each(["", "-1", "1.234", "1e3", "25 kr"])('"%s" is none', (text) => expect(() => minorOf(text)).toThrow(/amount/));
});
