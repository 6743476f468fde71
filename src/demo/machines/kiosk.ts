/** A self-service kiosk: this front end orders payments over the local API (docs/kiosk-api.md), and says how the delivery ended. */
import { request } from "node:http";
import { join } from "node:path";
import * as z from "zod";
import type { Control, DemoMachine, Drop, MachinePlaces } from "./port.ts";
import { cancelControl, crowns } from "./products.ts";

const menu = [
  { id: "lunch", name: "Soup of the day", price: 14_900 },
  { id: "coffee", name: "Coffee", price: 3_900 },
  { id: "cake", name: "Apple cake", price: 5_500 },
] as const;

const paymentView = z.looseObject({
  id: z.string(),
  reference: z.string(),
  state: z.string(),
  amount: z.number(),
  title: z.string(),
  settled: z.boolean(),
});
type PaymentView = z.infer<typeof paymentView>;

/** Orders have ids, so one whose answer got lost can be said again. Whoever only looks will look again anyway. */
const triesMax = 5;

/** Undefined when it was refused, or when nobody answered. */
async function call(socketPath: string, method: string, path: string, body?: object): Promise<PaymentView | undefined> {
  for (let tries = method === "GET" ? triesMax - 1 : 0; tries < triesMax; tries += 1) {
    const answer = await callOnce(socketPath, method, path, body);
    if (answer !== undefined) return answer.payment;
  }
  return undefined;
}

interface Answer {
  /** Undefined when it is a refusal. */
  readonly payment: PaymentView | undefined;
}

function callOnce(socketPath: string, method: string, path: string, body?: object): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const outgoing = request({ socketPath, method, path, headers, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ payment: paymentView.safeParse(parsed(text)).data }));
      response.on("error", () => resolve(undefined));
    });
    outgoing.on("error", () => resolve(undefined));
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

const isPaid = (payment: PaymentView | undefined): boolean =>
  payment?.state === "paid" || payment?.state === "delivering";

const handOver: readonly Control[] = [
  { id: "hand-out", word: "hand-out", key: "✓", label: "", detail: "", look: "action" },
  { id: "sold-out", word: "sold-out", key: "✕", label: "", detail: "", look: "action" },
];

export function kioskFrontEnd({ folder }: MachinePlaces): DemoMachine {
  const socketPath = join(folder, "kiosk.sock");
  const drops: Drop[] = [];
  let orders = 0;
  let current: PaymentView | undefined;

  /** What was ordered last stays, until the machine has taken the next: it may be busy, and says so. */
  async function order(id: string): Promise<void> {
    const dish = menu.find((one) => one.id === id);
    if (dish === undefined) return;
    orders += 1;
    const body = { id: `order-${process.pid}-${orders}`, amount: dish.price, currency: "NOK", title: dish.name };
    current = (await call(socketPath, "POST", "/v1/payments", body)) ?? current;
  }

  async function end(how: "delivered" | "not-delivered"): Promise<void> {
    if (current === undefined || !isPaid(current)) return;
    const { id, reference, amount, title } = current;
    const body = how === "delivered" ? undefined : { reason: "sold out" };
    const told = await call(socketPath, "POST", `/v1/payments/${id}/${how}`, body);
    if (told === undefined) return;
    heard(told);
    if (how === "delivered") drops.push({ deliveryId: id, what: title, reference, priceMinor: amount });
  }

  /** An answer about an order that is no longer the last one is of no use. */
  function heard(payment: PaymentView | undefined): void {
    if (payment !== undefined && payment.id === current?.id) current = payment;
  }

  async function look(): Promise<void> {
    if (current === undefined || current.settled) return;
    heard(await call(socketPath, "GET", `/v1/payments/${current.id}`));
  }

  return {
    kind: "kiosk",
    switches: ["network", "mqtt", "relay", "power"],
    config: {
      machine: 'kind = "kiosk"',
      sale: "default_vat_rate = 1500",
      tables: `[delivery]
driver = "kiosk"
socket = "${socketPath}"
confirm_s = 15
`,
    },
    controls: () => [
      ...menu.map(({ id, name, price }, index): Control => ({
        id,
        key: String(index + 1),
        label: name,
        detail: crowns(price),
        look: "product",
      })),
      ...(isPaid(current) ? handOver : []),
      cancelControl,
    ],
    use: async (id) => {
      if (id === "cancel" && current !== undefined) await call(socketPath, "DELETE", `/v1/payments/${current.id}`);
      else if (id === "hand-out") await end("delivered");
      else if (id === "sold-out") await end("not-delivered");
      else await order(id);
    },
    turn: async () => {},
    drops: async () => {
      await look();
      return drops;
    },
    close: async () => {},
  };
}
