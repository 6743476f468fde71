/** HTTP around the simulated provider, and a small control API that turns its switches. Loopback only. See docs/simulator.md. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import type { Clock, Entropy, Timer } from "../service/port.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import { bodyOf, empty, json, type SimulatedRequest } from "./message.ts";
import { createProvider, type Fault, faultSchema, NoAnswer, type Provider } from "./provider.ts";
import { type DeliveryFault, deliveryFaultSchema, type WebhookDelivery } from "./webhook-deliveries.ts";

const bodyBytesMax = 1_048_576;

export interface SimulatorServer {
  readonly url: string;
  readonly provider: Provider;
  close(): Promise<void>;
}

/** The clock of a simulator that is told to skip: everything that waits falls due earlier. */
class SkippingClock implements Clock {
  readonly #inner: Clock;
  #skippedMs = 0;
  readonly #waiting = new Set<{ readonly atMs: number; readonly fire: () => void; readonly drop: () => void }>();
  #isOver = false;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  monotonicMs(): number {
    return this.#inner.monotonicMs() + this.#skippedMs;
  }

  wallMs(): number {
    return this.#inner.wallMs() + this.#skippedMs;
  }

  isPlausible(): boolean {
    return true;
  }

  skip(byMs: number): void {
    this.#skippedMs += byMs;
    const due = [...this.#waiting].filter(({ atMs }) => atMs <= this.monotonicMs());
    for (const { fire } of due.toSorted((a, b) => a.atMs - b.atMs)) fire();
  }

  /** Nothing that waits ever happens: repetitions of webhooks wait for days, and would keep the process alive as long. */
  end(): void {
    this.#isOver = true;
    for (const { drop } of this.#waiting) drop();
    this.#waiting.clear();
  }

  startTimer(name: string, delayMs: number, callback: () => void): Timer {
    if (this.#isOver) return { cancel: () => {} };
    const entry = {
      atMs: this.monotonicMs() + delayMs,
      fire: (): void => {
        this.#waiting.delete(entry);
        timer.cancel();
        callback();
      },
      drop: (): void => timer.cancel(),
    };
    this.#waiting.add(entry);
    const timer = this.#inner.startTimer(name, delayMs, entry.fire);
    return {
      cancel: () => {
        this.#waiting.delete(entry);
        timer.cancel();
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        timer.cancel();
        reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      const timer = this.startTimer("sleep", delayMs, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      if (signal?.aborted === true) abort();
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > bodyBytesMax) throw new NoAnswer("the body is too large");
    chunks.push(chunk);
  }
  return length === 0 ? undefined : new Uint8Array(Buffer.concat(chunks));
}

async function sendOverHttp(delivery: WebhookDelivery): Promise<{ readonly status: number }> {
  const response = await fetch(delivery.url, {
    method: "POST",
    headers: { ...delivery.headers },
    body: new Uint8Array(delivery.body),
    redirect: "manual",
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return { status: response.status };
}

interface QueuedFault {
  readonly operation: string | undefined;
  readonly fault: Fault;
  times: number;
}

const faultOrder = z.strictObject({
  /** "create payment", "get payment", "capture payment", … ; without it any. */
  operation: z.string().optional(),
  fault: faultSchema,
  times: z.int().min(1).max(1_000_000).default(1),
});
const deliveryOrder = z.strictObject({
  fault: deliveryFaultSchema,
  times: z.int().min(1).max(1_000).default(1),
});
const unitOrder = z.strictObject({
  msn: z.string(),
  pushApproved: z.boolean().optional(),
  partialCapture: z.boolean().optional(),
});
const userOrder = z.strictObject({
  id: z.string(),
  age: z.int().optional(),
  phoneNumber: z.string().optional(),
  hasApproved: z.boolean().optional(),
});
const phoneOrder = z.strictObject({
  user: z.string(),
  action: z.enum(["scan", "approve", "decline", "home", "expire", "view"]),
  text: z.string().optional(),
});
const switchOrder = z.strictObject({
  forgetIdempotencyKeys: z.boolean().optional(),
  approveDuringCancel: z.enum(["6060", "6250", "423"]).nullable().optional(),
  createdVisibleAfterMs: z.number().min(0).optional(),
  retryCheckIns: z.boolean().optional(),
});

export interface SimulatorOptions {
  readonly port: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly msn: string;
  readonly merchantName?: string;
  readonly tell?: (text: string) => void;
}

/** Listens on 127.0.0.1; port 0 takes a free one. One sales unit and one user ("kari") are there from the start. */
export async function startSimulator(options: SimulatorOptions): Promise<SimulatorServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const url = `http://127.0.0.1:${port}`;
  const clock = new SkippingClock(options.clock);
  const faults: QueuedFault[] = [];
  const deliveryFaults: DeliveryFault[] = [];
  const provider = createProvider({
    clock,
    entropy: options.entropy,
    send: sendOverHttp,
    settings: { publicUrl: url },
    faultFor: (operation) => takeFault(faults, operation),
    deliveryFaultFor: () => deliveryFaults.shift(),
    ...(options.tell === undefined ? {} : { tell: options.tell }),
  });
  provider.addUnit({ msn: options.msn, ...(options.merchantName === undefined ? {} : { name: options.merchantName }) });
  provider.addUser({ id: "kari" });
  const control = createControl(provider, clock, { faults, deliveryFaults });
  server.on("request", (request, response) => void answer(provider, control, request, response));
  return { url, provider, close: () => closeServer(server, clock) };
}

function takeFault(faults: QueuedFault[], operation: string): Fault | undefined {
  const index = faults.findIndex((one) => one.operation === undefined || one.operation === operation);
  const found = faults[index];
  if (found === undefined) return undefined;
  found.times -= 1;
  if (found.times <= 0) faults.splice(index, 1);
  return found.fault;
}

function closeServer(server: Server, clock: SkippingClock): Promise<void> {
  clock.end();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
}

async function answer(
  provider: Provider,
  control: (path: string, request: SimulatedRequest) => HttpResponse,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort(new Error("the caller went away")));
  try {
    const url = incoming.url ?? "/";
    const request: SimulatedRequest = {
      method: incoming.method ?? "GET",
      url,
      headers: headersOf(incoming),
      body: await readBody(incoming),
    };
    const response = url.startsWith("/simulator/")
      ? control(url.slice("/simulator/".length), request)
      : await provider.handle(request, gone.signal);
    outgoing.writeHead(response.status, { ...response.headers, "content-length": response.body.length });
    outgoing.end(Buffer.from(response.body));
  } catch (error) {
    if (!(error instanceof NoAnswer)) {
      outgoing.writeHead(500, { "content-type": "text/plain" });
      outgoing.end(error instanceof Error ? error.message : "fault in the simulator");
      return;
    }
    outgoing.destroy();
  }
}

/** The control API: POST a JSON order to /simulator/NAME. Wrong orders are answered with what is wrong. */
function createControl(
  provider: Provider,
  clock: SkippingClock,
  { faults, deliveryFaults }: { readonly faults: QueuedFault[]; readonly deliveryFaults: DeliveryFault[] },
) {
  type Order = (body: unknown) => unknown;
  const orders: Readonly<Record<string, Order>> = {
    ledger: () => provider.ledger(),
    faults: (body) => {
      const order = faultOrder.parse(body);
      faults.push({ operation: order.operation, fault: order.fault, times: order.times });
      return { waiting: faults.length };
    },
    deliveries: (body) => {
      const { fault, times } = deliveryOrder.parse(body);
      deliveryFaults.push(...Array.from({ length: times }, () => fault));
      return { waiting: deliveryFaults.length };
    },
    "faults/clear": () => {
      faults.splice(0);
      deliveryFaults.splice(0);
      return { waiting: 0 };
    },
    "clock/skip": (body) => {
      clock.skip(z.strictObject({ ms: z.number().min(0) }).parse(body).ms);
      return { wallMs: clock.wallMs() };
    },
    /** Whether a text is a code that could be paid with now: a registered callback QR, or a payment that is open. */
    code: (body) => {
      const { text } = z.strictObject({ text: z.string() }).parse(body);
      provider.ledger();
      const isCallback = [...provider.state.callbackQrs.values()].some((qr) => qr.content === text);
      const payment = [...provider.state.payments.values()].find((one) => one.qrContent === text);
      return { payable: isCallback || payment?.state === "CREATED", kind: isCallback ? "callback" : "one-time" };
    },
    "tokens/revoke": () => {
      provider.revokeTokens();
      return {};
    },
    unit: (body) => {
      const order = unitOrder.parse(body);
      const unit = provider.state.units.get(order.msn) ?? provider.addUnit({ msn: order.msn });
      if (order.pushApproved !== undefined) unit.pushApproved = order.pushApproved;
      if (order.partialCapture !== undefined) unit.partialCapture = order.partialCapture;
      return { msn: unit.msn, pushApproved: unit.pushApproved, partialCapture: unit.partialCapture };
    },
    user: (body) => {
      const { id, age, phoneNumber, hasApproved } = userOrder.parse(body);
      const user = provider.addUser({
        id,
        ...(age === undefined ? {} : { age }),
        ...(phoneNumber === undefined ? {} : { phoneNumber }),
        ...(hasApproved === undefined ? {} : { hasApproved }),
      });
      return { id: user.id, age: user.age, phoneNumber: user.phoneNumber, personalQr: user.personalQr };
    },
    phone: (body) => {
      const order = phoneOrder.parse(body);
      const phone = provider.phone(order.user);
      if (order.action === "scan") phone.scan(order.text ?? "");
      else if (order.action !== "view") phone[order.action]();
      return { ...phone.view(), personalQr: phone.personalQr };
    },
    switches: (body) => {
      const order = switchOrder.parse(body);
      const { switches } = provider;
      if (order.forgetIdempotencyKeys !== undefined) switches.forgetIdempotencyKeys = order.forgetIdempotencyKeys;
      if (order.approveDuringCancel !== undefined)
        switches.approveDuringCancel = order.approveDuringCancel ?? undefined;
      if (order.createdVisibleAfterMs !== undefined) switches.createdVisibleAfterMs = order.createdVisibleAfterMs;
      if (order.retryCheckIns !== undefined) switches.retryCheckIns = order.retryCheckIns;
      return { ...switches };
    },
  };
  return (path: string, request: SimulatedRequest): HttpResponse => {
    const order = Object.hasOwn(orders, path) ? orders[path] : undefined;
    if (order === undefined) return json(404, { error: `no such order; there are: ${Object.keys(orders).join(", ")}` });
    try {
      return json(200, order(bodyOf(request) ?? {}) ?? {});
    } catch (error) {
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      return empty(500);
    }
  };
}
