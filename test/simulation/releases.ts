/**
 * The releases of kvitt on a simulated computer: the updater that is asked for one, the launcher that tries it once, the gate that lets it stay or takes it
 * back (docs/update.md). Of an older or a newer release all that differs is what it writes into the journal.
 */
import { type Disk } from "../../src/journal/disk.ts";
import type { Journal, JournalChange, JsonValue } from "../../src/journal/port.ts";
import { encodeHeader, formatVersion } from "../../src/journal/record.ts";
import type { UpdateOutcome, Updates } from "../../src/service/port.ts";
import { SimulatedUpdates } from "../../src/update/simulated-updates.ts";
import type { Dice } from "./traits.ts";
import type { World } from "./world.ts";

interface Release {
  readonly number: number;
  /** What an older one does not write yet, and what only a newer one writes. */
  readonly writes: "less" | "this" | "more";
  readonly fault: "none" | "crashes" | "never ready";
}

interface Trial {
  /** Undefined where the order was answered long ago. */
  readonly id: string | undefined;
  readonly release: Release;
}

const gateMs = 300_000;
const lookMs = 5_000;
/** The updater waits so long for a moment without a sale. */
const waitMs = 900_000;

export class Releases {
  readonly #world: World;
  readonly #dice: Dice;
  #good: Release;
  #unpacked: Trial | undefined;
  #trying: Trial | undefined;
  /** One order at a time. */
  #ordered: string | undefined;
  readonly #known = new Map<string, UpdateOutcome>();
  /** The view of the process that runs. */
  #updates = new SimulatedUpdates();
  /** A newer release has written the journal in a form that this one does not know. */
  #isJournalTooNew = false;

  constructor(world: World, dice: Dice, isOldAtFirst: boolean) {
    this.#world = world;
    this.#dice = dice;
    this.#good = { number: 1, writes: isOldAtFirst ? "less" : "this", fault: "none" };
  }

  /** Nothing is ordered, and nothing tried. */
  get isIdle(): boolean {
    return this.#ordered === undefined && this.#trying === undefined;
  }

  /** The newest format that the release behind this one reads, while this one is tried. */
  get readableFormat(): number | undefined {
    return this.#trying === undefined ? undefined : formatVersion;
  }

