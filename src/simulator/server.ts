/** HTTP around the simulated provider, with a small control API. Loopback only. See docs/simulator.md. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listenOnPort } from "../service/listen.ts";
import type { Clock, Entropy } from "../service/port.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import { createControl, type QueuedFault, takeFault } from "./control.ts";
import type { SimulatedRequest } from "./message.ts";
import { NoAnswer } from "./faults.ts";
import { createProvider, type Provider } from "./provider.ts";
import { SkippingClock } from "./skipping-clock.ts";
import type { DeliveryFault, WebhookDelivery } from "./webhook-deliveries.ts";

const bodyBytesMax = 1_048_576;

export interface SimulatorServer {
  readonly url: string;
  readonly provider: Provider;
  close(): Promise<void>;
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

export interface SimulatorOptions {
  readonly port: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly msn: string;
  readonly merchantName?: string;
  readonly tell?: (text: string) => void;
}

/** Listens on 127.0.0.1; port 0 takes a free one. One sales unit and one user ("kari") are there from the start. @throws ListenError */
export async function startSimulator(options: SimulatorOptions): Promise<SimulatorServer> {
  const server = createServer();
  const port = await listenOnPort(server, { host: "127.0.0.1", port: options.port });
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
