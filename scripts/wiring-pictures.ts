/** Draws hardware/wiring/*.svg: the header of a Raspberry Pi, what hangs on it, and each wire between them. The pages beside have the same pins as tables. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pinNames } from "../src/config/header-pins.ts";

interface Part {
  readonly label: string;
  /** Under the label: what it is, or a warning. */
  readonly note?: string;
  /** From top to bottom. */
  readonly terminals: readonly string[];
}

interface Wire {
  /** Pin of the header, 1 to 40. */
  readonly pin: number;
  /** Index of the part, and of its terminal. */
  readonly to: readonly [part: number, terminal: number];
}

interface Wiring {
  readonly file: string;
  readonly title: string;
  readonly parts: readonly Part[];
  readonly wires: readonly Wire[];
  readonly warning: string;
}

const wirings: readonly Wiring[] = [
  {
    file: "relay.svg",
    title: "Relay board, buttons, drop sensor",
    parts: [
      {
        label: "Relay board, two channels",
        note: "opto-coupled, made for 3.3 V inputs",
        terminals: ["VCC", "GND", "IN1", "IN2"],
      },
      { label: "Buttons A1 and A2", note: "to ground; pull-up in the Pi", terminals: ["A1", "A2", "common"] },
      { label: "Drop sensor", note: "open collector, 3.3 V pull-up in the Pi", terminals: ["OUT", "GND"] },
    ],
    wires: [
      { pin: 2, to: [0, 0] },
      { pin: 6, to: [0, 1] },
      { pin: 36, to: [0, 2] },
      { pin: 38, to: [0, 3] },
      { pin: 29, to: [1, 0] },
      { pin: 31, to: [1, 1] },
      { pin: 30, to: [1, 2] },
      { pin: 37, to: [2, 0] },
      { pin: 39, to: [2, 1] },
    ],
    warning: "The relay's contacts switch the machine's circuit, never the Pi's.",
  },
  {
    file: "pulse.svg",
    title: "Credit pulses into a coin input",
    parts: [
      { label: "Opto-coupler or reed relay", note: "its output replaces the coin switch", terminals: ["IN", "GND"] },
      {
        label: "Opto-coupler, the other way",
        note: "the machine's inhibit line, 12 or 24 V",
        terminals: ["OUT", "GND"],
      },
      { label: "Acknowledge contact", note: "potential-free: motor runs, door opens", terminals: ["C1", "C2"] },
    ],
    wires: [
      { pin: 36, to: [0, 0] },
      { pin: 34, to: [0, 1] },
      { pin: 29, to: [1, 0] },
      { pin: 30, to: [1, 1] },
      { pin: 37, to: [2, 0] },
      { pin: 39, to: [2, 1] },
    ],
    warning: "Coin lines carry 12 or 24 V, AC or DC: nothing of them touches the Pi.",
  },
  {
    file: "motor.svg",
    title: "A coil with home switch and drop sensor",
    parts: [
      {
        label: "Driver for the 24 V motor",
        note: "MOSFET or relay, flyback diode, own supply",
        terminals: ["IN", "GND"],
      },
      { label: "Home switch", note: "two edges a turn", terminals: ["NO", "C"] },
      { label: "Light curtain or vibration sensor", note: "pulse of 5 to 50 ms", terminals: ["OUT", "GND"] },
      { label: "Door switch", terminals: ["NO", "C"] },
    ],
    wires: [
      { pin: 36, to: [0, 0] },
      { pin: 34, to: [0, 1] },
      { pin: 29, to: [1, 0] },
      { pin: 30, to: [1, 1] },
      { pin: 37, to: [2, 0] },
      { pin: 39, to: [2, 1] },
      { pin: 31, to: [3, 0] },
      { pin: 25, to: [3, 1] },
    ],
    warning: "The motor's supply has its own fuse; its ground meets the Pi's at one point.",
  },
  {
    file: "mdb.svg",
    title: "MDB: the adapter on the header",
    parts: [
      {
        label: "MDB adapter (Pi Hat)",
        note: "its own controller keeps MDB's 5 ms",
        terminals: ["5V", "GND", "RX", "TX", "RESET"],
      },
      { label: "MDB harness of the machine", note: "34 V DC: into the adapter alone", terminals: [] },
    ],
    wires: [
      { pin: 4, to: [0, 0] },
      { pin: 6, to: [0, 1] },
      { pin: 8, to: [0, 2] },
      { pin: 10, to: [0, 3] },
      { pin: 31, to: [0, 4] },
    ],
    warning: "Plug the harness in while the machine is off.",
  },
];

const pitch = 25;
const top = 78;
const columns = { odd: 96, even: 122 } as const;
const laneX = 200;
const laneStep = 16;
const partX = 420;
const partWidth = 330;
const terminalStep = 24;
const colours = ["#2b5bd7", "#1f7a4d", "#b35c00", "#8a2be2", "#00707f", "#7a5c00", "#4a4f5c", "#c2185b"] as const;

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const isOdd = (pin: number): boolean => pin % 2 === 1;
const pinY = (pin: number): number => top + (Math.ceil(pin / 2) - 1) * pitch;
const pinX = (pin: number): number => (isOdd(pin) ? columns.odd : columns.even);

