/** The door to the adapter's wire: text both ways, and a word when it is gone. Types only; `serial-port.ts` is the real one. */

export interface AdapterListener {
  /** As it comes: lines may be torn anywhere. */
  text(chunk: string): void;
  /** Once. Nothing comes after it. */
  closed(reason: string): void;
}

export interface AdapterLine {
  /** One order with its end. What cannot be written closes the line. */
  write(text: string): void;
  /** Idempotent; `closed` is not called for it. */
  close(): void;
}

/** @throws when the device is not there or cannot be set up: what, where and how to mend it. */
export type OpenAdapterLine = (listener: AdapterListener) => Promise<AdapterLine>;
