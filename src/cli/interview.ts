/** `kvitt init`'s questions, one by one: each answer is judged at once by the checks that judge the whole file. Pure but for the way to ask. */
import { type Answers, answersSchema, type ProductAnswer, tradeNames } from "../config/setup/answers.ts";
import { planPins } from "../config/setup/pin-plan.ts";
import { setUp } from "../config/setup/plan.ts";
import { inMinor, productsOf, trades, vatRateOf } from "../config/setup/trades.ts";
import type { PanelPins } from "../config/pins.ts";
import { languages } from "../panel/languages.ts";
import { currencies, isCurrency, minorPerMajor, walletCurrencies } from "../sale/money.ts";
import type { Asking } from "./terminal-asking.ts";

/** A panel as it is offered. */
export interface OfferedPanel extends PanelPins {
  readonly name: string;
}

/** Nobody answers any more. */
export class InterviewEnded extends Error {}

/** What was answered so far. */
type Draft = Readonly<Record<string, unknown>>;

interface Question {
  readonly key: string;
  readonly text: (draft: Answers) => string;
  /** What Enter means; undefined: an answer is needed. */
  readonly proposal: (draft: Answers) => string | undefined;
  /** @throws Error saying what is allowed */
  readonly read: (text: string, draft: Answers) => unknown;
}

/** Stands in until the question is asked: right, so that a fault is always the answer's that was just given. */
const standIns = {
  id: "machine-1",
  location: "Here",
  msn: "123456",
  broker: "mqtts://broker.example.com:8883",
} as const;

const timeZones: Readonly<Record<Answers["currency"], string>> = {
  NOK: "Europe/Oslo",
  DKK: "Europe/Copenhagen",
  EUR: "Europe/Helsinki",
};

function menu(names: readonly string[]): string {
  return names.map((name, index) => `  ${String(index + 1).padStart(2)}  ${name}`).join("\n");
}

/** A number of the menu, or the word itself. */
function picked(text: string, names: readonly string[]): string {
  const byNumber = /^\d+$/.test(text) ? names[Number(text) - 1] : undefined;
  const found = byNumber ?? names.find((name) => name === text);
  if (found === undefined) throw new Error(`a number from 1 to ${names.length}, or a name from the list`);
  return found;
}

/** "25", "25.50" and "25,50" of kroner or euros are 2500 and 2550 minor units. */
export function minorOf(text: string): number {
  const match = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text);
  if (match === null) throw new Error("an amount such as 25 or 25,50");
  const [, whole = "0", part = ""] = match;
  return Number(whole) * minorPerMajor + Number(part.padEnd(2, "0"));
}

const majorOf = (minor: number): string => (minor / minorPerMajor).toFixed(minor % minorPerMajor === 0 ? 0 : 2);

const wordsOf = (text: string): readonly string[] => text.split(/[\s,]+/).filter((one) => one !== "");
const asIs = (text: string): string => text;
const orNothing = (text: string): string | undefined => (text === "-" ? undefined : text);