/** Power and ground look the same on every picture; signals each have their own colour. */
function colourOf(pin: number, index: number): string {
  const name = pinNames[pin] ?? "";
  if (name === "GND") return "#1d2433";
  if (name === "5V") return "#b3261e";
  if (name === "3V3") return "#d97706";
  return colours[index % colours.length] ?? "#2b5bd7";
}

function text(x: number, y: number, words: string, style: string): string {
  return `<text x="${x}" y="${y}" ${style}>${escape(words)}</text>`;
}

function header(used: ReadonlySet<number>): readonly string[] {
  const height = 20 * pitch;
  const parts = [
    `<rect x="${columns.odd - 16}" y="${top - 16}" width="${columns.even - columns.odd + 32}" height="${height + 7}" rx="6" fill="#1d2433"/>`,
  ];
  for (let pin = 1; pin <= 40; pin += 1) {
    const isUsed = used.has(pin);
    const x = pinX(pin);
    parts.push(
      `<circle cx="${x}" cy="${pinY(pin)}" r="7" fill="${isUsed ? "#f7c65b" : "#59647b"}"/>`,
      text(
        x,
        pinY(pin) + 3.5,
        String(pin),
        `font-size="8.5" text-anchor="middle" fill="${isUsed ? "#1d2433" : "#c6cddb"}"`,
      ),
    );
    if (isUsed && isOdd(pin))
      parts.push(text(columns.odd - 24, pinY(pin) + 4, pinNames[pin] ?? "", 'font-size="12" text-anchor="end"'));
    if (isUsed && !isOdd(pin))
      parts.push(text(columns.even + 22, pinY(pin) - 4, pinNames[pin] ?? "", 'font-size="12"'));
  }
  return parts;
}

function partHeight({ terminals, note }: Part): number {
  return 34 + (note === undefined ? 0 : 18) + Math.max(0.3, terminals.length) * terminalStep;
}

function draw({ title, parts, wires, warning }: Wiring): string {
  const shapes: string[] = [];
  const ends: (readonly number[])[] = [];
  let y = top - 16;
  for (const part of parts) {
    const height = partHeight(part);
    const first = y + (part.note === undefined ? 44 : 62);
    shapes.push(
      `<rect x="${partX}" y="${y}" width="${partWidth}" height="${height}" rx="9" fill="#fff" stroke="#39445a" stroke-width="1.5"/>`,
      text(partX + 14, y + 22, part.label, 'font-size="14" font-weight="600"'),
    );
    if (part.note !== undefined) shapes.push(text(partX + 14, y + 40, part.note, 'font-size="12" fill="#5b6478"'));
    part.terminals.forEach((terminal, index) => {
      shapes.push(
        `<rect x="${partX - 6}" y="${first + index * terminalStep - 6}" width="12" height="12" fill="#8d98ad"/>`,
        text(partX + 16, first + index * terminalStep + 4, terminal, 'font-size="12"'),
      );
    });
    ends.push(part.terminals.map((_, index) => first + index * terminalStep));
    y += height + 22;
  }
  // A pin of the outer column leaves between two rows, so that no wire runs over another pin.
  const paths = wires.map(({ pin, to: [part, terminal] }, index) => {
    const endY = ends[part]?.[terminal] ?? 0;
    const lane = laneX + index * laneStep;
    const leave = isOdd(pin) ? pinY(pin) + pitch / 2 : pinY(pin);
    const start = isOdd(pin) ? `M${pinX(pin)} ${pinY(pin)} L${pinX(pin) + 13} ${leave}` : `M${pinX(pin)} ${leave}`;
    return `<path d="${start} H${lane} V${endY} H${partX - 6}" fill="none" stroke="${colourOf(pin, index)}" stroke-width="2.5" stroke-linejoin="round"/>`;
  });
  const height = Math.max(top + 20 * pitch, y) + 30;
  const width = partX + partWidth + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" fill="#1d2433">
<rect width="${width}" height="${height}" fill="#f4f6fa"/>
${text(24, 34, title, 'font-size="19" font-weight="700"')}
${[...header(new Set(wires.map(({ pin }) => pin))), ...paths, ...shapes].join("\n")}
${text(24, height - 14, warning, 'font-size="13" font-weight="600" fill="#b3261e"')}
</svg>
`;
}

/** Each picture by the name of its file. */
export function wiringPictures(): ReadonlyMap<string, string> {
  return new Map(wirings.map((wiring) => [wiring.file, draw(wiring)]));
}

/** The pins that a picture uses. */
export function pinsOf(file: string): readonly number[] {
  return wirings.find((one) => one.file === file)?.wires.map(({ pin }) => pin) ?? [];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL("../hardware/wiring/", import.meta.url);
  for (const [file, picture] of wiringPictures()) await writeFile(new URL(file, folder), picture);
}
