/**
 * The back office's commands: each is taken at most once, journalled before it is acknowledged, and answered. Here is what the disk keeps of
 * each, what the sale is told, and what the kiosk does itself. A new command is a case in each of the three.
 */
import type { Journal, JournalChange } from "../journal/port.ts";
import { errorText } from "../kit/error-text.ts";
import type { Command, CommandReply } from "../link/port.ts";
import type { Machine } from "../machine/port.ts";
import type { Panel } from "../panel/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import { type CatalogueAround, catalogueFaults, catalogueFaultText } from "../sale/catalogue-check.ts";
import type { SaleEvent, ServiceVend, Unstamped } from "../sale/event.ts";
import type { Clock, Host, Log, LogExcerpt } from "../service/port.ts";
import { hostOrderChange, type HostOrders } from "./host-orders.ts";
import { takeCommand, type TakenCommand } from "./intake.ts";
import { outOfServiceKey } from "./journal-keys.ts";
import { type Loop, NotTakenError } from "./loop.ts";
import { catalogueChanges } from "./open-business.ts";
import { wasHandedIn } from "./orders.ts";
import { replyChange, unansweredChange } from "./replies.ts";
import { saleLog } from "./sale-log.ts";
import { servicedText, serviceVisit } from "./service-visit.ts";

export interface CommandParts {
  readonly loop: Pick<Loop, "putDurably" | "state">;
  readonly journal: Journal;
  readonly machine: Pick<Machine, "identify">;
  readonly panel: Pick<Panel, "screenshot">;
  readonly clock: Pick<Clock, "wallMs" | "isPlausible">;
  readonly log: Log;
  /** The configuration's. */
  readonly catalogue: Catalogue;
  /** What every catalogue has to hold to here, the configuration's and the back office's. */
  readonly sellable: CatalogueAround;
  readonly host: Pick<Host, "restartFault" | "bootId">;
  readonly hostOrders: Pick<HostOrders, "carryOut">;
  readonly recentLog: () => LogExcerpt;
  /** Why it is not for this kiosk. */
  readonly refuses: (command: Command) => string | undefined;
  /** Sends an answer that is in the journal, or whose place is. */
  readonly reply: (reply: CommandReply) => void;
}

/**
 * Resolves when the broker may forget the command: it is in the journal, or it fails by its own content and is refused.
 * @throws NotTakenError when the journal does not take it; then it was not answered, and comes again
 */
export async function obey(command: Command, parts: CommandParts): Promise<void> {
  try {
    await take(command, parts);
  } catch (error) {
    if (error instanceof NotTakenError) throw error;
    const { id, order } = command;
    const reference = "reference" in order ? order.reference : undefined;
    saleLog(parts.log, reference).error(
      { error, command: id, order: order.kind },
      "a command cannot be carried out: a fault in kvitt",
    );
    await answer({ id: command.id, outcome: "refused", reason: errorText(error) }, parts);
  }
}

async function take(command: Command, parts: CommandParts): Promise<void> {
  const { loop, journal, clock, reply } = parts;
  const { id } = command;
  const judge = (): TakenCommand => takeCommand(journal, command, clock.wallMs(), clock.isPlausible());
  let taken = judge();
  if (taken.kind === "duplicate") return;
  const refusal = taken.kind === "refused-command" ? taken : refusalOf(command, parts);
  if (refusal !== undefined) {
    const refused: CommandReply = { id, outcome: refusal.isExpired ? "expired" : "refused", reason: refusal.reason };
    let isFirst = true;
    const isStillWanted = (): boolean => (isFirst = judge().kind !== "duplicate");
    await loop.putDurably(undefined, { changes: [...taken.changes, replyChange(refused)], isStillWanted });
    if (isFirst) reply(refused);
    return;
  }
  const done = doneAtOnce(command, parts);
  const changes = [...taken.changes, ...commandFacts(command, done, parts)];
  // Another copy, or another command with its counter, may have been waiting in the inbox: only its turn shows.
  const isStillWanted = (): boolean => {
    taken = judge();
    return taken.kind === "command";
  };
  await loop.putDurably(commandEvent(command, clock.wallMs()), { changes, isStillWanted });
  if (taken.kind === "refused-command") return take(command, parts);
  if (taken.kind !== "command") return;
  if (done === undefined) void carryOut(command, parts);
  else reply(done);
}

/** Writes the answer down, also while nobody can be told. Where the disk does not take it now, it is written down before it is sent. */
async function answer(reply: CommandReply, { loop, log, reply: send }: CommandParts): Promise<void> {
  try {
    await loop.putDurably(undefined, { changes: [replyChange(reply)] });
  } catch (error) {
    log.warn({ error, command: reply.id }, "the answer to a command waits for the journal");
  }
  send(reply);
}

