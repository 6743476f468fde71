/** What upstream is told of the machine as a whole: the retained state whenever it changes, and the health report with it and every hour. */
import type { Link, StateMessage } from "../link/port.ts";
import type { InputStatus } from "../machine/port.ts";
import type { Clock } from "../service/port.ts";
import type { KioskHealth } from "./port.ts";

export type StateNow = Pick<StateMessage, "state" | "reason" | "stations">;

export interface StateReportParts {
  readonly link: Pick<Link, "publishState" | "publishHealth">;
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly version: string;
  readonly stateNow: () => StateNow;
  readonly health: () => KioskHealth;
  readonly inputs: () => readonly InputStatus[];
}

export interface StateReport {
  /** Publishes the state where it is another than the one published last, and the health with it. */
  publishChange(): void;
  /** Publishes the health where it is another than the one published last, at most every 10 s. */
  publishHealthChange(): void;
  publishHealth(): void;
}

/** A machine whose health changes all the time (an input that comes and goes) must not fill a cellular link. */
const healthPauseMs = 10_000;

export function createStateReport(parts: StateReportParts): StateReport {
  const { link, clock, version, stateNow, health, inputs } = parts;
  let published: string | undefined;
  let publishedHealth: { readonly text: string; readonly atMs: number } | undefined;
  function publishHealth(): void {
    const now = { ...health(), inputs: inputs() };
    publishedHealth = { text: JSON.stringify(now), atMs: clock.monotonicMs() };
    link.publishHealth(now);
  }
  return {
    publishHealth,
    publishHealthChange() {
      if (publishedHealth === undefined || clock.monotonicMs() < publishedHealth.atMs + healthPauseMs) return;
      if (publishedHealth.text !== JSON.stringify({ ...health(), inputs: inputs() })) publishHealth();
    },
    publishChange() {
      const now = stateNow();
      const text = JSON.stringify([now.state, now.reason, [...(now.stations ?? [])]]);
      if (published === text) return;
      published = text;
      link.publishState({ ...now, version, since: new Date(clock.wallMs()).toISOString() });
      if (now.state !== "init") publishHealth();
    },
  };
}
