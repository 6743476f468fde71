/** The 40-pin header of a Raspberry Pi, pin by pin, and what a configuration has on it: as data, and as a picture in text. Pure. */
import { boardClaims, type Claim, mdbClaims, panelClaims, type PanelPins, usesOf } from "./pins.ts";
import type { Config } from "./schema.ts";

/** What each pin is (the same on all Raspberry Pis with 40 pins). */
export const pinNames: Readonly<Record<number, string>> = {
  1: "3V3",
  2: "5V",
  3: "GPIO2",
  4: "5V",
  5: "GPIO3",
  6: "GND",
  7: "GPIO4",
  8: "GPIO14",
  9: "GND",
  10: "GPIO15",
  11: "GPIO17",
  12: "GPIO18",
  13: "GPIO27",
  14: "GND",
  15: "GPIO22",
  16: "GPIO23",
  17: "3V3",
  18: "GPIO24",
  19: "GPIO10",
  20: "GND",
  21: "GPIO9",
  22: "GPIO25",
  23: "GPIO11",
  24: "GPIO8",
  25: "GND",
  26: "GPIO7",
  27: "GPIO0",
  28: "GPIO1",
  29: "GPIO5",
  30: "GND",
  31: "GPIO6",
  32: "GPIO12",
  33: "GPIO13",
  34: "GND",
  35: "GPIO19",
  36: "GPIO16",
  37: "GPIO26",
  38: "GPIO20",
  39: "GND",
  40: "GPIO21",
};

export interface HeaderPin {
  /** 1 to 40. */
  readonly pin: number;
  /** "3V3", "GND", "GPIO17". */
  readonly name: string;
  /** Who has the line with this configuration; undefined for a free one, for power and ground. */
  readonly holder: string | undefined;
}

/** The panel's claims, as the check of the file counts them. */
function claimsOf(config: Config, panels: readonly PanelPins[]): readonly Claim[] {
  const { delivery, panel } = config;
  const file = panels.find(({ id }) => id === panel.model);
  const ofPanel = file === undefined || panel.output === "image" ? [] : panelClaims(file, panel.device);
  if (delivery.driver === "gpio") return [...usesOf(delivery), ...ofPanel];
  return delivery.driver === "mdb" ? [...mdbClaims(delivery.device), ...ofPanel] : ofPanel;
}

/** All 40 pins in order. A sensor that several lines share names each of them. */
export function headerPins(config: Config, panels: readonly PanelPins[]): readonly HeaderPin[] {
  const claims = claimsOf(config, panels);
  return Object.entries(pinNames).map(([pin, name]) => {
    const bcm = name.startsWith("GPIO") ? Number(name.slice("GPIO".length)) : undefined;
    const holders = claims.filter((one) => one.pin === bcm).map(({ holder }) => holder);
    const ofBoard = boardClaims.find((one) => one.pin === bcm);
    const [boardWord] = ofBoard?.holder.split(",") ?? [];
    const free = boardWord === undefined ? undefined : `leave free: ${boardWord}`;
    return { pin: Number(pin), name, holder: holders.length === 0 ? free : holders.join(", ") };
  });
}

const namePlaces = "GPIO27".length;

/** Both columns of pins as they lie on the board, seen from above with the header at the top right, and what is on each. */
export function headerPicture(pins: readonly HeaderPin[]): string {
  const odd = pins.filter(({ pin }) => pin % 2 === 1);
  const leftPlaces = Math.max(0, ...odd.map(({ holder }) => (holder ?? "").length));
  const rows = odd.map((left) => {
    const right = pins.find(({ pin }) => pin === left.pin + 1);
    const [nameLeft, numberLeft] = [left.name.padStart(namePlaces), String(left.pin).padStart(2)];
    const [nameRight, numberRight] = [(right?.name ?? "").padEnd(namePlaces), String(left.pin + 1).padEnd(2)];
    const words = `${(left.holder ?? "").padStart(leftPlaces)}  ${nameLeft} ${numberLeft} ● ● ${numberRight} ${nameRight}  ${right?.holder ?? ""}`;
    return words.trimEnd();
  });
  return rows.join("\n");
}

/** What /boot/firmware/config.txt has to say, so that each line has its level before Linux runs (hardware/wiring/header.md). */
export function bootLines(config: Config): readonly string[] {
  const { delivery } = config;
  if (delivery.driver !== "gpio") return [];
  const uses = usesOf(delivery);
  const numbers = (wanted: (use: (typeof uses)[number]) => boolean): string =>
    [...new Set(uses.filter(wanted).map(({ pin }) => pin))].toSorted((a, b) => a - b).join(",");
  const sorts: readonly (readonly [string, string])[] = [
    [numbers(({ isOutput, activeLow }) => isOutput && !activeLow), "op,dl"],
    [numbers(({ isOutput, activeLow }) => isOutput && activeLow), "op,dh"],
    [numbers(({ isOutput, activeLow }) => !isOutput && activeLow), "ip,pu"],
    [numbers(({ isOutput, activeLow }) => !isOutput && !activeLow), "ip,pd"],
  ];
  return sorts.flatMap(([lines, level]) => (lines === "" ? [] : [`gpio=${lines}=${level}`]));
}

/** Picture and lines of config.txt together, as text for a person. */
export function pinsPage(config: Config, panels: readonly PanelPins[]): string {
  const boot = bootLines(config);
  const tail = boot.length === 0 ? [] : ["", "In /boot/firmware/config.txt:", ...boot];
  return [headerPicture(headerPins(config, panels)), ...tail].join("\n");
}
