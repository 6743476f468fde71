/**
 * Which commands go on to the kiosk. In this order: for this machine, signed with its key, newer than all before, and in time.
 * The counter decides about replays, not the clock: clocks are wrong on a Pi, and a counter is in the journal.
 */
import { merchantQrIdOf } from "../sale/ids.ts";
import type { Clock } from "../service/port.ts";
import { type CommandMessage, commandIdPattern, commandSchema, orderSchema, toOrder } from "./command-message.ts";
import { verifyCommand } from "./command-signature.ts";
import { firstFault } from "./messages.ts";
import type { Command, CommandReply } from "./port.ts";
import { parseTimestamp } from "../kit/timestamp.ts";
import type { MachineAddress } from "./topics.ts";

export interface CommandTrust {
  /** The machine's own key, at least 32 bytes; undefined: this machine takes no commands. */
  readonly key: Uint8Array | undefined;
  /** The highest counter in the journal; 0 on a new machine. */
  readonly highestCounter: number;
  /** Whether the journal has this command's id: a copy is then silently forgotten instead of refused. */
  readonly wasSeen?: (commandId: string) => boolean;
}

export type CommandVerdict =
  | { readonly kind: "pass"; readonly command: Command }
  /** Tell the back office. */
  | { readonly kind: "reply"; readonly reply: CommandReply }
  /** A copy of a command that was taken in, or nothing that could be answered. */
  | { readonly kind: "drop"; readonly reason: string };

/** How many taken ids are remembered besides the journal's: copies follow their original closely. */
const takenMax = 256;

export class CommandGate {
  readonly #address: MachineAddress;
  readonly #trust: CommandTrust;
  readonly #clock: Clock;
  readonly #taken = new Set<string>();
  #highest: number;

  constructor(address: MachineAddress, trust: CommandTrust, clock: Clock) {
    this.#address = address;
    this.#trust = trust;
    this.#clock = clock;
    this.#highest = trust.highestCounter;
  }

  judge(json: unknown): CommandVerdict {
    const parsed = commandSchema.safeParse(json);
    if (!parsed.success) return unreadable(json, firstFault(parsed.error));
    const message = parsed.data;
    if (message.msn !== this.#address.msn || message.merchantQrId !== this.#address.merchantQrId)
      return refuse(message.id, "foreign");
    if (this.#trust.key === undefined) return refuse(message.id, "commands-disabled");
    if (!verifyCommand(message, message.signature, this.#trust.key)) return refuse(message.id, "signature");
    return this.#judgeSigned(message);
  }

  /** The kiosk's journal has the command. */
  taken(command: Command): void {
    this.#highest = Math.max(this.#highest, command.counter);
    this.#taken.add(command.id);
    const oldest = this.#taken.values().next().value;
    if (this.#taken.size > takenMax && oldest !== undefined) this.#taken.delete(oldest);
  }

  #judgeSigned(message: CommandMessage): CommandVerdict {
    if (this.#taken.has(message.id) || this.#trust.wasSeen?.(message.id) === true)
      return { kind: "drop", reason: "duplicate" };
    if (message.counter <= this.#highest) return refuse(message.id, "counter");
    const deadlineWallMs = parseTimestamp(message.deadline) ?? 0;
    if (!this.#clock.isPlausible()) return refuse(message.id, "clock");
    if (this.#clock.wallMs() > deadlineWallMs)
      return { kind: "reply", reply: { id: message.id, outcome: "expired", reason: "deadline" } };
    const order = orderSchema.safeParse(message.order);
    if (!order.success) return refuse(message.id, `order: ${firstFault(order.error)}`);
    if ("reference" in order.data && merchantQrIdOf(order.data.reference) !== this.#address.merchantQrId)
      return refuse(message.id, "foreign-reference");
    const { id, counter } = message;
    return { kind: "pass", command: { id, counter, deadlineWallMs, order: toOrder(order.data) } };
  }
}

function refuse(id: string, reason: string): CommandVerdict {
  return { kind: "reply", reply: { id, outcome: "refused", reason } };
}

/** Whoever sent it learns what is wrong, when there is at least an id to answer to. */
function unreadable(json: unknown, fault: string): CommandVerdict {
  const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  return typeof id === "string" && commandIdPattern.test(id)
    ? refuse(id, `unreadable: ${fault}`)
    : { kind: "drop", reason: `unreadable: ${fault}` };
}
