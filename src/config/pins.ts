/**
 * Which lines of the Raspberry Pi's 40-pin header are taken, and by what: panel, buses, HAT memory, and the level of each line during boot.
 * BCM numbers throughout. Pure.
 */
import type { Fault } from "./fields.ts";
import type { GpioDelivery } from "./gpio.ts";

/** The wiring part of a panel file. Chip select and bus follow from the SPI device. */
export interface PanelPins {
  readonly id: string;
  readonly driver: "epaper" | "framebuffer";
  readonly spiDevice?: string | undefined;
  readonly pins?: Readonly<Record<"reset" | "dataCommand" | "busy", number>> & { readonly power?: number | undefined };
  /** The framebuffer driver's name in the kernel. */
  readonly framebuffer?: string | undefined;
}

export interface Claim {
  readonly pin: number;
  /** "RST of the panel waveshare-7.5-v2" */
  readonly holder: string;
}

/** A line that the configuration assigns. */
export interface Use extends Claim {
  readonly path: Fault["path"];
  readonly isOutput: boolean;
  readonly activeLow: boolean;
}

/** Lines that are free next to an e-paper HAT, best first (hardware/wiring/header.md). */
export const goodOutputs = [16, 20, 21, 26, 12, 13, 19];
export const goodInputs = [5, 6, 4, 22, 23, 27];
/** GPIO 0 to 8 are pulled up after reset, 9 to 27 down (BCM2835 ARM Peripherals, table 6-31; the RP1 is the same). */
export const pulledUpMax = 8;

const spiBuses: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  // The kernel claims both chip selects unless an overlay says otherwise (bcm2708-rpi.dtsi, spi0: cs-gpios 8 and 7).
  "0": [
    [8, "CE0"],
    [7, "CE1"],
    [9, "MISO"],
    [10, "MOSI"],
    [11, "SCLK"],
  ],
  "1": [
    [18, "CE0"],
    [17, "CE1"],
    [16, "CE2"],
    [19, "MISO"],
    [20, "MOSI"],
    [21, "SCLK"],
  ],
};

function spiClaims(device: string, holder: string): readonly Claim[] {
  const bus = /spidev(\d+)/.exec(device)?.[1] ?? "0";
  return (spiBuses[bus] ?? []).map(([pin, signal]) => ({
    pin,
    holder: `${signal} of SPI${bus}, which ${holder} needs`,
  }));
}

/** A parallel (DPI) display uses one line per colour bit: its overlay takes the whole header (vc4-kms-dpi-generic, DPI24). */
export const headerLines = Array.from({ length: 28 }, (_, pin) => pin);

/** @param device the SPI device or framebuffer of the configuration, where it names one */
export function panelClaims(panel: PanelPins, device: string | undefined): readonly Claim[] {
  const holder = `the panel ${panel.id}`;
  if (panel.driver === "epaper" && panel.pins !== undefined) {
    const { reset, dataCommand, busy, power } = panel.pins;
    const wires: readonly (readonly [number | undefined, string])[] = [
      [reset, "RST"],
      [dataCommand, "DC"],
      [busy, "BUSY"],
      [power, "PWR"],
    ];
    const named = wires.flatMap(([pin, name]) => (pin === undefined ? [] : [{ pin, holder: `${name} of ${holder}` }]));
    return [...named, ...spiClaims(device ?? panel.spiDevice ?? "", holder)];
  }
  if (panel.id.startsWith("dpi-")) return headerLines.map((pin) => ({ pin, holder: `DPI, which ${holder} needs` }));
  // fb_ili9341, fb_ili9486 and their like are driven over SPI0, with RST, DC or the touch interrupt on 24 and 25 (overlays piscreen, pitft28).
  if (panel.framebuffer?.startsWith("fb_") === true)
    return [
      ...spiClaims("spidev0.0", holder),
      ...[24, 25].map((pin) => ({ pin, holder: `RST, DC or the touch interrupt of ${holder}` })),
    ];
  return [];
}

/** A serial port of the header itself, not one on USB. */
const headerUart = /^\/dev\/(ttyAMA\d+|ttyS\d+|serial\d+)$/;

/** An MDB adapter on the header: the UART, and GPIO6, which resets it (hardware/wiring/mdb.md). */
export function mdbClaims(device: string): readonly Claim[] {
  if (!headerUart.test(device)) return [];
  return [
    { pin: 14, holder: `TXD of ${device}, where the MDB adapter is` },
    { pin: 15, holder: `RXD of ${device}, where the MDB adapter is` },
    { pin: 6, holder: "the reset of the MDB adapter" },
  ];
}

