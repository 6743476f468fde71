/** The door to HID devices: what is plugged in, and reports as they come. Types only; `node-hid-bus.ts` is the real one. */

export interface HidInfo {
  readonly path: string;
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber: string | undefined;
  readonly product: string | undefined;
  /** Undefined where the back end cannot tell (libusb). */
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
  /** Costly: asks every device on USB (node-hid, "Cost of HID.devices()"). */
  list(): Promise<readonly HidInfo[]>;
  /** @throws when it cannot be opened: what, and how to mend it. */
  open(path: string, listener: HidListener): Promise<HidConnection>;
}
