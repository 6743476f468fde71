/** What the sheet says to whoever prints, glues and looks after stickers. Never "with the camera": see docs/stickers.md. */
export interface SheetWords {
  readonly title: string;
  readonly steps: (app: string) => readonly string[];
  /** Beside a line to measure. */
  readonly ruler: (mm: number) => string;
  readonly id: string;
  readonly place: string;
  readonly revision: string;
}