/** The answer to what is done as soon as the journal has it; undefined for everything else. */
function doneAtOnce({ id, order }: Command, parts: CommandParts): CommandReply | undefined {
  switch (order.kind) {
    case "out-of-service":
    case "in-service":
    case "set-catalogue":
      return { id, outcome: "done" };
    case "serviced":
      return { id, outcome: "done", detail: detailOfService(order.line, parts) };
    case "refund":
    case "cancel":
    case "deliver":
    case "identify":
    case "screenshot":
    case "logs":
    case "restart":
    case "reboot":
    case "update":
      return undefined;
  }
}

/** Why the order cannot be carried out, where the kiosk knows that before the sale is asked. */
function refusalOf(
  command: Command,
  { journal, loop, sellable, host, refuses }: CommandParts,
): { readonly isExpired: boolean; readonly reason: string } | undefined {
  const isNotOurs = refuses(command);
  if (isNotOurs !== undefined) return { isExpired: false, reason: isNotOurs };
  const { order } = command;
  if (order.kind === "set-catalogue") {
    const faults = catalogueFaults(order.catalogue, sellable);
    return faults.length === 0 ? undefined : { isExpired: false, reason: catalogueFaultText(faults) };
  }
  if (order.kind === "deliver" && order.orderId !== undefined && wasHandedIn(journal, order.orderId))
    return { isExpired: false, reason: `order ${order.orderId} was handed in before` };
  if (order.kind === "restart" || order.kind === "update") {
    const reason = host.restartFault();
    return reason === undefined ? undefined : { isExpired: false, reason };
  }
  if (order.kind !== "serviced") return undefined;
  const visit = serviceVisit(loop.state(), order.line);
  return visit.kind === "refused" ? { isExpired: false, reason: visit.reason } : undefined;
}

function detailOfService(line: string | undefined, { loop }: CommandParts): string {
  const visit = serviceVisit(loop.state(), line);
  return visit.kind === "done" ? servicedText(visit.lines) : visit.reason;
}

/** What a restart has to know of an order, its answer included. */
function commandFacts(
  { id, order }: Command,
  done: CommandReply | undefined,
  { catalogue: configured, host }: CommandParts,
): readonly JournalChange[] {
  const answers = done === undefined ? [] : [replyChange(done)];
  switch (order.kind) {
    case "out-of-service":
      return [...answers, { kind: "put", table: "fact", key: outOfServiceKey, value: true }];
    case "in-service":
      return [...answers, { kind: "delete", table: "fact", key: outOfServiceKey }];
    case "set-catalogue":
      return [...answers, ...catalogueChanges(order.catalogue, configured)];
    case "restart":
    case "reboot":
    case "update":
      return [hostOrderChange(id, order.kind, host.bootId())];
    case "identify":
    case "screenshot":
    case "logs":
      return [unansweredChange(id)];
    case "serviced":
      return answers;
    // The sale answers these itself, with the change that the answer tells of.
    case "refund":
    case "cancel":
    case "deliver":
      return [];
  }
}

/** What the sale is told; undefined for what is none of its business. */
function commandEvent({ order, id }: Command, wallMs: number): Unstamped<SaleEvent> | undefined {
  switch (order.kind) {
    case "out-of-service":
    case "in-service":
      return { about: "operator", inService: order.kind === "in-service" };
    case "set-catalogue":
      return { about: "catalogue", catalogue: order.catalogue };
    case "serviced":
      return { about: "serviced", line: order.line };
    case "cancel":
    case "refund": {
      const { reference } = order;
      const amount = order.kind === "refund" ? order.amount : undefined;
      return { about: "back-office", commandId: id, order: order.kind, reference, amount };
    }
    case "deliver": {
      const vend: ServiceVend = { id, line: order.line, orderId: order.orderId ?? null, startedWallMs: wallMs };
      return { about: "service-vend", vend };
    }
    case "identify":
    case "screenshot":
    case "logs":
    case "restart":
    case "reboot":
    case "update":
      return undefined;
  }
}

/** Does what is not the sale's, once the journal has the command, and answers. The sale answers through its effects. */
async function carryOut({ id, order }: Command, parts: CommandParts): Promise<void> {
  const { machine, panel, log, hostOrders, recentLog, reply } = parts;
  try {
    switch (order.kind) {
      case "identify":
        await machine.identify();
        await answer({ id, outcome: "done" }, parts);
        return;
      case "screenshot":
        // Too large for the journal, as the log is; and of no use after a restart.
        reply({ id, outcome: "done", png: await panel.screenshot() });
        return;
      case "logs":
        reply({ id, outcome: "done", logs: recentLog() });
        return;
      case "restart":
      case "reboot":
      case "update":
        await hostOrders.carryOut(id, order);
        return;
      case "out-of-service":
      case "in-service":
      case "set-catalogue":
      case "serviced":
      case "cancel":
      case "refund":
      case "deliver":
        return;
    }
  } catch (error) {
    log.error({ error, command: order.kind }, "a command failed");
    await answer({ id, outcome: "refused", reason: errorText(error) }, parts);
  }
}
