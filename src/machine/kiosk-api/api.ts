/**
 * The local API without its sockets: a checked call in, an answer out. States come from the counter, that is from the sale; this file adds
 * only what the front end itself said about a delivery that is still on.
 */
import type { OrderState } from "../../sale/order.ts";
import type { Clock } from "../../service/port.ts";
import type { DeliveryOutcome } from "../port.ts";
import type { Deliveries, DeliveryKey } from "./deliveries.ts";
import type { Counter, OrderRefusal } from "./port.ts";
import { problem, type Problem, type ProblemCode } from "./problem.ts";
import type { ApiCall, Wait } from "./request.ts";
import { handInResource, machineResource, paymentResource, type Resource } from "./resource.ts";

export type ApiAnswer =
  | { readonly kind: "resource"; readonly status: 200 | 201; readonly location?: string; readonly resource: Resource }
  | { readonly kind: "problem"; readonly problem: Problem };

export interface ApiEvent {
  readonly event: "machine" | "payment" | "order";
  readonly resource: Resource;
}

export interface ApiParts {
  readonly counter: Counter;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  /** A new id for a payment whose front end names none. */
  readonly freshId: () => string;
}

export interface Api {
  /** `signal`: nobody waits for the answer any more. */
  handle(call: Exclude<ApiCall, { kind: "events" | "document" }>, signal: AbortSignal): Promise<ApiAnswer>;
  /** Everything that is open now, then what changes. Returns how to stop it. */
  watch(listener: (event: ApiEvent) => void): () => void;
}

/** How long a confirmation may take to be on the disk before the caller is asked to look again. */
const decidedWithinMs = 10_000;

const failed = (code: ProblemCode, detail: string): ApiAnswer => ({ kind: "problem", problem: problem(code, detail) });
const ok = (resource: Resource): ApiAnswer => ({ kind: "resource", status: 200, resource });

export function createApi(parts: ApiParts): Api {
  return new KioskApi(parts);
}

