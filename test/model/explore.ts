/**
 * Breadth first over every world that can follow from the first one: the first broken promise that is found has the shortest story. When the
 * scope was explored whole, it is also asked of every world whether all can still come to rest from it.
 */
import { Canonical, hashOf } from "./canonical.ts";
import { brokenAtRest, brokenNow, isAtRest } from "./promises.ts";
import { nextWorlds } from "./steps.ts";
import { firstWorld, type Model, type World } from "./world.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Whether every state of the scope was seen. */
  readonly isComplete: boolean;
  readonly seconds: number;
  readonly violation: { readonly text: string; readonly story: readonly string[] } | undefined;
}

export interface Bounds {
  readonly statesMax: number;
  /** Milliseconds on this clock. */
  readonly nowMs: () => number;
}

/** Numbers of GETs only have to be told apart: what counts is how old one is. */
function relativeLooks(world: World): object {
  const newest = (reference: string): number => {
    for (const [name, { live }] of world.sale.settlements) if (name === reference) return live.look;
    return -1;
  };
  const settlements = new Map(
    [...world.sale.settlements].map(([reference, { settlement, live }]) => [
      reference,
      { settlement, live: { ...live, look: 0 } },
    ]),
  );
  const flights = world.flights.map((one) =>
    one.request.kind === "look"
      ? { ...one, request: { ...one.request, look: newest(one.request.reference) - one.request.look } }
      : one,
  );
  return { ...world, nowMono: 0, sale: { ...world.sale, settlements }, flights };
}

export function explore(model: Model, bounds: Bounds): Exploration {
  const startedMs = bounds.nowMs();
  const canonical = new Canonical();
  const numberOf = new Map<number, number>();
  const parents: number[] = [];
  const labels: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const resting: number[] = [];
  let frontier: { readonly world: World; readonly index: number }[] = [];

  const result = (isComplete: boolean, text?: string, index?: number): Exploration => ({
    states: parents.length,
    transitions: from.length,
    isComplete,
    seconds: (bounds.nowMs() - startedMs) / 1_000,
    violation: text === undefined || index === undefined ? undefined : { text, story: storyOf(index) },
  });

  function storyOf(index: number): readonly string[] {
    const story: string[] = [];
    for (let at = index; at > 0; at = parents[at] ?? 0) story.push(labels[at] ?? "");
    return story.toReversed();
  }

  /** The number of this world, and whether it is new. */
  function enter(world: World, parent: number, label: string): { readonly index: number; readonly isNew: boolean } {
    const hash = hashOf(canonical.text(relativeLooks(world), world.nowMono));
    const known = numberOf.get(hash);
    if (known !== undefined) return { index: known, isNew: false };
    const index = parents.length;
    numberOf.set(hash, index);
    parents.push(parent);
    labels.push(label);
    return { index, isNew: true };
  }

  function judge(world: World, index: number): string | undefined {
    const now = brokenNow(world);
    if (now !== undefined || !isAtRest(world)) return now;
    resting.push(index);
    return brokenAtRest(model, world);
  }

  const first = firstWorld(model);
  frontier.push({ world: first, index: enter(first, 0, "").index });
  resting.push(0);
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { world, index } of frontier)
      for (const step of nextWorlds(model, world)) {
        const entered = enter(step.world, index, step.label);
        from.push(index);
        to.push(entered.index);
        if (!entered.isNew) continue;
        const broken = judge(step.world, entered.index);
        if (broken !== undefined) return result(false, broken, entered.index);
        if (parents.length >= bounds.statesMax) return result(false);
        next.push({ world: step.world, index: entered.index });
      }
    frontier = next;
  }
  const stuck = firstStuck(parents.length, from, to, resting);
  return stuck === undefined ? result(true) : result(true, "from here nothing can come to rest any more", stuck);
}

/** The first state from which no way leads to rest; undefined when there is none. */
function firstStuck(
  states: number,
  from: readonly number[],
  to: readonly number[],
  resting: readonly number[],
): number | undefined {
  // Predecessors in one array: those of state s stand from starts[s] up to starts[s + 1].
  const starts = new Int32Array(states + 1);
  for (const state of to) starts[state + 1] = (starts[state + 1] ?? 0) + 1;
  for (let state = 0; state < states; state += 1) starts[state + 1] = (starts[state + 1] ?? 0) + (starts[state] ?? 0);
  const filled = starts.slice();
  const predecessors = new Int32Array(from.length);
  for (const [edge, state] of to.entries()) {
    const at = filled[state] ?? 0;
    predecessors[at] = from[edge] ?? 0;
    filled[state] = at + 1;
  }
  const canRest = new Uint8Array(states);
  const queue = [...resting];
  for (const state of resting) canRest[state] = 1;
  for (let state = queue.pop(); state !== undefined; state = queue.pop())
    for (let at = starts[state] ?? 0; at < (starts[state + 1] ?? 0); at += 1) {
      const before = predecessors[at] ?? 0;
      if (canRest[before] === 1) continue;
      canRest[before] = 1;
      queue.push(before);
    }
  const stuck = canRest.indexOf(0);
  return stuck === -1 ? undefined : stuck;
}
