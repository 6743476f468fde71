/** What the demo asks of the other processes, over their own doors. */
import { request } from "node:http";
import * as z from "zod";
import { defined } from "../kit/defined.ts";

const kioskState = z.object({
  state: z.string(),
  reason: z.string().optional(),
  missing: z.array(z.string()),
  openSettlements: z.number(),
  scene: z.string(),
});
export type KioskStateView = z.infer<typeof kioskState>;

const machineState = z.object({
  kiosk: kioskState,
  drops: z.array(
    z.object({ deliveryId: z.string(), what: z.string(), reference: z.string().optional(), priceMinor: z.number() }),
  ),
  isMoving: z.boolean(),
});
export type MachineStateView = z.infer<typeof machineState>;

/** A local process answers in a moment, unless the computer has much else to do; one that is dead refuses at once. */
const answerMs = 30_000;

/**
 * One question on a connection of its own: a connection that is kept may be closed by the other side at the very moment of the next question (RFC 9112
 * 9.3.1), which a busy computer makes likely. @throws Error that says where nobody answered, and why
 */
function exchange(
  where: { readonly socketPath: string } | { readonly host: string; readonly port: string },
  {
    method,
    path,
    body,
  }: { readonly method: "GET" | "POST"; readonly path: string; readonly body?: object | undefined },
): Promise<string> {
  const name = "socketPath" in where ? where.socketPath : `${where.host}:${where.port}`;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new Error(`${method} ${path} at ${name} was not answered: ${error.message}`, { cause: error }));
    const headers = { "content-type": "application/json" };
    const outgoing = request({ ...where, method, path, headers, agent: false, timeout: answerMs }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", fail);
      response.on("end", () => resolve(text));
    });
    outgoing.on("error", fail);
    outgoing.on("timeout", () => outgoing.destroy(new Error(`nothing came for ${answerMs / 1_000} s`)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** What is answered over a Unix socket; undefined where nobody answers. */
async function ask(socketPath: string, method: "GET" | "POST", body?: object, path = "/"): Promise<unknown> {
  try {
    return parseJson(await exchange({ socketPath }, { method, path, body }));
  } catch {
    return undefined;
  }
}

/** One order to the simulated machine, over its Unix socket. Undefined when it has no power. */
export async function askMachine(socketPath: string, order: object): Promise<MachineStateView | undefined> {
  return machineState.safeParse(await ask(socketPath, "POST", order)).data;
}

/** What the daemon is doing, whatever machine it drives. Undefined when it does not run. */
export async function askKiosk(socketPath: string): Promise<KioskStateView | undefined> {
  return kioskState.safeParse(await ask(socketPath, "GET")).data;
}

const servicedAnswer = z.object({ lines: z.array(z.string()) });

/** As `kvitt machine serviced` says it: the lines that are tried again. Undefined when the daemon does not run. */
export async function sayServiced(socketPath: string): Promise<readonly string[] | undefined> {
  return servicedAnswer.safeParse(await ask(socketPath, "POST", {}, "/serviced")).data?.lines;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

const ledgerRow = z.object({
  reference: z.string(),
  state: z.enum(["CREATED", "AUTHORIZED", "ABORTED", "EXPIRED", "TERMINATED"]),
  currency: z.string(),
  amount: z.number(),
  authorized: z.number(),
  captured: z.number(),
  cancelled: z.number(),
  refunded: z.number(),
});
export type LedgerRowView = z.infer<typeof ledgerRow>;

const phoneView = z.object({
  user: z.string(),
  screen: z.string(),
  place: z.string().optional(),
  text: z.string().optional(),
  merchant: z.string().optional(),
  amount: z.number().optional(),
  currency: z.string().optional(),
  description: z.string().optional(),
  reference: z.string().optional(),
  personalQr: z.string(),
});
export type PhoneStateView = z.infer<typeof phoneView>;

async function order(url: string, path: string, body: object): Promise<unknown> {
  const { hostname: host, port } = new URL(url);
  return parseJson(await exchange({ host, port }, { method: "POST", path: `/simulator/${path}`, body }));
}

export async function readLedger(url: string): Promise<readonly LedgerRowView[]> {
  return z.array(ledgerRow).parse(await order(url, "ledger", {}));
}

export async function usePhone(url: string, user: string, action: string, text?: string): Promise<PhoneStateView> {
  return phoneView.parse(await order(url, "phone", { user, action, ...defined({ text }) }));
}

export async function setUnit(
  url: string,
  unit: { readonly msn: string; readonly pushApproved: boolean },
): Promise<void> {
  await order(url, "unit", unit);
}

const codeView = z.object({ payable: z.boolean(), kind: z.enum(["callback", "one-time"]) });

/** Which kind of code this text is, when somebody could pay with it now. */
export async function kindOfPayableCode(url: string, text: string): Promise<"callback" | "one-time" | undefined> {
  const { payable, kind } = codeView.parse(await order(url, "code", { text }));
  return payable ? kind : undefined;
}

/** Whether this text is a code that somebody could pay with now. */
export async function isPayableCode(url: string, text: string): Promise<boolean> {
  return (await kindOfPayableCode(url, text)) !== undefined;
}
