/** From the outlets to the words and shapes of the board. No positions yet. Pure. */
import type { Money } from "../../sale/money.ts";
import type { BoardStation, Scene, StationState } from "../port.ts";
import type { Texts } from "./texts/texts.ts";

/** The shape that says the state to those who do not read the word, without any colour. */
export type MarkName = "ring" | "disc" | "half" | "cross" | "bar";

export interface BoardRow {
  /** Written large. */
  readonly id: string;
  readonly name: string;
  readonly mark: MarkName;
  /** The state in full: "In use until 14:32". */
  readonly state: string;
  /** Where there is little room: "until 14:32". */
  readonly shortState: string;
  /** Under a number whose state the legend says: "until 14:32". */
  readonly time: string | undefined;
  /** Undefined where nothing can be bought at present. */
  readonly price: string | undefined;
  /** Somebody can begin here now. */
  readonly isInviting: boolean;
  /** Its own code has just been scanned. */
  readonly isCalled: boolean;
}

export interface BoardContent {
  readonly rows: readonly BoardRow[];
  /** The states of the rows, each once, for boards of numbers alone. */
  readonly legend: readonly { readonly mark: MarkName; readonly word: string; readonly shortWord: string }[];
  /** For boards without room for each one's price: "from 25 kr", or "39 kr" where all cost the same. */
  readonly priceLine: string | undefined;
}

/** How the board writes what depends on the language and the place. */
export interface BoardWriting {
  readonly words: Texts;
  readonly shown: (text: string) => string;
  readonly money: (amount: Money) => string;
  /** When, as seen from the day of the board: a time of day alone, or with its day. */
  readonly when: (fromWallMs: number, wallMs: number) => string;
}

const marks: Readonly<Record<StationState, MarkName>> = {
  free: "ring",
  open: "ring",
  selling: "disc",
  "in-use": "disc",
  finished: "half",
  "out-of-service": "cross",
  closed: "bar",
};
const order: readonly StationState[] = ["free", "open", "selling", "in-use", "finished", "out-of-service", "closed"];

export function boardContent(scene: Extract<Scene, { kind: "board" }>, writing: BoardWriting): BoardContent {
  const { stations, calls, fromWallMs } = scene;
  const called = new Set(calls.map(({ id }) => id));
  const states = order.filter((state) => stations.some((station) => station.state === state));
  const legend = new Map(
    states.map((state) => {
      const word = wordOf(state, writing.words);
      const shortWord = state === "finished" ? writing.words.finishedShort : word;
      return [word, { mark: marks[state], word, shortWord }];
    }),
  );
  return {
    rows: stations.map((station) => rowOf(station, fromWallMs, called.has(station.id), writing)),
    legend: [...legend.values()],
    priceLine: priceLine(stations, writing),
  };
}

function wordOf(state: StationState, { station }: Texts): string {
  return station[state === "selling" ? "in-use" : state];
}

/** Numbers on signs are capitals: "W1". */
export function signText(id: string): string {
  return id.toUpperCase();
}

function rowOf(station: BoardStation, fromWallMs: number, isCalled: boolean, writing: BoardWriting): BoardRow {
  const { words, shown } = writing;
  const { id, name, state, untilWallMs } = station;
  const isRunning = state === "in-use" && untilWallMs !== undefined;
  const when = isRunning ? writing.when(fromWallMs, untilWallMs) : "";
  const word = wordOf(state, words);
  const isInviting = state === "free" || state === "open";
  return {
    id: shown(signText(id)),
    name: shown(name),
    mark: marks[state],
    state: isRunning ? words.inUseUntil(when) : word,
    shortState: isRunning ? words.until(when) : state === "finished" ? words.finishedShort : word,
    time: isRunning ? words.until(when) : undefined,
    price: state === "out-of-service" || state === "closed" ? undefined : priceText(station, writing),
    isInviting,
    isCalled,
  };
}

function priceText({ price, isFrom }: BoardStation, { words, money }: BoardWriting): string | undefined {
  if (price === undefined) return undefined;
  return isFrom ? words.from(money(price)) : money(price);
}

function priceLine(stations: readonly BoardStation[], writing: BoardWriting): string | undefined {
  const priced = stations.flatMap(({ price, isFrom }) => (price === undefined ? [] : [{ price, isFrom }]));
  const lowest = priced.reduce<Money | undefined>(
    (least, { price }) => (least === undefined || price.minor < least.minor ? price : least),
    undefined,
  );
  if (lowest === undefined) return undefined;
  const isSame = priced.every(({ price, isFrom }) => price.minor === lowest.minor && !isFrom);
  return isSame ? writing.money(lowest) : writing.words.from(writing.money(lowest));
}
