/** The link of the simulated daemon: the real device side over the simulated bus, and what has to be so whenever something comes or goes over it. */
import { commandMemory } from "../../src/daemon/journal.ts";
import type { Journal } from "../../src/journal/port.ts";
import type { Link, LinkListener, LinkMessage, StateMessage } from "../../src/link/port.ts";
import { createSimulatedLink, type SimulatedLink } from "../../src/link/simulated-link.ts";
import { createMemoryLog } from "../../src/service/log.ts";
import type { Clock } from "../../src/service/port.ts";
import { commandKey } from "./back-office.ts";
import { msn } from "./cloud.ts";
import type { Sabotage } from "./sabotage-port.ts";
import type { World } from "./world.ts";

export interface LinkParts {
  readonly world: World;
  readonly sabotage: Sabotage;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly session: number;
  readonly onState: (state: Pick<StateMessage, "state" | "reason">) => void;
}

/** `inner` is what loses its power; `link` is what the kiosk gets, broken parts included. */
export function linkOf(parts: LinkParts): { readonly inner: SimulatedLink; readonly link: Link } {
  const { world, sabotage, clock, journal, session, onState } = parts;
  const inner = createSimulatedLink({
    bus: world.bus,
    entropy: world.entropy,
    msn,
    merchantQrId: world.id,
    commands: { key: commandKey, ...commandMemory(journal) },
    sessionNumber: session,
    version: world.releases.version,
    outlets: world.outlets === undefined ? undefined : { stations: world.outlets.stations, qrIds: new Map() },
    clock,
    log: createMemoryLog(),
  });
  const link: Link = {
    start: (listener) => inner.start(listening(parts, listener)),
    isConnected: () => inner.isConnected(),
    tries: () => inner.tries(),
    publishState: (state) => {
      onState(state);
      inner.publishState(state);
    },
    publishSale: (saleId, body) =>
      inner.publishSale(saleId, body).catch((error: unknown) => {
        world.count("sale not sent: a publish failed in flight");
        throw error;
      }),
    publishHealth: (body) => inner.publishHealth(body),
    reply: (reply) => inner.reply(reply),
    fits: (reply) => inner.fits(reply),
    publishReply: (reply) => inner.publishReply(reply),
    stop: () => inner.stop(),
  };
  return { inner, link: sabotage.link?.(link, world) ?? link };
}

/** What a message becomes on its way into the kiosk, and what has to be on the disk when it is acknowledged. */
function listening({ world, sabotage }: LinkParts, listener: LinkListener): LinkListener {
  const { message: change, acknowledgesEarly, listener: wrap } = sabotage;
  const inner = wrap?.(listener, world) ?? listener;
  return {
    ...inner,
    message: async (message) => {
      const changed = change === undefined ? message : change(message);
      if (changed === undefined) return;
      const taking = inner.message(changed);
      if (acknowledgesEarly === true) taking.catch(() => {});
      else await taking;
      acknowledged(world, changed);
    },
  };
}

function acknowledged(world: World, message: LinkMessage): void {
  const remembered =
    message.kind === "command" ? message.command.id : message.kind === "payment-event" ? undefined : message.eventId;
  if (remembered !== undefined && !world.disk.holds(remembered))
    world.violate(`a message was acknowledged before it was on the disk: ${message.kind}`);
}
