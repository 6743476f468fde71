/** What the back office's commands mean here: what the disk keeps of them, what the sale is told, and what the kiosk does itself. */
import type { Journal, JournalChange } from "../journal/port.ts";
import { errorText } from "../kit/error-text.ts";
import type { Command, Link } from "../link/port.ts";
import type { Machine } from "../machine/port.ts";
import type { Panel } from "../panel/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { SaleEvent, ServiceVend, Unstamped } from "../sale/event.ts";
import type { Log } from "../service/port.ts";
import { catalogueChanges } from "./open-business.ts";
import { readSaleRecord } from "./stored.ts";

/** What a restart has to know of an order. */
export function commandFacts(order: Command["order"], configured: Catalogue): readonly JournalChange[] {
  switch (order.kind) {
    case "out-of-service":
      return [{ kind: "put", table: "fact", key: "operator-out-of-service", value: true }];
    case "in-service":
      return [{ kind: "delete", table: "fact", key: "operator-out-of-service" }];
    case "set-catalogue":
      return catalogueChanges(order.catalogue, configured);
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
export function commandEvent(
  { order, id }: Command,
  journal: Journal,
  wallMs: number,
): Unstamped<SaleEvent> | undefined {
  switch (order.kind) {
    case "out-of-service":
    case "in-service":
      return { about: "operator", inService: order.kind === "in-service" };
    case "set-catalogue":
      return { about: "catalogue", catalogue: order.catalogue };
    case "cancel":
    case "refund": {
      const stored = journal.get("sale", order.reference);
      return {
        about: "back-office",
        commandId: id,
        order: order.kind,
        reference: order.reference,
        amount: order.kind === "refund" ? order.amount?.minor : undefined,
        record: stored === undefined ? undefined : readSaleRecord(stored),
      };
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

export interface CommandPorts {
  readonly machine: Machine;
  readonly panel: Panel;
  readonly link: Link;
  readonly log: Log;
  readonly reboot: () => void;
}

/**
 * Does what is not the sale's, once the journal has the command, and replies. Commands that the sale answers itself (cancel, refund, deliver) reply
 * through its effects.
 * @param judge looks at the readiness anew
 */
export async function carryOut({ id, order }: Command, ports: CommandPorts, judge: () => void): Promise<void> {
  const { machine, panel, link, log, reboot } = ports;
  try {
    switch (order.kind) {
      case "out-of-service":
      case "in-service":
      case "set-catalogue":
        judge();
        link.reply({ id, outcome: "done" });
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
