/** The trades that `kvitt init` knows: what each sells by default, what has to be wired for it, and which questions mean something. */
import type { Language } from "../../panel/languages.ts";
import { type Currency, minorPerMajor } from "../../sale/money.ts";
import type { Answers, ProductAnswer, TradeName } from "./answers.ts";

/** Something that needs a line of the header. */
export interface Need {
  /** "output A1", "door": what a person calls it, and the key under `pins` in the answers. */
  readonly role: string;
  readonly isOutput: boolean;
}

type Asked = "choose" | "keypad" | "products" | "price_per_hour" | "credit" | "mdb_device";

export interface Trade {
  readonly name: TradeName;
  /** "a snack machine with coils" */
  readonly what: string;
  /** Comments at the top of the file: what hangs on this machine, and what to know before the first sale. */
  readonly about: readonly string[];
  readonly panel: string;
  readonly location: Readonly<Record<Language, string>>;
  readonly kind: "vending" | "parking" | "kiosk";
  /** Questions beside those that every machine is asked. */
  readonly asks: readonly Asked[];
  /** Whether it is served with a keypad, whatever `choose` says. */
  readonly hasKeypad: boolean;
  /** Names of its products, a language each, and the price in kroner of one. */
  readonly products: readonly { readonly names: Readonly<Record<Language, string>>; readonly kroner: number }[];
  /** How its lines are called. */
  readonly lines: { readonly buttons: (index: number) => string; readonly keypad: (index: number) => string };
  readonly isFood: boolean;
  readonly needs: (lines: readonly string[], choose: Answers["choose"]) => readonly Need[];
}

const output = (line: string): Need => ({ role: `output ${line}`, isOutput: true });
const input = (role: string): Need => ({ role, isOutput: false });
const buttonOf = (line: string, choose: Answers["choose"]): readonly Need[] =>
  choose === "keypad" ? [] : [input(`button ${line}`)];

const numbered = (from: number) => (index: number) => String(from + index);
const lettered = (letter: string) => (index: number) => `${letter}${index + 1}`;
const noLines = { buttons: numbered(1), keypad: numbered(1) };
const same = (text: string): Readonly<Record<Language, string>> => ({
  nb: text,
  sv: text,
  da: text,
  fi: text,
  en: text,
});

