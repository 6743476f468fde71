/** What `kvitt machine` asks of the daemon that runs, over its service socket. */
import * as z from "zod";
import { servicedText } from "../kiosk/service-visit.ts";
import { formatLine } from "../service/log-lines.ts";
import type { CommandIo } from "./command.ts";
import { askDaemon } from "./service-socket.ts";

export const daemonActions = ["serviced", "state", "logs"] as const;
type DaemonAction = (typeof daemonActions)[number];

export function isDaemonAction(action: string): action is DaemonAction {
  return daemonActions.some((one) => one === action);
}

export interface Question {
  readonly socket: string;
  /** For `serviced`. */
  readonly line: string | undefined;
  readonly asJson: boolean;
  readonly io: CommandIo;
}

const servicedAnswer = z.object({ lines: z.array(z.string()) });
const logsAnswer = z.object({ since: z.string(), lines: z.array(z.unknown()) });

/** Resolves to the exit code. @throws CommandError when nobody answers, or with what the daemon says against it */
export async function askOfDaemon(action: DaemonAction, { socket, line, asJson, io }: Question): Promise<number> {
  switch (action) {
    case "serviced": {
      const order = line === undefined ? {} : { line };
      const { lines } = servicedAnswer.parse(await askDaemon(socket, "POST", "serviced", order));
      io.out(asJson ? JSON.stringify({ lines }) : servicedText(lines));
      return 0;
    }
    case "state":
      io.out(JSON.stringify(await askDaemon(socket, "GET", "state"), undefined, 2));
      return 0;
    case "logs": {
      const { since, lines } = logsAnswer.parse(await askDaemon(socket, "GET", "logs"));
      if (!asJson) io.err(`since ${since}`);
      for (const one of lines) io.out(asJson ? JSON.stringify(one) : formatLine(JSON.stringify(one), "readable"));
      return 0;
    }
  }
}
