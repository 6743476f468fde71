/** The daemon's own round: looks every hour at what the kiosk does not know, and adds what is not good to the health report. */
import { errorText } from "../../kit/error-text.ts";
import type { HealthBody, Link } from "../../link/port.ts";
import type { Clock, Log, Timer } from "../../service/port.ts";
import type { Finding } from "./finding.ts";

export interface DoctorWatch {
  /** The newest findings that are not good, the temperature and the versions. */
  latest(): readonly Finding[];
  /** Looks soon, and then every hour. */
  start(): void;
  /** Idempotent. */
  stop(): void;
}

export interface DoctorWatchParts {
  readonly look: (signal: AbortSignal) => Promise<readonly Finding[]>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when something else is found than before. */
  readonly onChange: (findings: readonly Finding[]) => void;
}

/** After the start, which has better things to do. */
const firstMs = 30_000;
const everyMs = 3_600_000;

/** Told also while they are good: for who looks after many machines. */
const toldAlways: ReadonlySet<string> = new Set(["versions", "temperature"]);

/** Figures change all the time (a degree, a megabyte); what is told is another verdict. */
const keyOf = (findings: readonly Finding[]): string =>
  findings.map(({ check, verdict }) => `${check} ${verdict}`).join();

export function createDoctorWatch({ look, clock, log, onChange }: DoctorWatchParts): DoctorWatch {
  const ending = new AbortController();
  let latest: readonly Finding[] = [];
  let timer: Timer | undefined;

  async function round(): Promise<void> {
    try {
      const found = (await look(ending.signal)).filter(
        ({ verdict, check }) => verdict !== "good" || toldAlways.has(check),
      );
      const isNews = keyOf(found) !== keyOf(latest);
      latest = found;
      if (isNews) {
        for (const { check, found: what, todo, verdict } of found)
          if (verdict !== "good") log.warn({ check, verdict, todo }, what);
        onChange(found);
      }
    } catch (error) {
      if (!ending.signal.aborted) log.warn({ reason: errorText(error) }, "the doctor could not look");
    }
    again(everyMs);
  }

  function again(delayMs: number): void {
    if (!ending.signal.aborted) timer = clock.startTimer("doctor", delayMs, () => void round());
  }

  return {
    latest: () => latest,
    start: () => again(firstMs),
    stop() {
      timer?.cancel();
      ending.abort(new Error("the daemon stops"));
    },
  };
}

export interface HealthWithFindings {
  /** The same link; each health report has the findings in it. */
  readonly link: Link;
  /** Publishes the last report again, with these findings. */
  readonly tell: (findings: readonly Finding[]) => void;
}

/** @param latest the findings for the next report */
export function withFindings(link: Link, latest: () => readonly Finding[]): HealthWithFindings {
  let last: HealthBody | undefined;
  return {
    link: {
      start: (listener) => link.start(listener),
      isConnected: () => link.isConnected(),
      tries: () => link.tries(),
      publishState: (state) => link.publishState(state),
      publishSale: (id, body) => link.publishSale(id, body),
      publishHealth(body) {
        last = body;
        link.publishHealth({ ...body, findings: latest() });
      },
      reply: (reply) => link.reply(reply),
      fits: (reply) => link.fits(reply),
      publishReply: (reply) => link.publishReply(reply),
      stop: () => link.stop(),
    },
    tell(findings) {
      if (last !== undefined) link.publishHealth({ ...last, findings });
    },
  };
}
