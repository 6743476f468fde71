/**
 * `stand-in.ts bare|provider|pass PORT`: processes that the relay's bench measures against, on Node's own HTTP alone. Prints the port that it listens on.
 *
 *   bare       reads the body and answers 200: what any server in this language costs
 *   provider   answers as the provider does, without doing anything: tokens, webhooks, payments
 *   pass PORT  reads the body, sends the request on to PORT over kept connections, and gives the answer back: what any gateway costs
 */
import { Agent, createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import * as z from "zod";

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

const amount = { currency: "NOK", value: 2_500 };
const payment = {
  reference: "m-1-01JDB2Q0C8X6R3Y5T7W9ZABCDE",
  pspReference: "740e7483-c083-4b95-9246-a37299ad53b7",
  state: "AUTHORIZED",
  amount,
  aggregate: { authorizedAmount: amount, capturedAmount: amount, refundedAmount: amount, cancelledAmount: amount },
};

const registration = z.object({ url: z.string(), events: z.array(z.string()) });
interface Registered extends z.infer<typeof registration> {
  readonly id: string;
}

function provider() {
  /** By sales unit. */
  const registered = new Map<string, Registered[]>();
  let count = 0;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const path = request.url ?? "";
    const unit = String(request.headers["merchant-serial-number"]);
    const of = registered.get(unit) ?? [];
    if (path === "/accesstoken/get") return json(response, 200, { access_token: "token", expires_in: "86400" });
    if (!path.startsWith("/webhooks/")) return json(response, 200, payment);
    if (request.method === "GET") return json(response, 200, { webhooks: of });
    count += 1;
    const { url, events } = registration.parse(JSON.parse(body.toString("utf8")));
    const id = `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
    registered.set(unit, [...of, { id, url, events }]);
    return json(response, 201, {
      id,
      secret: "c2VjcmV0IG9mIDY0IGJ5dGVzLCBhcyB0aGUgcHJvdmlkZXIgZ2l2ZXMgdGhlbSBvdXQgaW4gYmFzZTY0Li4uLi4=",
    });
  };
}

async function bare(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await bodyOf(request);
  response.writeHead(200, { "content-type": "text/plain", "content-length": 3 });
  response.end("ok\n");
}

function pass(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 80 });
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const { method, url: path, headers } = request;
    const outgoing = send({ host: "127.0.0.1", port, agent, method, path, headers });
    outgoing.once("response", (answer) => {
      void bodyOf(answer).then((answered) => {
        response.writeHead(answer.statusCode ?? 502, {
          "content-type": answer.headers["content-type"] ?? "",
          "content-length": answered.length,
        });
        response.end(answered);
      });
    });
    outgoing.end(body);
  };
}

const [, , role, port] = process.argv;
const answer = role === "provider" ? provider() : role === "pass" ? pass(Number(port)) : bare;
const server = createServer((request, response) => void answer(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) console.log(JSON.stringify({ port: address.port }));
});