/** Lines that are never available, whatever is connected. */
export const boardClaims: readonly Claim[] = [
  { pin: 0, holder: "ID_SD of the HAT's memory (EEPROM), which the firmware reads at boot" },
  { pin: 1, holder: "ID_SC of the HAT's memory (EEPROM), which the firmware reads at boot" },
  { pin: 2, holder: "SDA of I2C, with 1.8 kΩ to 3.3 V on the board" },
  { pin: 3, holder: "SCL of I2C, with 1.8 kΩ to 3.3 V on the board" },
  { pin: 14, holder: "TXD of the UART, on which the firmware and the console write" },
  { pin: 15, holder: "RXD of the UART, on which the console listens" },
];

/** Every line that the delivery assigns, in the order of the file. */
export function usesOf(delivery: GpioDelivery): readonly Use[] {
  const uses: Use[] = [];
  const add = (
    pin: number | undefined,
    path: Fault["path"],
    holder: string,
    { isOutput, activeLow }: Pick<Use, "isOutput" | "activeLow">,
  ): void => {
    if (pin !== undefined) uses.push({ pin, path: ["delivery", ...path], holder, isOutput, activeLow });
  };
  const input = (activeLow: boolean) => ({ isOutput: false, activeLow });
  const output = (activeLow: boolean) => ({ isOutput: true, activeLow });
  add(delivery.inhibit, ["inhibit"], "inhibit", input(delivery.inhibit_active_low));
  add(delivery.door, ["door"], "door", input(delivery.door_active_low));
  add(delivery.cancel_button, ["cancel_button"], "cancel_button", input(delivery.cancel_button_active_low));
  add(delivery.lamp, ["lamp"], "lamp", output(delivery.lamp_active_low));
  delivery.lines.forEach((one, index) => {
    const at = (key: string): Fault["path"] => ["lines", index, key];
    add(one.relay, at("relay"), `the output of ${one.line}`, output(one.active_low));
    add(one.button, at("button"), `the button of ${one.line}`, input(one.button_active_low));
    add(one.acknowledge, at("acknowledge"), `the acknowledge input of ${one.line}`, input(one.acknowledge_active_low));
    add(one.home, at("home"), `the home switch of ${one.line}`, input(one.home_active_low));
    add(one.drop, at("drop"), `the drop sensor of ${one.line}`, input(one.drop_active_low));
  });
  return uses;
}

/** Several lines may share a sensor if they agree on its active level. */
const sharedSensors = new Set(["drop", "home", "acknowledge"]);

function isSensor({ path }: Use): boolean {
  return sharedSensors.has(String(path.at(-1)));
}

/** Conflicts among the configured lines, and with everything else on the header. @param others the panel's claims */
export function pinFaults(delivery: GpioDelivery, others: readonly Claim[]): readonly Fault[] {
  const uses = usesOf(delivery);
  const claims = [...others, ...boardClaims];
  const taken = new Set([...claims, ...uses].map(({ pin }) => pin));
  const free = (isOutput: boolean): number | undefined =>
    [...(isOutput ? goodOutputs : goodInputs), ...(isOutput ? [] : goodOutputs), ...headerLines].find(
      (pin) => !taken.has(pin) && (!isOutput || pin > pulledUpMax),
    );
  const fault = ({ path, pin, isOutput }: Use, why: string): Fault => {
    const instead = free(isOutput);
    if (instead !== undefined) taken.add(instead);
    const key = String(path.at(-1));
    return {
      path,
      message:
        instead === undefined ? `BCM ${pin} ${why}; no line is free` : `BCM ${pin} ${why}; BCM ${instead} is free`,
      instead: instead === undefined ? undefined : `${key} = ${instead}`,
    };
  };
  const first = new Map<number, Use>();
  return uses.flatMap((use) => {
    const claim = claims.find(({ pin }) => pin === use.pin);
    if (claim !== undefined) return [fault(use, `is ${claim.holder}: it cannot be ${use.holder} too`)];
    const known = first.get(use.pin);
    if (known !== undefined) {
      const areSensors = isSensor(use) && isSensor(known);
      if (areSensors && use.activeLow === known.activeLow) return [];
      const why = areSensors ? "but active at the other level" : "a line of the header does one thing";
      return [fault(use, `is ${known.holder} already and cannot be ${use.holder} too: ${why}`)];
    }
    first.set(use.pin, use);
    if (use.isOutput && !use.activeLow && use.pin <= pulledUpMax)
      return [fault(use, `is pulled up while the Pi boots: ${use.holder} would be on until kvitt runs`)];
    return [];
  });
}

/** Active-low outputs that the Pi's pull-downs may switch on during boot. A line in config.txt prevents that, so this is not a fault. */
export function bootWarnings(delivery: GpioDelivery): readonly Fault[] {
  return usesOf(delivery)
    .filter(({ isOutput, activeLow, pin }) => isOutput && activeLow && pin > pulledUpMax)
    .map(({ path, pin, holder }) => ({
      path,
      message: `BCM ${pin} is pulled down while the Pi boots: ${holder}, which is on at a low level, may be on until kvitt runs`,
      instead: `gpio=${pin}=op,dh   # in /boot/firmware/config.txt`,
    }));
}