export const trades: Readonly<Record<TradeName, Trade>> = {
  snack: {
    name: "snack",
    what: "a snack machine with coils",
    about: [
      "Coils with a home switch each, one drop sensor for all of them, and a door switch.",
      "Delivered is what the drop sensor saw: what did not fall is not paid. See hardware/wiring/motor.md.",
    ],
    panel: "waveshare-7.5-v2",
    location: { nb: "Spor 2", sv: "Spår 2", da: "Spor 2", fi: "Raide 2", en: "Platform 2" },
    kind: "vending",
    asks: ["choose", "keypad", "products"],
    hasKeypad: false,
    products: [
      { names: { nb: "Vann", sv: "Vatten", da: "Vand", fi: "Vesi", en: "Water" }, kroner: 25 },
      { names: { nb: "Sjokolade", sv: "Choklad", da: "Chokolade", fi: "Suklaa", en: "Chocolate" }, kroner: 30 },
      { names: { nb: "Nøtter", sv: "Nötter", da: "Nødder", fi: "Pähkinät", en: "Nuts" }, kroner: 35 },
    ],
    lines: { buttons: lettered("A"), keypad: numbered(11) },
    isFood: true,
    needs: (lines, choose) => [
      ...lines.flatMap((line) => [output(line), ...buttonOf(line, choose), input(`home ${line}`)]),
      input("drop"),
      input("door"),
    ],
  },
  coffee: {
    name: "coffee",
    what: "a coffee machine on the MDB bus",
    about: [
      "An MDB adapter on USB; kvitt is the machine's cashless device, and the machine says what is sold and for how much.",
      "Set the machine to MDB level 3, always idle (its manual says where). See docs/mdb.md and hardware/wiring/mdb.md.",
    ],
    panel: "hdmi-800x480-7in",
    location: { nb: "Kantina", sv: "Matsalen", da: "Kantinen", fi: "Ruokala", en: "Canteen" },
    kind: "vending",
    asks: ["products", "mdb_device"],
    hasKeypad: false,
    products: [
      { names: { nb: "Kaffe", sv: "Kaffe", da: "Kaffe", fi: "Kahvi", en: "Coffee" }, kroner: 20 },
      { names: same("Cappuccino"), kroner: 28 },
      { names: { nb: "Kakao", sv: "Choklad", da: "Kakao", fi: "Kaakao", en: "Cocoa" }, kroner: 25 },
    ],
    lines: { buttons: numbered(1), keypad: numbered(1) },
    isFood: true,
    needs: () => [],
  },
  laundry: {
    name: "laundry",
    what: "a laundry with coin machines",
    about: [
      "Each machine counts closures of its coin switch; kvitt closes it instead, once per credit, through an opto-coupler.",
      "A contact of the machine says that it runs: without that word nobody pays. See hardware/wiring/pulse.md.",
    ],
    panel: "waveshare-4.2-v2",
    location: { nb: "Vaskeriet", sv: "Tvättstugan", da: "Vaskeriet", fi: "Pesutupa", en: "Laundry" },
    kind: "vending",
    asks: ["choose", "keypad", "products", "credit"],
    hasKeypad: false,
    products: [
      { names: { nb: "Vask 1", sv: "Tvätt 1", da: "Vask 1", fi: "Pesu 1", en: "Washer 1" }, kroner: 40 },
      { names: { nb: "Vask 2", sv: "Tvätt 2", da: "Vask 2", fi: "Pesu 2", en: "Washer 2" }, kroner: 40 },
      { names: { nb: "Tørk 1", sv: "Tork 1", da: "Tørring 1", fi: "Kuivaus 1", en: "Dryer 1" }, kroner: 20 },
    ],
    lines: { buttons: lettered("M"), keypad: numbered(1) },
    isFood: false,
    needs: (lines, choose) =>
      lines.flatMap((line) => [output(line), ...buttonOf(line, choose), input(`acknowledge ${line}`)]),
  },
  shower: {
    name: "shower",
    what: "showers by the minute",
    about: [
      "A valve for each cabin, open for five minutes per purchase. The guard process closes it, whatever happens to the rest.",
      "Take valves that close without power. See hardware/wiring/relay.md.",
    ],
    panel: "waveshare-4.26",
    location: { nb: "Gjestehavna", sv: "Gästhamnen", da: "Lystbådehavnen", fi: "Vierasvenesatama", en: "Marina" },
    kind: "vending",
    asks: ["choose", "keypad", "products"],
    hasKeypad: false,
    products: [
      { names: { nb: "Dusj 1", sv: "Dusch 1", da: "Bruser 1", fi: "Suihku 1", en: "Shower 1" }, kroner: 20 },
      { names: { nb: "Dusj 2", sv: "Dusch 2", da: "Bruser 2", fi: "Suihku 2", en: "Shower 2" }, kroner: 20 },
    ],
    lines: { buttons: lettered("S"), keypad: numbered(1) },
    isFood: false,
    needs: (lines, choose) => lines.flatMap((line) => [output(line), ...buttonOf(line, choose)]),
  },
  parking: {
    name: "parking",
    what: "a parking meter with a keypad",
    about: [
      "The customer types a plate and sets the time on a USB keypad; the sale is published with plate and end, for enforcement.",
      "Nights and Sundays are free here. Look at [tariff] first. See docs/parking.md.",
    ],
    panel: "hdmi-1280x800-10in",
    location: { nb: "Torget", sv: "Torget", da: "Torvet", fi: "Tori", en: "Market square" },
    kind: "parking",
    asks: ["keypad", "price_per_hour"],
    hasKeypad: true,
    products: [],
    lines: noLines,
    isFood: false,
    needs: () => [output("spare")],
  },
  locker: {
    name: "locker",
    what: "lockers with electric locks",
    about: [
      "A lock for each door, pulsed for a second; a contact at the door says that it came open, and without that nobody pays.",
      "The locks have a supply of their own, and a diode each. See hardware/wiring/relay.md.",
    ],
    panel: "waveshare-7.5-v2",
    location: { nb: "Bagasje", sv: "Bagage", da: "Bagage", fi: "Matkatavarat", en: "Luggage" },
    kind: "vending",
    asks: ["choose", "keypad", "products"],
    hasKeypad: false,
    products: [1, 2, 3, 4].map((door) => ({
      names: { nb: `Skap ${door}`, sv: `Skåp ${door}`, da: `Boks ${door}`, fi: `Lokero ${door}`, en: `Locker ${door}` },
      kroner: 30,
    })),
    lines: { buttons: lettered("L"), keypad: numbered(1) },
    isFood: false,
    needs: (lines, choose) =>
      lines.flatMap((line) => [output(line), ...buttonOf(line, choose), input(`acknowledge ${line}`)]),
  },
  kiosk: {
    name: "kiosk",
    what: "a kiosk with a front end of its own",
    about: [
      "Another program on this computer shows the menu, orders payments over a socket and says what came of the delivery.",
      "See docs/kiosk-api.md. Its user has to be in the group kvitt.",
    ],
    panel: "hdmi-1920x1080-21in",
    location: { nb: "Billetter", sv: "Biljetter", da: "Billetter", fi: "Liput", en: "Tickets" },
    kind: "kiosk",
    asks: [],
    hasKeypad: false,
    products: [],
    lines: noLines,
    isFood: false,
    needs: () => [],
  },
  "car-wash": {
    name: "car-wash",
    what: "a car wash that takes credit pulses for any amount",
    about: [
      "The customer types an amount on a USB keypad; the wash gets it as credit pulses, and shows it on its own display.",
      "Its inhibit line says when it takes no credit now. See hardware/wiring/pulse.md.",
    ],
    panel: "hdmi-1024x600-7in",
    location: { nb: "Vaskehallen", sv: "Tvätthallen", da: "Vaskehallen", fi: "Pesuhalli", en: "Wash bay" },
    kind: "vending",
    asks: ["keypad", "credit"],
    hasKeypad: true,
    products: [],
    lines: noLines,
    isFood: false,
    needs: () => [output("wash"), input("inhibit")],
  },
};

