/** The panel's port: what the customer sees. Types only. */
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

/** Why no code can be shown; given on the panel, in the log and on the state topic. */
export type OutOfServiceReason =
  | "clock"
  | "machine"
  | "provider"
  | "mqtt"
  | "relay"
  | "identity"
  | "config"
  | "journal"
  | "panel"
  | "operator"
  | "quiet-hours"
  | "nothing-for-sale"
  | "stopped";

/** How what was bought comes, for the words while it does: somehow, by falling, as a drink that is being made, or as time that begins. */
export type DeliveryForm = "goods" | "falls" | "drink" | "time";

/**
 * What an outlet is doing. `open`: for what many may use at once, such as a zone. `selling`: somebody is paying for it. `finished`: its time is over
 * and somebody may have to empty it.
 */
export type StationState = "free" | "open" | "selling" | "in-use" | "finished" | "out-of-service" | "closed";

/** An outlet as the board shows it. */
export interface BoardStation {
  /** What is written large on it: "W1", "12". */
  readonly id: string;
  readonly name: string;
  /** Undefined where it depends on what is used. */
  readonly price: Money | undefined;
  /** Whether it is the lowest of several prices. */
  readonly isFrom: boolean;
  readonly state: StationState;
  /** In use: when it will be done, as far as that is known. */
  readonly untilWallMs: number | undefined;
}

/** Somebody has just scanned an outlet's own code. */
export interface BoardCall {
  readonly id: string;
  /** As in the payment that the app shows. */
  readonly words: string | undefined;
}

/** Which outlet a scene is about. */
export interface StationSign {
  readonly id: string;
  readonly name: string;
}

/** What several machines, or several outlets of one, need on top: which one this is, and which phone it talks to. */
export interface SceneSigns {
  readonly station?: StationSign | undefined;
  /** Two words that the customer finds in the app as well. */
  readonly words?: string | undefined;
}

/** Everything the panel can show, as plain data. Drawing is a pure function from it to a display list. */
export type Scene = PlainScene & SceneSigns;

type PlainScene =
  | { readonly kind: "starting" }
  | {
      readonly kind: "idle";
      /** `callback`: scan first. `shop`: the merchant redirect QR of a web shop. Undefined: select first only. */
      readonly code: { readonly kind: "callback" | "shop"; readonly qr: QrPicture } | undefined;
      /** Whether the customer may press a button without scanning first. */
      readonly canSelectFirst: boolean;
      readonly offers: readonly Offer[];
    }
  /** All outlets with their states, while nobody talks to the glass. Their codes are printed on them. */
  | {
      readonly kind: "board";
      /** 1 to 40. */
      readonly stations: readonly BoardStation[];
      /** When the states became what they are. Only its day matters: a time of another day is given with its day. */
      readonly fromWallMs: number;
      /** Whether an outlet may be chosen with a button here. */
      readonly canSelect: boolean;
      /** Whose row reacts, the latest last. */
      readonly calls: readonly BoardCall[];
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
      /** A character of the plate was not taken; ? stands for it, and has to be removed. */
      readonly isPlateRefused: boolean;
      /** Paid minutes. Where some hours are free, the time lasts longer. */
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
      /** Whether there is a scanner, so that customers may hold their personal code to it instead. */
      readonly canShowCode: boolean;
    }
  /** `toPhone`: the request has been sent to the app; otherwise it is being created. */
  | {
      readonly kind: "wait";
      readonly product: string | undefined;
      readonly price: Money;
      readonly toPhone: boolean;
      readonly secondsLeft: number;
    }
  | { readonly kind: "deliver"; readonly product: string; readonly form: DeliveryForm }
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
  | {
      readonly kind: "out-of-service";
      readonly reason: OutOfServiceReason;
      /** In quiet hours: when selling begins again, a local time of day, "06:00". */
      readonly opensAt?: string | undefined;
    };

export type SceneKind = Scene["kind"];

/** Whether this panel can show a code that a phone can read. */
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
  /** A newer scene arrived before this one was drawn. */
  | { readonly kind: "superseded" }
  /** It could not be drawn, or the glass did not take it. The panel keeps trying. A code counts as not shown. */
  | { readonly kind: "failed"; readonly reason: string };

export interface PanelFacts {
  readonly id: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Whether a countdown may change every second (HDMI), or only with the scene (e-paper). */
  readonly liveCountdown: boolean;
  /** The size in pixels to request from the provider when `qr_rendering = provider`, 100..2000. */
  readonly providerQrSizePx: number;
  /** False where nobody sees anything: the machine's code hangs on the wall. */
  readonly hasGlass: boolean;
}

export interface Panel {
  readonly facts: PanelFacts;
  /** Opens the device and paints "starting" over whatever was there. A missing device is waited for and is no error. */
  start(): Promise<void>;
  /** The last call wins. Resolves when this scene is on the glass, was superseded, or failed. */
  show(scene: Scene): Promise<ShowOutcome>;
  fit(qrText: string): CodeFit;
  /** Why the provider's own picture of a code cannot be shown; undefined when it can. */
  pictureFault(png: Uint8Array): string | undefined;
  /** Whether the scene that was shown last is on the glass. While a scene is under way, the answer is that of the scene before. */
  isPresent(): boolean;
  /** Why the panel is not present, for the people who fix it: the glass did not take the last frame, or a scene could not be drawn. */
  absence(): string | undefined;
  /**
   * The scene that would be shown if the panel were present. If the panel is absent because a scene could not be drawn, it tries to draw this one in
   * memory, at growing intervals, and is present again once that works. Otherwise nothing happens.
   */
  rehearse(scene: Scene): void;
  /** A PNG of what is on the glass now, with the same in words in it (PNG, "Description"). @throws if that is not known */
  screenshot(): Promise<Uint8Array>;
  /** Paints the safe scene and closes. */
  stop(): Promise<void>;
}
