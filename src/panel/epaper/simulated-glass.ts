/** The simulated glass: the ink of each pixel, and the shadows that partial refreshes leave behind. */

export type Ink = "black" | "white" | "red";

/** The ink of a plane's bit where 1 is white. */
export function inkOf(isWhite: boolean): Ink {
  return isWhite ? "white" : "black";
}

/** What a person would see, pixel by pixel. */
export class SimulatedGlass {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #ink: Ink[];
  readonly #ghost: boolean[];
  #partials = 0;
  #refreshes = 0;

  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    // A new panel shows whatever was last on it: here, stripes that no scene has.
    this.#ink = Array.from({ length: widthPx * heightPx }, (_, at) => (at % 3 === 0 ? "black" : "white"));
    this.#ghost = this.#ink.map(() => false);
  }

  inkAt(x: number, y: number): Ink {
    return this.#ink[y * this.widthPx + x] ?? "white";
  }

  /** Drives every pixel; ghosts go. */
  driveAll(inkOf: (x: number, y: number) => Ink): void {
    this.#refreshes += 1;
    this.#partials = 0;
    for (let y = 0; y < this.heightPx; y += 1)
      for (let x = 0; x < this.widthPx; x += 1) {
        this.#ink[y * this.widthPx + x] = inkOf(x, y);
        this.#ghost[y * this.widthPx + x] = false;
      }
  }

  /** Drives only the pixels for which `inkOf` gives an ink; one that leaves black keeps a shadow. */
  driveSome(inkOf: (x: number, y: number) => Ink | undefined): void {
    this.#refreshes += 1;
    this.#partials += 1;
    for (let y = 0; y < this.heightPx; y += 1)
      for (let x = 0; x < this.widthPx; x += 1) {
        const ink = inkOf(x, y);
        const at = y * this.widthPx + x;
        if (ink === undefined) continue;
        if (this.#ink[at] === "black" && ink === "white") this.#ghost[at] = true;
        this.#ink[at] = ink;
      }
  }

  /** A refresh was cut short: nobody knows what the pixels show. */
  spoil(): void {
    for (let at = 0; at < this.#ghost.length; at += 1) this.#ghost[at] = true;
  }

  get partialsSinceFull(): number {
    return this.#partials;
  }

  /** Refreshes of any kind since power-up. */
  get refreshes(): number {
    return this.#refreshes;
  }

  get hasGhosts(): boolean {
    return this.#ghost.includes(true);
  }

  /** Rows of characters: `#` black, space white, `R` red, `.` white with a shadow of black. */
  rows(): readonly string[] {
    return Array.from({ length: this.heightPx }, (_, y) =>
      Array.from({ length: this.widthPx }, (_unused, x) => this.#character(x, y)).join(""),
    );
  }

  #character(x: number, y: number): string {
    const ink = this.inkAt(x, y);
    if (ink === "black") return "#";
    if (ink === "red") return "R";
    return this.#ghost[y * this.widthPx + x] === true ? "." : " ";
  }
}
