/** Writes a commented kvitt.toml from answers. Pure; what it writes is judged by the check of every other file. */
import { currencies } from "../../sale/money.ts";
import { brokerLine } from "../mqtt.ts";
import type { Answers } from "./answers.ts";
import { inMinor, isChosenByKeypad, productsOf, type Trade, vatRateOf } from "./trades.ts";

/** A text in TOML: JSON's escapes are a part of TOML's (TOML 1.0.0, basic strings), but for DEL, which no text of ours may have. */
const quoted = (text: string): string => JSON.stringify(text);

/** The lines that the planner gave to each role: "output A1", "door". */
type Pins = ReadonlyMap<string, number>;

export interface Wired {
  readonly trade: Trade;
  readonly answers: Answers;
  readonly panelId: string;
  readonly pins: Pins;
}

/** Public page for the customer's phone after the payment: has to be the operator's own in the end. */
const returnUrlExample = "https://example.com/look-at-the-machine";
/** Stands where nobody has looked yet: no device has it, so that no other keyboard is taken by mistake. */
const keypadPlaceholder = "ffff:ffff";

export function writeConfig(wired: Wired): string {
  const parts = [
    head(wired),
    machine(wired),
    vipps(wired),
    mqtt(wired),
    panel(wired),
    ...sale(wired),
    ...delivery(wired),
    ...keypad(wired),
    ...tariff(wired),
    ...products(wired),
  ];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function head({ trade }: Wired): readonly string[] {
  return [
    `# kvitt for ${trade.what}. Every key: docs/config.md. After each change: kvitt config check FILE`,
    ...trade.about.map((line) => `# ${line}`),
  ];
}

function machine({ trade, answers }: Wired): readonly string[] {
  return [
    "[machine]",
    "# Never change the id: the code on the panel and every payment are named after it.",
    `id = ${quoted(answers.id)}`,
    "# What customers read in their app after a scan.",
    `location = ${quoted(answers.location)}`,
    `kind = ${quoted(trade.kind)}`,
    `time_zone = ${quoted(answers.time_zone)}`,
  ];
}

function vipps({ answers }: Wired): readonly string[] {
  return [
    "[vipps]",
    '# "test" sells for play money with test apps; "production" for real money. Each has keys of its own.',
    `environment = ${quoted(answers.environment)}`,
    "# The sales unit's number, from the portal of Vipps MobilePay.",
    `msn = ${quoted(answers.msn)}`,
    `currency = ${quoted(answers.currency)}`,
    "# A page of yours that opens on the phone after the payment and says: look at the machine.",
    `return_url = ${quoted(answers.return_url ?? returnUrlExample)}`,
    "# The keys: files vipps-client-id, vipps-client-secret and vipps-subscription-key, mode 600. Never in this file.",
    `credentials_dir = ${quoted(answers.credentials_dir)}`,
  ];
}

function mqtt({ answers }: Wired): readonly string[] {
  const { broker, broker_username: username } = answers;
  return [
    "[mqtt]",
    typeof broker === "string"
      ? "# Your broker, where the relay is, too (docs/link.md). The password: the file mqtt-password beside the keys."
      : "# Your brokers, one cluster, where the relay is, too (docs/link.md). The password: the file mqtt-password beside the keys.",
    brokerLine(typeof broker === "string" ? [broker] : broker),
    ...(username === undefined ? [] : [`username = ${quoted(username)}`]),
  ];
}

function panel({ answers, panelId }: Wired): readonly string[] {
  return [
    "[panel]",
    "# The revision counts: look at the sticker on the glass. kvitt panel list shows all, kvitt panel test tries one.",
    `model = ${quoted(panelId)}`,
    ...(answers.rotation === 0 ? [] : [`rotation = ${answers.rotation}`]),
    `languages = [${answers.languages.map(quoted).join(", ")}]`,
  ];
}

function sale({ trade }: Wired): readonly (readonly string[])[] {
  const time = (about: string, deliverS: number): readonly string[] => ["[sale]", about, `deliver_s = ${deliverS}`];
  switch (trade.name) {
    case "snack":
      return [
        time("# Two turns of a coil and the wait for the drop; longer counts as unknown, and the money goes back.", 60),
      ];
    case "car-wash":
      return [time("# The longest train of pulses, and the wait for inhibit.", 60)];
    case "coffee":
    case "laundry":
    case "shower":
    case "parking":
    case "locker":
    case "kiosk":
      return [];
  }
}

function delivery(wired: Wired): readonly (readonly string[])[] {
  switch (wired.trade.name) {
    case "coffee":
      return [mdbDelivery(wired)];
    case "kiosk":
      return [kioskDelivery()];
    case "snack":
    case "laundry":
    case "shower":
    case "parking":
    case "locker":
    case "car-wash":
      return gpioDelivery(wired);
  }
}

function mdbDelivery({ answers }: Wired): readonly string[] {
  return [
    "[delivery]",
    'driver = "mdb"',
    "# A path in /dev/serial/by-id/ stays the same when something else is plugged in.",
    `device = ${quoted(answers.mdb_device ?? "/dev/ttyACM0")}`,
    "# The customer presses, then scans the code for exactly that price.",
    "always_idle = true",
    "# Twice the slowest drink.",
    "vend_s = 180",
  ];
}

function kioskDelivery(): readonly string[] {
  return [
    "[delivery]",
    'driver = "kiosk"',
    'socket = "/run/kvitt/kiosk.sock"',
    "# So long the front end may take to say how the delivery ended.",
    "confirm_s = 45",
  ];
}

function gpioDelivery(wired: Wired): readonly (readonly string[])[] {
  const lines = linesOf(wired);
  return [
    [
      "[delivery]",
      'driver = "gpio"',
      "# Numbers are BCM numbers (GPIO17), not pins of the header: kvitt config pins FILE draws the header with them,",
      "# and the lines for /boot/firmware/config.txt that give each its level before Linux runs.",
      ...wideKeys(wired),
    ],
    ...lines,
  ];
}

function pin(pins: Pins, role: string): number {
  const found = pins.get(role);
  if (found === undefined) throw new Error(`the plan has no line for "${role}"`);
  return found;
}

/** Keys of [delivery] that belong to the machine, not to one line. */
function wideKeys({ trade, pins }: Wired): readonly string[] {
  switch (trade.name) {
    case "snack":
      return [
        "# Open while the door is open; shut again, what was jammed or sold out is tried again.",
        `door = ${pin(pins, "door")}`,
      ];
    case "car-wash":
      return ["# The machine pulls it low while it takes no credit.", `inhibit = ${pin(pins, "inhibit")}`];
    case "coffee":
    case "laundry":
    case "shower":
    case "parking":
    case "locker":
    case "kiosk":
      return [];
  }
}

/** A section for each line, with what its form needs. */
function linesOf(wired: Wired): readonly (readonly string[])[] {
  const { trade, answers, pins } = wired;
  if (trade.name === "parking")
    return [
      [
        "[[delivery.lines]]",
        "# The driver wants one output. A meter moves nothing: nothing is wired to this one.",
        'line = "spare"',
        'form = "timed"',
        `relay = ${pin(pins, "output spare")}`,
      ],
    ];
  if (trade.name === "car-wash")
    return [
      [
        "[[delivery.lines]]",
        'line = "wash"',
        'form = "pulse"',
        `relay = ${pin(pins, "output wash")}`,
        "# What the coin selector would send: the machine's manual says how long.",
        "on_ms = 50",
        "off_ms = 100",
        "# What one pulse is worth, in minor units.",
        `credit_value = ${creditOf(answers)}`,
        "max_pulses = 50",
      ],
    ];
  return productsOf(trade, answers).map(({ line }) => [
    "[[delivery.lines]]",
    `line = ${quoted(line)}`,
    ...formKeys(wired, line),
  ]);
}

/** Largest common divisor: the credit that all prices are a multiple of. */
function commonCredit(prices: readonly number[]): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  return prices.reduce(gcd, 0);
}

