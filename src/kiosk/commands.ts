/**
 * The back office's commands: each is taken at most once, journalled before it is acknowledged, and answered. Here is what the disk keeps of
 * each, what the sale is told, and what the kiosk does itself. A new command is a case in each of the three.
 */
import type { Journal, JournalChange } from "../journal/port.ts";
import { defined } from "../kit/defined.ts";
import { errorText } from "../kit/error-text.ts";
import type { Command, Link } from "../link/port.ts";
import type { Machine } from "../machine/port.ts";
import type { Panel } from "../panel/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import { type CatalogueAround, catalogueFaults, catalogueFaultText } from "../sale/catalogue-check.ts";
import type { SaleEvent, ServiceVend, Unstamped } from "../sale/event.ts";
import type { Clock, Log } from "../service/port.ts";
import { takeCommand } from "./intake.ts";
import { outOfServiceKey } from "./journal-keys.ts";
import type { Loop } from "./loop.ts";
import { catalogueChanges } from "./open-business.ts";
import { wasHandedIn } from "./orders.ts";
import { servicedText, serviceVisit } from "./service-visit.ts";

export interface CommandParts {
  readonly loop: Pick<Loop, "putDurably" | "state">;
  readonly journal: Journal;
  readonly machine: Pick<Machine, "identify">;
  readonly panel: Pick<Panel, "screenshot">;
  readonly link: Pick<Link, "reply">;
  readonly clock: Pick<Clock, "wallMs" | "isPlausible">;
  readonly log: Log;
  /** The configuration's. */
  readonly catalogue: Catalogue;
  /** What every catalogue has to hold to here, the configuration's and the back office's. */
  readonly sellable: CatalogueAround;
  readonly reboot: () => void;
  /** Called when a command may have changed what can be sold. */
  readonly onChange: () => void;
}

/** Resolves when the broker may forget the command; rejects when the journal does not take it. */
export async function obey(command: Command, parts: CommandParts): Promise<void> {
  const { loop, journal, clock, link, catalogue } = parts;
  const { id, order } = command;
  const taken = takeCommand(journal, command, clock.wallMs(), clock.isPlausible());
  if (taken.kind === "duplicate") return;
  if (taken.kind === "refused-command") {
    link.reply({ id, outcome: taken.isExpired ? "expired" : "refused", reason: taken.reason });
    return;
  }
  const refusal = refusalOf(order, parts);
  if (refusal !== undefined) {
    await loop.putDurably(undefined, { changes: taken.changes });
    link.reply({ id, outcome: "refused", reason: refusal });
    return;
  }
  const detail = order.kind === "serviced" ? detailOfService(order.line, parts) : undefined;
  const changes = [...taken.changes, ...commandFacts(order, catalogue)];
  await loop.putDurably(commandEvent(command, clock.wallMs()), { changes });
  void carryOut(command, detail, parts);
}

/** Why the order cannot be carried out, where the kiosk knows that before the sale is asked. */
function refusalOf(order: Command["order"], { journal, loop, sellable }: CommandParts): string | undefined {
  if (order.kind === "set-catalogue") {
    const faults = catalogueFaults(order.catalogue, sellable);
    return faults.length === 0 ? undefined : catalogueFaultText(faults);
  }
  if (order.kind === "deliver" && order.orderId !== undefined && wasHandedIn(journal, order.orderId))
    return `order ${order.orderId} was handed in before`;
  if (order.kind !== "serviced") return undefined;
  const visit = serviceVisit(loop.state(), order.line);
  return visit.kind === "refused" ? visit.reason : undefined;
}

function detailOfService(line: string | undefined, { loop }: CommandParts): string {
  const visit = serviceVisit(loop.state(), line);
  return visit.kind === "done" ? servicedText(visit.lines) : visit.reason;
}

/** What a restart has to know of an order. */
function commandFacts(order: Command["order"], configured: Catalogue): readonly JournalChange[] {
  switch (order.kind) {
    case "out-of-service":
      return [{ kind: "put", table: "fact", key: outOfServiceKey, value: true }];
    case "in-service":
      return [{ kind: "delete", table: "fact", key: outOfServiceKey }];
    case "set-catalogue":
      return catalogueChanges(order.catalogue, configured);
    case "serviced":
    case "refund":
    case "cancel":
    case "deliver":
    case "identify":
    case "screenshot":
    case "reboot":
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
    case "reboot":
      return undefined;
  }
}

/**
 * Does what is not the sale's, once the journal has the command, and replies. Commands that the sale answers itself (cancel, refund, deliver)
 * reply through its effects.
 */
async function carryOut({ id, order }: Command, detail: string | undefined, parts: CommandParts): Promise<void> {
  const { machine, panel, link, log, reboot, onChange } = parts;
  try {
    switch (order.kind) {
      case "out-of-service":
      case "in-service":
      case "set-catalogue":
        onChange();
        link.reply({ id, outcome: "done" });
        return;
      case "serviced":
        link.reply({ id, outcome: "done", ...defined({ detail }) });
        return;
      case "identify":
        await machine.identify();
        link.reply({ id, outcome: "done" });
        return;
      case "screenshot":
        link.reply({ id, outcome: "done", png: await panel.screenshot() });
        return;
      case "reboot":
        link.reply({ id, outcome: "done", detail: "restarting" });
        reboot();
        return;
      case "cancel":
      case "refund":
      case "deliver":
        return;
    }
  } catch (error) {
    log.error({ error, command: order.kind }, "a command failed");
    link.reply({ id, outcome: "refused", reason: errorText(error) });
  }
}
