/** "Show me the worst minute": plays one mishap after another on the real firmware, and counts afterwards what became of the money. */
import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../kit/error-text.ts";
import { checkWorld, journalledSales } from "./checks.ts";
import { parseScript, playSteps } from "./script.ts";
import { type Proof, proofOf, type StoryState } from "./story-proof.ts";
import { chapterScripts, type StoryChapter, storyChapters } from "./story-chapters.ts";
import type { DemoWorld } from "./world.ts";

export interface Story {
  state(): StoryState | undefined;
  /** Begins it, unless it is being played. */
  play(): void;
  /** Resolves when nothing of it goes on. */
  stop(): Promise<void>;
  /** As if it had never been played. */
  forget(): Promise<void>;
}

/** For the last books: the firmware writes its record once the provider has answered. */
const settleTries = 120;
const settleEveryMs = 500;

export function createStory(world: DemoWorld): Story {
  let state: StoryState | undefined;
  let playing: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  const set = (next: StoryState | undefined): void => {
    state = next;
    world.touch();
  };

  async function count(firstPayment: number, firstDrop: number, signal: AbortSignal): Promise<Proof> {
    for (let tries = 1; ; tries += 1) {
      const faults = await checkWorld(world);
      const ledger = world.ledger.slice(firstPayment);
      const proof = proofOf(ledger, world.drops.slice(firstDrop), await journalledSales(world), faults);
      if ((proof.open === 0 && faults.length === 0) || tries === settleTries) return proof;
      await sleep(settleEveryMs, undefined, { signal });
    }
  }

  async function tell(signal: AbortSignal): Promise<void> {
    set({ chapters: [], end: undefined });
    await world.changeMachine("vending");
    await world.reset();
    const before = await playSteps(world, parseScript("wait state ready"), signal);
    if (before !== undefined) throw new Error(before);
    const firstPayment = world.ledger.length;
    const firstDrop = world.drops.length;
    const over: { readonly chapter: StoryChapter; readonly isOver: boolean }[] = [];
    for (const chapter of storyChapters) {
      set({ chapters: [...over, { chapter, isOver: false }], end: undefined });
      const failure = await playSteps(world, parseScript(chapterScripts[chapter]), signal);
      if (failure !== undefined) throw new Error(failure);
      over.push({ chapter, isOver: true });
    }
    set({ chapters: over, end: undefined });
    set({ chapters: over, end: { kind: "told", proof: await count(firstPayment, firstDrop, signal) } });
  }

  async function play(signal: AbortSignal): Promise<void> {
    try {
      await tell(signal);
    } catch (error) {
      const chapters = state?.chapters ?? [];
      if (signal.aborted) set({ chapters, end: { kind: "stopped" } });
      else set({ chapters, end: { kind: "failed", why: errorText(error) } });
    } finally {
      playing = undefined;
    }
  }

  async function stop(): Promise<void> {
    playing?.stop.abort();
    await playing?.done;
  }

  return {
    state: () => state,
    play() {
      if (playing !== undefined) return;
      const controller = new AbortController();
      playing = { stop: controller, done: Promise.resolve() };
      playing = { stop: controller, done: play(controller.signal) };
    },
    stop,
    async forget() {
      await stop();
      set(undefined);
    },
  };
}
