/**
 * Decides which commands go on to the kiosk: those for this machine, signed with its key, newer than all before, and in time; checked in
 * this order. Replays are kept out by the counter and not by the clock: a Pi's clock may be wrong, and the counter is in the journal.
 */
import { defined } from "../kit/defined.ts";
import type * as z from "zod";
import { isReference, machineOf, merchantQrIdOf, type StationId, stationOf } from "../sale/ids.ts";
import type { Clock } from "../service/port.ts";
import {
  type CommandMessage,
  commandIdPattern,
  commandSchema,
  mayNameStation,
  orderSchema,
  toOrder,
} from "./command-message.ts";
import { verifyCommand } from "./command-signature.ts";
import { firstFault } from "./messages.ts";
import type { Command, CommandReply } from "./port.ts";
import { parseTimestamp } from "../kit/timestamp.ts";
import type { MachineAddress } from "./topics.ts";

export interface CommandTrust {
  /** The machine's own key, at least 32 bytes. Without one the machine takes no commands. */
  readonly key: Uint8Array | undefined;
  /** The highest counter in the journal; 0 on a new machine. */
  readonly highestCounter: number;
  /** Whether the journal has this command's id. Then it is a copy, and is dropped without a second answer. */
  readonly wasSeen?: (commandId: string) => boolean;
  /** The machine's outlets. Without any, a command to one is refused. */
  readonly stations?: readonly StationId[];
}

export type CommandVerdict =
  | { readonly kind: "pass"; readonly command: Command }
  /** Tell the back office. `reference`: of the sale that the command is about, for the log. */
  | { readonly kind: "reply"; readonly reply: CommandReply; readonly reference?: string }
  /** A copy of a command that was answered, or something without an id to answer to. */
  | { readonly kind: "drop"; readonly reason: string };

/** Ids remembered besides the journal's, of commands that were taken or refused. Copies follow their original closely. */
const answeredMax = 1_024;
/** A command is for now. One that is signed to be valid for longer would be a key to the machine for as long. */
export const deadlineMsMax = 86_400_000;
/**
 * How far a counter may be ahead of the highest before, unless it is a time (see `isReachable`). One command with a counter at the end of
 * the numbers would be the last that the machine ever takes.
 */
export const counterStepMax = 1_000_000;

export class CommandGate {
  readonly #address: MachineAddress;
  readonly #trust: CommandTrust;
  readonly #clock: Clock;
  readonly #answered = new Set<string>();
  #highest: number;

  constructor(address: MachineAddress, trust: CommandTrust, clock: Clock) {
    this.#address = address;
    this.#trust = trust;
    this.#clock = clock;
    this.#highest = trust.highestCounter;
  }

  judge(json: unknown): CommandVerdict {
    const parsed = commandSchema.safeParse(json);
    if (!parsed.success) return unreadable(idOf(json), firstFault(parsed.error));
    const message = parsed.data;
    const verdict = this.#judgeReadable(message);
    const reference = message.order["reference"];
    return verdict.kind === "reply" && isReference(reference) ? { ...verdict, reference } : verdict;
  }

  #judgeReadable(message: CommandMessage): CommandVerdict {
    if (message.msn !== this.#address.msn || message.merchantQrId !== this.#address.merchantQrId)
      return refuse(message.id, "foreign");
    if (this.#trust.key === undefined) return refuse(message.id, "commands-disabled");
    if (!verifyCommand(message, message.signature, this.#trust.key)) return refuse(message.id, "signature");
    return this.#judgeSigned(message);
  }

  /** A command that was too large or too deep to be parsed: its sender hears so, where its id could be found. */
  judgeUnreadable(id: string | undefined, reason: string): CommandVerdict {
    return unreadable(id, reason);
  }

  /** The kiosk's journal has the command. */
  taken(command: Command): void {
    this.#highest = Math.max(this.#highest, command.counter);
    this.#remember(command.id);
  }

  #remember(id: string): void {
    this.#answered.add(id);
    const oldest = this.#answered.values().next().value;
    if (this.#answered.size > answeredMax && oldest !== undefined) this.#answered.delete(oldest);
  }

  /** Only what is signed is remembered: otherwise anybody could use up an id before its owner does. */
  #judgeSigned(message: CommandMessage): CommandVerdict {
    if (this.#answered.has(message.id) || this.#trust.wasSeen?.(message.id) === true)
      return { kind: "drop", reason: "duplicate" };
    const verdict = this.#judgeNew(message);
    if (verdict.kind === "reply") this.#remember(message.id);
    return verdict;
  }

  #judgeNew({ id, counter, deadline, order, station: named }: CommandMessage): CommandVerdict {
    if (counter <= this.#highest) return refuse(id, "counter");
    if (!this.#clock.isPlausible()) return refuse(id, "clock");
    const wallMs = this.#clock.wallMs();
    const deadlineWallMs = parseTimestamp(deadline) ?? 0;
    if (wallMs > deadlineWallMs) return { kind: "reply", reply: { id, outcome: "expired", reason: "deadline" } };
    if (deadlineWallMs - wallMs > deadlineMsMax) return refuse(id, "deadline: more than a day ahead");
    if (!this.#isReachable(counter, wallMs))
      return refuse(id, `counter: more than ${counterStepMax} above ${this.#highest}, and no time in milliseconds`);
    const parsed = orderSchema.safeParse(order);
    if (!parsed.success) return refuse(id, `order: ${firstFault(parsed.error)}`);
    const target = this.#targetOf(parsed.data, named);
    if ("fault" in target) return refuse(id, target.fault);
    const station = defined({ station: target.station });
    return { kind: "pass", command: { id, counter, deadlineWallMs, ...station, order: toOrder(parsed.data) } };
  }

  /** Which outlet is meant. What a reference says holds also for one that has left the configuration: its sales still end. */
  #targetOf(
    order: z.infer<typeof orderSchema>,
    named: StationId | undefined,
  ): { readonly station: StationId | undefined } | { readonly fault: string } {
    if (named !== undefined && !mayNameStation(order))
      return { fault: `station: ${order.kind} is for the whole machine` };
    if ("reference" in order) {
      const owner = merchantQrIdOf(order.reference);
      if (owner === undefined || machineOf(owner) !== this.#address.merchantQrId) return { fault: "foreign-reference" };
      const station = stationOf(owner);
      return named === undefined || named === station ? { station } : { fault: "foreign-reference" };
    }
    if (named !== undefined && this.#trust.stations?.includes(named) !== true) return { fault: "unknown-station" };
    return { station: named };
  }

  /** The two ways to count: one by one, and by the milliseconds since 1970 as `kvitt command` does. */
  #isReachable(counter: number, wallMs: number): boolean {
    return counter - this.#highest <= counterStepMax || counter <= wallMs + deadlineMsMax;
  }
}

function refuse(id: string, reason: string): CommandVerdict {
  return { kind: "reply", reply: { id, outcome: "refused", reason } };
}

/** The sender learns what is wrong, if there is at least an id to answer to. */
function unreadable(id: unknown, fault: string): CommandVerdict {
  return typeof id === "string" && commandIdPattern.test(id)
    ? refuse(id, `unreadable: ${fault}`)
    : { kind: "drop", reason: `unreadable: ${fault}` };
}

function idOf(json: unknown): unknown {
  return typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
}
