/** What the layout passes to the drawing: every element with its position and size in pixels. Types only. */
import type { Box } from "../frame.ts";
import type { QrPlan } from "../qr/planner.ts";
import type { MarkName } from "./board-content.ts";
import type { IconName } from "./content.ts";
import type { Weight } from "./text-fit.ts";

/** Roles of colour; on one-bit glass all but `paper`, `card`, `backdrop` and `onAccent` are black. */
export type Ink = "ink" | "soft" | "accent" | "onAccent" | "paper" | "backdrop" | "card" | "line" | "good" | "bad";

export type Align = "left" | "center" | "right";

export type DisplayItem =
  /** A surface. Other items may lie on it, but only entirely. */
  | { readonly kind: "rect"; readonly box: Box; readonly ink: Ink; readonly radiusPx: number }
  | {
      readonly kind: "text";
      readonly box: Box;
      readonly lines: readonly string[];
      readonly sizePx: number;
      readonly weight: Weight;
      readonly ink: Ink;
      readonly align: Align;
    }
  /** The box is the whole square, quiet zone included. */
  | { readonly kind: "qr"; readonly box: Box; readonly plan: QrPlan }
  /** The provider's picture of a code, enlarged by a whole number to the size of the box. */
  | { readonly kind: "picture"; readonly box: Box; readonly png: Uint8Array }
  /** The operator's logo, scaled into the box. */
  | { readonly kind: "logo"; readonly box: Box; readonly png: Uint8Array }
  | { readonly kind: "icon"; readonly box: Box; readonly name: IconName; readonly ink: Ink }
  /** A small shape beside a word, square. */
  | { readonly kind: "mark"; readonly box: Box; readonly name: MarkName; readonly ink: Ink };

export interface DisplayList {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly items: readonly DisplayItem[];
  /** How many there are of which this is one: more than one where a board has more outlets than room. */
  readonly pages: number;
  /** Why a code that belongs here is missing. */
  readonly refusal: string | undefined;
}

/** What the operator adds. The wallets are only named in text; no logo but the operator's is drawn. */
export interface Brand {
  readonly name?: string;
  /** PNG. */
  readonly logo?: Uint8Array;
}
