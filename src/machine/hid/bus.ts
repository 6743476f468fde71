/** The port to HID devices: what is plugged in, and their reports. Types only; `node-hid-bus.ts` implements it. */

export interface HidInfo {
  readonly path: string;
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber: string | undefined;
  readonly product: string | undefined;
  /** Undefined if the back end cannot tell (libusb). */
  readonly usagePage: number | undefined;
  readonly usage: number | undefined;
}

export interface HidListener {
  report(bytes: Uint8Array): void;
  /** Once. Nothing comes after it. */
  closed(reason: string): void;
}

export interface HidConnection {
  /** Idempotent; `closed` is not called for it. */
  close(): Promise<void>;
}

export interface HidBus {
  /** Expensive: it asks every USB device (node-hid, "Cost of HID.devices()"). */
  list(): Promise<readonly HidInfo[]>;
  /** @throws if it cannot be opened, saying why and how to fix it. */
  open(path: string, listener: HidListener): Promise<HidConnection>;
}
