/** Every effect of the sale goes from here to the part that acts on it; what the part has to say comes back as an event. */
import type { Machine } from "../machine/port.ts";
import type { Effect } from "../sale/effect.ts";
import type { SaleEvent, Unstamped } from "../sale/event.ts";
import type { Reference } from "../sale/ids.ts";
import type { SaleHistory, SaleRecord } from "../sale/record.ts";
import type { Log } from "../service/port.ts";
import type { QrPicture } from "../vipps/port.ts";
import type { Deliveries } from "./delivery.ts";
import {
  type Answer,
  callProvider,
  type ProviderCallParts,
  type ProviderEffect,
  type Reached,
} from "./provider-calls.ts";
import { saleLog } from "./sale-log.ts";
import type { SaleTimers } from "./sale-timers.ts";

export interface PerformParts {
  readonly provider: ProviderCallParts;
  readonly deliveries: Deliveries;
  readonly timers: SaleTimers;
  readonly machine: Pick<Machine, "openSession" | "closeSession">;
  readonly put: (event: Unstamped<SaleEvent>) => void;
  /** Told after each call of the provider. */
  readonly observe: (reached: Reached) => void;
  /** Takes the code of a payment; says why it cannot be shown, or undefined when it can. */
  readonly takeCode: (reference: Reference, qr: QrPicture) => string | undefined;
  /** A sale, or what was ordered of it later, has ended and is on the disk. */
  readonly onReport: (sale: SaleHistory) => void;
  readonly onReply: (reply: Extract<Effect, { kind: "reply" }>) => void;
  readonly log: Log;
}

/** Starts what the effect asks for, and returns at once. */
export function perform(effect: Effect, parts: PerformParts): void {
  const { deliveries, timers, machine, log } = parts;
  switch (effect.kind) {
    case "create":
    case "look":
    case "capture":
    case "refund":
    case "cancel":
      void call(effect, parts);
      return;
    case "deliver":
      deliveries.start(effect);
      return;
    case "start-timer":
      timers.start(effect);
      return;
    case "cancel-timer":
      timers.cancel(effect.name);
      return;
    case "open-machine-session":
      machine.openSession(effect.funds).catch((error: unknown) => machineFailed(log, error));
      return;
    case "close-machine-session":
      machine.closeSession().catch((error: unknown) => machineFailed(log, error));
      return;
    case "report":
      logRecord(log, effect.record);
      parts.onReport(effect.history);
      return;
    case "reply":
      parts.onReply(effect);
      return;
    case "note":
      saleLog(log, effect.reference).debug({}, effect.text);
      return;
  }
}

async function call(effect: ProviderEffect, parts: PerformParts): Promise<void> {
  const { reference } = effect;
  const answer = await callProvider(effect, parts.provider);
  parts.observe(answer.reached);
  const fault = codeFault(effect, answer, parts);
  parts.put({ about: "settlement", reference, event: answer.event });
  if (fault === undefined) return;
  saleLog(parts.log, reference).error({ reason: fault }, "the payment's code cannot be shown on this panel");
  parts.put({ about: "session", event: { kind: "panel-failed" } });
}

/** Why the customer cannot be shown the code of the payment that was just created. */
function codeFault(effect: ProviderEffect, { event, qr }: Answer, { takeCode }: PerformParts): string | undefined {
  const fault = qr === undefined ? "the provider sent nothing to show" : takeCode(effect.reference, qr);
  return effect.kind === "create" && effect.request.flow === "qr" && event.kind === "created" ? fault : undefined;
}

function machineFailed(log: Log, error: unknown): void {
  log.error({ error }, "the machine's driver failed");
}

function logRecord(log: Log, { id, outcome, reason, captured, currency }: SaleRecord): void {
  const fields = { outcome, reason, captured, currency };
  const sale = saleLog(log, id);
  if (outcome === "attention") sale.error(fields, "a sale needs a person: see `kvitt sales attention`");
  else sale.info(fields, "a sale ended");
}