/** What a credit pulse is worth: as answered, or what all prices are a multiple of, or ten kroner. */
function creditOf(answers: Answers): number {
  if (answers.credit !== undefined) return answers.credit;
  if (answers.products !== undefined) return commonCredit(answers.products.map(({ price }) => price));
  return inMinor(10, answers.currency);
}

function formKeys({ trade, answers, pins }: Wired, line: string): readonly string[] {
  const relay = `relay = ${pin(pins, `output ${line}`)}`;
  const chosen = pins.get(`button ${line}`);
  const button = chosen === undefined ? [] : [`button = ${chosen}`];
  switch (trade.name) {
    case "snack":
      return [
        'form = "motor"',
        relay,
        ...button,
        `home = ${pin(pins, `home ${line}`)}`,
        `drop = ${pin(pins, "drop")}`,
        "turn_ms = 6000",
      ];
    case "laundry":
      return [
        'form = "pulse"',
        relay,
        ...button,
        "on_ms = 50",
        "off_ms = 100",
        `credit_value = ${creditOf(answers)}`,
        `acknowledge = ${pin(pins, `acknowledge ${line}`)}`,
        "acknowledge_window_ms = 10000",
      ];
    case "shower":
      return ['form = "timed"', relay, ...button, "# Seconds per purchase.", "on_s = 300"];
    case "locker":
      return [
        'form = "relay"',
        relay,
        ...button,
        "on_ms = 1000",
        "# Closes when the door comes open.",
        `acknowledge = ${pin(pins, `acknowledge ${line}`)}`,
        "acknowledge_window_ms = 5000",
      ];
    case "coffee":
    case "parking":
    case "kiosk":
    case "car-wash":
      return [relay, ...button];
  }
}

