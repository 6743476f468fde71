/** What the relay tells about itself and its sales units, as families of numbers. Pure. */
import type { MachineState } from "../../link/port.ts";
import type { Counts } from "../tally.ts";
import type { Family, Histogram } from "./exposition.ts";

export interface UnitNumbers {
  readonly msn: string;
  readonly isRegistered: boolean;
  /** When the webhooks were last seen at the provider, by our clock; undefined: never yet. */
  readonly seenWallMs: number | undefined;
  readonly counts: Counts;
  readonly refusals: Readonly<Record<string, number>>;
  readonly machines: Readonly<Record<MachineState, number>>;
}

export interface RelayNumbers {
  readonly instance: string;
  readonly isConnected: boolean;
  readonly units: readonly UnitNumbers[];
  /** Requests that belong to no sales unit here. */
  readonly strays: Counts;
  readonly answerSeconds: Histogram;
}

export function relayFamilies({
  instance,
  isConnected,
  units,
  strays,
  answerSeconds,
}: RelayNumbers): readonly Family[] {
  const outcomes = (counts: Counts, msn: string) =>
    Object.entries(counts).map(([outcome, value]) => ({ labels: { msn, outcome }, value }));
  return [
    {
      name: "kvitt_relay_broker_connected",
      help: "Whether the broker is reached.",
      type: "gauge",
      samples: [{ labels: { relay: instance }, value: Number(isConnected) }],
    },
    {
      name: "kvitt_relay_unit_registered",
      help: "Whether the sales unit's check-in webhook stands at the provider and its secret is known here.",
      type: "gauge",
      samples: units.map(({ msn, isRegistered }) => ({ labels: { msn }, value: Number(isRegistered) })),
    },
    {
      name: "kvitt_relay_unit_registration_seen_timestamp_seconds",
      help: "When the sales unit's webhooks were last seen at the provider.",
      type: "gauge",
      samples: units.flatMap(({ msn, seenWallMs }) =>
        seenWallMs === undefined ? [] : [{ labels: { msn }, value: seenWallMs / 1_000 }],
      ),
    },
    {
      name: "kvitt_relay_webhooks_total",
      help: "Requests of the provider, by what became of them; those of no sales unit here have an empty msn.",
      type: "counter",
      samples: [...units.flatMap(({ msn, counts }) => outcomes(counts, msn)), ...outcomes(strays, "")],
    },
    {
      name: "kvitt_relay_check_ins_refused_total",
      help: "Customers who were told no after a scan, by the reason.",
      type: "counter",
      samples: units.flatMap(({ msn, refusals }) =>
        Object.entries(refusals).map(([reason, value]) => ({ labels: { msn, reason }, value })),
      ),
    },
    {
      name: "kvitt_relay_machines",
      help: "Machines by their state, as the broker tells it.",
      type: "gauge",
      samples: units.flatMap(({ msn, machines }) =>
        Object.entries(machines).map(([state, value]) => ({ labels: { msn, state }, value })),
      ),
    },
    {
      name: "kvitt_relay_webhook_answer_seconds",
      help: "From the whole request to its answer; the provider waits ten seconds.",
      type: "histogram",
      samples: answerSeconds.samples(),
    },
  ];
}
