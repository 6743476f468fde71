/** What commands ask of the daemon on this computer, over its service socket. */
import { request } from "node:http";
import * as z from "zod";
import type { Config } from "../config/schema.ts";
import { errorText } from "../kit/error-text.ts";
import { CommandError } from "./command.ts";

const answersWithinMs = 10_000;
const answerBytesMax = 2 * 1024 * 1024;

/** Where the daemon listens: under systemd in its RuntimeDirectory, unless the configuration names another place. */
export function serviceSocketOf(config: Config | undefined): string {
  return config?.machine.service_socket ?? "/run/kvitt/service.sock";
}

/** Nobody listens there. */
export class DaemonAway extends CommandError {}

const refusal = z.object({ error: z.string() });

/** The answer's JSON. @throws DaemonAway when nobody listens; CommandError with what the daemon says against it, or why it cannot be asked */
export async function askDaemon(
  socketPath: string,
  method: "GET" | "POST",
  verb: string,
  body?: object,
  withinMs = answersWithinMs,
): Promise<unknown> {
  const { status, text } = await exchange(socketPath, { method, verb, body, withinMs });
  const answer: unknown = JSON.parse(text);
  if (status === 200) return answer;
  throw new CommandError(refusal.safeParse(answer).data?.error ?? `the daemon answered ${status}`, 1);
}

function unreachable(socketPath: string, cause: Error): CommandError {
  const code = "code" in cause ? cause.code : undefined;
  const why =
    code === "EACCES"
      ? "this user may not use it: run the command as root, or as a member of the group kvitt"
      : code === "ENOENT" || code === "ECONNREFUSED"
        ? "nobody listens there: is the daemon running, with this configuration?"
        : errorText(cause);
  const Kind = code === "ENOENT" || code === "ECONNREFUSED" ? DaemonAway : CommandError;
  return new Kind(`the daemon cannot be asked on ${socketPath}: ${why}`, 1, { cause });
}

interface Exchange {
  readonly method: string;
  readonly verb: string;
  readonly body: object | undefined;
  readonly withinMs: number;
}

function exchange(
  socketPath: string,
  { method, verb, body, withinMs }: Exchange,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const signal = AbortSignal.timeout(withinMs);
    const outgoing = request({ socketPath, method, path: `/${verb}`, headers, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.length > answerBytesMax) response.destroy(new Error("the answer is too large"));
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    outgoing.on("error", (error) => reject(unreachable(socketPath, error)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