/** Whole kroner or euros, as customers type them: a step that credits, and whole units, divide. */
function stepOf(credit: number): number {
  const gcd = commonCredit([credit, 100]);
  return (credit * 100) / gcd;
}

function keypad({ trade, answers }: Wired): readonly (readonly string[])[] {
  if (!isChosenByKeypad(trade, answers)) return [];
  const [vendor = "", productId = ""] = (answers.keypad ?? keypadPlaceholder).split(":");
  const known = answers.keypad !== undefined;
  const lines = [
    "[[input]]",
    'kind = "keypad"',
    known ? "# From kvitt scanner list." : "# A placeholder: kvitt scanner list shows the ids of yours.",
    `vendor_id = ${quoted(vendor)}`,
    `product_id = ${quoted(productId)}`,
  ];
  if (trade.name !== "car-wash") return [lines];
  const step = stepOf(creditOf(answers));
  return [
    [
      ...lines,
      "# Customers type whole kroner or euros and OK: at least one credit, at most five.",
      `amounts = { line = "wash", min = ${step}, max = ${5 * step}, step = ${step} }`,
    ],
  ];
}

function tariff({ trade, answers }: Wired): readonly (readonly string[])[] {
  if (trade.name !== "parking") return [];
  const perHour = answers.price_per_hour ?? inMinor(30, answers.currency);
  return [
    [
      "[tariff]",
      "# Nights, Sundays and holidays are free; paid minutes run only while time costs something.",
      "price_per_hour = 0",
      "minutes_min = 60",
      "minutes_max = 1440",
      "minutes_step = 30",
      "plate = true",
      `round_up_to = ${currencies[answers.currency].paymentMinorMin}`,
      "# Yours, year by year: no calendar is built in.",
      'holidays = ["2026-12-25", "2026-12-26", "2027-01-01"]',
      "rates = [",
      `  { days = ["mon", "tue", "wed", "thu", "fri"], from = "08:00", to = "18:00", price_per_hour = ${perHour} },`,
      `  { days = ["sat"], from = "10:00", to = "15:00", price_per_hour = ${perHour} },`,
      "]",
    ],
  ];
}

function products({ trade, answers }: Wired): readonly (readonly string[])[] {
  const vat = vatRateOf(trade, answers.currency);
  return productsOf(trade, answers).map((one, index) => [
    "[[product]]",
    `id = ${quoted(`${trade.name}-${index + 1}`)}`,
    `name = ${quoted(one.name)}`,
    ...(index === 0
      ? ["# In minor units, VAT included: 2500 is 25 kroner. VAT in hundredths of a percent: ask your accountant."]
      : []),
    `price = ${one.price}`,
    `vat_rate = ${one.vat_rate ?? vat}`,
    `line = ${quoted(one.line)}`,
  ]);
}