class KioskApi implements Api {
  readonly #parts: ApiParts;
  readonly #listeners = new Set<() => void>();

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  /** After everything that was decided, and everything that the front end said. */
  #onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    const stop = this.#parts.counter.onChange(listener);
    return () => {
      this.#listeners.delete(listener);
      stop();
    };
  }

  async handle(call: Parameters<Api["handle"]>[0], signal: AbortSignal): Promise<ApiAnswer> {
    // Before the journal was read nothing is known of any order: that it is not there would be a guess.
    if (call.kind !== "machine" && this.#parts.counter.view().state === "starting") return this.#notTaken();
    switch (call.kind) {
      case "pay":
        return this.#pay(call);
      case "hand-in":
        return this.#handIn(call);
      case "look":
        return this.#look(call.key, call.wait, signal);
      case "cancel":
        return this.#cancel(call.id);
      case "begin":
        return this.#begin(call.key);
      case "end":
        return this.#end(call.key, call.outcome);
      case "machine": {
        await this.#changed(() => this.#machine(), call.wait, signal);
        return ok(this.#machine());
      }
    }
  }

  // ── what is there ────────────────────────────────────────────────────────────────────────────────────────────────────

  #machine(): Resource {
    return machineResource(this.#parts.counter.view());
  }

  #resource(key: DeliveryKey): Resource | undefined {
    const { counter, deliveries } = this.#parts;
    const pending = deliveries.pending(key);
    if (key.kind === "payment") {
      const status = counter.status(key.id);
      return status === undefined ? undefined : paymentResource(key.id, status, pending);
    }
    const status = counter.handInStatus(key.id);
    return status === undefined ? undefined : handInResource(key.id, status, pending);
  }

  #found(key: DeliveryKey): ApiAnswer {
    const resource = this.#resource(key);
    if (resource !== undefined) return ok(resource);
    return failed(
      "not-found",
      key.kind === "payment"
        ? `there is no payment "${key.id}" here, or it is so old that only "kvitt sales" knows it by its reference`
        : `no order "${key.id}" was handed in here`,
    );
  }

  /** Resolves when `read` says something else than the caller knows, or its time is over. */
  async #changed(read: () => Resource | undefined, wait: Wait, signal: AbortSignal): Promise<void> {
    const known = wait.after ?? read()?.version;
    await this.#until(() => read()?.version !== known, wait.waitMs, signal);
  }

  /** Resolves when `isTrue`, or when the time is over, or when nobody waits any more. */
  #until(isTrue: () => boolean, waitMs: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    if (waitMs === 0 || isTrue() || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        stopListening();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = clock.startTimer("kiosk API", waitMs, end);
      const stopListening = this.#onChange(() => {
        if (isTrue()) end();
      });
      signal?.addEventListener("abort", end, { once: true });
    });
  }

  async #look(key: DeliveryKey, wait: Wait, signal: AbortSignal): Promise<ApiAnswer> {
    if (this.#resource(key) !== undefined) await this.#changed(() => this.#resource(key), wait, signal);
    return this.#found(key);
  }

  // ── ordering ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #pay({ order, id = this.#parts.freshId() }: Extract<ApiCall, { kind: "pay" }>): Promise<ApiAnswer> {
    const { counter } = this.#parts;
    const { currency } = counter.view();
    if (order.amount.currency !== currency) return failed("invalid", `currency: this machine sells in ${currency}`);
    const answer = await this.#decided(() => counter.order({ ...order, orderId: id }));
    if (answer === undefined) return this.#notTaken();
    switch (answer.kind) {
      case "taken":
        return this.#created({ kind: "payment", id }, `/v1/payments/${id}`);
      case "known":
        return this.#found({ kind: "payment", id });
      case "conflict":
        return failed("conflict", `the id "${id}" belongs to another order: every order needs an id of its own`);
      case "refused":
        return refusalOf(answer.refusal);
    }
  }

  async #handIn({ order }: Extract<ApiCall, { kind: "hand-in" }>): Promise<ApiAnswer> {
    const { counter } = this.#parts;
    const answer = await this.#decided(() => counter.handIn(order));
    if (answer === undefined) return this.#notTaken();
    const key = { kind: "hand-in", id: order.orderId } as const;
    switch (answer.kind) {
      case "taken":
        return this.#created(key, `/v1/orders/${order.orderId}`);
      case "known":
        return this.#found(key);
      case "refused":
        return refusalOf(answer.refusal);
    }
  }

  /** Undefined when the sale cannot take anything: the inbox is full, or the disk takes no writes. */
  async #decided<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch {
      return undefined;
    }
  }

  #notTaken(): ApiAnswer {
    const { state, reason } = this.#parts.counter.view();
    const code = state === "starting" ? "starting" : (reason ?? "journal");
    const detail = `the machine takes no orders now: ${code}`;
    return { kind: "problem", problem: { ...problem("not-ready", detail), reason: code } };
  }

  #created(key: DeliveryKey, location: string): ApiAnswer {
    const answer = this.#found(key);
    return answer.kind === "resource" ? { ...answer, status: 201, location } : answer;
  }

  // ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #deliveryOf(key: DeliveryKey): string | undefined {
    const { counter } = this.#parts;
    return key.kind === "payment" ? counter.status(key.id)?.delivery : counter.handInStatus(key.id)?.delivery;
  }

  #begin(key: DeliveryKey): ApiAnswer {
    if (!this.#parts.deliveries.begin(key)) return this.#tooLate(key, "begun");
    for (const listener of this.#listeners) listener();
    return this.#found(key);
  }

  async #end(key: DeliveryKey, outcome: DeliveryOutcome): Promise<ApiAnswer> {
    this.#parts.deliveries.end(key, outcome);
    await this.#until(() => this.#deliveryOf(key) !== "started", decidedWithinMs);
    const now = this.#deliveryOf(key);
    if (now === outcome.kind) return this.#found(key);
    if (now === "started") return failed("not-yet", "it was heard and is not on the disk yet: say it again");
    return this.#tooLate(key, outcome.kind === "delivered" ? "delivered" : "not delivered");
  }

  /** Why a word about a delivery comes to nothing. */
  #tooLate(key: DeliveryKey, word: string): ApiAnswer {
    switch (this.#deliveryOf(key)) {
      case undefined:
        return this.#found(key);
      case "none":
        return failed("not-paid", `it cannot be ${word}: nobody has paid, or the payment ended before the delivery`);
      case "unknown":
        return failed(
          "too-late",
          `it cannot be ${word} any more: kvitt was not told in time how the delivery ended, and has decided about the money`,
        );
      default:
        return failed("already-ended", `it cannot be ${word}: it ended otherwise before`);
    }
  }

  async #cancel(id: string): Promise<ApiAnswer> {
    const { counter, deliveries } = this.#parts;
    const key = { kind: "payment", id } as const;
    const reason = "taken back by the front end";
    if (counter.status(id)?.state === "waiting-for-payment") {
      // The approval may arrive in the same moment: then the delivery that it starts is refused, and the money released.
      const isDecided = await deliveries.refuseDuring(key, reason, () =>
        this.#decided(() => counter.cancel(id).then(() => true)),
      );
      if (isDecided === undefined) return this.#notTaken();
    }
    const status = counter.status(id);
    if (status === undefined) return this.#found(key);
    if (status.delivery === "started") {
      if (deliveries.pending(key)?.hasBegun === true)
        return failed("being-delivered", "it is being delivered: say delivered or not-delivered");
      return this.#end(key, { kind: "not-delivered", reason });
    }
    return withoutDelivery[status.state]
      ? this.#found(key)
      : failed("already-ended", `it cannot be taken back: it is ${status.state}`);
  }

  // ── news ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  watch(listener: (event: ApiEvent) => void): () => void {
    const sent = new Map<string, string>();
    const followed = new Map<string, DeliveryKey>();
    const tell = (name: string, event: ApiEvent["event"], resource: Resource | undefined): void => {
      if (resource === undefined || sent.get(name) === resource.version) return;
      sent.set(name, resource.version);
      listener({ event, resource });
    };
    const tellAll = (): void => {
      const open = this.#parts.counter.open();
      const keys = [
        ...open.payments.map((id) => ({ kind: "payment", id }) as const),
        ...open.handIns.map((id) => ({ kind: "hand-in", id }) as const),
      ];
      tell("machine", "machine", this.#machine());
      for (const key of keys) followed.set(`${key.kind} ${key.id}`, key);
      const openNames = new Set(keys.map((key) => `${key.kind} ${key.id}`));
      for (const [name, key] of followed) {
        tell(name, key.kind === "payment" ? "payment" : "order", this.#resource(key));
        if (openNames.has(name)) continue;
        // It ended: this was the last that is to be said of it.
        followed.delete(name);
        sent.delete(name);
      }
    };
    tellAll();
    return this.#onChange(tellAll);
  }
}

/** States in which taking an order back is done, or was never needed. */
const withoutDelivery: Readonly<Record<OrderState, boolean>> = {
  "waiting-for-payment": true,
  paid: false,
  done: false,
  "not-paid": true,
  refused: true,
  released: true,
  attention: false,
};

function refusalOf(refusal: OrderRefusal): ApiAnswer {
  const { reason, detail } = refusal;
  const found = problem(reason, detail);
  return { kind: "problem", problem: refusal.reason === "not-ready" ? { ...found, reason: refusal.code } : found };
}
