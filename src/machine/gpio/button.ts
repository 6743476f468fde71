/**
 * A button, and whether it can be believed: one that is down since it was opened, or for longer than anybody presses, is stuck, short
 * circuited or wired for the other level. It chooses nothing then, and is reported.
 */
import type { Clock, Timer } from "../../service/port.ts";
import type { InputStatus } from "../port.ts";
import type { StableInput } from "./inputs.ts";

/** Longer than a customer leans on a button. */
const heldMs = 60_000;

export interface ButtonEvents {
  readonly onPress: () => void;
  /** `status` changed. */
  readonly onStatus: () => void;
}

export class Button {
  readonly #input: StableInput;
  readonly #clock: Clock;
  readonly #events: ButtonEvents;
  /** Down when it was opened, and not up since. */
  #isDownFromStart: boolean;
  #held: Timer | undefined;
  #isHeld = false;

  constructor(input: StableInput, clock: Clock, events: ButtonEvents) {
    this.#input = input;
    this.#clock = clock;
    this.#events = events;
    this.#isDownFromStart = input.isActive;
    input.onChange((active) => this.#changed(active));
  }

  #changed(active: boolean): void {
    if (active) {
      this.#held = this.#clock.startTimer(`${this.#input.name} held`, heldMs, () => {
        this.#isHeld = true;
        this.#events.onStatus();
      });
      this.#events.onPress();
      return;
    }
    this.#held?.cancel();
    const wasStuck = this.#isDownFromStart || this.#isHeld;
    this.#isDownFromStart = false;
    this.#isHeld = false;
    if (wasStuck) this.#events.onStatus();
  }

  status(): InputStatus {
    const { name, bcm, activeSinceMs } = this.#input;
    const seconds = Math.round((this.#clock.monotonicMs() - (activeSinceMs ?? 0)) / 1_000);
    const since = this.#isDownFromStart ? "since its line was opened" : "without a pause";
    const isStuck = this.#isDownFromStart || this.#isHeld;
    return {
      name,
      present: !isStuck,
      detail: isStuck
        ? `BCM ${bcm} is down ${since}, for ${seconds} s: free the button; if nobody holds it, look for a short circuit, or set its active_low`
        : `BCM ${bcm}`,
    };
  }

  close(): void {
    this.#held?.cancel();
    this.#input.close();
  }
}
