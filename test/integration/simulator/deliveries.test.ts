/**
 * Goal: whoever trains on the simulator meets webhooks as they come in life: twice, late, in another order, not at all, damaged. Method: a real
 * receiver that checks signatures as the documentation says, and the control API.
 */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { verifyDelivery } from "../../../src/vipps/signature.ts";
import { untilTrue } from "../patience.ts";

const credentials = {
  client_id: "client-123456",
  client_secret: "secret-123456",
  "ocp-apim-subscription-key": "subscription-123456",
  "merchant-serial-number": "123456",
};

interface Received {
  readonly verdict: string;
  readonly name: string;
  readonly reference: string;
}

const eventBody = z.object({ name: z.string(), reference: z.string() });

describe("webhook deliveries", () => {
  let simulator: SimulatorServer;
  let receiver: Server;
  let headers: Record<string, string> = {};
  let hookUrl = "";
  let secret = "";
  const received: Received[] = [];
  let payments = 0;

  async function post(path: string, body: object, key?: string): Promise<unknown> {
    const response = await fetch(`${simulator.url}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {
        ...headers,
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async function authorize(): Promise<void> {
    headers = credentials;
    const token = z.object({ access_token: z.string() }).parse(await post("/accesstoken/get", {}));
    headers = { ...credentials, authorization: `Bearer ${token.access_token}` };
  }

  beforeAll(async () => {
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(8), msn: "123456" });
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const rawBody = Buffer.concat(chunks);
        const plain = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
        const verdict = verifyDelivery({ headers: plain, rawBody }, new URL(hookUrl), secret).kind;
        let event: z.infer<typeof eventBody> = { name: "unreadable", reference: "" };
        try {
          event = eventBody.parse(JSON.parse(rawBody.toString("utf8")));
        } catch {
          // Damaged on the way: that is what is told.
        }
        received.push({ verdict, ...event });
        response.statusCode = verdict === "genuine" ? 200 : 401;
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const address = receiver.address();
    hookUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/hook`;
    await authorize();
    const events = ["epayments.payment.created.v1", "epayments.payment.terminated.v1"];
    const registered = z
      .object({ secret: z.string() })
      .parse(await post("/webhooks/v1/webhooks", { url: hookUrl, events }));
    ({ secret } = registered);
  });
  afterAll(async () => {
    await simulator.close();
    receiver.close();
  });
  beforeEach(async () => {
    received.length = 0;
    // The tests let hours pass, and a token lives for one.
    await authorize();
  });

  async function create(): Promise<string> {
    payments += 1;
    const reference = `deliveries-${payments}`;
    await post(
      "/epayment/v1/payments",
      {
        amount: { currency: "NOK", value: 5_000 },
        paymentMethod: { type: "WALLET" },
        reference,
        userFlow: "QR",
        qrFormat: { format: "TEXT/TARGETURL" },
      },
      `create-${payments}`,
    );
    return reference;
  }

  const cancel = (reference: string) => post(`/epayment/v1/payments/${reference}/cancel`, {}, `cancel-${reference}`);
  const goesWrong = (fault: object, times = 1) => post("/simulator/deliveries", { fault, times });

  async function until(isTrue: () => boolean): Promise<void> {
    if (!(await untilTrue(isTrue))) throw new Error(`it did not happen: ${JSON.stringify(received)}`);
  }

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it("come once, genuine and in their order, when nothing goes wrong", async () => {
    const reference = await create();
    await cancel(reference);
    await until(() => received.length === 2);
    expect(received).toEqual([
      { verdict: "genuine", name: "CREATED", reference },
      { verdict: "genuine", name: "TERMINATED", reference },
    ]);
  });

  it("come twice", async () => {
    await goesWrong({ kind: "duplicate" });
    const reference = await create();
    await until(() => received.length === 2);
    expect(received).toEqual(Array.from({ length: 2 }, () => ({ verdict: "genuine", name: "CREATED", reference })));
  });

  it("come late, and hold back what is behind them", async () => {
    await goesWrong({ kind: "delayed", delayMs: 600_000 });
    const reference = await create();
    await cancel(reference);
    await pause(200);
    expect(received).toEqual([]);
    await post("/simulator/clock/skip", { ms: 600_000 });
    await until(() => received.length === 2);
    expect(received.map(({ name }) => name)).toEqual(["CREATED", "TERMINATED"]);
  });

  it("change places, of one payment and of two", async () => {
    await goesWrong({ kind: "reordered" });
    const reference = await create();
    await cancel(reference);
    await until(() => received.length === 2);
    expect(received.map(({ name }) => name)).toEqual(["TERMINATED", "CREATED"]);
    received.length = 0;
    await goesWrong({ kind: "reordered" });
    const [first, second] = [await create(), await create()];
    await until(() => received.length === 2);
    expect(received.map((one) => one.reference)).toEqual([second, first]);
  });

  it("do not come at all, and are not repeated", async () => {
    await goesWrong({ kind: "dropped" });
    await create();
    const second = await create();
    await until(() => received.length === 1);
    await post("/simulator/clock/skip", { ms: 3_600_000 });
    await pause(100);
    expect(received.map(({ reference }) => reference)).toEqual([second]);
  });

  it.each(["body", "signature", "date"])("come with a damaged %s, and whole after that", async (part) => {
    await goesWrong({ kind: "corrupt", part });
    const reference = await create();
    await until(() => received.length === 1);
    expect(received[0]?.verdict).not.toBe("genuine");
    await post("/simulator/clock/skip", { ms: 2_000 });
    await until(() => received.length === 2);
    expect(received[1]).toEqual({ verdict: "genuine", name: "CREATED", reference });
  });

  it("a fault that is none is refused with what is wrong", async () => {
    await expect(goesWrong({ kind: "eaten" })).rejects.toThrow("400");
  });

  it.each([
    ["https://example.com:8443/hook", 400],
    ["http://example.com/hook", 400],
    ["https://example.com:8080/hook", 201],
    ["https://example.com/hook", 201],
  ])("a webhook for %s is answered with %i", async (url, status) => {
    const response = await fetch(`${simulator.url}/webhooks/v1/webhooks`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ url, events: ["epayments.payment.captured.v1"] }),
    });
    expect(response.status).toBe(status);
  });

  it("every error has a trace of its own", async () => {
    const traceOf = async (): Promise<string> => {
      const response = await fetch(`${simulator.url}/epayment/v1/payments/nobody-knows`, { headers });
      return z.object({ traceId: z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/) }).parse(await response.json())
        .traceId;
    };
    expect(await traceOf()).not.toBe(await traceOf());
  });

  it("nobody approves for a user who never did so in the app", async () => {
    await post("/simulator/user", { id: "ola", phoneNumber: "4791234567", hasApproved: false });
    const reference = await create();
    const approve = () =>
      post(`/epayment/v1/test/payments/${reference}/approve`, { customer: { phoneNumber: "4791234567" } });
    await expect(approve()).rejects.toThrow("10020");
  });
});
