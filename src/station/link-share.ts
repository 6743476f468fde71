/**
 * One link for all outlets: what arrives goes to the outlet that is named, commands one after the other because they are counted in one row, and what
 * the outlets say of themselves goes out as the machine's one state.
 */
import type { Command, Link, LinkListener, LinkMessage, RelayHealth } from "../link/port.ts";
import { merchantQrIdOf, type StationId, stationOf } from "../sale/ids.ts";
import type { Log } from "../service/port.ts";

export interface LinkShareParts {
  readonly link: Link;
  /** Of those that there are. */
  readonly stationOfLine: (line: string) => StationId | undefined;
  /** An outlet says something else of itself. */
  readonly onState: () => void;
  /** What is not the outlets' own has to be done for each of them. */
  readonly onMachineCommand: (command: Command) => Promise<void>;
  readonly onConnected: () => void;
  readonly log: Log;
}

/** The kiosk of the machine itself, which sells nothing: it carries out what is for the whole of it, and ends what it sold before it had outlets. */
export const machineItself = undefined;
/** An outlet, or the machine itself. */
export type Seller = StationId | typeof machineItself;

export class LinkShare {
  readonly #parts: LinkShareParts;
  readonly #listeners = new Map<Seller, LinkListener>();
  /** Commands are taken one after the other. */
  #commands: Promise<unknown> = Promise.resolve();

  constructor(parts: LinkShareParts) {
    this.#parts = parts;
  }

  /** When every kiosk has what the journal knows: nothing arrives before. */
  async start(): Promise<void> {
    const { link, onConnected } = this.#parts;
    await link.start({
      message: (message) => this.#route(message),
      connection: (isConnected) => {
        for (const listener of this.#listeners.values()) listener.connection(isConnected);
        if (isConnected) onConnected();
      },
      relay: (health: RelayHealth) => {
        for (const listener of this.#listeners.values()) listener.relay(health);
      },
      rival: (isThere) => {
        for (const listener of this.#listeners.values()) listener.rival(isThere);
      },
    });
  }

  /** The link as the kiosk of this outlet has it. Ended sales and health are the machine's to send. */
  of(station: Seller): Link {
    const { link, onState } = this.#parts;
    return {
      start: async (listener) => void this.#listeners.set(station, listener),
      isConnected: () => link.isConnected(),
      tries: () => link.tries(),
      publishState: () => onState(),
      publishSale: (id, body) => link.publishSale(id, body),
      publishHealth: () => {},
      reply: (reply) => link.reply(reply),
      fits: (reply) => link.fits(reply),
      publishReply: (reply) => link.publishReply(reply),
      stop: () => Promise.resolve(),
    };
  }

  async #route(message: LinkMessage): Promise<void> {
    switch (message.kind) {
      case "checked-in":
        return this.#tell(message.station, message);
      case "payment-event":
        return this.#tell(this.#stationOfReference(message.reference), message);
      case "check-in-refused":
        return this.#tell(machineItself, message);
      case "command": {
        const taking = this.#commands.then(() => this.#command(message));
        this.#commands = taking.catch(() => {});
        return taking;
      }
    }
  }

  async #command(message: Extract<LinkMessage, { kind: "command" }>): Promise<void> {
    const { command } = message;
    const isRefused = this.refusalOf(command) !== undefined;
    const station = isRefused ? machineItself : this.#stationOfCommand(command);
    await this.#tell(station, message);
    if (station === machineItself && !isRefused) await this.#parts.onMachineCommand(command);
  }

  /** Why nobody here does this. The machine itself says so: a refusal is on the disk, like every answer, before the broker may forget the command. */
  refusalOf(command: Command): string | undefined {
    const station = this.#stationOfCommand(command);
    if (station !== machineItself && !this.#listeners.has(station)) return `there is no outlet "${station}" here`;
    const isForAll = command.order.kind === "set-catalogue" && station === machineItself;
    return isForAll ? "each outlet has products of its own: the configuration says which" : undefined;
  }

  #stationOfCommand(command: Command): Seller {
    const { order, station: named } = command;
    if (named !== undefined) return named;
    switch (order.kind) {
      case "refund":
      case "cancel":
        return this.#stationOfReference(order.reference);
      case "deliver":
        return this.#parts.stationOfLine(order.line);
      case "serviced":
        return order.line === undefined ? machineItself : this.#parts.stationOfLine(order.line);
      case "out-of-service":
      case "in-service":
      case "set-catalogue":
      case "identify":
      case "screenshot":
      case "logs":
      case "restart":
      case "reboot":
      case "update":
        return machineItself;
    }
  }

  /** An outlet that has left the configuration and has nothing open: what is ordered of its sales, the machine does. */
  #stationOfReference(reference: string): Seller {
    const owner = merchantQrIdOf(reference);
    const station = owner === undefined ? machineItself : stationOf(owner);
    return this.#listeners.has(station) ? station : machineItself;
  }

  async #tell(station: Seller, message: LinkMessage): Promise<void> {
    const listener = this.#listeners.get(station);
    if (listener !== undefined) return listener.message(message);
    this.#parts.log.warn({ station, message: message.kind }, "a message for an outlet that is not here was dropped");
  }
}