  get #running(): Release {
    return this.#trying?.release ?? this.#good;
  }

  get version(): string {
    return `1.${this.#running.number}.0`;
  }

  /** Another computer has what its package brought. */
  forget(): void {
    this.#unpacked = undefined;
    this.#trying = undefined;
    this.#ordered = undefined;
    this.#known.clear();
    this.#isJournalTooNew = false;
    this.#good = { number: 1, writes: "this", fault: "none" };
  }

  // ── a start ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The launcher: a release that was tried and did not pass is not tried again; one that was never tried is, once. */
  starts(): Updates {
    if (this.#trying !== undefined) {
      const { id, release } = this.#trying;
      this.#trying = undefined;
      this.#world.tell(`release ${release.number} did not pass its gate: the one before it is started`);
      this.#world.count("update: taken back");
      this.#tell(id, { kind: "refused", reason: "it was started and did not pass its gate" });
    } else if (this.#unpacked !== undefined) {
      this.#trying = this.#unpacked;
      this.#unpacked = undefined;
      this.#world.tell(`release ${this.#trying.release.number} is tried`);
      this.#watch(this.#trying, this.#world.clock.monotonicMs() + gateMs);
    }
    this.#updates = new SimulatedUpdates();
    for (const [id, outcome] of this.#known) this.#updates.settle(id, outcome);
    const updates = this.#updates;
    return {
      ask: async (id) => this.#ask(id),
      outcome: (id, signal) => {
        if (this.#ordered !== id && !this.#known.has(id))
          updates.settle(id, { kind: "refused", reason: "the updater knows nothing of it" });
        return updates.outcome(id, signal);
      },
    };
  }

  /** The gate: it looks at what the machine says of itself. */
  #watch(trial: Trial, untilMs: number): void {
    const { clock, daemon } = this.#world;
    const { fault, number } = trial.release;
    if (fault === "crashes")
      clock.startTimer("crash", this.#dice.fraction() * 30_000, () => {
        if (this.#trying === trial) daemon.crash(`release ${number} crashes`);
      });
    const look = (): void => {
      if (this.#trying !== trial) return;
      const isServing = daemon.kiosk !== undefined && (daemon.state === "ready" || daemon.state === "selling");
      if (fault === "none" && isServing) return this.#passes(trial);
      if (clock.monotonicMs() < untilMs) return void clock.startTimer("gate", lookMs, look);
      const isMute = daemon.kiosk === undefined || fault !== "none";
      if (!isMute && !["machine", "panel", "journal"].includes(daemon.reason ?? "")) return this.#passes(trial);
      void daemon.restart("the gate said no");
    };
    clock.startTimer("gate", lookMs, look);
  }

  #passes({ id, release }: Trial): void {
    this.#trying = undefined;
    this.#good = release;
    this.#world.tell(`release ${release.number} passed its gate`);
    this.#world.count("update: passed");
    this.#tell(id, { kind: "done", detail: `1.${release.number}.0 runs, and passed its gate` });
  }

  // ── an order ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #ask(id: string): Promise<Awaited<ReturnType<Updates["ask"]>>> {
    if (this.#ordered !== undefined) return { kind: "refused", reason: "one order at a time" };
    if (this.#dice.chance(0.1)) return { kind: "refused", reason: "the request cannot be written" };
    this.#ordered = id;
    this.#world.clock.startTimer("updater", 3_000 + this.#dice.fraction() * 60_000, () => this.#install(id));
    return { kind: "taken" };
  }

  #install(id: string): void {
    if (this.#ordered !== id) return;
    if (this.#dice.chance(0.2)) return this.#tell(id, { kind: "refused", reason: "signed by nobody who is known" });
    const { number, writes } = this.#good;
    const release: Release = {
      number: number + 1,
      writes: writes === "less" ? "this" : "more",
      fault: this.#dice.pick(["none", "none", "none", "crashes", "never ready"]),
    };
    this.#world.tell(`release ${release.number} is unpacked`);
    this.#unpacked = { id, release };
    this.#startWhenFree(id, this.#world.clock.monotonicMs() + waitMs);
  }

  /** Never with a sale in flight. A computer that is off or starts anew takes it then. */
  #startWhenFree(id: string, untilMs: number): void {
    const { clock, daemon } = this.#world;
    if (this.#unpacked?.id !== id) return;
    if (clock.monotonicMs() > untilMs) {
      this.#unpacked = { ...this.#unpacked, id: undefined };
      return this.#tell(id, { kind: "refused", reason: "it is unpacked, and kvitt was not started anew" });
    }
    if (daemon.kiosk !== undefined && daemon.state !== "selling") void daemon.restart("an update");
    clock.startTimer("updater", lookMs, () => this.#startWhenFree(id, untilMs));
  }

  #tell(id: string | undefined, outcome: UpdateOutcome): void {
    if (id === undefined || this.#ordered !== id) return;
    this.#ordered = undefined;
    this.#known.set(id, outcome);
    this.#updates.settle(id, outcome);
  }

  /** What became of an order, by the updater itself. */
  outcomeOf(id: string): UpdateOutcome["kind"] | undefined {
    return this.#known.get(id)?.kind;
  }

  /** Orders of which everything is known, and which the machine has to have answered. */
  get answered(): readonly string[] {
    return [...this.#known.keys()];
  }

  // ── what it writes ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The journal as the release that runs writes it. */
  journal(right: Journal): Journal {
    const { writes } = this.#running;
    if (writes === "this") return right;
    const written = writes === "less" ? withoutNews : withNews;
    const changed = <T extends JournalChange>(one: T): T =>
      one.kind === "put" ? { ...one, value: written(one.table, one.value) } : one;
    return {
      commit: (changes) => right.commit(changes.map(changed)),
      carry: (changes) => right.carry(changes.map(changed)),
      get: (table, key) => right.get(table, key),
      secret: (key) => right.secret(key),
      entries: (table) => right.entries(table),
      close: () => right.close(),
    };
  }

  /** Somebody puts this release in the place of one that has written another format. */
  downgrade(): void {
    this.#isJournalTooNew = true;
  }

  upgrade(): void {
    this.#isJournalTooNew = false;
  }

  get isJournalTooNew(): boolean {
    return this.#isJournalTooNew;
  }

  /** What this release finds of it: the header says another format, and nothing may be changed. */
  disk(disk: Disk): Disk {
    if (!this.#isJournalTooNew) return disk;
    const change = async (): Promise<void> =>
      this.#world.violate("a journal in a format that this release does not know is changed");
    return {
      list: () => disk.list(),
      read: async (name) => inNextFormat(await disk.read(name)),
      readNow: (name) => inNextFormat(disk.readNow(name)),
      append: change,
      write: change,
      sync: change,
      syncFolder: change,
      rename: change,
      remove: change,
      lock: () => disk.lock(),
    };
  }
}

function inNextFormat(bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  return Buffer.concat([encodeHeader(formatVersion + 1), bytes.subarray(Buffer.from(bytes).indexOf("\n") + 1)]);
}

/** What stands in the place of everything that came later (`default` in kiosk/stored.ts): a release of before did not write it. */
const laterKeys: Readonly<Record<string, Readonly<Record<string, (value: JsonValue) => boolean>>>> = {
  sale: { entry: (value) => value === "sale" },
  settlement: {
    waitingOrders: (value) => Array.isArray(value) && value.length === 0,
    history: (value) => value === null,
  },
};

function withoutNews(table: string, value: JsonValue): JsonValue {
  const later = laterKeys[table];
  if (later === undefined || !isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key, one]) => later[key]?.(one) !== true));
}

function withNews(table: string, value: JsonValue): JsonValue {
  return isObject(value) && (table === "sale" || table === "settlement") ? { ...value, ofTheNextRelease: [1] } : value;
}

function isObject(value: JsonValue): value is Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
