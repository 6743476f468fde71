/** The gateway as a part of the relay: its server, its file of identities, and what the operator publishes on the broker. */
import type { KeyObject } from "node:crypto";
import type { Incoming } from "../../link/incoming.ts";
import { gatewayFilter, isGatewayTopic } from "../../link/topics.ts";
import type { ListenAddress } from "../../service/listen.ts";
import type { Owned } from "../../service/owned.ts";
import type { Clock, Log } from "../../service/port.ts";
import type { Family } from "../metrics/exposition.ts";
import type { BoundedServer } from "../bounded-server.ts";
import { Gateway } from "./gateway.ts";
import { createGatewayServer } from "./gateway-server.ts";
import { Identities } from "./identities.ts";
import { WatchedIdentityFile } from "./identities-file.ts";
import { readOperatorWord } from "./operator-word.ts";
import type { GatewayPolicy, GatewayUnit } from "./port.ts";

export interface GatewayServiceParts {
  readonly policy: GatewayPolicy;
  readonly listen: ListenAddress;
  readonly identitiesFile: string;
  /** The operator's public key; undefined: nothing on the broker counts. */
  readonly operator: KeyObject | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class GatewayService {
  readonly #parts: GatewayServiceParts;
  readonly #identities = new Identities();
  readonly #gateway: Gateway;
  readonly #server: BoundedServer;

  constructor(parts: GatewayServiceParts) {
    this.#parts = parts;
    this.#gateway = new Gateway({ ...parts, identities: this.#identities });
    this.#server = createGatewayServer({ ...parts, answer: (request) => this.#gateway.answer(request) });
  }

  /** What the relay's connection listens to for it. */
  get filters(): readonly string[] {
    return this.#parts.operator === undefined ? [] : [gatewayFilter];
  }

  serve(units: readonly GatewayUnit[]): void {
    this.#gateway.serve(units);
  }

  /** Resolves to the port. @throws RelayError, ListenError */
  async start(owned: Owned): Promise<number> {
    const { identitiesFile, clock, log, listen } = this.#parts;
    const file = new WatchedIdentityFile(identitiesFile, {
      clock,
      log,
      onRead: ({ machines }) => this.#identities.fileSays(machines),
    });
    await file.start();
    owned.defer("gateway identities", () => file.stop());
    const port = await this.#server.listen(listen);
    owned.defer("gateway server", () => this.#server.close());
    log.info({ ...listen, port, machines: this.#identities.count }, "the gateway listens");
    return port;
  }

  /** Whether the message was meant for the gateway. */
  heard(incoming: Incoming): boolean {
    if (!isGatewayTopic(incoming.topic)) return false;
    const { operator, log } = this.#parts;
    if (operator === undefined || incoming.payload.byteLength === 0) return true;
    const word = readOperatorWord(incoming, operator);
    if (word === undefined) log.warn({ topic: incoming.topic }, "not the operator's word: it does not count");
    else this.#identities.operatorSays(word.atMs, word.keys);
    return true;
  }

  /** For /metrics. */
  families(): readonly Family[] {
    const { refusals } = this.#gateway;
    return [
      {
        name: "kvitt_gateway_requests_total",
        help: "Requests of machines, by what they asked for and what became of it.",
        type: "counter",
        samples: refusals
          .counts()
          .map(({ operation, outcome, count }) => ({ labels: { operation, outcome }, value: count })),
      },
      {
        name: "kvitt_gateway_unidentified_total",
        help: "Requests that no machine's signature was right for, by the reason.",
        type: "counter",
        samples: Object.entries(refusals.nobodies()).map(([reason, value]) => ({ labels: { reason }, value })),
      },
      {
        name: "kvitt_gateway_machines",
        help: "Machines that are known here, revoked ones included.",
        type: "gauge",
        samples: [{ value: this.#identities.count }],
      },
      {
        name: "kvitt_gateway_suspects",
        help: "Machines that were refused ten times or more in ten minutes.",
        type: "gauge",
        samples: [{ value: refusals.suspects().length }],
      },
    ];
  }

  /** For /health. */
  health(): object {
    const { refusals } = this.#gateway;
    return {
      machines: this.#identities.count,
      operations: refusals.counts(),
      nobodies: refusals.nobodies(),
      suspects: refusals.suspects(),
    };
  }
}