/** Ten kroner are about a euro: examples to be overwritten, no exchange rate. */
export function inMinor(kroner: number, currency: Currency): number {
  return currency === "EUR" ? (kroner * minorPerMajor) / 10 : kroner * minorPerMajor;
}

/** Of the country that the currency stands for, in hundredths of a percent; the file says that somebody has to look at it. */
const vatRates: Readonly<Record<Currency, { readonly standard: number; readonly food: number }>> = {
  NOK: { standard: 2_500, food: 1_500 },
  DKK: { standard: 2_500, food: 2_500 },
  EUR: { standard: 2_550, food: 1_350 },
};

export function vatRateOf({ isFood }: Trade, currency: Currency): number {
  const { standard, food } = vatRates[currency];
  return isFood ? food : standard;
}

export function isChosenByKeypad(trade: Trade, { choose }: Pick<Answers, "choose">): boolean {
  return trade.hasKeypad || (trade.asks.includes("choose") && choose === "keypad");
}

/** What is sold: as answered, or the trade's examples in the first language. */
export function productsOf(trade: Trade, answers: Answers): readonly (ProductAnswer & { readonly line: string })[] {
  const { currency, languages, choose } = answers;
  const [language = "nb"] = languages;
  const asked: readonly ProductAnswer[] =
    answers.products ??
    trade.products.map(({ names, kroner }) => ({ name: names[language], price: inMinor(kroner, currency) }));
  const lineOf = choose === "keypad" ? trade.lines.keypad : trade.lines.buttons;
  return asked.map((one, index) => ({ ...one, line: one.line ?? lineOf(index) }));
}
