/** All that the sale knows at one moment. */
import type { Catalogue } from "./catalogue.ts";
import type { Readiness, ServiceVend } from "./event.ts";
import type { Reference } from "./ids.ts";
import type { Session, Notice } from "./session.ts";
import type { Live, Settlement } from "./settlement.ts";

export interface OpenSettlement {
  readonly settlement: Settlement;
  readonly live: Live;
}

/** What the machine found out about a line since the catalogue was made. */
export interface LineState {
  readonly state: "for-sale" | "sold-out" | "jammed";
  /** Sold since the catalogue's stock was counted. */
  readonly sold: number;
}

export interface SaleState {
  readonly session: Session;
  /** What stays on the panel for a while after a session; nobody waits for it. */
  readonly notice: Notice | null;
  readonly settlements: ReadonlyMap<Reference, OpenSettlement>;
  readonly serviceVends: ReadonlyMap<string, ServiceVend>;
  readonly catalogue: Catalogue;
  readonly lines: ReadonlyMap<string, LineState>;
  readonly readiness: Readiness;
  readonly inService: boolean;
  /** The sales unit answered 5080: personal codes cannot be charged; one-time QRs are shown instead. */
  readonly pushRefused: boolean;
  /** The sales unit answered 6140: the dearest price must not be reserved any more. */
  readonly partialRefused: boolean;
}
