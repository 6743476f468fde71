/**
 * The driver "kiosk" of the Machine port: another program on this machine, the front end, orders payments over the local API and says how
 * deliveries ended. Delivered is what the front end confirmed.
 */
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Listening, Log, Timer } from "../../service/port.ts";
import type { DeliveryOrder, DeliveryOutcome, Machine, MachineEvent, MachineReadiness } from "../port.ts";
import { type Api, createApi } from "./api.ts";
import { createDeliveries, type Deliveries, type DeliveryKey } from "./deliveries.ts";
import type { Counter } from "./port.ts";
import { type ApiServer, type ApiServerSettings, startApiServer } from "./server.ts";

export interface KioskMachineSettings {
  readonly socketPath: string;
  readonly port: number | undefined;
  /** Reads the loopback port's token; undefined when there is none. */
  readonly readToken: () => Promise<string | undefined>;
  /** How long the front end has to say how a delivery ended. */
  readonly confirmMs: number;
  readonly freshId: () => string;
  readonly listening: Listening;
  readonly clock: Clock;
  readonly log: Log;
  /** How the API is served; over HTTP, unless a simulation calls it itself. */
  readonly serve?: (settings: ApiServerSettings) => Promise<ApiServer>;
}

export interface KioskMachine extends Machine {
  /** Tells it where orders are taken: before it starts. */
  attach(counter: Counter): void;
  /** The loopback port, once it listens. */
  readonly port: number | undefined;
}

/** Whatever kept the API from being there may go away: a second daemon ends, somebody mends the token. */
const retryMs = 10_000;

export function createKioskMachine(settings: KioskMachineSettings): KioskMachine {
  return new FrontEndMachine(settings);
}

class FrontEndMachine implements KioskMachine {
  readonly #settings: KioskMachineSettings;
  readonly #deliveries: Deliveries;
  #counter: Counter | undefined;
  #onEvent: ((event: MachineEvent) => void) | undefined;
  #server: ApiServer | undefined;
  #retry: Timer | undefined;
  #isStopped = false;
  #readiness: MachineReadiness = { ready: false, fault: "starting", detail: "the local API is not open yet" };

  constructor(settings: KioskMachineSettings) {
    this.#settings = settings;
    this.#deliveries = createDeliveries(settings.clock, settings.confirmMs);
  }

  attach(counter: Counter): void {
    this.#counter = counter;
  }

  get port(): number | undefined {
    return this.#server?.port;
  }

  async start(onEvent: (event: MachineEvent) => void): Promise<void> {
    const counter = this.#counter;
    if (counter === undefined) throw new Error("the local API was not told where orders are taken: a fault in kvitt");
    const { clock, freshId } = this.#settings;
    this.#onEvent = onEvent;
    await this.#open(createApi({ counter, deliveries: this.#deliveries, clock, freshId }));
  }

  async #open(api: Api): Promise<void> {
    const { socketPath, port, readToken, listening, clock, log, serve = startApiServer } = this.#settings;
    const before = this.#readiness;
    try {
      const token = port === undefined ? undefined : await readToken();
      const server = await serve({ socketPath, port, token, api, listening, clock, log });
      if (this.#isStopped) return await server.close();
      this.#server = server;
      this.#readiness = { ready: true };
    } catch (error) {
      const detail = errorText(error);
      if (before.ready || before.detail !== detail)
        log.error({ error }, "the local API is not there: nobody can order");
      this.#readiness = { ready: false, fault: "no-hardware", detail };
      if (!this.#isStopped) this.#retry = clock.startTimer("kiosk API", retryMs, () => void this.#openAgain(api));
    }
  }

  async #openAgain(api: Api): Promise<void> {
    await this.#open(api);
    this.#onEvent?.({ kind: "readiness", readiness: this.#readiness });
  }

  readiness(): MachineReadiness {
    return this.#readiness;
  }

  async deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const key = this.#keyOf(order);
    if (key !== undefined) return this.#deliveries.wait(key, signal);
    return { kind: "not-delivered", reason: "only what the local API ordered can be delivered here" };
  }

  #keyOf({ reference, selection, deliveryId }: DeliveryOrder): DeliveryKey | undefined {
    if (reference === undefined) {
      const id = this.#counter?.handInOf(deliveryId);
      return id === undefined ? undefined : { kind: "hand-in", id };
    }
    return selection.kind === "order" ? { kind: "payment", id: selection.orderId } : undefined;
  }

  /** The front end delivers; nothing here goes on after a restart. */
  async resume(): Promise<void> {}

  /** The front end sees at the counter that a customer waits. */
  async openSession(): Promise<void> {}

  /** The front end sees at the counter how a session ended. */
  async closeSession(): Promise<void> {}

  async identify(): Promise<void> {}

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#onEvent = undefined;
    this.#retry?.cancel();
    this.#deliveries.stop();
    await this.#server?.close();
    this.#server = undefined;
  }
}