function questions(panels: readonly OfferedPanel[]): readonly Question[] {
  const ids = panels.map(({ id }) => id);
  return [
    {
      key: "panel",
      text: () =>
        `Which panel do customers look at? For e-paper the revision on the sticker counts.\n${menu(panels.map(({ id, name }) => `${id.padEnd(26)} ${name}`))}`,
      proposal: ({ trade }) => trades[trade].panel,
      read: (text) => picked(text, ids),
    },
    {
      key: "languages",
      text: () => `Which languages do customers read, the most important first? ${languages.join(", ")}`,
      proposal: () => "nb en",
      read: wordsOf,
    },
    {
      key: "id",
      text: () =>
        "What is the machine called? Letters, digits and -; it can never be changed, because the code and all payments are named after it.",
      proposal: () => undefined,
      read: asIs,
    },
    {
      key: "location",
      text: () => "Where does it stand? Customers read this in their app after a scan.",
      proposal: ({ trade, languages: [first = "nb"] }) => trades[trade].location[first],
      read: asIs,
    },
    {
      key: "environment",
      text: () => "Test or production? Test sells for play money; each has keys of its own.",
      proposal: () => "test",
      read: asIs,
    },
    {
      key: "msn",
      text: () => "The sales unit's merchant serial number (MSN), from the portal of Vipps MobilePay:",
      proposal: () => undefined,
      read: asIs,
    },
    {
      key: "currency",
      text: () => `The sales unit's currency? ${walletCurrencies.join(", ")}`,
      proposal: () => "NOK",
      read: (text) => text.toUpperCase(),
    },
    {
      key: "time_zone",
      text: () => "Time zone?",
      proposal: ({ currency }) => timeZones[currency],
      read: asIs,
    },
    {
      key: "return_url",
      text: () => "A public page of yours that opens on the phone after the payment and says: look at the machine.",
      proposal: () => "https://example.com/look-at-the-machine",
      read: asIs,
    },
    {
      key: "broker",
      text: () =>
        "The MQTT broker's address (docs/link.md), for example mqtts://broker.example.com:8883? Of a cluster: all its addresses, the first to try first.",
      proposal: () => undefined,
      read: (text) => {
        const urls = wordsOf(text);
        return urls.length > 1 ? urls : text;
      },
    },
    {
      key: "broker_username",
      text: () => "The machine's user name at the broker? - for none.",
      proposal: () => "-",
      read: orNothing,
    },
    {
      key: "choose",
      text: () => "How do customers choose: buttons on the header, or a keypad on USB?",
      proposal: () => "buttons",
      read: asIs,
    },
    {
      key: "keypad",
      text: () => "The keypad's ids, as kvitt scanner list shows them, such as 1a2c:2d43? - if you do not have it yet.",
      proposal: () => "-",
      read: orNothing,
    },
    {
      key: "price_per_hour",
      text: ({ currency }) => `What does an hour cost by day, in ${currencies[currency].majorName}?`,
      proposal: ({ currency }) => majorOf(inMinor(30, currency)),
      read: minorOf,
    },
    {
      key: "mdb_device",
      text: () => "The MDB adapter's serial port? A path in /dev/serial/by-id/ stays the same.",
      proposal: () => "/dev/ttyACM0",
      read: asIs,
    },
  ];
}

/** Optional questions, by trade; the rest is asked of every machine. */
const onlySome = new Set(["choose", "keypad", "price_per_hour", "mdb_device"]);

function isAsked({ key }: Question, { trade, choose }: Answers): boolean {
  if (!onlySome.has(key)) return true;
  const { asks, hasKeypad } = trades[trade];
  if (!asks.some((one) => one === key)) return false;
  return key !== "keypad" || hasKeypad || choose === "keypad";
}

/** Asks everything. @returns answers that make a right file. @throws InterviewEnded */
export async function interview(asking: Asking, panels: readonly OfferedPanel[]): Promise<Draft> {
  const talk = new Interview(asking, panels);
  await talk.run();
  return talk.draft;
}

class Interview {
  readonly #asking: Asking;
  readonly #panels: readonly OfferedPanel[];
  draft: Draft = {};

  constructor(asking: Asking, panels: readonly OfferedPanel[]) {
    this.#asking = asking;
    this.#panels = panels;
  }

