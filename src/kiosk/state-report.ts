/** What upstream is told of the machine as a whole: the retained state whenever it changes, and the health report with it and every hour. */
import type { Link, StateMessage } from "../link/port.ts";
import type { InputStatus } from "../machine/port.ts";
import type { Clock } from "../service/port.ts";

export type StateNow = Pick<StateMessage, "state" | "reason">;

export interface KioskHealth {
  readonly state: StateMessage["state"];
  readonly reason: string | undefined;
  readonly missing: readonly string[];
  readonly openSettlements: number;
  /** Ended sales that the broker does not have yet. */
  readonly unsent: number;
  /** Events that wait to be decided. */
  readonly inbox: number;
}

export interface StateReportParts {
  readonly link: Pick<Link, "publishState" | "publishHealth">;
  readonly clock: Pick<Clock, "wallMs">;
  readonly version: string;
  readonly stateNow: () => StateNow;
  readonly health: () => KioskHealth;
  readonly inputs: () => readonly InputStatus[];
}

export interface StateReport {
  /** Publishes the state where it is another than the one published last. */
  publishChange(): void;
  publishHealth(): void;
}

export function createStateReport(parts: StateReportParts): StateReport {
  const { link, clock, version, stateNow, health, inputs } = parts;
  let published: StateNow | undefined;
  function publishHealth(): void {
    const now = health();
    link.publishHealth({ ...now, missing: [...now.missing], inputs: inputs().map((input) => ({ ...input })) });
  }
  return {
    publishHealth,
    publishChange() {
      const { state, reason } = stateNow();
      if (published?.state === state && published.reason === reason) return;
      published = { state, reason };
      link.publishState({ state, reason, version, since: new Date(clock.wallMs()).toISOString() });
      if (state !== "init") publishHealth();
    },
  };
}
