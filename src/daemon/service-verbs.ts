/**
 * What a person at the machine can ask and say, over the service socket: `GET /state`, `GET /logs`, `GET /doctor`, `GET /check-ins`, and `POST /serviced` with
 * `{"line": "A1"}` or nothing.
 * The file's mode says who may (kvitt's group); what is asked has the same checks as the signed commands. Part of the composition root.
 */
import * as z from "zod";
import { errorText } from "../kit/error-text.ts";
import type { Kiosk } from "../kiosk/kiosk.ts";
import type { Finding } from "./doctor/finding.ts";
import type { LocalAnswer, LocalRequest } from "../service/local-socket.ts";
import type { Log, LogExcerpt } from "../service/port.ts";

export interface ServiceVerbParts {
  /** What the daemon is doing now, as JSON. */
  readonly describe: () => unknown;
  readonly serviced: Kiosk["serviced"];
  readonly checkIns: Kiosk["checkIns"];
  readonly recentLog: () => LogExcerpt;
  /** Looks at everything that a sale needs. */
  readonly examine: () => Promise<readonly Finding[]>;
  readonly log: Log;
}

const servicedOrder = z.strictObject({ line: z.string().min(1).max(40).optional() });

const methods: Readonly<Record<string, string>> = {
  "/state": "GET",
  "/logs": "GET",
  "/doctor": "GET",
  "/check-ins": "GET",
  "/serviced": "POST",
};

/** 200 what was asked for or done; 404 no such verb, 405 a verb asked in another way; 409 refused, 422 not understood, 503 not now. */
export function serviceVerbs(parts: ServiceVerbParts): (request: LocalRequest) => Promise<LocalAnswer> {
  return async ({ method, path, body }) => {
    switch (`${method} ${path}`) {
      case "GET /state":
        return { status: 200, body: parts.describe() };
      case "GET /logs":
        return { status: 200, body: parts.recentLog() };
      case "GET /doctor":
        return doctor(parts);
      case "GET /check-ins":
        return { status: 200, body: { checkIns: parts.checkIns() } };
      case "POST /serviced":
        return serviced(body ?? {}, parts);
      default:
        return unknownVerb(path);
    }
  };
}

async function doctor(parts: ServiceVerbParts): Promise<LocalAnswer> {
  try {
    return { status: 200, body: { findings: await parts.examine() } };
  } catch (error) {
    return { status: 503, body: { error: errorText(error) } };
  }
}

function unknownVerb(path: string): LocalAnswer {
  const method = Object.hasOwn(methods, path) ? methods[path] : undefined;
  if (method !== undefined) return { status: 405, body: { error: `${path} is asked with ${method}` } };
  const all = Object.entries(methods).map(([known, how]) => `${how} ${known}`);
  return { status: 404, body: { error: `there is no ${path}: there are ${all.join(", ")}` } };
}

async function serviced(body: unknown, parts: ServiceVerbParts): Promise<LocalAnswer> {
  const order = servicedOrder.safeParse(body);
  if (!order.success) return { status: 422, body: { error: z.prettifyError(order.error) } };
  const { line } = order.data;
  try {
    const answer = await parts.serviced(line);
    if (answer.kind === "refused") return { status: 409, body: { error: answer.reason } };
    parts.log.info({ line, lines: answer.lines }, "a person at the machine says that it was refilled or mended");
    return { status: 200, body: { lines: answer.lines } };
  } catch (error) {
    return { status: 503, body: { error: `it could not be written down: ${errorText(error)}` } };
  }
}
