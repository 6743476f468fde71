/** A kiosk: another program orders over the local API, hands over, and says how it went; or says nothing, too late, or twice. */
import type { Api, ApiAnswer } from "../../../src/machine/kiosk-api/api.ts";
import { createKioskMachine, type KioskMachine } from "../../../src/machine/kiosk-api/kiosk-machine.ts";
import type { Counter } from "../../../src/machine/kiosk-api/port.ts";
import type { DeliveryOrder, Machine } from "../../../src/machine/port.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createUlid } from "../../../src/service/ulid.ts";
import type { Life } from "../process.ts";
import type { Rig, Surroundings } from "./port.ts";

const confirmMs = 15_000;
const amounts: readonly string[] = ["4900", "12900", "1500"];
const faults = ["silent", "late", "out of stock"] as const;
type FrontEndFault = (typeof faults)[number];

export function frontEndRig(world: Surroundings): Rig {
  const frontEnd = new FrontEnd(world);
  return {
    kind: "kiosk",
    catalogue: {
      currency: "NOK",
      version: "1",
      products: [{ id: "menu", name: "Menu", price: money(4_900, "NOK"), vatRate: 1_500, line: "B1" }],
    },
    policy: {},
    lineFault: () => undefined,
    deliverMs: 20_000,
    lines: amounts,
    faults,
    boot: (life) => frontEnd.boot(life),
    attach: (counter) => frontEnd.attach(counter),
    ordered: (order) => frontEnd.ordered(order),
    collect: () => {},
    choose: (line) => {
      if (amounts.includes(line)) void frontEnd.pay(Number(line));
    },
    takeBack: () => void frontEnd.takeBack(),
    scan: () => {},
    key: () => {},
    handIn: (orderId) => void frontEnd.handIn(orderId, "B1"),
    setFault: (name) => {
      frontEnd.fault = faults.find((one) => one === name);
    },
    setInhibited: () => {},
    setDoorOpen: () => false,
    cutPower: () => frontEnd.cutPower(),
    faultsAtEnd: () => [],
  };
}

class FrontEnd {
  fault: FrontEndFault | undefined;
  readonly #world: Surroundings;
  #machine: KioskMachine | undefined;
  #api: Api | undefined;
  #life: Life | undefined;
  #orders = 0;
  #newest: string | undefined;
  readonly #byOrder = new Map<string, DeliveryOrder>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  boot(life: Life): Machine {
    this.#life = life;
    const machine = createKioskMachine({
      socketPath: "/simulated",
      port: undefined,
      readToken: async () => undefined,
      confirmMs,
      freshId: () => createUlid(life.clock, this.#world.entropy),
      listening: {
        onSocket: () => Promise.reject(new Error("no sockets here")),
        onPort: () => Promise.reject(new Error("no ports here")),
      },
      clock: life.clock,
      log: createMemoryLog(),
      serve: async ({ api }) => {
        this.#api = api;
        return { port: undefined, close: async () => {} };
      },
    });
    this.#machine = machine;
    return machine;
  }

  attach(counter: Counter): void {
    this.#machine?.attach(counter);
  }

  ordered(order: DeliveryOrder): void {
    if (order.selection.kind === "order") this.#byOrder.set(order.selection.orderId, order);
    else this.#byOrder.set(order.deliveryId.replace(/^shop:/, ""), order);
  }

  cutPower(): void {
    this.#api = undefined;
    this.#life = undefined;
  }

  #ask(call: Parameters<Api["handle"]>[0]): Promise<ApiAnswer> | undefined {
    const life = this.#life;
    const answer = this.#api?.handle(call, new AbortController().signal);
    return answer === undefined ? undefined : life?.whileAlive(answer);
  }

  /** A customer at the screen wants something for so much. */
  async pay(amount: number): Promise<void> {
    this.#orders += 1;
    const id = `order-${this.#orders}`;
    this.#newest = id;
    const life = this.#life;
    const order = { kind: "order", amount: money(amount, "NOK"), title: "Menu", lines: [] } as const;
    const answer = await this.#ask({ kind: "pay", order, id });
    this.#world.count(`kiosk: order ${answer?.kind === "resource" ? "taken" : "not taken"}`);
    // The answer got lost: the same order again.
    if (this.#world.chance(0.2)) await this.#ask({ kind: "pay", order, id });
    if (answer?.kind !== "resource") return;
    await this.#serve({ kind: "payment", id }, life);
  }

  /** Something that was paid in the web shop. */
  async handIn(orderId: string, line: string): Promise<void> {
    const life = this.#life;
    const answer = await this.#ask({ kind: "hand-in", order: { orderId, line } });
    this.#world.count(`kiosk: hand-in ${answer?.kind === "resource" ? "taken" : "not taken"}`);
    if (answer?.kind === "resource") await this.#serve({ kind: "hand-in", id: orderId }, life);
  }

  async #serve(
    key: { readonly kind: "payment" | "hand-in"; readonly id: string },
    life: Life | undefined,
  ): Promise<void> {
    const { clock } = this.#world;
    for (let looks = 0; looks < 150; looks += 1) {
      await clock.sleep(1_000);
      if (life?.isAlive !== true) return;
      const answer = await this.#ask({ kind: "look", key, wait: { waitMs: 0, after: undefined } });
      const state = answer?.kind === "resource" ? answer.resource["state"] : undefined;
      if (state === "waiting-for-payment") continue;
      if (state === "paid" || state === "to-deliver") await this.#deliver(key, life);
      return;
    }
  }

  async #deliver(key: { readonly kind: "payment" | "hand-in"; readonly id: string }, life: Life): Promise<void> {
    const { clock } = this.#world;
    const { fault } = this;
    const begun = await this.#ask({ kind: "begin", key });
    if (begun?.kind !== "resource") return;
    await clock.sleep(500 + this.#world.entropy.fraction() * 3_000);
    const order = this.#byOrder.get(key.id);
    if (fault === "out of stock" || this.#world.chance(0.1)) {
      this.#world.count("kiosk: front end says not delivered");
      await this.#ask({ kind: "end", key, outcome: { kind: "not-delivered", reason: "out of stock" } });
      return;
    }
    if (fault === "silent" && this.#world.chance(0.5))
      return this.#world.count("kiosk: front end dies in mid-delivery");
    // It hands over, whatever becomes of kvitt: it was told that this is paid.
    if (order === undefined)
      this.#world.violate(`the front end is asked for ${key.id}, and the sale has ordered nothing`);
    else {
      const { deliveryId, reference, price } = order;
      this.#world.fell({ deliveryId, reference, what: key.id, priceMinor: price.minor });
    }
    if (fault === "silent") return this.#world.count("kiosk: front end says nothing");
    if (fault === "late") {
      await clock.sleep(confirmMs + 2_000);
      this.#world.count("kiosk: front end says it too late");
    } else this.#world.count("kiosk: front end confirms");
    if (!life.isAlive) return;
    const outcome = { kind: "delivered", detail: "front end" } as const;
    await this.#ask({ kind: "end", key, outcome });
    if (this.#world.chance(0.2)) await this.#ask({ kind: "end", key, outcome });
  }

  async takeBack(): Promise<void> {
    if (this.#newest === undefined) return;
    const answer = await this.#ask({ kind: "cancel", id: this.#newest });
    this.#world.count(`kiosk: cancel ${answer?.kind === "resource" ? "taken" : "not taken"}`);
  }
}
