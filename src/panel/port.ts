/** The door of the panel's room: what the customer sees. Types only. */
import type { Money } from "../sale/money.ts";
import type { MoneyFate, SorryReason } from "../sale/selection.ts";
import type { QrPicture } from "../vipps/port.ts";

export type { MoneyFate, SorryReason } from "../sale/selection.ts";

export type { Language } from "./languages.ts";

/** A product as shown on the choose and idle scenes. */
export interface Offer {
  readonly name: string;
  readonly price: Money;
  /** What to press: "B4", "1". */
  readonly line: string;
  readonly soldOut: boolean;
}

/** Why no code can be shown; stands on the panel, in the log and on the state topic. */
export type OutOfServiceReason =
  | "clock"
  | "machine"
  | "provider"
  | "mqtt"
  | "relay"
  | "config"
  | "journal"
  | "panel"
  | "operator"
  | "quiet-hours"
  | "nothing-for-sale"
  | "stopped";

/** Everything the panel can show, as plain data. Drawing is a pure function from it to a display list. */
export type Scene =
  | { readonly kind: "starting" }
  | {
      readonly kind: "idle";
      /** `callback`: scan first. `shop`: the merchant redirect QR of a web shop. None: select first only. */
      readonly code: { readonly kind: "callback" | "shop"; readonly qr: QrPicture } | undefined;
      /** Whether the customer may press a button without scanning first. */
      readonly canSelectFirst: boolean;
      readonly offers: readonly Offer[];
    }
  | {
      readonly kind: "choose";
      readonly offers: readonly Offer[];
      readonly reserved: Money | undefined;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: "choose-time";
      readonly plate: string;
      readonly plateWanted: boolean;
      /** Paid minutes: where some hours are free, the time lasts longer. */
      readonly minutes: number;
      readonly fromWallMs: number;
      readonly untilWallMs: number;
      readonly price: Money;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: "pay";
      readonly qr: QrPicture;
      readonly product: string;
      readonly price: Money;
      readonly secondsLeft: number;
      /** A scanner is fitted: the personal code may be held to it instead. */
      readonly canShowCode: boolean;
    }
  /** `toPhone`: the request was sent to the app; otherwise we are creating it. */
  | {
      readonly kind: "wait";
      readonly product: string | undefined;
      readonly price: Money;
      readonly toPhone: boolean;
      readonly secondsLeft: number;
    }
  | { readonly kind: "deliver"; readonly product: string }
  | { readonly kind: "thanks"; readonly product: string; readonly price: Money }
  | {
      readonly kind: "valid-until";
      readonly plate: string | undefined;
      readonly untilWallMs: number;
      readonly price: Money;
    }
  | {
      readonly kind: "sorry";
      readonly reason: SorryReason;
      readonly money: MoneyFate;
      readonly reference: string | undefined;
    }
  | { readonly kind: "busy" }
  | { readonly kind: "refused"; readonly reason: "age" | "identity" }
  | { readonly kind: "out-of-service"; readonly reason: OutOfServiceReason };

export type SceneKind = Scene["kind"];

/** Whether a code can be shown on this panel so that a phone reads it. */
export type CodeFit =
  | {
      readonly fits: true;
      readonly moduleSizePx: number;
      readonly moduleSizeMm: number;
      readonly scanDistanceMm: number;
    }
  | { readonly fits: false; readonly reason: string; readonly advice: string };

export type ShowOutcome =
  | { readonly kind: "shown" }
  /** A newer scene came before this one was drawn. */
  | { readonly kind: "superseded" }
  /** It could not be drawn, or the glass did not take it; the panel keeps trying by itself. A code counts as not shown. */
  | { readonly kind: "failed"; readonly reason: string };

export interface PanelFacts {
  readonly id: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Whether a countdown may change every second (HDMI), or only with the scene (e-paper). */
  readonly liveCountdown: boolean;
  /** The size in pixels to ask the provider for when `qr_rendering = provider`, 100..2000. */
  readonly providerQrSizePx: number;
}

export interface Panel {
  readonly facts: PanelFacts;
  /** Opens the device and paints "starting" over whatever stood there. Does not throw for an absent device: it waits for it. */
  start(): Promise<void>;
  /** The last call wins; resolves when this scene is on the glass or was superseded. */
  show(scene: Scene): Promise<ShowOutcome>;
  fit(qrText: string): CodeFit;
  /** Whether customers read on the glass what was shown last. While a scene is on its way, the answer is that of the scene before. */
  isPresent(): boolean;
  /** Why it is not present, for people who mend it: the glass did not take the last frame, or a scene could not be drawn. */
  absence(): string | undefined;
  /**
   * What should stand on the glass if the panel could show it. A panel that is not present because a scene could not be drawn tries this one, in
   * memory and ever less often, until it can: then it is present again. Otherwise nothing happens.
   */
  rehearse(scene: Scene): void;
  /** A PNG of what is on the glass now. @throws while that is not known */
  screenshot(): Promise<Uint8Array>;
  /** Paints the safe scene and closes. */
  stop(): Promise<void>;
}