  async run(): Promise<void> {
    const whats = tradeNames.map((name) => `${name.padEnd(9)} ${trades[name].what}`);
    await this.#answer({
      key: "trade",
      text: () => `What does the machine sell?\n${menu(whats)}`,
      proposal: () => undefined,
      read: (text) => picked(text, tradeNames),
    });
    for (const question of questions(this.#panels)) if (isAsked(question, this.#whole())) await this.#answer(question);
    if (trades[this.#whole().trade].asks.includes("products")) await this.#products();
    if (trades[this.#whole().trade].asks.includes("credit")) await this.#credit();
    await this.#pins();
  }

  /** The answers so far, with stand-ins for what was not asked yet. */
  #whole(): Answers {
    return answersSchema.parse({ ...standIns, trade: "kiosk", ...this.draft });
  }

  /** Why the answers so far, with this one, make no right file. */
  #faultsWith(key: string, value: unknown): readonly string[] {
    const made = setUp({ ...standIns, trade: "kiosk", ...this.draft, [key]: value }, this.#panels);
    return made.ok ? [] : made.faults;
  }

  async #line(text: string, proposal: string | undefined): Promise<string> {
    const line = await this.#asking.ask(
      `\n${text}\n${proposal === undefined || proposal === "" ? "" : `[${proposal}] `}> `,
    );
    if (line === undefined) throw new InterviewEnded("nobody answers any more");
    const trimmed = line.trim();
    return trimmed === "" ? (proposal ?? "") : trimmed;
  }

  /** Until the answer is right. */
  async #answer({ key, text, proposal, read }: Question): Promise<void> {
    for (;;) {
      const draft = this.#whole();
      const line = await this.#line(text(draft), proposal(draft));
      const value = this.#read(() => read(line, draft));
      if (value === unread) continue;
      const faults = this.#faultsWith(key, value);
      if (faults.length === 0) {
        this.draft = { ...this.draft, [key]: value };
        return;
      }
      this.#refuse(faults);
    }
  }

  #read<T>(read: () => T): T | typeof unread {
    try {
      return read();
    } catch (error) {
      this.#refuse([error instanceof Error ? error.message : String(error)]);
      return unread;
    }
  }

  #refuse(faults: readonly string[]): void {
    this.#asking.say(faults.map((fault) => `  That is not right: ${fault}`).join("\n"));
  }

  async #products(): Promise<void> {
    const whole = this.#whole();
    const trade = trades[whole.trade];
    const examples = productsOf(trade, whole);
    const unit = isCurrency(whole.currency) ? currencies[whole.currency].majorName : "";
    let count = 0;
    await this.#answer({
      key: "products",
      text: () => "How many products are there, each on a line of its own?",
      proposal: () => String(examples.length),
      read: (text) => {
        if (!/^\d{1,2}$/.test(text)) throw new Error("a whole number from 1 to 20");
        count = Number(text);
        return Array.from({ length: count }, (_, index): ProductAnswer => exampleAt(examples, index));
      },
    });
    const products: ProductAnswer[] = this.#whole().products?.slice() ?? [];
    const vat = vatRateOf(trade, whole.currency) / 100;
    for (const [index, example] of products.entries()) {
      const with_ = (change: Partial<ProductAnswer>): readonly ProductAnswer[] => {
        products[index] = { ...(products[index] ?? example), ...change };
        return [...products];
      };
      const ordinal = `Product ${index + 1} of ${count}`;
      await this.#answer({
        key: "products",
        text: () => `${ordinal}: its name, as customers read it?`,
        proposal: () => example.name,
        read: (name) => with_({ name }),
      });
      await this.#answer({
        key: "products",
        text: () =>
          `${ordinal}: its price in ${unit}, with ${vat} % VAT (change vat_rate in the file if that is not yours)?`,
        proposal: () => majorOf(example.price),
        read: (price) => with_({ price: minorOf(price) }),
      });
    }
  }

  async #credit(): Promise<void> {
    const whole = this.#whole();
    const prices = (whole.products ?? []).map(({ price }) => price);
    const step = prices.length === 0 ? inMinor(10, whole.currency) : prices.reduce(divisor, 0);
    await this.#answer({
      key: "credit",
      text: () => `What is one credit pulse worth to the machine, in ${currencies[whole.currency].majorName}?`,
      proposal: () => majorOf(step),
      read: minorOf,
    });
  }

  /** Shows the proposed lines, and takes others until Enter. */
  async #pins(): Promise<void> {
    const whole = this.#whole();
    const trade = trades[whole.trade];
    const panel = this.#panels.find(({ id }) => id === (whole.panel ?? trade.panel));
    const needs = trade.needs(
      productsOf(trade, whole).map(({ line }) => line),
      whole.choose,
    );
    if (panel === undefined || needs.length === 0) return;
    for (;;) {
      const plan = planPins(needs, panel, this.#whole().pins);
      if (!plan.ok) throw new Error(plan.reason);
      const lines = needs.map(({ role }) => `  ${role.padEnd(16)} GPIO${plan.pins.get(role) ?? "?"}`);
      const line = await this.#line(
        `The wiring, by BCM number. Enter takes it; "${needs[0]?.role ?? ""} = 21" changes a line.\n${lines.join("\n")}`,
        "",
      );
      if (line === "") return;
      const change = this.#read(() => pinChange(line));
      if (change === unread) continue;
      const pins = { ...this.#whole().pins, ...change };
      const faults = this.#faultsWith("pins", pins);
      if (faults.length === 0) this.draft = { ...this.draft, pins };
      else this.#refuse(faults);
    }
  }
}

const unread = Symbol("an answer that could not be read");

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function exampleAt(examples: readonly ProductAnswer[], index: number): ProductAnswer {
  const example = examples[index] ?? examples[0];
  if (example === undefined) throw new Error("this trade has no products");
  const { name, price } = example;
  return { name: examples[index] === undefined ? `${name} ${index + 1}` : name, price };
}

function pinChange(text: string): Readonly<Record<string, number>> {
  const match = /^(.+?)\s*=\s*(?:GPIO)?(\d{1,2})$/i.exec(text);
  if (match === null) throw new Error('write it as "output A1 = 21"');
  const [, role = "", pin = ""] = match;
  return { [role.trim()]: Number(pin) };
}
