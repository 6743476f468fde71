/** How the machine is now, read from its parts: what the codes depend on, the state that upstream is told, and the health report. */
import { productsForSale } from "../sale/catalogue.ts";
import { catalogueNow } from "../sale/state.ts";
import type { CodeFacts } from "./code-conditions.ts";
import type { CodeFitting } from "./code-fitting.ts";
import { linesNotForSale } from "./line-health.ts";
import type { Heard } from "./listening.ts";
import type { Loop } from "./loop.ts";
import type { KioskHealth, KioskPorts, KioskSettings, RefusedCommand } from "./port.ts";
import type { Judgement } from "./readiness.ts";
import type { Registrar } from "./registrar.ts";
import type { StateNow } from "./state-report.ts";

export interface StatusParts {
  readonly settings: Pick<KioskSettings, "isQuiet" | "isMachineInService" | "policy">;
  readonly ports: Pick<KioskPorts, "clock" | "journal" | "panel">;
  readonly loop: Pick<Loop, "state" | "isJournalWorking" | "waiting">;
  readonly registrar: Pick<Registrar, "callbackQr" | "isProviderReached">;
  readonly codeFitting: Pick<CodeFitting, "fitsForGood">;
  readonly heard: () => Heard;
  readonly judgement: () => Judgement | undefined;
  readonly isStarting: () => boolean;
  readonly isStopping: () => boolean;
  readonly refused: () => RefusedCommand | undefined;
}

export interface Status {
  codeFacts(): CodeFacts;
  state(): StateNow;
  health(): KioskHealth;
}

export function createStatus(parts: StatusParts): Status {
  return {
    codeFacts: () => codeFacts(parts),
    state: () => stateNow(parts),
    health: () => health(parts),
  };
}

function codeFacts({ settings, ports, loop, registrar, codeFitting, heard, isStopping }: StatusParts): CodeFacts {
  const { clock, panel } = ports;
  const { machine, isConnected, relay, hasRival } = heard();
  const callback = registrar.callbackQr();
  return {
    isStopping: isStopping(),
    isJournalWorking: loop.isJournalWorking(),
    isInService: loop.state().inService && settings.isMachineInService?.() !== false,
    isQuiet: settings.isQuiet(clock.wallMs()),
    machine,
    isClockPlausible: clock.isPlausible(),
    isProviderReached: registrar.isProviderReached(),
    isPanelPresent: panel.isPresent(),
    hasSomethingForSale: sellsSomething(loop, settings),
    isCallbackRegistered: callback !== undefined && (!panel.facts.hasGlass || codeFitting.fitsForGood(callback.qr)),
    isConnected,
    hasRival,
    isRelayHealthy: relay.alive && relay.registered,
  };
}

/** Without a catalogue, the machine itself names items and prices (MDB, orders of another program). */
function sellsSomething(loop: Pick<Loop, "state">, { policy }: StatusParts["settings"]): boolean {
  const state = loop.state();
  if (state.catalogue.products.length === 0 || policy.timeSales !== undefined) return true;
  return productsForSale(catalogueNow(state)).length > 0;
}

function stateNow({ loop, judgement, isStarting }: StatusParts): StateNow {
  if (isStarting()) return { state: "init", reason: undefined };
  if (loop.state().session.kind !== "none") return { state: "selling", reason: undefined };
  const last = judgement();
  const reason = last === undefined ? "config" : last.reason;
  return { state: reason === undefined ? "ready" : "out-of-service", reason };
}

function health(parts: StatusParts): KioskHealth {
  const { ports, loop, heard, judgement, refused } = parts;
  const { machine } = heard();
  const state = loop.state();
  return {
    ...stateNow(parts),
    missing: judgement()?.missing ?? [],
    openSettlements: state.settlements.size,
    unsent: [...ports.journal.entries("unsent")].length,
    inbox: loop.waiting(),
    lines: linesNotForSale(state),
    catalogueVersion: state.catalogue.version,
    machine: machine.ready ? undefined : machine.detail,
    panel: ports.panel.absence(),
    refused: refused(),
  };
}
