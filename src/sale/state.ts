/** All that the sale knows at one moment. */
import { type Catalogue, type Product, productOnLine } from "./catalogue.ts";
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
  /** Wall time since when it is in this state; null where that is not known. */
  readonly sinceWallMs: number | null;
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

/** An empty sale at boot: not ready, nothing open. */
export function initialState(catalogue: Catalogue, lines: ReadonlyMap<string, LineState>): SaleState {
  return {
    session: { kind: "none" },
    notice: null,
    settlements: new Map(),
    serviceVends: new Map(),
    catalogue,
    lines,
    readiness: { checkIn: false, callbackQr: false, oneTimeQr: false },
    inService: true,
    pushRefused: false,
    partialRefused: false,
  };
}

/** The catalogue with what the machine found out since: sold out, jammed, counted down. */
export function catalogueNow(state: SaleState): Catalogue {
  const products = state.catalogue.products.map((product) => {
    const line = state.lines.get(product.line);
    if (line === undefined) return product;
    const stock = product.stock === undefined ? undefined : Math.max(0, product.stock - line.sold);
    const soldOut = product.soldOut === true || line.state !== "for-sale";
    return stock === undefined ? { ...product, soldOut } : { ...product, soldOut, stock };
  });
  return { ...state.catalogue, products };
}

export function changeLine(state: SaleState, line: string, change: (before: LineState) => LineState): SaleState {
  const before = state.lines.get(line) ?? { state: "for-sale", sold: 0, sinceWallMs: null };
  return { ...state, lines: new Map([...state.lines, [line, change(before)]]) };
}

/** The machine found out what a line is like. */
export function lineBecame(state: SaleState, line: string, to: LineState["state"], wallMs: number): SaleState {
  return changeLine(state, line, (before) =>
    before.state === to ? before : { ...before, state: to, sinceWallMs: wallMs },
  );
}

/** One fewer in stock. */
export function countSold(state: SaleState, line: string): SaleState {
  return changeLine(state, line, (before) => ({ ...before, sold: before.sold + 1 }));
}

/** Stock was counted anew; what the machine found out about its coils stays true. */
export function withNewCatalogue(state: SaleState, catalogue: Catalogue): SaleState {
  const lines = new Map([...state.lines].map(([line, one]) => [line, { ...one, sold: 0 }]));
  return { ...state, catalogue, lines };
}

/** Whether all that was counted of this product is sold. */
export function isCountedOut({ stock }: Product, line: LineState): boolean {
  return stock !== undefined && stock > 0 && line.sold >= stock;
}

/** The lines that a visit puts back: jammed, found empty, or counted down to nothing. @param only this line; undefined means all */
export function linesToPutBack(state: SaleState, only?: string): readonly string[] {
  const isOut = (name: string, line: LineState): boolean => {
    const product = productOnLine(state.catalogue, name);
    return line.state !== "for-sale" || (product !== undefined && isCountedOut(product, line));
  };
  return [...state.lines]
    .filter(([name, line]) => (only === undefined || name === only) && isOut(name, line))
    .map(([name]) => name);
}

/** Somebody was at the machine: what was jammed or empty is tried again, and found out anew when it still is. */
export function serviced(state: SaleState, only?: string): SaleState {
  const putBack = linesToPutBack(state, only);
  if (putBack.length === 0) return state;
  const lines = new Map(state.lines);
  for (const name of putBack) {
    const line = state.lines.get(name);
    const product = productOnLine(state.catalogue, name);
    const isRefilled = line !== undefined && product !== undefined && isCountedOut(product, line);
    lines.set(name, { state: "for-sale", sold: isRefilled ? 0 : (line?.sold ?? 0), sinceWallMs: null });
  }
  return { ...state, lines };
}
