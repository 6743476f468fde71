/**
 * The scanner and the keypad as devices on USB: the product's drivers on simulated ports. They are pulled out and put back, opened by somebody else, and cut
 * off in the middle of a code; the ports stand through power cuts.
 */
import type { HidBus, HidInfo } from "../../../src/machine/hid/bus.ts";
import { createHidInput, posUsagePage } from "../../../src/machine/hid/hid-input.ts";
import type { LayoutName } from "../../../src/machine/hid/layouts.ts";
import {
  createSimulatedHid,
  keyReports,
  posReports,
  type SimulatedHid,
} from "../../../src/machine/hid/simulated-hid.ts";
import type { InputDevice, Key } from "../../../src/machine/port.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import type { Life } from "../process.ts";
import type { Dice } from "../traits.ts";

const scannerPath = "/dev/hidraw0";
const keypadPath = "/dev/hidraw1";
const keypad: HidInfo = {
  path: keypadPath,
  vendorId: 0x1a2c,
  productId: 0x2d43,
  serialNumber: "2",
  product: "Keypad",
  usagePage: 1,
  usage: 6,
};

/** Usages of the keys that have no character of their own. */
const usages: Partial<Record<Key, number>> = { ok: 0x28, cancel: 0x29, backspace: 0x2a, plus: 0x52, minus: 0x51 };

export const readerFaults = ["scanner unplugged", "keypad unplugged", "devices held by another program"] as const;

export class Readers {
  /** What was typed on a keypad that was there, in order. */
  typed = "";
  readonly #dice: Dice;
  readonly #hid: SimulatedHid = createSimulatedHid();
  readonly #scanner: HidInfo;
  readonly #layout: LayoutName;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#layout = dice.pick(["us", "no"]);
    const isPos = dice.chance(0.6);
    this.#scanner = {
      path: scannerPath,
      vendorId: 0x0c2e,
      productId: 0x0b01,
      serialNumber: "1",
      product: "Scanner",
      ...(isPos ? { usagePage: posUsagePage, usage: 0x02 } : { usagePage: 1, usage: 6 }),
    };
    this.#hid.plug(this.#scanner);
    this.#hid.plug(keypad);
  }

  /** The drivers of one life of the daemon. */
  boot(life: Life): readonly InputDevice[] {
    const bus: HidBus = {
      list: () => life.whileAlive(this.#hid.bus.list()),
      open: (path, listener) =>
        life.whileAlive(
          this.#hid.bus.open(path, {
            report: (bytes) => life.isAlive && listener.report(bytes),
            closed: (reason) => life.isAlive && listener.closed(reason),
          }),
        ),
    };
    const shared = {
      layout: this.#layout,
      lines: undefined,
      openBus: async () => bus,
      clock: life.clock,
      entropy: this.#dice.entropy,
      log: createMemoryLog(),
    };
    return [this.#scanner, keypad].map((info) =>
      createHidInput({
        ...shared,
        name: info === keypad ? "keypad" : "scanner",
        kind: info === keypad ? "keypad" : "scanner",
        match: { vendorId: info.vendorId, productId: info.productId, serialNumber: undefined },
      }),
    );
  }

  scan(text: string): void {
    if (this.#hid.isOpen(scannerPath)) this.#hid.scan(scannerPath, text, this.#layout, this.#dice.chance(0.8));
  }

  /** The cable goes in the middle of a code, and comes back for the next customer. */
  cutOff(text: string): void {
    const isPos = this.#scanner.usagePage === posUsagePage;
    const reports = isPos ? posReports(text) : keyReports(text, this.#layout);
    for (const report of reports.slice(0, Math.max(0, Math.floor(reports.length / 2))))
      this.#hid.send(scannerPath, report);
    this.#hid.unplug(scannerPath);
  }

  key(key: Key): void {
    if (!this.#hid.isOpen(keypadPath)) return;
    const usage = usages[key];
    if (usage !== undefined) return this.#hid.type(keypadPath, [usage]);
    this.typed += key;
    for (const report of keyReports(key.toLowerCase(), this.#layout)) this.#hid.send(keypadPath, report);
  }

  setFault(fault: string | undefined): void {
    this.#hid.setOpenFault(fault === "devices held by another program" ? "EACCES" : undefined);
    if (fault === "scanner unplugged") this.#hid.unplug(scannerPath);
    else if (fault === "keypad unplugged") this.#hid.unplug(keypadPath);
    else if (fault === "devices held by another program") {
      this.#hid.unplug(scannerPath);
      this.#hid.unplug(keypadPath);
      this.#plug();
    } else this.#plug();
  }

  #plug(): void {
    for (const info of [this.#scanner, keypad]) if (!this.#hid.isOpen(info.path)) this.#hid.plug(info);
  }
}
